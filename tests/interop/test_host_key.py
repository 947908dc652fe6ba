"""A host key that isn't the expected one ends the connection before any authentication."""

import re

import pytest

from harness.keys import make_key
from harness.peers import (SERVERS, culvert_words, run_culvert, start_culvertd, start_sshd,
                           tunnel_settings, tunnels_file)
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
    log = process.log()
    assert other_key.fingerprint in log and server.host_key.fingerprint in log
    assert re.search(r"known_hosts:1\b", log)
    assert "changed" in log


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
    log = refused(lab.run("culvert", words)).log()
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
            log = refused(process).log()
            assert fingerprint in log and server.host_key.fingerprint in log
