"""What culvertd's log says: one line for what happened once, a count for what is repeated."""

import json
import re
import socket

import pytest

from harness import streams
from harness.keys import make_key
from harness.peers import USER, culvert_words, start_culvert, start_culvertd, start_ssh
from harness.process import DEADLINE
from harness.target import closed_port, echo


def objects(process):
    return [json.loads(line) for line in process.lines]


def serve_one_forward(lab, flags, line):
    """1,000 bytes there and back; `line` is written for the forward, and for the connection."""
    server = start_culvertd(lab, flags=flags)
    target = lab.target(echo)
    tunnel = start_ssh(lab, server, [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        data = streams.payload("counted", 1000)
        assert streams.exchange(connection, data) == streams.clean(data)
    server.process.wait_for_line(line)
    tunnel.process.signal(15)
    tunnel.process.wait()
    server.process.wait_for_line(line, times=2)
    return server, target


@pytest.mark.short
def test_json_has_the_facts_of_a_login_a_forward_and_a_connection(lab):
    server, target = serve_one_forward(lab, ["--log-json"], '"event":"(forward|connection)"')
    events = [one for one in objects(server.process) if "event" in one]
    assert [one["event"] for one in events] == ["login", "forward", "connection"]
    login, forward, connection = events
    for one in events:
        assert (one["user"], one["key"]) == (USER, lab.user_key.fingerprint)
        assert one["from"] == login["from"]
    for one in (forward, connection):
        assert (one["bytes_there"], one["bytes_back"]) == (1000, 1000)
        assert one["seconds"] > 0
    assert (forward["target"], forward["end"]) == (str(target), "closed")


@pytest.mark.short
def test_the_same_facts_stand_in_lines_for_people(lab):
    server, target = serve_one_forward(lab, (), "bytes there, 1000 back$")
    who = rf"127\.0\.0\.1:\d+ \({USER}\)"
    bytes_each = r"after \d+\.\d s, 1000 bytes there, 1000 back"
    for pattern in (rf": 127\.0\.0\.1:\d+: {USER} logged in with ssh-ed25519 SHA256:",
                    rf": {who}: 127\.0\.0\.1:\d+ -> {target}: closed {bytes_each}$",
                    rf": {who}: the (client|peer) .*, {bytes_each}$"):
        assert len(server.process.matching(pattern)) == 1, pattern


@pytest.mark.short
def test_a_flood_hides_no_key_that_is_tried(lab):
    server = start_culvertd(lab, flags=())
    for _ in range(30):
        with socket.create_connection(server.address, timeout=DEADLINE) as connection:
            connection.recv(1)
    stranger = make_key(lab.root / "stranger")
    run = lab.run("culvert", culvert_words(lab, server, [lab.target(echo)],
                                           identity=stranger.path))
    assert run.wait() == 1
    line = server.process.wait_for_line("not let in: ")
    assert stranger.fingerprint in line.string


@pytest.mark.short
def test_a_flood_hides_no_other_cause(lab):
    """Refused targets, and then a name that nobody knows: both are named at both ends."""
    server = start_culvertd(lab, flags=())
    held, port = closed_port()
    lab.keep(held)
    refused = f"127.0.0.1:{port}"
    tunnel = start_culvert(lab, server, [refused, "no.such.invalid:1"], flags=())
    for address in [tunnel.addresses[0]] * 30 + [tunnel.addresses[1]]:
        with streams.connect(address) as connection:
            assert streams.receive_to_end(connection).ending == "reset"
    for process in (server.process, tunnel.process):
        process.wait_for_line("no.such.invalid:1.*not opened")
        assert len(process.matching(f"{refused}.*not opened: .*connection refused")) < 30


@pytest.mark.short
def test_a_flood_of_connections_is_counted(lab):
    server = start_culvertd(lab, flags=())
    for _ in range(200):
        with socket.create_connection(server.address, timeout=DEADLINE) as connection:
            connection.recv(1)
    server.process.signal(15)
    assert server.process.wait() == 0
    # The last one may still be there when the daemon is told to end.
    lines = server.process.matching(r"^culvertd: 127\.0\.0\.1:\d+: (the client|ended by culvertd)")
    assert 1 <= len(lines) < 60  # ten of each ten seconds
    counted = sum(int(match.group(1)) for match in
                  (re.search(r"(\d+) more connections that ended without a login", line)
                   for line in server.process.lines) if match)
    assert len(lines) + counted == 200
