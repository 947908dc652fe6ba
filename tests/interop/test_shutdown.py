"""SIGTERM and SIGINT end the programs as asked: no new streams, the open ones may finish."""

import contextlib
import json
import signal
import socket

import pytest

from harness import streams
from harness.listening import wait_until_closed
from harness.peers import (LOOPBACK, forwarded, run_culvert, start_culvert, start_culvertd,
                           start_ssh, tunnel_settings, tunnels_file)
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.fixture
def server(lab):
    return start_culvertd(lab)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_streams_both_end_at_once(lab, server, number):
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    tunnel.process.signal(number)
    assert tunnel.process.wait() == 0
    server.process.signal(number)
    assert server.process.wait() == 0


def test_culvert_lets_an_open_stream_finish(lab, server):
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        tunnel.process.signal(signal.SIGTERM)
        wait_until_closed(tunnel.addresses[0], streams.DEADLINE)
        data = streams.payload("the rest", streams.MIB)
        assert streams.exchange(connection, data) == streams.clean(data)
    assert tunnel.process.wait() == 0


def test_culvertd_lets_an_open_stream_finish(lab, server):
    tunnel = start_ssh(lab, server, [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        server.process.signal(signal.SIGTERM)
        wait_until_closed(server.address, streams.DEADLINE)
        data = streams.payload("the rest", streams.MIB)
        assert streams.exchange(connection, data) == streams.clean(data)
    assert server.process.wait() == 0


def answer_and_receive(connection):
    connection.sendall(connection.recv(streams.CHUNK))
    return streams.receive_to_end(connection)


@pytest.mark.parametrize("victim", ["culvert", "culvertd"])
def test_a_second_signal_does_not_wait(lab, server, victim):
    target = lab.target(answer_and_receive)
    tunnel = start_culvert(lab, server, [target])
    process = tunnel.process if victim == "culvert" else server.process
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        process.signal(signal.SIGTERM)
        wait_until_closed(tunnel.addresses[0] if victim == "culvert" else server.address, streams.DEADLINE)
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert streams.receive_to_end(connection).ending == "reset"
    assert target.result().ending == "reset"


def test_a_stream_that_does_not_end_is_reset_when_drain_is_over(lab, server):
    path = tunnels_file(lab, mail=tunnel_settings(lab, server, [target := lab.target(echo)]))
    path.write_text(json.dumps({**json.loads(path.read_text()), "drain": "300ms"}))
    process = run_culvert(lab, "up", "-c", path)
    address = forwarded(process, target)
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        process.signal(signal.SIGTERM)
        process.wait_for_line(r"a stream is still open: waiting up to 0\.3 s")
        assert process.wait() == 0
        assert streams.receive_to_end(connection).ending == "reset"


def test_a_client_that_leaves_does_not_disturb_the_others(lab, server):
    target = lab.target(echo)
    leaving, staying = (start_culvert(lab, server, [target]) for _ in range(2))
    with streams.connect(staying.addresses[0]) as connection:
        assert streams.echoes(connection)
        leaving.process.signal(signal.SIGTERM)
        assert leaving.process.wait() == 0
        assert streams.echoes(connection)


def test_a_signal_ends_what_still_dials(lab):
    # A listener whose queue is full answers no SYN: as a server behind a dead path.
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(3):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((LOOPBACK, port))
        process = run_culvert(lab, "-F", "none", "-i", lab.user_key.path, "-p", port,
                              "-o", "ConnectTimeout=600", "-L", "0:127.0.0.1:1", LOOPBACK)
        process.wait_for_line("^culvert: forwarding ")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0


def test_a_drain_whose_connection_is_lost_is_over(lab, server):
    target = lab.target(answer_and_receive)
    tunnel = start_culvert(lab, server, [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        connection.sendall(b"x")
        connection.recv(1)
        tunnel.process.signal(signal.SIGTERM)
        tunnel.process.wait_for_line("^culvert: SIGTERM: a stream is still open")
        server.process.kill()
        assert tunnel.process.wait() == 0
    assert not tunnel.process.matching("next try")
