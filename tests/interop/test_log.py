"""What culvertd's log says: one line for what happened once, a count for what is repeated."""

import json
import re
import socket

import pytest

from harness import streams
from harness.peers import (USER, culvert_words, forwarded, start_culvertd, start_ssh)
from harness.process import DEADLINE
from harness.target import echo

DESCRIPTORS = 40  # what a program without any to spare is given


def objects(process):
    return [json.loads(line) for line in process.lines]


@pytest.mark.short
def test_json_has_the_facts_of_a_login_a_forward_and_a_connection(lab):
    server = start_culvertd(lab, flags=["--log-json"])
    target = lab.target(echo)
    tunnel = start_ssh(lab, server, [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        data = streams.payload("counted", 1000)
        assert streams.exchange(connection, data) == streams.clean(data)
    server.process.wait_for_line('"event":"forward"')
    tunnel.process.signal(15)
    tunnel.process.wait()
    server.process.wait_for_line('"event":"connection"')
    events = {one["event"]: one for one in objects(server.process) if "event" in one}
    assert events["login"]["user"] == USER
    assert events["login"]["key"] == lab.user_key.fingerprint
    forward = events["forward"]
    assert (forward["user"], forward["target"]) == (USER, str(target))
    assert (forward["bytes_there"], forward["bytes_back"]) == (1000, 1000)
    assert forward["end"] == "closed"
    assert events["connection"]["user"] == USER
    assert events["connection"]["seconds"] > 0


@pytest.mark.short
def test_a_flood_of_connections_is_counted(lab):
    server = start_culvertd(lab, flags=())
    for _ in range(200):
        with socket.create_connection(server.address, timeout=DEADLINE) as connection:
            connection.recv(1)
    server.process.signal(15)
    assert server.process.wait() == 0
    lines = [line for line in server.process.lines if "before it said anything" in line]
    assert 1 <= len(lines) < 60  # ten of each ten seconds
    counted = sum(int(match.group(1)) for match in
                  (re.search(r"(\d+) more connections that ended without a login", line)
                   for line in server.process.lines) if match)
    assert len(lines) + counted == 200


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
