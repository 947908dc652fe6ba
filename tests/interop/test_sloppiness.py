"""What other implementations get wrong and stock ssh and sshd survive doesn't end a connection with all
its streams: lists that end with a comma, messages for a channel that was closed a moment ago, replies
that nobody asked for, connection messages during a key exchange, host keys looked up without strict
key exchange.
"""

import pathlib
import re
import subprocess
import sys

import pytest

from harness import streams
from harness.listening import wait_until_open
from harness.peers import LOOPBACK, USER, Server, start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short

SLOPPY_PEER = pathlib.Path(__file__).parent / "peers" / "sloppy_peer.py"
FORGIVEN = [
    "a list in the peer's KEXINIT has names or commas that RFC 4251 doesn't allow",
    "the peer sends connection messages during a key exchange: handled",
    "the peer adjusts the window of a closed channel: ignored",
    "the peer sends data for a closed channel: dropped",
    "the peer sends EOF for a closed channel: ignored",
    "the peer closes a channel twice: ignored",
    "the peer sends a request for a closed channel: ignored",
    "the peer sends a reply for a closed channel: ignored",
    "the peer replies to a global request that wasn't made: ignored",
]


def check_log(process, forgiven):
    """Each kind is told, and once."""
    for text in forgiven:
        process.wait_for_line(re.escape(text))
    for text in forgiven:
        assert len(process.matching(re.escape(text))) == 1, text


def test_a_sloppy_client_of_culvertd(lab):
    target = lab.target(echo)
    server = start_culvertd(lab)
    client = lab.run("sloppy", [sys.executable, "-B", SLOPPY_PEER, "client", LOOPBACK, server.port, USER,
                                lab.user_key.path, server.host_key.public_line, LOOPBACK, target.port])
    client.wait_for_line("the other stream goes on")
    client.wait_for_line("the end is clean")
    server.process.wait_for_line("rekeyed")
    check_log(server.process, [*FORGIVEN, "the peer sends EOF twice: ignored",
                               "the peer sends data after EOF: dropped"])


def test_a_sloppy_server_of_culvert(lab):
    target = lab.target(echo)
    process = lab.run("sloppy", [sys.executable, "-B", SLOPPY_PEER, "server", lab.host_key.path,
                                 lab.authorized_keys])
    port = int(process.wait_for_line(r"listening on (\d+)")[1])
    tunnel = start_culvert(lab, Server(process, port, lab.host_key, None), [target])
    with streams.connect(tunnel.addresses[0]) as beside:
        for number in range(20):
            assert streams.echoes(beside, b"beside %d" % number * 500)
            with streams.connect(tunnel.addresses[0]) as short:
                assert streams.echoes(short, b"short")
        assert streams.echoes(beside, b"at the end")
    tunnel.process.wait_for_line("rekeyed")
    check_log(tunnel.process, FORGIVEN)
    assert len(tunnel.process.matching(r"^culvert: connected to ")) == 1


def test_ssh_keyscan_prints_the_key(lab):
    """It offers chacha20-poly1305 first and doesn't announce strict key exchange."""
    server = start_culvertd(lab)
    wait_until_open(server.address, DEADLINE)
    for flags in (["-t", "ed25519"], ["-t", "rsa,ed25519,ecdsa"], []):
        done = subprocess.run(["ssh-keyscan", *flags, "-p", str(server.port), LOOPBACK],
                              env=lab.env, capture_output=True, text=True, timeout=DEADLINE, check=False)
        key = " ".join(server.host_key.public_line.split()[:2])
        assert f"[{LOOPBACK}]:{server.port} {key}" in done.stdout.splitlines(), done
        assert done.returncode == 0, done
    assert not server.process.matching("Terrapin")
