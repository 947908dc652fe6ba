"""SSH libraries as peers: several streams at once, through rekeys, after a key that was refused, with
hang-ups in mid-stream. ./dev test tries those that Debian 12 has; ./dev peers tries newer ones too, and
all with more bytes.
"""

import functools
import socket
import threading
import time

import pytest

from harness import streams
from harness.libraries import (start_asyncssh, start_asyncssh_client, start_libssh,
                               start_libssh_client, start_paramiko_client, start_ssh2,
                               start_ssh2_client)
from harness.peers import (forwarded, run_culvert, start_culvert, start_culvertd,
                           tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.streams import MIB
from harness.target import echo

STREAMS = 4
QUICK, WHOLE = 8 * MIB, 64 * MIB  # of all streams together, each way
HANG_UPS = 8

short, peers = pytest.mark.short, pytest.mark.peers
CLIENTS = {"libssh": (start_libssh_client, short), "asyncssh": (start_asyncssh_client, short),
           "ssh2": (start_ssh2_client, peers), "paramiko": (start_paramiko_client, peers)}
SERVERS = {"libssh": (start_libssh, short), "asyncssh": (start_asyncssh, short),
           "ssh2": (start_ssh2, peers)}
# With new keys compression begins anew.
ZLIB_CLIENT = {"asyncssh-zlib": (functools.partial(start_asyncssh_client, compression=True), short)}
ZLIB_SERVER = {"asyncssh-zlib": (functools.partial(start_asyncssh, compression=True), short)}


def each_of(libraries):
    return [pytest.param(start, marks=mark, id=name) for name, (start, mark) in libraries.items()]


def each_with_sizes(libraries):
    """Those of Debian 12 with few bytes as well."""
    return [*[pytest.param(start, QUICK, marks=short, id=f"{name}-quick")
              for name, (start, mark) in libraries.items() if mark is short],
            *[pytest.param(start, WHOLE, marks=peers, id=f"{name}-whole")
              for name, (start, _) in libraries.items()]]


def exchange_at_once(address, size, count=STREAMS):
    """`count` streams to an echo at the same time, `size` bytes in all: each comes back whole, and then
    ends."""
    outcomes = {}

    def carry(number):
        half = size // count // 2
        data = streams.noise(f"{number}", half) + streams.payload(f"{number}", half)
        try:
            with streams.connect(address) as connection:
                outcomes[number] = streams.exchange(connection, data) == streams.clean(data)
        except Exception as failure:  # part of what is compared below
            outcomes[number] = failure

    carriers = [threading.Thread(target=carry, args=(number,)) for number in range(count)]
    for carrier in carriers:
        carrier.start()
    for carrier in carriers:
        carrier.join()
    assert outcomes == {number: True for number in range(count)}


def check_half_close(address, answers):
    """The answer comes through a stream whose other direction has ended."""
    question = streams.payload("question", MIB)
    with streams.connect(address) as connection:
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        assert streams.receive_to_end(connection) == streams.clean(question[::-1])
    assert answers.result() == len(question)


def answer_at_the_end(connection):
    question = bytearray()
    streams.receive_to_end(connection, question)
    connection.sendall(question[::-1])
    return len(question)


def send_until_reset(connection):
    data = streams.noise("flood", MIB)
    deadline = time.monotonic() + DEADLINE
    try:
        while time.monotonic() < deadline:
            connection.sendall(data)
        return "still open"
    except ConnectionError:
        return "reset"


def reset_in_mid_stream(connection):
    """While more arrives."""
    streams.receive_exactly(connection, MIB)
    streams.reset(connection)


def lines_of_trouble(process):
    return process.matching("garbled|protocol|disconnect|not opened|connection ended")


@pytest.mark.parametrize("starter", ["client", "server"])
@pytest.mark.parametrize("start, size", each_with_sizes(CLIENTS | ZLIB_CLIENT))
def test_a_client_carries_streams_through_rekeys(lab, start, size, starter):
    """The third of its keys is the right one."""
    target, answers = lab.target(echo), lab.target(answer_at_the_end)
    rekey = size // 16
    server = start_culvertd(lab, config={"rekey_limit": rekey} if starter == "server" else None)
    tunnel = start(lab, server, [target, answers], wrong_keys=2,
                   rekey_bytes=rekey if starter == "client" else 0)
    exchange_at_once(tunnel.addresses[0], size)
    check_half_close(tunnel.addresses[1], answers)
    # Paramiko begins one of its own; the others do at each limit.
    once = start is start_paramiko_client and starter == "client"
    server.process.wait_for_line(": rekeyed", times=1 if once else 3)
    assert len(server.process.matching(" logged in with ")) == 1
    assert not lines_of_trouble(server.process) + lines_of_trouble(tunnel.process)


@pytest.mark.parametrize("starter", ["client", "server"])
@pytest.mark.parametrize("start, size", each_with_sizes(SERVERS | ZLIB_SERVER))
def test_a_server_carries_streams_through_rekeys(lab, start, size, starter):
    target, answers = lab.target(echo), lab.target(answer_at_the_end)
    rekey = size // 16
    server = start(lab, rekey_bytes=rekey if starter == "server" else 0)
    tunnel = start_culvert(lab, server, [target, answers],
                           rekey=rekey if starter == "client" else None)
    exchange_at_once(tunnel.addresses[0], size)
    check_half_close(tunnel.addresses[1], answers)
    tunnel.process.wait_for_line("rekeyed", times=3)
    assert len(tunnel.process.matching("connected to ")) == 1
    assert not lines_of_trouble(server.process) + lines_of_trouble(tunnel.process)


class HangUps:
    """In mid-stream, while another stream of the same connection goes on."""

    def __init__(self, lab):
        self._kept = lab.target(echo)
        self._flood = lab.target(send_until_reset)
        self._sink = lab.target(reset_in_mid_stream)

    def __iter__(self):
        return iter((self._kept, self._flood, self._sink))

    def check(self, tunnel, end):
        kept_at, flood_at, sink_at = tunnel.addresses
        with streams.connect(kept_at) as kept:
            for _ in range(HANG_UPS):
                if end == "local":
                    with streams.connect(flood_at) as connection:
                        reset_in_mid_stream(connection)
                    assert self._flood.result() == "reset"
                else:
                    with streams.connect(sink_at) as connection:
                        assert send_until_reset(connection) == "reset"
                    self._sink.result()
                assert streams.echoes(kept)


@pytest.mark.parametrize("end", ["local", "far"])
@pytest.mark.parametrize("start", each_of(CLIENTS))
def test_hang_ups_end_no_other_stream_of_a_client(lab, start, end):
    """What the library still sends for a channel that is closed meanwhile is late, and no more."""
    hang_ups = HangUps(lab)
    server = start_culvertd(lab)
    hang_ups.check(start(lab, server, list(hang_ups)), end)
    assert not server.process.matching("garbled|protocol|disconnect")


@pytest.mark.parametrize("end", ["local", "far"])
@pytest.mark.parametrize("start", each_of(SERVERS))
def test_hang_ups_end_no_other_stream_to_a_server(lab, start, end):
    hang_ups = HangUps(lab)
    tunnel = start_culvert(lab, start(lab), list(hang_ups))
    hang_ups.check(tunnel, end)
    assert len(tunnel.process.matching("connected to ")) == 1


@pytest.mark.parametrize("start", each_of(SERVERS))
def test_local_programs_wait_through_a_restart_of_the_server(lab, start):
    """AsyncSSH and ssh2 end a connection whose first channels come before the login has ended."""
    target = lab.target(echo)
    server = start(lab)
    tunnels = tunnels_file(lab, test=tunnel_settings(lab, server, [target], hold_for="30s"))
    process = run_culvert(lab, "up", "-v", "-c", tunnels)
    address = forwarded(process, target)
    process.wait_for_line("connected to ")
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        server.process.kill()
        assert streams.receive_to_end(connection).ending == "reset"
    waiting = [streams.connect(address) for _ in range(STREAMS)]
    for connection in waiting:
        connection.sendall(b"ping")
    server.restart()
    for connection in waiting:
        with connection:
            assert streams.receive_exactly(connection, len(b"ping")) == b"ping"
            assert streams.echoes(connection)
    assert len(process.matching("connected to ")) == 2
    assert not lines_of_trouble(server.process)


@short
@pytest.mark.parametrize("role", ["client", "server"])
def test_odd_names_in_the_lists_of_a_kexinit_are_skipped(lab, role):
    target = lab.target(echo)
    if role == "client":
        server = start_culvertd(lab)
        tunnel = start_asyncssh_client(lab, server, [target], wrong_keys=2, odd_lists=True)
    else:
        server = start_asyncssh(lab, odd_lists=True)
        tunnel = start_culvert(lab, server, [target])
    exchange_at_once(tunnel.addresses[0], MIB)
    assert not lines_of_trouble(server.process) + lines_of_trouble(tunnel.process)
