"""Several tunnels under one `culvert up`: whose line it is, and how the program ends."""

import re
import signal
import socket

import pytest

from harness import streams
from harness.keys import make_key
from harness.peers import (LOOPBACK, forwarded, program, run_culvert, start_culvert,
                           start_culvertd, tunnel_settings, tunnels_file)
from harness.preload import preloaded
from harness.target import echo, free_port

pytestmark = pytest.mark.short

# Of these the program itself is the subject.
OF_THE_PROGRAM = re.compile("^culvert: SIG")


def test_each_line_of_a_tunnel_ends_with_its_name(lab):
    """Two tunnels to one server, whose lines would be the same without it."""
    server = start_culvertd(lab, user={"permit_open": [f"{LOOPBACK}:*"]})
    target = lab.target(echo)
    with socket.create_server((LOOPBACK, 0)) as holder:
        taken = f"{LOOPBACK}:{holder.getsockname()[1]}"
        mail = tunnel_settings(lab, server, [target, "192.0.2.1:1", f"{LOOPBACK}:{free_port()}"])
        news = tunnel_settings(lab, server, [target], connections=2)
        news["forwards"].append({"local": taken, "to": str(target)})
        other = make_key(lab.root / "other_key")
        odd = tunnel_settings(lab, server, [target], identity=str(other.path))
        path = tunnels_file(lab, **{"mail": mail, "news": news, "odd one": odd})
        process = run_culvert(lab, "up", "-vv", "-c", path)
        address = forwarded(process, target)
        match = process.wait_for_line(r"^culvert: forwarding (.*):(\d+) -> 192\.0\.2\.1:1 \[mail\]$")
        denied = match[1], int(match[2])
        process.wait_for_line(r"^culvert: connected to \S+ \(ssh-ed25519 SHA256:\S+\) \[mail\]$")
        process.wait_for_line(r"^culvert: connected to .*\), connection 2 of 2 \[news\]$")
        process.wait_for_line(rf"{taken}.* in use.* \[news\]$")
        process.wait_for_line(r"; the tunnel has ended \[odd one\]$")
        with streams.connect(address) as connection:
            assert streams.echoes(connection)
        with streams.connect(denied) as connection:
            assert streams.receive_to_end(connection).ending == "reset"
        process.wait_for_line(r"not opened: .* \[mail\]$")
        server.process.kill()
        for name in ("mail", "news"):
            process.wait_for_line(rf"; next try .* \[{name}\]$", times=2)
        with streams.connect(denied) as held:
            process.signal(signal.SIGUSR1)
            process.wait_for_line(r"^culvert: SIGUSR1: down: .*; 1 stream open \[mail\]$")
            process.signal(signal.SIGTERM)
            process.wait_for_line("^culvert: SIGTERM: a stream is still open")
            process.signal(signal.SIGTERM)
            assert process.wait() == 0
            assert streams.receive_to_end(held).ending == "reset"
    unnamed = [line for line in process.lines
               if not re.search(r" \[(mail|news|odd one)\]$", line)
               and not OF_THE_PROGRAM.search(line)]
    assert unnamed == []


def test_many_lines_of_one_cause_are_counted_for_their_tunnel(lab):
    server = start_culvertd(lab, user={"permit_open": []})
    process = run_culvert(lab, "up", "-c", tunnels_file(
        lab, mail=tunnel_settings(lab, server, ["127.0.0.1:1"])))
    address = forwarded(process, "127.0.0.1:1")
    process.wait_for_line("^culvert: connected to ")
    for _ in range(15):
        with streams.connect(address) as connection:
            assert streams.receive_to_end(connection).ending == "reset"
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    process.wait_for_line(r"5 more connections that were reset.* \[mail\]$")


def test_a_tunnel_of_the_command_line_needs_no_name(lab):
    tunnel = start_culvert(lab, start_culvertd(lab), [lab.target(echo)])
    assert not tunnel.process.matching(r"\]$")


def test_a_port_that_the_system_cannot_serve_for_now_is_tried_again(lab):
    server = start_culvertd(lab)
    is_full = lab.root / "full"
    is_full.touch()
    target = lab.target(echo)
    path = tunnels_file(lab, one=tunnel_settings(lab, server, [target]))
    process = lab.run("culvert", [*preloaded(lab, "full_epoll", EPOLL_IS_FULL=is_full),
                                  program("CULVERT_BIN"), "up", "-c", path])
    process.wait_for_line(r"No space left on device; trying again every 5 s \[one\]$")
    is_full.unlink()
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)


def refused(lab, server):
    return tunnel_settings(lab, server, ["127.0.0.1:1"], host_key="SHA256:" + 43 * "A")


def test_up_ends_with_1_when_its_tunnels_have_ended_for_good(lab):
    """One after the other, each for its own reason."""
    server = start_culvertd(lab)
    with socket.create_server((LOOPBACK, 0)) as holder:
        taken = holder.getsockname()[1]
        strict = tunnel_settings(lab, server, [], exit_on_forward_failure=True)
        strict["forwards"] = [{"local": f"{LOOPBACK}:{taken}", "to": "127.0.0.1:1"}]
        other = make_key(lab.root / "other_key")
        login = tunnel_settings(lab, server, ["127.0.0.1:1"], identity=str(other.path))
        done = lab.finish("culvert", "up", "-c", tunnels_file(
            lab, host_key=refused(lab, server), login=login, strict=strict))
    assert done.returncode == 1
    for name in ("host_key", "login", "strict"):
        assert len(re.findall(rf"^.*; the tunnel has ended \[{name}\]$", done.stderr, re.M)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_whatever_has_ended_before(lab, number):
    server = start_culvertd(lab)
    process = run_culvert(lab, "up", "-c", tunnels_file(
        lab, bad=refused(lab, server), good=tunnel_settings(lab, server, ["127.0.0.1:1"])))
    process.wait_for_line(r"the tunnel has ended \[bad\]$")
    process.wait_for_line(r"^culvert: connected to .* \[good\]$")
    process.signal(number)
    assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_no_such_signal_ends_a_tunnel_of_the_command_line(lab, number):
    tunnel = start_culvert(lab, start_culvertd(lab), [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        tunnel.process.signal(number)
        tunnel.process.signal(signal.SIGUSR1)
        tunnel.process.wait_for_line("^culvert: SIGUSR1: up; 1 stream open$")
        assert streams.echoes(connection)
