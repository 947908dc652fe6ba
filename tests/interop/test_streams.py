"""Many streams in one tunnel, none in another's way."""

import concurrent.futures
import socket
import threading

import pytest

from harness import streams
from harness.peers import start_culvert, start_culvertd, start_sshd
from harness.process import DEADLINE
from harness.streams import MIB
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.fixture(params=["sshd", "culvertd"])
def server(request, lab):
    return {"sshd": start_sshd, "culvertd": start_culvertd}[request.param](lab)


def test_each_forward_leads_to_its_own_target(lab, server):
    def tell(text):
        return lambda connection: connection.sendall(text)

    texts = [b"first", b"second", b"third"]
    tunnel = start_culvert(lab, server, [lab.target(tell(text)) for text in texts])
    for address, text in zip(tunnel.addresses, texts):
        with streams.connect(address) as connection:
            assert streams.receive_to_end(connection) == streams.clean(text)


def test_fifty_streams_at_once(lab, server):
    everyone = threading.Barrier(50, timeout=DEADLINE)
    tunnel = start_culvert(lab, server, [lab.target(echo)])

    def one_stream(number):
        data = streams.payload(f"stream {number}", MIB // 4 + number)
        with streams.connect(tunnel.addresses[0]) as connection:
            assert streams.echoes(connection, data[:1])
            everyone.wait()  # all fifty are open now
            return streams.exchange(connection, data) == streams.clean(data)

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert all(pool.map(one_stream, range(50)))


# More than the window and all the kernel's buffers on the way hold. The one before the reader is so
# small that the program before it, too, finds that it can't write.
ENOUGH_TO_STALL = streams.payload("stalled", 64 * MIB)
SMALL_BUFFER = 32 << 10


def others_are_served(address):
    """Round trips, then bulk, on new streams of the same tunnel."""
    with streams.connect(address) as connection:
        for number in range(50):
            assert streams.echoes(connection, streams.payload(str(number), 1000))
    with streams.connect(address) as connection:
        bulk = streams.payload("beside", 8 * MIB)
        assert streams.exchange(connection, bulk) == streams.clean(bulk)


def send_all_in_the_background(connection):
    """Returns once the first MiB is under way."""
    moving = threading.Event()

    def send():
        connection.sendall(ENOUGH_TO_STALL[:MIB])
        moving.set()
        connection.sendall(ENOUGH_TO_STALL[MIB:])
        connection.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    assert moving.wait(DEADLINE)
    return sender


def test_a_local_program_that_stops_reading_stalls_nobody_else(lab, server):
    def send(connection):
        send_all_in_the_background(connection).join()

    tunnel = start_culvert(lab, server, [lab.target(send), lab.target(echo)])
    with streams.connect(tunnel.addresses[0], SMALL_BUFFER) as stalled:
        stalled.recv(1, socket.MSG_PEEK)
        others_are_served(tunnel.addresses[1])
        assert streams.receive_to_end(stalled) == streams.clean(ENOUGH_TO_STALL)


def test_a_target_that_stops_reading_stalls_nobody_else(lab, server):
    resume = threading.Event()

    def receive(connection):
        assert resume.wait(DEADLINE)
        return streams.receive_to_end(connection)

    target = lab.target(receive, receive_buffer=SMALL_BUFFER)
    tunnel = start_culvert(lab, server, [target, lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as stalled:
        sender = send_all_in_the_background(stalled)
        others_are_served(tunnel.addresses[1])
        assert sender.is_alive()
        resume.set()
        assert target.result() == streams.clean(ENOUGH_TO_STALL)
