"""Without descriptors programs wait, say so, and go on when there are some again."""

import os
import socket
import subprocess

import pytest

from harness import streams
from harness.peers import (culvert_words, forwarded, program, start_culvertd, tunnel_settings,
                           tunnels_file)
from harness.process import DEADLINE
from harness.target import echo

DESCRIPTORS = 40  # what a program without any to spare is given


@pytest.mark.parametrize("name", ["culvert", "culvertd"])
def test_without_descriptors_connections_wait_and_it_is_said_once(lab, name):
    """They are accepted when some are free again. (A sanitizer needs descriptors itself.)"""
    few = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    limits = {"max_startups": "1000:30:1000", "unauthenticated_per_source": 1000}
    server = start_culvertd(lab, flags=(), config={"limits": limits},
                            wrapper=few if name == "culvertd" else ())
    if name == "culvertd":
        process, address = server.process, server.address
    else:
        target = lab.target(echo)
        process = lab.run("culvert", [*few, *culvert_words(lab, server, [target], flags=())])
        process.wait_for_line("^culvert: connected to")
        address = forwarded(process, target)
    held = [socket.create_connection(address, timeout=DEADLINE) for _ in range(2 * DESCRIPTORS)]
    process.wait_for_line("accepting no connections for now")
    # Few enough are left for all of them to be served.
    for connection in held[:-5]:
        connection.close()
    process.wait_for_line("accepting connections again")
    for connection in held[-5:]:
        if name == "culvertd":
            assert connection.recv(4) == b"SSH-"
        else:
            assert streams.echoes(connection)
        connection.close()
    assert not process.matching("epoll")  # what a thread needs was there from the start
    assert len(process.matching("accepting no connections")) == 1


def limit_descriptors(process, spare):
    """So many are left beyond the highest that the process has; None lifts the limit."""
    highest = max(int(name) for name in os.listdir(f"/proc/{process.pid}/fd"))
    soft = "1024" if spare is None else str(highest + 1 + spare)
    subprocess.run(["prlimit", "--pid", str(process.pid), f"--nofile={soft}:"], check=True)


def test_a_key_that_cannot_be_looked_up_is_not_refused_for_good(lab):
    """One descriptor is enough for a client to come in, not for the file with his key."""
    server = start_culvertd(lab, flags=())
    limit_descriptors(server.process, 1)
    path = tunnels_file(lab, t=tunnel_settings(lab, server, [lab.target(echo)]))
    process = lab.run("culvert", [program("CULVERT_BIN"), "up", "-c", path])
    process.wait_for_line("lacks the resources to look up keys.*next try")
    server.process.wait_for_line("Too many open files")
    limit_descriptors(server.process, None)
    process.wait_for_line("^culvert: connected to")


@pytest.mark.short
def test_a_tunnel_that_was_up_outlives_a_known_hosts_that_is_being_replaced(lab):
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, server.host_key)
    settings = tunnel_settings(lab, server, [lab.target(echo)], known_hosts=[str(known_hosts)])
    process = lab.run("culvert",
                      [program("CULVERT_BIN"), "up", "-c", tunnels_file(lab, t=settings)])
    process.wait_for_line("^culvert: connected to")
    text = known_hosts.read_text(encoding="ascii")
    known_hosts.unlink()
    known_hosts.mkdir()
    mark = process.mark()
    server.process.kill()
    server.restart()
    process.wait_for_line("is a directory.*next try", since=mark)
    known_hosts.rmdir()
    known_hosts.write_text(text, encoding="ascii")
    process.wait_for_line("^culvert: connected to", since=mark)
