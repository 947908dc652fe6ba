"""One tunnel over several SSH connections: its streams are spread, and a loss concerns few."""

import contextlib
import re
import signal

import pytest

from harness import streams
from harness.listening import wait_until_closed
from harness.peers import (LOOPBACK, SERVERS, culvert_words, forwarded, run_culvert, start_culvert,
                           start_culvertd, tunnel_settings, tunnels_file)
from harness.proxies import Crossing
from harness.target import echo

pytestmark = pytest.mark.short

CONNECTIONS = 4
servers = pytest.mark.parametrize("name", ["sshd", "culvertd"])
threads = pytest.mark.parametrize("threads", [1, 3])


def wait_until_up(process, since=0, count=CONNECTIONS):
    process.wait_for_line("^culvert: connected to ", since=since, times=count)


def start_several(lab, name="culvertd", **options):
    """A server, what is between it and culvert, and culvert with all its connections up."""
    server = SERVERS[name](lab)
    crossing = lab.keep(Crossing(server.address))
    tunnel = start_culvert(lab, server, [lab.target(echo)], port=crossing.port,
                           Connections=CONNECTIONS, **options)
    wait_until_up(tunnel.process)
    assert crossing.count() == CONNECTIONS
    return server, crossing, tunnel


@contextlib.contextmanager
def open_streams(tunnel, count):
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(streams.connect(tunnel.addresses[0])) for _ in range(count)]
        for connection in opened:
            assert streams.echoes(connection)
        yield opened


@servers
@threads
def test_streams_are_spread_evenly_and_a_cut_connection_takes_only_its_own(lab, name, threads):
    _, crossing, tunnel = start_several(lab, name, Threads=threads)
    with open_streams(tunnel, 3 * CONNECTIONS) as opened:
        mark = tunnel.process.mark()
        crossing.cut(1)
        lost = tunnel.process.wait_for_line("(connection . of 4): .*; next try ", since=mark)[1]
        tunnel.process.wait_for_line(rf"^culvert: connected to .*, {lost}$", since=mark)
        gone, left = [], []
        for connection in opened:
            try:
                assert streams.echoes(connection)
                left.append(connection)
            except ConnectionError:  # and no time-out: what is lost is reset
                gone.append(connection)
        assert (len(gone), len(left)) == (3, 3 * CONNECTIONS - 3)
        with open_streams(tunnel, 3):
            for connection in left:
                assert streams.echoes(connection)
    assert crossing.count() == CONNECTIONS + 1
    assert len(tunnel.process.matching("next try")) == 1


def test_new_streams_go_to_the_connections_that_are_up(lab):
    _, crossing, tunnel = start_several(lab)
    crossing.refuse()
    for place in range(CONNECTIONS - 1):
        crossing.cut(place)
    for number in range(1, CONNECTIONS):
        tunnel.process.wait_for_line("connection . of 4: (?!connection refused).*; next try ",
                                     times=number)
    with open_streams(tunnel, 2 * CONNECTIONS):
        pass


def test_the_server_sees_the_streams_on_four_connections(lab):
    server, crossing, tunnel = start_several(lab)
    with open_streams(tunnel, 2 * CONNECTIONS):
        pass
    for place in range(CONNECTIONS):
        server.process.wait_for_line(
            rf"{re.escape(LOOPBACK)}:{crossing.port_of(place)} \(.*-> .* closed", times=2)


@servers
def test_all_come_back_behind_the_one_that_tries_for_all(lab, name):
    _, crossing, tunnel = start_several(lab, name)
    mark = tunnel.process.mark()
    for place in range(CONNECTIONS):
        crossing.cut(place)
    wait_until_up(tunnel.process, since=mark)
    with open_streams(tunnel, 2 * CONNECTIONS):
        pass


def test_lines_name_the_connection_only_where_there_are_several(lab):
    _, _, tunnel = start_several(lab)
    for number in range(1, CONNECTIONS + 1):
        tunnel.process.wait_for_line(
            rf"^culvert: connected to 127\.0\.0\.1:\d+ \(ssh-ed25519 SHA256:[^ )]+\), "
            rf"connection {number} of {CONNECTIONS}$")
    alone = start_culvert(lab, start_culvertd(lab), [lab.target(echo)])
    assert not alone.process.matching("connection 1")


@threads
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them(lab, threads, number):
    _, _, tunnel = start_several(lab, Threads=threads)
    tunnel.process.signal(number)
    assert tunnel.process.wait() == 0


@threads
def test_a_signal_ends_those_that_wait_for_the_one_that_tries_for_all(lab, threads):
    _, crossing, tunnel = start_several(lab, Threads=threads)
    crossing.refuse()
    for place in range(CONNECTIONS):
        crossing.cut(place)
    tunnel.process.wait_for_line("connection refused.*; next try ", times=2)
    with streams.connect(tunnel.addresses[0]) as held:
        tunnel.process.signal(signal.SIGTERM)
        tunnel.process.wait_for_line("^culvert: SIGTERM: a stream is still open")
        tunnel.process.signal(signal.SIGTERM)
        assert tunnel.process.wait() == 0
        assert streams.receive_to_end(held).ending == "reset"


@threads
def test_open_streams_on_each_of_them_may_finish(lab, threads):
    _, _, tunnel = start_several(lab, Threads=threads)
    with open_streams(tunnel, 2 * CONNECTIONS) as opened:
        tunnel.process.signal(signal.SIGTERM)
        tunnel.process.wait_for_line("^culvert: SIGTERM: 8 streams are still open")
        wait_until_closed(tunnel.addresses[0], streams.DEADLINE)
        for number, connection in enumerate(opened):
            data = streams.payload(f"the rest {number}", 100_000)
            assert streams.exchange(connection, data) == streams.clean(data)
    assert tunnel.process.wait() == 0


@threads
def test_a_second_signal_resets_what_is_left_on_each_of_them(lab, threads):
    _, _, tunnel = start_several(lab, Threads=threads)
    with open_streams(tunnel, CONNECTIONS) as opened:
        tunnel.process.signal(signal.SIGTERM)
        tunnel.process.wait_for_line("^culvert: SIGTERM: 4 streams")
        tunnel.process.signal(signal.SIGTERM)
        assert tunnel.process.wait() == 0
        for connection in opened:
            assert streams.receive_to_end(connection).ending == "reset"


def test_a_first_connection_that_fails_ends_the_program_with_one_line(lab):
    server = start_culvertd(lab)
    server.process.kill()
    process = lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:1"], flags=(),
                                               Connections=CONNECTIONS))
    assert process.wait() == 1
    assert len(process.matching("refused")) == 1


def test_a_new_host_key_is_written_down_once(lab):
    server = start_culvertd(lab)
    known = lab.known_hosts(server.port, None)
    words = culvert_words(lab, server, [lab.target(echo)], Connections=CONNECTIONS,
                          StrictHostKeyChecking="accept-new", UserKnownHostsFile=known)
    process = lab.run("culvert", words)
    wait_until_up(process)
    assert len(process.matching("added the host key")) == 1
    assert known.read_text().count("ssh-ed25519") == 1


def test_up_reads_it_from_the_file(lab):
    server = start_culvertd(lab)
    target = lab.target(echo)
    path = tunnels_file(lab, mail=tunnel_settings(lab, server, [target], connections=3))
    process = run_culvert(lab, "up", "-c", path)
    wait_until_up(process, count=3)
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)


@pytest.mark.parametrize("number", ["0", "65", "many"])
def test_a_number_of_connections_that_makes_no_sense(lab, number):
    done = lab.finish("culvert", "-o", f"Connections={number}", "-L", "0:localhost:80", "somebody@gw")
    assert done.returncode == 2
    assert "a number from 1 to 64" in done.stderr
