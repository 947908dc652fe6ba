"""A host key that isn't the expected one ends the connection before any authentication."""

import fcntl
import os
import re
import select
import subprocess
import termios

import pytest

from harness.keys import make_key
from harness.peers import (SERVERS, culvert_words, run_culvert, start_culvertd, start_sshd,
                           tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short

SERVICE_REQUEST, USERAUTH_REQUEST = 5, 50


@pytest.fixture
def other_key(lab):
    return make_key(lab.root / "other_key")


def refused(process):
    """The program, once it has given up for want of the right host key."""
    assert process.wait() == 1, process.log()
    assert not process.matching("^culvert: connected to")
    return process


def words_with(lab, server, key):
    """culvert's command line with a known_hosts that has `key` for the server; None: nothing."""
    return culvert_words(lab, server, ["127.0.0.1:1"],
                         UserKnownHostsFile=lab.known_hosts(server.port, key))


@pytest.mark.parametrize("name", ["sshd", "culvertd"])
def test_a_changed_key_is_named_with_both_fingerprints_and_its_line(lab, other_key, name):
    server = SERVERS[name](lab)
    process = refused(lab.run("culvert", words_with(lab, server, other_key)))
    log = process.text()
    assert other_key.fingerprint in log and server.host_key.fingerprint in log
    assert re.search(r"known_hosts:1\b", log)
    assert "host key changed" in log


@pytest.mark.parametrize("known", ["changed", "unknown"])
def test_nothing_of_authentication_is_sent(lab, other_key, known):
    server = start_sshd(lab, level="DEBUG3")
    key = other_key if known == "changed" else None
    refused(lab.run("culvert", words_with(lab, server, key)))
    server.process.wait_for_line("Connection (closed|reset)|Received disconnect|Disconnected")
    assert server.process.matching("receive packet: type 20")
    for number in (SERVICE_REQUEST, USERAUTH_REQUEST):
        assert not server.process.matching(rf"receive packet: type {number}\b")


def test_an_unknown_host_is_refused_without_a_terminal(lab):
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, None)
    words = culvert_words(lab, server, ["127.0.0.1:1"], UserKnownHostsFile=known_hosts)
    log = refused(lab.run("culvert", words)).text()
    assert server.host_key.fingerprint in log
    assert "accept-new" in log or "ssh-keyscan" in log  # the command that would accept it
    assert known_hosts.read_text() == ""


def test_with_accept_new_an_unknown_key_is_remembered_and_a_changed_one_refused(lab, other_key):
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, None)
    options = {"UserKnownHostsFile": known_hosts, "StrictHostKeyChecking": "accept-new"}
    target = lab.target(echo)
    process = lab.run("culvert", culvert_words(lab, server, [target], **options))
    process.wait_for_line(rf"^culvert: connected to .*{re.escape(server.host_key.fingerprint)}")
    assert f"[127.0.0.1]:{server.port} {server.host_key.public_line}" in known_hosts.read_text()

    known_hosts.write_text(f"[127.0.0.1]:{server.port} {other_key.public_line}\n")
    before = known_hosts.read_text()
    refused(lab.run("culvert", culvert_words(lab, server, [target], **options)))
    assert known_hosts.read_text() == before


def test_a_pinned_fingerprint_is_the_only_key_accepted(lab, other_key):
    server = start_culvertd(lab)
    target = lab.target(echo)
    for fingerprint, accepted in ((server.host_key.fingerprint, True),
                                  (other_key.fingerprint, False)):
        path = tunnels_file(lab, mail=tunnel_settings(
            lab, server, [target], host_key=fingerprint, known_hosts=None))
        process = run_culvert(lab, "up", "-c", path)
        if accepted:
            process.wait_for_line("^culvert: connected to")
        else:
            log = refused(process).text()
            assert fingerprint in log and server.host_key.fingerprint in log


class Terminal:
    """What a program has for its controlling terminal, and what is typed there."""

    def __init__(self):
        self._ours, self.programs = os.openpty()

    def options(self):
        """For Popen."""
        return {"stdin": self.programs, "start_new_session": True,
                "preexec_fn": lambda: fcntl.ioctl(self.programs, termios.TIOCSCTTY, 0)}

    def wait_for(self, text):
        shown = b""
        while text.encode() not in shown:
            assert select.select([self._ours], [], [], DEADLINE)[0], shown
            shown += os.read(self._ours, 4096)
        return shown.decode()

    def type(self, text):
        os.write(self._ours, text.encode())

    def close(self):
        for end in (self._ours, self.programs):
            os.close(end)


@pytest.fixture
def asked(lab):
    """culvert at its question about an unknown key: the program, the terminal, the server and the
    known_hosts file."""
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, None)
    terminal = lab.keep(Terminal())
    words = culvert_words(lab, server, [lab.target(echo)], UserKnownHostsFile=known_hosts,
                          StrictHostKeyChecking="ask")
    process = lab.run("culvert", words, **terminal.options())
    shown = terminal.wait_for("(yes/no/the fingerprint)? ")
    assert server.host_key.fingerprint in shown
    return process, terminal, server, known_hosts


@pytest.mark.parametrize("answer", ["yes", " YES ", "the fingerprint"])
def test_a_key_accepted_on_the_terminal_is_remembered(asked, answer):
    process, terminal, server, known_hosts = asked
    terminal.type((server.host_key.fingerprint if answer == "the fingerprint" else answer) + "\n")
    process.wait_for_line("^culvert: connected to")
    assert server.host_key.public_line in known_hosts.read_text()


@pytest.mark.parametrize("answer, text", [
    ("No\n", "host key not accepted"),
    ("SHA256:something\n", "you typed SHA256:something"),
    ("\x04", "the terminal was closed before an answer"),
])
def test_a_key_not_accepted_on_the_terminal(asked, answer, text):
    process, terminal, _, known_hosts = asked
    terminal.type(answer)
    assert text in refused(process).text()
    assert known_hosts.read_text() == ""


def test_an_answer_that_is_none_is_asked_for_again(asked):
    process, terminal, _, _ = asked
    terminal.type("perhaps\n")
    terminal.wait_for("Please type 'yes', 'no' or the fingerprint: ")
    terminal.type("yes\n")
    process.wait_for_line("^culvert: connected to")


def test_a_key_that_goes_nowhere_is_said_not_to_be_remembered(lab):
    server = start_culvertd(lab)
    process = lab.run("culvert", culvert_words(
        lab, server, [lab.target(echo)], flags=(), UserKnownHostsFile="none",
        StrictHostKeyChecking="accept-new"))
    process.wait_for_line("not saved: no known_hosts file is named")
    process.wait_for_line("^culvert: connected to")


def test_a_garbled_line_is_named_when_the_host_is_unknown(lab):
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, None)
    known_hosts.write_text(f"# mine\n[127.0.0.1]:{server.port} ssh-ed25519 garbled\n")
    words = culvert_words(lab, server, ["127.0.0.1:1"], flags=(), UserKnownHostsFile=known_hosts)
    log = refused(lab.run("culvert", words)).text()
    assert f"{known_hosts}:2: " in log


def test_the_command_of_a_refusal_mends_it(lab):
    server = start_culvertd(lab)
    known_hosts = lab.known_hosts(server.port, None)
    words = culvert_words(lab, server, [lab.target(echo)], UserKnownHostsFile=known_hosts)
    log = refused(lab.run("culvert", words)).text()
    command = re.search(r"culvert: hint: (echo '.*' >> \S+)$", log, re.M)[1]
    assert subprocess.run(command, shell=True, timeout=DEADLINE).returncode == 0
    lab.run("culvert", words).wait_for_line("^culvert: connected to")


@pytest.mark.parametrize("destination", [
    "127.1", "0177.0.0.1", "2130706433", "0x7f.1", "::ffff:127.0.0.1", "0"])
@pytest.mark.parametrize("hashed", [False, True])
def test_another_spelling_of_an_address_is_the_same_host(lab, other_key, destination, hashed):
    server = start_sshd(lab)
    known_hosts = lab.known_hosts(server.port, other_key)
    if hashed:
        subprocess.run(["ssh-keygen", "-H", "-f", known_hosts], check=True, capture_output=True)
    before = known_hosts.read_text()
    words = culvert_words(lab, server, ["127.0.0.1:1"], UserKnownHostsFile=known_hosts,
                          StrictHostKeyChecking="accept-new")
    words[-1] = words[-1].replace("127.0.0.1", destination)
    assert "host key changed" in refused(lab.run("culvert", words)).text()
    assert known_hosts.read_text() == before


def test_the_file_of_a_refusal_is_quoted_in_its_command(lab, other_key):
    server = start_culvertd(lab)
    known_hosts = lab.root / "my known 'hosts'"
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {other_key.public_line}\n")
    quoted = str(known_hosts).replace("'", "\\'")
    words = culvert_words(lab, server, ["127.0.0.1:1"], UserKnownHostsFile=f"'{quoted}'")
    log = refused(lab.run("culvert", words)).text()
    command = re.search(r"culvert: hint: (ssh-keygen -f .* -R .*)$", log, re.M)[1]
    subprocess.run(command, shell=True, check=True, timeout=DEADLINE)
    assert other_key.public_line not in known_hosts.read_text()
