"""What a local program sees when something ends: a failure is a reset, never a clean end."""

import socket
import threading

import pytest

from harness import streams
from harness.peers import CLIENTS, SERVERS, start_culvert, start_culvertd, start_ssh, start_sshd
from harness.streams import MIB
from harness.target import closed_port, echo

pytestmark = pytest.mark.short

servers = pytest.mark.parametrize("server", ["sshd", "culvertd"])


def ending(address):
    """How a new connection to a forward ends, when the program itself ends nothing."""
    with streams.connect(address) as connection:
        received = streams.receive_to_end(connection)
    assert received.length == 0
    return received.ending


@servers
def test_a_refused_target_is_a_reset(lab, server):
    holder, port = closed_port()
    with holder:
        tunnel = start_culvert(lab, SERVERS[server](lab), [f"127.0.0.1:{port}"])
        assert ending(tunnel.addresses[0]) == "reset"
    tunnel.process.wait_for_line(rf"127\.0\.0\.1:{port}")


@servers
def test_an_unknown_host_is_a_reset(lab, server):
    tunnel = start_culvert(lab, SERVERS[server](lab), ["no-such-host.invalid:80"])
    assert ending(tunnel.addresses[0]) == "reset"


@pytest.mark.parametrize("start, rule", [
    (start_sshd, {"PermitOpen": "127.0.0.1:1"}),
    (start_culvertd, {"user": {"permit_open": ["127.0.0.1:1"]}}),
], ids=["sshd", "culvertd"])
def test_a_denied_target_is_a_reset(lab, start, rule):
    reached = threading.Event()
    target = lab.target(lambda connection: reached.set())
    server = start(lab, **rule)
    tunnel = start_culvert(lab, server, [target])
    assert ending(tunnel.addresses[0]) == "reset"
    tunnel.process.wait_for_line("prohibited")
    assert not reached.is_set()
    if server.process.name == "culvertd":  # its log names the rule's owner and the target
        server.process.wait_for_line(rf"{target}.*permit_open|permit_open.*{target}")


@servers
def test_a_clean_end_is_clean_and_comes_after_the_last_byte(lab, server):
    data = streams.payload("all of it", 3 * MIB + 1)
    tunnel = start_culvert(lab, SERVERS[server](lab),
                           [lab.target(lambda connection: connection.sendall(data))])
    for _ in range(5):
        with streams.connect(tunnel.addresses[0]) as connection:
            assert streams.receive_to_end(connection) == streams.clean(data)


def send_and_reset(connection):
    """RST in mid-transfer: behind bytes that have arrived, as the other end confirms."""
    connection.sendall(b"some of it")
    connection.recv(1)
    streams.reset(connection)


def ending_behind_some_bytes(address):
    with streams.connect(address) as connection:
        assert streams.receive_exactly(connection, 10) == b"some of it"
        connection.sendall(b"!")
        return streams.receive_to_end(connection).ending


def test_a_targets_reset_is_a_reset(lab):
    tunnel = start_culvert(lab, start_culvertd(lab), [lab.target(send_and_reset)])
    assert ending_behind_some_bytes(tunnel.addresses[0]) == "reset"


def test_sshd_hides_its_targets_reset(lab):
    """CLOSE from a peer that can't say more is a clean end: many peers end every stream so."""
    tunnel = start_culvert(lab, start_sshd(lab), [lab.target(send_and_reset)])
    assert ending_behind_some_bytes(tunnel.addresses[0]) == "eof"


def test_a_local_programs_reset_reaches_the_target(lab):
    target = lab.target(streams.receive_to_end)
    tunnel = start_culvert(lab, start_culvertd(lab), [target])
    connection = streams.connect(tunnel.addresses[0])
    connection.sendall(b"some of it")
    streams.reset(connection)
    assert target.result().ending == "reset"


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("client, server, victim", [
    ("culvert", "culvertd", "culvert"), ("culvert", "culvertd", "culvertd"),
    ("culvert", "sshd", "culvert"), ("ssh", "culvertd", "culvertd"),
])
def test_a_killed_program_is_a_reset_at_our_ends(lab, client, server, victim, busy):
    endless = streams.payload("endless", 64 * MIB)
    ready = threading.Event()

    def serve(connection):
        assert streams.receive_exactly(connection, 4) == b"ping"
        connection.sendall(b"pong")
        ready.set()
        if not busy:
            return streams.receive_to_end(connection).ending
        try:
            connection.sendall(endless)  # the local program never reads it all
        except (ConnectionResetError, BrokenPipeError):
            return "reset"
        return "all sent"

    target = lab.target(serve)
    server = SERVERS[server](lab)
    tunnel = CLIENTS[client](lab, server, [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        connection.sendall(b"ping")
        assert streams.receive_exactly(connection, 4) == b"pong"
        assert ready.wait(streams.DEADLINE)
        if busy:
            streams.receive_exactly(connection, MIB)
        killed = tunnel.process if victim == "culvert" else server.process
        killed.kill()
        if client == "culvert":
            assert streams.receive_to_end(connection).ending == "reset"
    if server.process.name == "culvertd":
        assert target.result() == "reset"


def test_the_tail_is_not_lost_when_a_program_ends_right_behind_it(lab):
    """Zero linger must be off again before a clean close."""
    target = lab.target(echo)
    tunnel = start_culvert(lab, start_culvertd(lab), [target])
    for number in range(30):
        data = streams.payload(str(number), 200_000)
        with streams.connect(tunnel.addresses[0]) as connection:
            assert streams.exchange(connection, data) == streams.clean(data)


@pytest.mark.parametrize("client", ["ssh", "culvert"])
def test_data_and_eof_for_a_target_that_has_reset_end_one_stream_only(lab, client):
    """Both in one packet: the data shows that the target is gone, and then nobody wants the EOF."""
    def greet_and_reset(connection):
        connection.sendall(b"hello")
        streams.reset(connection)
        return "greeted"

    def quit_at_once(address):
        with streams.connect(address) as connection:
            try:
                connection.recv(5)
                connection.sendall(b"QUIT\r\n")
                connection.shutdown(socket.SHUT_WR)
                streams.receive_to_end(connection)
            except TimeoutError:
                raise
            except OSError:
                pass  # it was reset already

    server = start_culvertd(lab)
    start = {"ssh": start_ssh, "culvert": start_culvert}[client]
    greeter = lab.target(greet_and_reset)
    tunnel = start(lab, server, [greeter, lab.target(echo)])
    for _ in range(200):
        quit_at_once(tunnel.addresses[0])
        assert greeter.result() == "greeted"
    with streams.connect(tunnel.addresses[1]) as connection:
        assert streams.echoes(connection)
    assert server.process.running()
