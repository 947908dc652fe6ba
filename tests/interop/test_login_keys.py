"""Keys in files and in an agent that doesn't do its part, or takes its time."""

import re
import shutil
import subprocess
import threading

import pytest

from harness.agent import REFUSAL, Agent, Between, connects, fails, make_typed_key, words
from harness.keys import make_key
from harness.peers import USER, start_culvertd, start_sshd

pytestmark = pytest.mark.short


@pytest.fixture
def agent(lab):
    return Agent(lab)


@pytest.fixture
def target(lab):
    return lab.target(lambda connection: connection.sendall(b"hello"))


def home_key(lab, key, name="id_ed25519"):
    """The key in ~/.ssh, its public half too."""
    folder = lab.root / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    for ending in ("", ".pub"):
        shutil.copy(f"{key.path}{ending}", folder / (name + ending))
    return folder / name


def test_a_key_file_signs_and_not_the_agent_that_has_its_key(lab, agent, target):
    agent.add(lab.user_key)
    home_key(lab, lab.user_key)
    refusing = Between(lab, agent, sign=lambda: REFUSAL)
    connects(lab, words(lab, start_culvertd(lab), target, agent=refusing))
    assert refusing.asked == {"list": 1, "sign": 0}


def test_a_key_file_signs_for_its_certificate(lab, agent, target):
    authority, key = make_key(lab.root / "ca"), make_key(lab.root / "certified")
    subprocess.run(["ssh-keygen", "-q", "-s", authority.path, "-I", "me", "-n", USER,
                    key.path.with_name("certified.pub")], check=True)
    lab.authorized_keys.write_text(f"cert-authority {authority.public_line}\n")
    agent.add(key)
    home_key(lab, key)
    server = start_sshd(lab)
    refusing = Between(lab, agent, sign=lambda: REFUSAL)
    connects(lab, words(lab, server, target, agent=refusing))
    assert refusing.asked == {"list": 1, "sign": 0}
    server.process.wait_for_line("Accepted publickey for .* ED25519-CERT")


@pytest.mark.parametrize("answer", [REFUSAL, b"", b"\xff\xff\xff\xff", b"\0\0\0\1\6"],
                         ids=["refuses", "hangs-up", "nonsense", "another-message"])
def test_another_key_signs_where_the_agent_does_not(lab, agent, target, answer):
    other = make_key(lab.root / "other")
    lab.authorized_keys.write_text(f"{other.public_line}\n{lab.user_key.public_line}\n")
    agent.add(other)
    home_key(lab, lab.user_key)
    broken = Between(lab, agent, sign=lambda: answer)
    process = connects(lab, words(lab, start_culvertd(lab), target, agent=broken))
    process.wait_for_line("the agent doesn't sign with")
    assert broken.asked["sign"] == 1


@pytest.mark.parametrize("change", [
    lambda text: re.sub(r"(?<=\w)\n", "  \n", text),
    lambda text: re.sub(r"\n(?=\w)", "\n \t", text),
    lambda text: text + "the key of alice's laptop\n",
    lambda text: text + text,
], ids=["blanks-behind", "tabs-before", "text-behind", "twice"])
def test_a_key_file_that_was_pasted(lab, target, change):
    path = home_key(lab, lab.user_key)
    path.write_text(change(path.read_text()))
    assert subprocess.run(["ssh-keygen", "-y", "-f", path], check=True, capture_output=True)
    connects(lab, words(lab, start_culvertd(lab), target, identities=[path]))


@pytest.mark.parametrize("name, kind", [("id_rsa", "rsa"), ("id_ecdsa", "ecdsa")])
@pytest.mark.parametrize("state", ["none", "empty", "gone"])
def test_the_only_key_is_one_for_an_agent(lab, agent, target, name, kind, state):
    path = home_key(lab, make_typed_key(lab, kind), name)
    add = f"ssh-add {path}"
    if state != "none":
        lab.env["SSH_AUTH_SOCK"] = str(agent.socket)
    if state == "gone":
        agent.process.kill()
        agent.socket.unlink(missing_ok=True)
    if state != "empty":
        add = f'eval "$(ssh-agent -s)" && {add}'
    line = fails(lab, words(lab, start_culvertd(lab), target), 1)
    assert line.startswith("culvert: ") and "there is no key to log in with: " in line
    assert f"culvert reads only Ed25519 key files; {path} can be used through an agent" in line
    assert line.endswith(f"\nculvert: hint: {add}")


@pytest.mark.parametrize("has_key", [True, False])
def test_a_certificate_is_named_in_place_of_its_key(lab, target, has_key):
    authority, key = make_key(lab.root / "ca"), make_key(lab.root / "my key")
    subprocess.run(["ssh-keygen", "-q", "-s", authority.path, "-I", "me", "-n", USER,
                    f"{key.path}.pub"], check=True)
    if not has_key:
        key.path.unlink()
    certificate = lab.root / "my key-cert.pub"
    line = fails(lab, words(lab, start_culvertd(lab), target, identities=[certificate]), 2)
    assert f"'{certificate}' is a certificate\n" in line
    its_key = f"-i '{key.path}'" if has_key else f"ssh-ed25519 {key.fingerprint}"
    assert line.endswith(f"hint: name the private key that belongs to it: {its_key}")


# ---------------------------------------------------------------------- an agent that asks its user

def test_an_agent_that_is_slow_to_list_its_keys(lab, agent, target):
    """Longer than the client's own limits; the line says what is waited for."""
    agent.add(lab.user_key)
    unlocked = threading.Event()
    slow = Between(lab, agent, list=lambda: unlocked.wait() and None)
    process = lab.run("culvert", words(lab, start_culvertd(lab), target, agent=slow,
                                       ConnectTimeout=1))
    process.wait_for_line(f"waiting for the agent at {slow.socket} to list its keys")
    unlocked.set()
    process.wait_for_line("^culvert: connected to ")


@pytest.mark.parametrize("start", [start_sshd, start_culvertd])
def test_an_agent_that_is_slow_to_sign(lab, agent, target, start):
    """The server hears of the key meanwhile, so that it knows what it waits for."""
    agent.add(lab.user_key)
    confirmed = threading.Event()
    slow = Between(lab, agent, sign=lambda: confirmed.wait() and None)
    settings = {"flags": ("-v", "-v")} if start is start_culvertd else {}
    server = start(lab, **settings)
    process = lab.run("culvert", words(lab, server, target, agent=slow, ConnectTimeout=1))
    server.process.wait_for_line(
        r"shows ssh-ed25519 SHA256:\S+: let in|Postponed publickey|Accepted key")
    process.wait_for_line(f"waiting for the agent at {slow.socket} to sign with ssh-ed25519 "
                          + re.escape(lab.user_key.fingerprint))
    confirmed.set()
    process.wait_for_line("^culvert: connected to ")


def test_a_daemon_waits_longer_for_the_user_of_a_key(lab, agent, target):
    """Past its login_grace, which is over when the line comes that says what is waited for."""
    agent.add(lab.user_key)
    confirmed = threading.Event()
    slow = Between(lab, agent, sign=lambda: confirmed.wait() and None)
    server = start_culvertd(lab, config={"limits": {"login_grace": "2s"}})
    process = lab.run("culvert", words(lab, server, target, agent=slow))
    process.wait_for_line(f"waiting for the agent at {slow.socket} to sign with ")
    confirmed.set()
    process.wait_for_line("^culvert: connected to ")


@pytest.mark.parametrize("others", [0, 1])
def test_a_tunnel_outlives_a_late_no_to_its_key(lab, agent, target, others):
    """The server takes the key and waits for the signature; then the agent's user says no."""
    for number in range(others):
        agent.add(make_key(lab.root / f"other{number}"))
    agent.add(lab.user_key)
    refuses, answered = threading.Event(), threading.Event()
    slow = Between(lab, agent, sign=lambda: answered.wait() and REFUSAL
                   if refuses.is_set() else None)
    server = start_culvertd(lab, flags=("-v", "-v"))
    process = connects(lab, words(lab, server, target, agent=slow))
    refuses.set()
    mark = process.mark()
    server.process.kill()
    server.restart()
    server.process.wait_for_line(
        f"shows ssh-ed25519 {re.escape(lab.user_key.fingerprint)}: let in")
    answered.set()
    process.wait_for_line(f"not signed with ssh-ed25519 {re.escape(lab.user_key.fingerprint)}.*; "
                          "next try ", since=mark)
    refuses.clear()
    process.wait_for_line("^culvert: connected to ", since=mark)


def test_an_agent_whose_user_never_answers(lab, agent, target):
    agent.add(lab.user_key)
    never = threading.Event()
    slow = Between(lab, agent, sign=lambda: never.wait() and None)
    process = lab.run("culvert", words(lab, start_culvertd(lab), target, agent=slow))
    process.wait_for_line("waiting for the agent at ")
    process.stop()
    assert process.wait() == 0
    never.set()
