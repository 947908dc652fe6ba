"""Logins by clients and servers that are particular: a second service request, keys that culvertd
can't use, a list of algorithms that leaves most of them out, channels that must wait for the login.
"""

import re
import signal
import subprocess

import pytest

from harness import streams
from harness.keys import make_key, read_key
from harness.libraries import start_asyncssh, start_asyncssh_login
from harness.other_peers import start_dropbear
from harness.peers import (LOOPBACK, USER, Server, culvert_words, forwarded, program,
                           ssh_words, start_culvert, start_culvertd, start_sshd)
from harness.process import DEADLINE
from harness.round_trips import RoundTripProxy
from harness.target import echo

pytestmark = pytest.mark.short

GCM = "aes256-gcm@openssh.com"


def make_typed_key(lab, kind, *words):
    path = lab.folder("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-m", "PEM", "-f", path,
                    *words], check=True)
    return read_key(path)


UNIMPLEMENTED, ACCEPT, REFUSED, LET_IN = 3, 6, 51, 52
KEYS_ALONE = "culvertd takes ssh-ed25519 keys only"


def answers(lab, server, user, *steps):
    """The numbers of the messages that the server answers with, to the connection's end."""
    process = start_asyncssh_login(lab, server, user, *steps)
    process.wait()
    return [int(line.split()[-1]) for line in process.matching("answer ")]


def test_the_service_is_asked_for_ahead_of_each_try(lab):
    """As paramiko does."""
    server = start_culvertd(lab)
    tries = []
    for number in range(3):
        tries += ["service", f"key={make_key(lab.root / f'other{number}').path}"]
    assert answers(lab, server, USER, "service", "none", *tries, "service", "service",
                   f"key={lab.user_key.path}", "service") == [
        ACCEPT, REFUSED, *(ACCEPT, REFUSED) * 3, ACCEPT, ACCEPT, LET_IN, UNIMPLEMENTED]


def test_tries_count_together_however_often_the_service_is_asked_for(lab):
    server = start_culvertd(lab, config={"limits": {"auth_tries": 3}})
    tries = ["service", f"key={make_key(lab.root / 'other').path}"] * 3
    assert answers(lab, server, USER, *tries, f"key={lab.user_key.path}") == [
        ACCEPT, REFUSED, ACCEPT, REFUSED, ACCEPT]
    server.process.wait_for_line("too many authentication failures")


@pytest.mark.parametrize("algorithm, blob", [("x509v3-sign-rsa", b"\x30\x82\x03\x00certificate"),
                                             ("x509v3-ssh-rsa", b""),
                                             ("pgp-sign-dss", b"\x99" * 34000),
                                             ("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0")],
                         ids=["x509", "empty", "pgp", "cut"])
def test_a_key_that_is_none_is_followed_by_the_next(lab, algorithm, blob):
    server = start_culvertd(lab)
    assert answers(lab, server, USER, "service", f"blob={algorithm}={blob.hex()}",
                   f"key={lab.user_key.path}") == [ACCEPT, REFUSED, LET_IN]


@pytest.mark.parametrize("kind, words, key_type", [
    ("rsa", ["-b", "2048"], "ssh-rsa"), ("ecdsa", [], "ecdsa-sha2-nistp256"),
    ("ecdsa", ["-b", "521"], "ecdsa-sha2-nistp521")])
def test_a_key_that_culvertd_cannot_use_is_named(lab, kind, words, key_type):
    server = start_culvertd(lab, flags=())
    key = make_typed_key(lab, kind, *words)
    lab.authorized_keys.write_text(key.public_line + "\n")
    assert answers(lab, server, USER, "service", f"key={key.path}") == [ACCEPT, REFUSED]
    line = server.process.wait_for_line(f"not let in: {USER} with ").string
    assert f"{key_type} {key.fingerprint} ({KEYS_ALONE})" in line


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_an_ssh_that_has_no_key_for_culvertd(lab, kind):
    """ssh doesn't even show an RSA key where the server lists other algorithms alone."""
    server = start_culvertd(lab, flags=())
    key = make_typed_key(lab, kind)
    words = [key.path if word == lab.user_key.path else word for word in ssh_words(lab, server)]
    subprocess.run([*map(str, words), "-N"], env=lab.env, capture_output=True, timeout=DEADLINE,
                   check=False)
    line = server.process.wait_for_line(f"not let in: {USER} with ").string
    assert KEYS_ALONE in line
    assert (key.fingerprint in line) == (kind == "ecdsa")
    assert len(server.process.matching("not let in")) == 1


def test_a_user_who_does_not_exist_is_named_in_the_log_alone(lab):
    """The peer sees what it sees with a wrong key; the log tells the two apart."""
    server = start_culvertd(lab, flags=())
    other = make_key(lab.root / "other")
    rsa = make_typed_key(lab, "rsa")
    steps = ["service", "none", f"key={other.path}", f"key={rsa.path}"]
    assert (answers(lab, server, USER, *steps) == answers(lab, server, "nobody-here", *steps)
            == [ACCEPT, REFUSED, REFUSED, REFUSED])
    its_keys = (rf"ssh-ed25519 {re.escape(other.fingerprint)} \(not among the user's keys\), "
                rf"ssh-rsa {re.escape(rsa.fingerprint)} \({KEYS_ALONE}\)$")
    server.process.wait_for_line(f"not let in: {USER} with {its_keys}")
    server.process.wait_for_line(rf"not let in: nobody-here \(no such user\) with {its_keys}")


@pytest.mark.parametrize("tried", ["none", "password", "keyboard-interactive"])
@pytest.mark.parametrize("kind, other", [("logins", "connections"), ("connections", "logins")])
def test_a_refused_login_without_a_key_is_a_login_for_the_log(lab, tried, kind, other):
    server = start_culvertd(lab, flags=(), config={"log": {kind: "info", other: "error"}})
    assert answers(lab, server, USER, "service", tried) == [ACCEPT, REFUSED]
    server.process.signal(signal.SIGTERM)
    assert server.process.wait() == 0
    assert len(server.process.matching(f"not let in: {USER} with ")) == (kind == "logins")


def test_any_name_is_a_users_where_a_file_of_keys_is_for_everybody(lab):
    """--authorized-keys: there is no such thing as a user who doesn't exist."""
    process = lab.run("culvertd", [program("CULVERTD_BIN"), "--listen", f"{LOOPBACK}:0",
                                   "--host-key", lab.host_key.path,
                                   "--authorized-keys", lab.authorized_keys])
    port = int(process.wait_for_line(rf"listening on {re.escape(LOOPBACK)}:(\d+)")[1])
    server = Server(process, port, lab.host_key, None)
    other = make_key(lab.root / "other")
    assert answers(lab, server, "whoever", "service", f"key={other.path}") == [ACCEPT, REFUSED]
    process.wait_for_line("not let in: whoever with ")
    assert answers(lab, server, "whoever", "service",
                   f"key={lab.user_key.path}") == [ACCEPT, LET_IN]


@pytest.mark.parametrize("start", [start_asyncssh, start_dropbear])
def test_local_programs_that_wait_for_the_login(lab, start):
    """AsyncSSH ends the connection for a channel that is asked for ahead of USERAUTH_SUCCESS."""
    cipher = GCM if start is start_asyncssh else "chacha20-poly1305@openssh.com"
    server = start(lab, cipher=cipher, compression=False)
    proxy = lab.keep(RoundTripProxy(server.address, server.process.pid))
    target = lab.target(echo)
    process = lab.run("culvert", culvert_words(lab, server, [target], port=proxy.port))
    with streams.connect(forwarded(process, target)) as connection:
        connection.sendall(b"x")
        assert proxy.accepted.wait(streams.DEADLINE)
        proxy.release(process.pid)
        assert streams.receive_exactly(connection, 1) == b"x"
    assert len(process.matching("^culvert: connected to ")) == 1
    assert not process.matching("next try")


@pytest.mark.parametrize("listed", ["rsa-sha2-256,rsa-sha2-512", "ssh-rsa,rsa-sha2-256", "ssh-rsa"])
def test_a_server_that_lists_rsa_alone_takes_other_keys_too(lab, listed):
    """OpenSSH 7.2 to 7.4; the right key is the second one."""
    server = start_asyncssh(lab, cipher=GCM, compression=False, listed=listed)
    other = make_key(lab.root / "other")
    tunnel = start_culvert(lab, server, [lab.target(echo)], flags=("-v", "-i", other.path))
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)


def test_a_banner_is_shown_line_by_line(lab):
    """As UTF-8, without what could steer a terminal, and whatever ends its lines."""
    banner = lab.root / "banner"
    banner.write_bytes("Grüße von gw\r\n\r\n  Nur für \x1b[31mBefugte\n".encode() + b"gr\xfc\xdfe")
    server = start_sshd(lab, Banner=banner)
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    said = [line.partition(" says:")[2] for line in tunnel.process.matching(" says:")]
    assert said == [" Grüße von gw", "", r"   Nur für \x1b[31mBefugte", r" gr\xfc\xdfe"]
