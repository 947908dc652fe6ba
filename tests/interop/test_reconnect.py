"""A tunnel that has been up outlives its server, and its listeners outlive the connection."""

import os
import pathlib
import signal
import socket
import threading
import time
from datetime import datetime

import pytest

from harness import streams
from harness.listening import listener_inode
from harness.names import WatchedNames
from harness.peers import (LOOPBACK, SERVERS, USER, Tunnel, culvert_words, forwarded, program,
                           run_culvert, start_culvert, start_culvertd, tunnel_settings,
                           tunnels_file)
from harness.process import DEADLINE, TIME_FACTOR
from harness.target import echo

pytestmark = pytest.mark.short

@pytest.mark.parametrize("name", ["sshd", "culvertd"])
def test_the_server_comes_back(lab, name):
    server = SERVERS[name](lab)
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    address = tunnel.addresses[0]
    inode = listener_inode(address[1])
    assert inode
    for _ in range(2):
        with streams.connect(address) as connection:
            assert streams.echoes(connection)
            mark = tunnel.process.mark()
            end_connections(server)
            assert streams.receive_to_end(connection).ending == "reset"
        loss = tunnel.process.wait_for_line("(retry|reconnect|next try|again) ", since=mark)
        assert loss.string.startswith("culvert: ")
        server.restart()
        tunnel.process.wait_for_line("^culvert: connected to", since=mark)
        with streams.connect(address) as connection:
            assert streams.echoes(connection)
        assert listener_inode(address[1]) == inode
    assert len(tunnel.process.matching("^culvert: forwarding")) == 1


def end_connections(server):
    """SIGKILL, to sshd's process for each connection as well."""
    children = children_of(server.process.pid)
    server.process.kill()
    for pid in children:
        os.kill(pid, 9)


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [*children_of(child), child]
    return found


def start_holding(lab, server):
    """culvert that holds a connection for as long as it takes, with a forward to an echo."""
    target = lab.target(echo)
    settings = tunnel_settings(lab, server, [target], hold_for="1h")
    process = run_culvert(lab, "up", "-c", tunnels_file(lab, mail=settings))
    address = forwarded(process, target)
    process.wait_for_line("^culvert: connected to ")
    return Tunnel(process, [address])


def test_a_connection_made_in_the_outage_is_held_and_served(lab):
    server = start_culvertd(lab)
    tunnel = start_holding(lab, server)
    mark = tunnel.process.mark()
    server.process.kill()
    tunnel.process.wait_for_line("^culvert: ", since=mark)  # it has noticed
    with streams.connect(tunnel.addresses[0]) as connection:
        connection.sendall(b"held")
        server.restart()
        assert streams.receive_exactly(connection, 4) == b"held"


def test_a_connection_is_not_held_for_ever(lab):
    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    mark = tunnel.process.mark()
    server.process.kill()
    tunnel.process.wait_for_line("^culvert: ", since=mark)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.receive_to_end(connection).ending == "reset"
    assert tunnel.process.running()


def test_a_first_connection_that_fails_ends_the_program(lab):
    server = start_culvertd(lab)
    server.process.kill()
    process = lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:1"]))
    assert process.wait() == 1
    process.wait_for_line("refused")


def test_up_waits_for_a_server_that_is_not_there_yet(lab):
    server = start_culvertd(lab)
    server.process.kill()
    target = lab.target(echo)
    process = run_culvert(lab, "up", "-c",
                          tunnels_file(lab, mail=tunnel_settings(lab, server, [target])))
    process.wait_for_line("refused")
    server.restart()
    process.wait_for_line("^culvert: connected to")
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)


def test_a_changed_name_is_looked_up_at_the_next_try(lab):
    names = lab.keep(WatchedNames(lab))
    first = start_culvertd(lab)
    target = lab.target(echo)
    settings = {**tunnel_settings(lab, first, [target], host_key=lab.host_key.fingerprint),
                "server": f"{USER}@live.example.com:{first.port}"}
    process = lab.run("culvert", [*names.wrapper, program("CULVERT_BIN"), "up", "-c",
                                  tunnels_file(lab, mail=settings)])
    process.wait_for_line("^culvert: connected to ")
    assert names.next() == "live.example.com"
    second = start_culvertd(lab, config={"listen": [f"{LOOPBACK}:0", f"127.0.0.2:{first.port}"]})
    names.move("127.0.0.2")
    mark = process.mark()
    first.process.kill()
    process.wait_for_line("^culvert: connected to ", since=mark)
    assert names.next() == "live.example.com"
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)
    second.process.wait_for_line("logged in")


def test_a_frozen_server_is_given_up_and_found_again(lab):
    """Its kernel goes on acknowledging: only unanswered keepalives tell."""
    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, [lab.target(echo)], ServerAliveInterval=1,
                           ServerAliveCountMax=2, ConnectTimeout=2)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        mark = tunnel.process.mark()
        server.process.signal(signal.SIGSTOP)
        tunnel.process.wait_for_line(
            "nothing heard from the peer for [0-9]+ s, nor an answer to 2 keepalives", since=mark)
        assert streams.receive_to_end(connection).ending == "reset"
    server.process.signal(signal.SIGCONT)
    tunnel.process.wait_for_line("^culvert: connected to ", since=mark)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)


def test_many_waiting_connections_are_all_served(lab):
    server = start_culvertd(lab)
    tunnel = start_holding(lab, server)
    mark = tunnel.process.mark()
    server.process.kill()
    tunnel.process.wait_for_line("^culvert: ", since=mark)
    connections = [streams.connect(tunnel.addresses[0]) for _ in range(20)]
    restart = threading.Thread(target=server.restart)
    restart.start()
    for number, connection in enumerate(connections):
        with connection:
            assert streams.echoes(connection, b"number %d" % number)
    restart.join()


def test_up_goes_on_beside_a_taken_port_and_takes_it_when_it_is_free(lab):
    server = start_culvertd(lab)
    target = lab.target(echo)
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        taken = holder.getsockname()[1]
        tunnel = tunnel_settings(lab, server, [target])
        tunnel["forwards"].insert(0, {"local": f"{LOOPBACK}:{taken}", "to": str(target)})
        process = run_culvert(lab, "up", "-c", tunnels_file(lab, mail=tunnel))
        process.wait_for_line(f"{taken}.* in use")
        process.wait_for_line("^culvert: connected to ")
        with streams.connect(forwarded(process, target)) as connection:
            assert streams.echoes(connection)
    process.wait_for_line(f"^culvert: forwarding {LOOPBACK}:{taken} -> ")
    with streams.connect((LOOPBACK, taken)) as connection:
        assert streams.echoes(connection)


LONG = 3 * TIME_FACTOR  # seconds: what a test does in a pause is done before it is over


def wait_for_a_long_pause(process, since=0):
    """Until `process` says that it tries again in LONG or more."""
    while True:
        match = process.wait_for_line(r"refused.*; next try (in ([\d.]+) s|at once)", since=since)
        if float(match[2] or 0) >= LONG:
            return
        since = process.lines.index(match.string, since) + 1


@pytest.mark.parametrize("settings", [{}, {"while_down": "reset"}, {"connections": 3}],
                         ids=["held", "reset", "several connections"])
def test_a_local_connection_brings_the_next_try_forward(lab, settings):
    server = start_culvertd(lab)
    target = lab.target(echo)
    path = tunnels_file(lab, mail=tunnel_settings(lab, server, [target], **settings))
    process = run_culvert(lab, "up", "-c", path)
    address = forwarded(process, target)
    process.wait_for_line("^culvert: connected to ", times=settings.get("connections", 1))
    mark = process.mark()
    server.process.kill()
    wait_for_a_long_pause(process, mark)
    server.restart()
    with streams.connect(address) as connection:
        if "while_down" in settings:
            assert streams.receive_to_end(connection).ending == "reset"
        else:
            assert streams.echoes(connection)
    soon = process.wait_for_line(r"a local connection waits; next try in ([\d.]+) s", since=mark)
    assert float(soon[1]) <= 1
    process.wait_for_line("^culvert: connected to ", since=process.lines.index(soon.string))


def test_many_local_connections_bring_one_try_forward_in_5_s(lab):
    server = start_culvertd(lab)
    path = tunnels_file(lab, mail=tunnel_settings(lab, server, [lab.target(echo)],
                                                  while_down="reset"))
    process = run_culvert(lab, "up", "-c", path, "--log-time")
    address = LOOPBACK, int(process.wait_for_line(r"culvert: forwarding \S+:(\d+) -> ")[1])
    process.wait_for_line("culvert: connected to ")
    server.process.kill()
    wait_for_a_long_pause(process)
    forward = r"^(\S+) culvert: .*a local connection waits; next try in ([\d.]+) s"
    connections = 0
    end = time.monotonic() + 2 * DEADLINE
    while len(process.matching(forward)) < 2:
        with streams.connect(address) as connection:
            assert streams.receive_to_end(connection).ending == "reset"
        connections += 1
        assert time.monotonic() < end
    assert connections > 2
    first, second = (process.wait_for_line(forward, times=times) for times in (1, 2))
    assert float(first[2]) <= 1
    # As the log has it: how busy this machine is doesn't matter.
    pause = datetime.fromisoformat(second[1]) - datetime.fromisoformat(first[1])
    assert pause.total_seconds() > 4.9
