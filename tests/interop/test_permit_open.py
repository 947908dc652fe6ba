"""culvertd connects to what a user's permit_open allows, however the target is spelled."""

import subprocess

import pytest

from harness.peers import ssh_words, start_culvertd
from harness.process import DEADLINE

pytestmark = pytest.mark.short

LOOPBACK_SPELLINGS = ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0", "localhost", "LOCALHOST",
                      "localhost.", "::ffff:127.0.0.1", "::1", "::"]


def reaches(lab, server, host, target):
    """True if `ssh -W` gets the target's greeting, false if the server's rules forbid it."""
    host = f"[{host}]" if ":" in host else host
    words = [*ssh_words(lab, server), "-W", f"{host}:{target.port}"]
    done = subprocess.run([str(word) for word in words], env=lab.env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=DEADLINE)
    if done.stdout == b"hello":
        return True
    assert b"open failed: administratively prohibited" in done.stderr, done.stderr.decode()
    return False


@pytest.fixture
def target(lab):
    return lab.target(lambda connection: connection.sendall(b"hello"))


@pytest.mark.parametrize("rule, host, allowed", [
    (None, "127.0.0.1", True),
    (None, "localhost", True),
    ("127.0.0.1:{port}", "127.0.0.1", True),
    ("127.0.0.1:1", "127.0.0.1", False),
    ("127.0.0.1:*", "127.0.0.1", True),
    ("127.0.0.0/8:*", "127.0.0.1", True),
    ("127.0.0.0/8:{port}", "127.1", True),
    ("localhost:{port}", "localhost", True),
    ("*:{port}", "127.0.0.1", True),
    ("*:1", "127.0.0.1", False),
    ("local*:*", "localhost", False),  # a name pattern never allows a loopback address
])
def test_a_rule(lab, target, rule, host, allowed):
    user = {} if rule is None else {"permit_open": [rule.format(port=target.port)]}
    assert reaches(lab, start_culvertd(lab, user=user), host, target) == allowed


@pytest.mark.parametrize("rule", ["10.0.0.0/8:*", "pop3.example.com:*", "*.example.com:*"])
def test_no_spelling_of_loopback_slips_through(lab, target, rule):
    server = start_culvertd(lab, user={"permit_open": [rule]})
    for host in LOOPBACK_SPELLINGS:
        assert not reaches(lab, server, host, target), host


def test_an_empty_list_permits_nothing(lab, target):
    assert not reaches(lab, start_culvertd(lab, user={"permit_open": []}), "127.0.0.1", target)
