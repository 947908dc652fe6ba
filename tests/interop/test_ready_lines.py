"""Programs say when they are ready, and where: scripts, units and these tests rely on it."""

import re
import socket
import stat

import pytest

from harness import streams
from harness.keys import read_key
from harness.peers import (USER, Server, culvert_words, forwarded, program, run_culvert, ssh_words,
                           start_culvert, start_culvertd, start_ssh, tunnel_settings, tunnels_file)
from harness.target import echo

pytestmark = pytest.mark.short


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture
def server(lab):
    return start_culvertd(lab)


def test_connected_names_the_server_and_its_key(lab, server):
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    tunnel.process.wait_for_line(rf"^culvert: connected to 127\.0\.0\.1:{server.port} "
                                 rf"\(ssh-ed25519 {re.escape(server.host_key.fingerprint)}\)$")


def test_a_forward_binds_localhost_in_both_families(lab, server):
    target = lab.target(echo)
    process = lab.run("culvert", [*culvert_words(lab, server, []), "-L", f"0:{target}"])
    _, port = forwarded(process, target)
    addresses = [("127.0.0.1", port)]
    if has_ipv6():
        process.wait_for_line(rf"^culvert: forwarding \[::1\]:{port} -> {target}$")
        addresses.append(("::1", port))
    for address in addresses:
        with streams.connect(address) as connection:
            assert streams.echoes(connection)


def test_a_forward_may_simply_follow_the_destination(lab, server):
    target = lab.target(echo)
    words = [*culvert_words(lab, server, []), f"127.0.0.1:0:{target}", f"127.0.0.1:0:{target}"]
    process = lab.run("culvert", words)
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)


def test_ports_may_be_named(lab, server):
    process = lab.run("culvert", [*culvert_words(lab, server, []), "-L",
                                  "127.0.0.1:0:pop3.example.com:pop3"])
    process.wait_for_line(r"^culvert: forwarding 127\.0\.0\.1:\d+ -> pop3\.example\.com:110$")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6_addresses_stand_in_brackets(lab, server):
    target = lab.target(echo, host="::1")
    process = lab.run("culvert", [*culvert_words(lab, server, []), "-L", f"[::1]:0:{target}"])
    match = process.wait_for_line(rf"^culvert: forwarding \[::1\]:(\d+) -> \[::1\]:{target.port}$")
    with streams.connect(("::1", int(match[1]))) as connection:
        assert streams.echoes(connection)


def test_a_target_named_localhost_is_found_in_either_family(lab, server):
    for host in ["127.0.0.1"] + (["::1"] if has_ipv6() else []):
        target = lab.target(echo, host=host)
        process = start_culvert(lab, server, [f"localhost:{target.port}"])
        with streams.connect(process.addresses[0]) as connection:
            assert streams.echoes(connection)


def test_quiet_silences_all_but_errors(lab, server):
    words = culvert_words(lab, server, [], flags=("-q",))
    target = lab.target(echo)
    holder = socket.create_server(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    holder.close()
    process = lab.run("culvert", [*words, "-L", f"127.0.0.1:{port}:{target}"])
    server.process.wait_for_line(re.escape(lab.user_key.fingerprint))  # it is in
    with streams.connect(("127.0.0.1", port)) as connection:
        assert streams.echoes(connection)
    process.stop()
    assert process.lines == []


def test_culvertd_is_useful_without_a_configuration(lab):
    """Any user may use the keys of the file; a host key is made and its fingerprint said."""
    host_key = lab.root / "made_key"
    process = lab.run("culvertd", [
        program("CULVERTD_BIN"), "--listen", "127.0.0.1:0", "--authorized-keys",
        lab.authorized_keys, "--host-key", host_key])
    port = int(process.wait_for_line(r"^culvertd: listening on 127\.0\.0\.1:(\d+)$")[1])
    assert stat.S_IMODE(host_key.stat().st_mode) == 0o600
    key = read_key(host_key)
    process.wait_for_line(re.escape(key.fingerprint))
    tunnel = start_ssh(lab, Server(process, port, key, None), [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)


def test_a_port_alone_listens_on_all_addresses(lab):
    process = lab.run("culvertd", [program("CULVERTD_BIN"), "-p", "0", "--authorized-keys",
                                   lab.authorized_keys, "--host-key", lab.host_key.path])
    port = int(process.wait_for_line(r"^culvertd: listening on 0\.0\.0\.0:(\d+)$")[1])
    with streams.connect(("127.0.0.1", port)) as connection:
        assert connection.recv(8) == b"SSH-2.0-"
    if has_ipv6():
        port = int(process.wait_for_line(r"^culvertd: listening on \[::\]:(\d+)$")[1])
        with streams.connect(("::1", port)) as connection:
            assert connection.recv(8) == b"SSH-2.0-"


def test_up_starts_every_tunnel_or_the_named_ones(lab, server):
    mail, news = lab.target(echo), lab.target(echo)
    path = tunnels_file(lab, mail=tunnel_settings(lab, server, [mail], compression="zlib"),
                        news=tunnel_settings(lab, server, [news]))
    everything = run_culvert(lab, "up", "-c", path)
    for target in (mail, news):
        with streams.connect(forwarded(everything, target)) as connection:
            assert streams.echoes(connection)
    one = run_culvert(lab, "up", "-c", path, "news")
    one.wait_for_line("^culvert: connected to")
    forwarded(one, news)
    assert not one.matching(rf"-> {mail}\b")


def test_check_says_what_a_config_means(lab, server):
    settings = tunnel_settings(lab, server, ["pop3.example.com:pop3"])
    settings["forwards"][0]["local"] = "127.0.0.1:12345"
    done = lab.finish("culvert", "check", "-c", tunnels_file(lab, mail=settings))
    assert done.returncode == 0
    said = done.stdout + done.stderr
    assert re.search(rf"mail.*{re.escape(USER)}@127\.0\.0\.1:{server.port}", said)
    assert re.search(r"forwarding 127\.0\.0\.1:12345 -> pop3\.example\.com:110$", said, re.M)


def test_a_session_is_refused_with_a_sentence(lab, server):
    process = lab.run("ssh", [*ssh_words(lab, server), "true"])
    assert process.wait() == 255
    process.wait_for_line("open failed.*forward")
