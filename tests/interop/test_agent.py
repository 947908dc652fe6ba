"""Keys in a real ssh-agent: which are used, in which order, and what is said when none can be."""

import os
import re
import socket
import subprocess

import pytest

from harness.agent import Agent, connects, fails, make_typed_key, words
from harness.keys import make_key
from harness.peers import USER, start_culvertd, start_sshd
from harness.process import DEADLINE

pytestmark = pytest.mark.short


@pytest.fixture
def agent(lab):
    return Agent(lab)


@pytest.fixture
def target(lab):
    return lab.target(lambda connection: connection.sendall(b"hello"))


@pytest.mark.parametrize("kind, more", [("ed25519", []), ("rsa", ["-b", "3072"]), ("ecdsa", [])])
def test_whatever_the_agent_signs(lab, agent, target, kind, more):
    key = make_typed_key(lab, kind, *more)
    lab.authorized_keys.write_text(key.public_line + "\n")
    agent.add(key)
    server = start_sshd(lab)
    process = connects(lab, words(lab, server, target, agent=agent))
    server.process.wait_for_line(rf"Accepted publickey for .* {re.escape(key.fingerprint)}")
    process.stop()


def test_a_certificate_in_the_agent(lab, agent, target):
    authority, key = make_key(lab.root / "ca"), make_key(lab.root / "certified")
    subprocess.run(["ssh-keygen", "-q", "-s", authority.path, "-I", "me", "-n", USER,
                    key.path.with_name("certified.pub")], check=True)
    lab.authorized_keys.write_text(f"cert-authority {authority.public_line}\n")
    agent.add(key)
    server = start_sshd(lab)
    connects(lab, words(lab, server, target, agent=agent))
    server.process.wait_for_line("Accepted publickey for .* ED25519-CERT")


def test_the_agent_at_ssh_auth_sock(lab, agent, target):
    agent.add(lab.user_key)
    lab.env["SSH_AUTH_SOCK"] = str(agent.socket)
    connects(lab, words(lab, start_culvertd(lab), target))


# What a server says of a key that it was shown or asked about in vain, and of the right one.
NOT_TAKEN = {"sshd": "(Failed|Postponed) publickey",
             "culvertd": r"shows ssh-\S+ SHA256:\S+: not let in"}
TAKEN = {"sshd": "Accepted publickey", "culvertd": "logged in with"}


@pytest.mark.parametrize("start, settings",
                         [(start_sshd, {}), (start_culvertd, {"flags": ["-vv"]})],
                         ids=["sshd", "culvertd"])
def test_ten_keys_do_not_exhaust_the_servers_six_tries(lab, agent, target, start, settings):
    for number in range(10):
        agent.add(make_key(lab.root / f"other{number}"))
    agent.add(lab.user_key)
    server = start(lab, **settings)
    process = connects(lab, words(lab, server, target, agent=agent))
    name = server.process.name
    server.process.wait_for_line(TAKEN[name])
    assert len(server.process.matching(NOT_TAKEN[name])) >= 5
    # It is known from here on: no other key is shown again.
    mark = process.mark()
    for child in server_connections(server):
        os.kill(child, 9)
    server.process.kill()
    server.restart()
    process.wait_for_line("^culvert: connected to ", since=mark)
    server.process.wait_for_line(TAKEN[name])
    assert not server.process.matching(NOT_TAKEN[name])


def server_connections(server):
    """The processes that sshd forked for its connections; culvertd has none."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)],
                            capture_output=True, text=True).stdout.split()
    grandchildren = [subprocess.run(["ps", "-o", "pid=", "--ppid", pid], capture_output=True,
                                    text=True).stdout.split() for pid in listed]
    return [int(pid) for pid in [*listed, *sum(grandchildren, [])]]


def test_named_keys_come_first(lab, agent, target):
    agent.add(make_key(lab.root / "other"))
    agent.add(lab.user_key)
    server = start_sshd(lab, MaxAuthTries=1)
    # With one try the server takes the first key that it is shown, or none.
    connects(lab, words(lab, server, target, agent=agent, identities=[lab.user_key.path]))
    server.process.wait_for_line("Accepted publickey")
    assert not server.process.matching("Failed publickey")


def test_identities_only(lab, agent, target):
    other = make_key(lab.root / "other")
    agent.add(lab.user_key)
    line = fails(lab, words(lab, start_culvertd(lab), target, agent=agent,
                            identities=[other.path], IdentitiesOnly="yes"), 1)
    assert other.fingerprint in line and lab.user_key.fingerprint not in line


def test_an_encrypted_key_that_the_agent_holds(lab, agent, target):
    key = make_typed_key(lab, "ed25519", passphrase="secret words")
    lab.authorized_keys.write_text(key.public_line + "\n")
    server = start_culvertd(lab)
    argv = words(lab, server, target, agent=agent, identities=[key.path])
    line = fails(lab, argv, 2)
    assert f"{key.path} is encrypted" in line and f"\nculvert: hint: ssh-add {key.path}" in line
    assert f"the agent at {agent.socket} doesn't hold it" in line
    agent.add(key, passphrase="secret words")
    connects(lab, argv)


def test_a_public_key_names_one_of_the_agent(lab, agent, target):
    agent.add(make_key(lab.root / "other"))
    agent.add(lab.user_key)
    public = lab.user_key.path.with_name(lab.user_key.path.name + ".pub")
    connects(lab, words(lab, start_culvertd(lab), target, agent=agent, identities=[public],
                        IdentitiesOnly="yes"))


def test_a_locked_agent_holds_nothing(lab, agent, target):
    agent.add(lab.user_key)
    script = lab.root / "askpass"
    script.write_text("#!/bin/sh\necho word\n")
    script.chmod(0o700)
    subprocess.run(["ssh-add", "-q", "-x"], check=True, stdin=subprocess.DEVNULL,
                   env={**lab.env, "SSH_AUTH_SOCK": str(agent.socket), "SSH_ASKPASS": str(script),
                        "SSH_ASKPASS_REQUIRE": "force"})
    line = fails(lab, words(lab, start_culvertd(lab), target, agent=agent), 1)
    assert "there is no key to log in with" in line


def test_no_agent_where_one_is_said_to_be(lab, target):
    lab.env["SSH_AUTH_SOCK"] = str(lab.root / "nothing-here")
    server = start_culvertd(lab)
    line = fails(lab, words(lab, server, target), 1)
    assert f"the agent at {lab.root / 'nothing-here'}: No such file or directory" in line
    connects(lab, words(lab, server, target, identities=[lab.user_key.path]))


def test_an_agent_that_talks_nonsense(lab, target):
    path = lab.root / "nonsense"
    listener = lab.keep(socket.socket(socket.AF_UNIX))
    listener.bind(str(path))
    listener.listen()
    listener.settimeout(DEADLINE)
    lab.env["SSH_AUTH_SOCK"] = str(path)
    process = lab.run("culvert", words(lab, start_culvertd(lab), target))
    connection = lab.keep(listener.accept()[0])
    connection.sendall(b"\xff\xff\xff\xff")
    assert process.wait() == 1
    process.wait_for_line("impossible length")


def test_a_tunnel_outlives_its_agent(lab, agent, target):
    agent.add(lab.user_key)
    server = start_culvertd(lab)
    process = connects(lab, words(lab, server, target, agent=agent))
    agent.process.kill()
    mark = process.mark()
    server.process.kill()
    server.restart()
    process.wait_for_line(f"the agent at {agent.socket}: .*; next try in ", since=mark)
    agent.socket.unlink(missing_ok=True)
    agent.start()
    agent.add(lab.user_key)
    process.wait_for_line("^culvert: connected to ", since=mark)
