"""What culvertd's log says: one line for what happened once, a count for what is repeated."""

import json
import os
import re
import socket
import struct
import subprocess

import pytest

from harness import streams
from harness.keys import make_key
from harness.listening import wait_until_open
from harness.peers import (USER, Server, culvert_words, program, start_culvert, start_culvertd,
                           start_ssh)
from harness.process import DEADLINE
from harness.target import closed_port, echo, free_port


# No connection is turned away for their number.
ALL_COME_IN = {"limits": {"max_startups": "1000:100:1000", "unauthenticated_per_source": 1000}}


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
    assert login["kex"].startswith("sntrup761x25519-sha512")  # ssh's first choice
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
        assert 1 <= len(process.matching(f"{refused}.*not opened: .*connection refused")) < 30


@pytest.mark.short
def test_a_flood_of_connections_is_counted(lab):
    server = start_culvertd(lab, flags=(), config=ALL_COME_IN)
    for _ in range(200):
        with socket.create_connection(server.address, timeout=DEADLINE) as connection:
            connection.sendall(b"SSH-2.0-flood\r\n")
            connection.recv(1)
    server.process.signal(15)
    assert server.process.wait() == 0
    # The last one may still be there when the daemon is told to end.
    lines = server.process.matching(r"^culvertd: 127\.0\.0\.1:\d+: (the peer|ended by culvertd)")
    assert 1 <= len(lines) < 60  # ten of each ten seconds
    assert len(lines) + counted(server, "more connections that ended without a login") == 200


# ---------------------------------------------------------------------- kinds of lines

def counted(server, what):
    """What the lines that count `what` come to."""
    return sum(int(match[1]) for match in
               (re.search(rf"(\d+) {what}", line) for line in server.process.lines) if match)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


PROBES = [lambda _: None, reset,
          lambda connection: connection.sendall(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"),
          lambda connection: connection.sendall(b"SSH-2.0-no_line_end"),
          lambda connection: connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
          lambda connection: connection.sendall(b"\0" * 1000),
          lambda connection: connection.sendall(b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"),
          lambda connection: connection.shutdown(socket.SHUT_WR)]


def probe_all(server):
    for probe in PROBES * 3:
        with socket.create_connection(server.address, timeout=DEADLINE) as connection:
            probe(connection)
    return len(PROBES) * 3


def test_probes_are_counted_whatever_they_send(lab):
    """A health check every few seconds is one line a minute, and not one each."""
    server = start_culvertd(lab, flags=(), config=ALL_COME_IN)
    probes = probe_all(server)
    # The daemon takes connections in order: after this one it has them all.
    start_culvert(lab, server, ["127.0.0.1:1"])
    server.process.signal(15)
    assert server.process.wait() == 0
    assert counted(server, "probes?: connections that ended before") == probes
    assert not server.process.matching(r"^culvertd: 127\.0\.0\.1:\d+: (the|ended|no)")


@pytest.mark.parametrize("level, each, count", [("verbose", True, True), ("off", False, False),
                                                ("error", False, False)])
def test_the_level_of_probes_is_their_own(lab, level, each, count):
    server = start_culvertd(lab, flags=(), config={"log": {"probes": level}, **ALL_COME_IN})
    probes = probe_all(server)
    start_culvert(lab, server, ["127.0.0.1:1"])
    server.process.signal(15)
    assert server.process.wait() == 0
    lines = server.process.matching(r"^culvertd: 127\.0\.0\.1:\d+: ")
    lines = [line for line in lines if "logged in" not in line]
    assert len(lines) == (probes if each else 0)
    assert counted(server, "probes?: ") == (probes if count else 0)


@pytest.mark.parametrize("log, flags, seen", [
    ({"forwards": "off"}, (), {"login", "connection"}),
    ({"level": "error", "logins": "info"}, (), {"login"}),
    ({"level": "off", "forwards": "info"}, (), {"forward"}),
    ({"connections": "off"}, ("-v",), {"login", "forward"}),
    ({"logins": "info"}, ("-q",), set()),
    ({"level": "error"}, ("-v",), {"login", "forward", "connection"})])
def test_kinds_have_levels_of_their_own(lab, log, flags, seen):
    # The port is in a line of its own, which some of these hide.
    port = free_port()
    server = lab.run("culvertd", [program("CULVERTD_BIN"), "-c", config_with(lab, port, log), *flags])
    wait_until_open(("127.0.0.1", port), DEADLINE)
    at = Server(server, port, lab.host_key, None)
    tunnel = start_ssh(lab, at, [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
    tunnel.process.signal(15)
    tunnel.process.wait()
    server.signal(15)
    assert server.wait() == 0
    text = {"login": "logged in with", "forward": r"-> .* bytes there", "connection": r"\): the "}
    assert {kind for kind, line in text.items() if server.matching(line)} == seen


def config_with(lab, port, log):
    path = lab.folder("culvertd") / "culvertd.yaml"
    path.write_text(json.dumps({
        "listen": [f"127.0.0.1:{port}"], "host_keys": [str(lab.host_key.path)], "log": log,
        "users": {USER: {"authorized_keys_files": [str(lab.authorized_keys)]}}}))
    return path


# ---------------------------------------------------------------------- the journal

def lines_for_journal(lab, stream, *words):
    """The lines of a culvertd whose stderr is a pipe, with `stream` for JOURNAL_STREAM."""
    reader, writer = os.pipe()
    status = os.fstat(writer)
    lab.env["JOURNAL_STREAM"] = stream.format(f"{status.st_dev}:{status.st_ino}")
    with subprocess.Popen([program("CULVERTD_BIN"), *words], stderr=writer, env=lab.env) as server:
        os.close(writer)
        with open(reader, encoding="utf-8") as lines:
            first = lines.readline()
            server.terminate()
            return [first, *lines]


def test_each_line_in_the_journal_has_its_priority(lab):
    serve = ("--listen", "127.0.0.1:0", "--authorized-keys", lab.authorized_keys,
             "--host-key", lab.host_key.path)
    for words, priority in [(serve, "<6>"), (("--nonsense",), "<3>"), ((*serve, "--log-json"), "<6>")]:
        lines = lines_for_journal(lab, "{}", *words)
        assert lines and all(line.startswith(priority) for line in lines)
    for stream in ("", "1:2", "{}0"):
        lines = lines_for_journal(lab, stream, *serve)
        assert lines and all(line.startswith("culvertd: ") for line in lines)
