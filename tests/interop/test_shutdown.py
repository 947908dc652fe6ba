"""SIGTERM and SIGINT end the programs as asked: no new streams, the open ones may finish."""

import signal

import pytest

from harness import streams
from harness.listening import wait_until_closed
from harness.peers import start_culvert, start_culvertd, start_ssh
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


def test_a_client_that_leaves_does_not_disturb_the_others(lab, server):
    target = lab.target(echo)
    leaving, staying = (start_culvert(lab, server, [target]) for _ in range(2))
    with streams.connect(staying.addresses[0]) as connection:
        assert streams.echoes(connection)
        leaving.process.signal(signal.SIGTERM)
        assert leaving.process.wait() == 0
        assert streams.echoes(connection)
