"""Post-quantum key exchanges with the peers that have them: which one is agreed on, rekeys in
mid-transfer, and connections that are refused for want of one. ./dev test tries Debian 12's peers;
./dev peers tries newer OpenSSH too, and with more bytes.
"""

import functools
import re

import pytest

from harness import ssh_audit, streams
from harness.kex_layout import CURVE25519, MLKEM, SNTRUP, SNTRUP_OPENSSH
from harness.newer_openssh import start_ssh_10, start_ssh_next, start_sshd_10
from harness.other_peers import start_plink
from harness.peers import (Server, culvert_words, run_culvert, ssh_words, start_culvert,
                           start_culvertd, start_ssh, start_sshd, tunnel_settings, tunnels_file)
from harness.streams import MIB
from harness.target import echo
from harness.wire import KEY_EXCHANGE_FAILED, PlainPart, kexinit, packet

QUICK, WHOLE = 2 * MIB, 64 * MIB
REKEYS = 3  # at least, in a transfer

short, peers = pytest.mark.short, pytest.mark.peers
OPENSSH_EXCHANGE = r"kex: algorithm: (\S+)"
PUTTY_EXCHANGE = r"Doing (.*) key exchange, using hash"
PUTTY_SNTRUP = "NTRU Prime / Curve25519 hybrid"


def with_kex(start, name):
    return functools.partial(start, KexAlgorithms=name)


# What starts the peer, and the names of the method that may be agreed on: OpenSSH 9.2 of Debian 12 has
# learnt the one without @openssh.com in an update.
CLIENTS = {"ssh": (start_ssh, {SNTRUP, SNTRUP_OPENSSH}, short),
           "ssh-openssh-name": (with_kex(start_ssh, SNTRUP_OPENSSH), {SNTRUP_OPENSSH}, short),
           "plink": (start_plink, {SNTRUP_OPENSSH}, short),
           "ssh-10.0": (start_ssh_10, {MLKEM}, peers),
           "ssh-10.0-sntrup": (with_kex(start_ssh_10, SNTRUP), {SNTRUP}, peers)}
SERVERS = {"sshd": (start_sshd, {SNTRUP, SNTRUP_OPENSSH}, short),
           "sshd-openssh-name": (with_kex(start_sshd, SNTRUP_OPENSSH), {SNTRUP_OPENSSH}, short),
           "sshd-10.0": (start_sshd_10, {MLKEM}, peers),
           "sshd-10.0-sntrup": (with_kex(start_sshd_10, SNTRUP), {SNTRUP}, peers)}


def each_with_sizes(programs):
    """Those of Debian 12 with few bytes as well."""
    return [*[pytest.param(*program, QUICK, marks=mark, id=f"{name}-quick")
              for name, (*program, mark) in programs.items() if mark is short],
            *[pytest.param(*program, WHOLE, marks=peers, id=f"{name}-whole")
              for name, (*program, _) in programs.items()]]


def carry(tunnel, size):
    """All of it there and back, both at once."""
    half = size // 2
    data = streams.noise("there", half) + streams.payload("back", half)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, data) == streams.clean(data)


def agreed(process):
    """The method in the log of either of our programs."""
    return process.wait_for_line(
        r", (\S+), (?:aes256-gcm|chacha20-poly1305)@openssh\.com, compression ")[1]


def exchanges(process):
    """The methods in the peer's log, once each: those of the first exchange and of the rekeys."""
    pattern = PUTTY_EXCHANGE if process.name == "plink" else OPENSSH_EXCHANGE
    process.wait_for_line(pattern, times=1 + REKEYS)
    return {re.search(pattern, line)[1] for line in process.matching(pattern)}


@pytest.mark.parametrize("starter", ["client", "server"])
@pytest.mark.parametrize("start, methods, size", each_with_sizes(CLIENTS))
def test_a_client_rekeys_in_mid_transfer(lab, start, methods, size, starter):
    rekey = size // (2 * REKEYS)
    server = start_culvertd(lab, config={"rekey_limit": rekey} if starter == "server" else None)
    tunnel = start(lab, server, [lab.target(echo)],
                   **({"rekey": rekey} if starter == "client" else {}))
    method = agreed(server.process)
    assert method in methods
    carry(tunnel, size)
    server.process.wait_for_line(": rekeyed", times=REKEYS)
    assert exchanges(tunnel.process) == {PUTTY_SNTRUP if start is start_plink else method}
    assert not server.process.matching("garbled|protocol|disconnect")


@pytest.mark.parametrize("starter", ["client", "server"])
@pytest.mark.parametrize("start, methods, size", each_with_sizes(SERVERS))
def test_a_server_rekeys_in_mid_transfer(lab, start, methods, size, starter):
    rekey = size // (2 * REKEYS)
    server = start(lab, **({"RekeyLimit": rekey} if starter == "server" else {}))
    tunnel = start_culvert(lab, server, [lab.target(echo)],
                           **({"rekey": rekey} if starter == "client" else {}))
    method = agreed(tunnel.process)
    assert method in methods
    carry(tunnel, size)
    tunnel.process.wait_for_line("rekeyed", times=REKEYS)
    assert exchanges(server.process) == {method}
    assert len(tunnel.process.matching("connected to ")) == 1


@short
@pytest.mark.parametrize("method", [MLKEM, SNTRUP, SNTRUP_OPENSSH])
def test_culvert_and_culvertd_rekey_in_mid_transfer(lab, method):
    """The first one of each list is what they agree on when nobody says another."""
    rekey = QUICK // (2 * REKEYS)
    server = start_culvertd(lab)
    options = {} if method == MLKEM else {"KexAlgorithms": method}
    tunnel = start_culvert(lab, server, [lab.target(echo)], rekey=rekey, **options)
    assert agreed(server.process) == agreed(tunnel.process) == method
    carry(tunnel, QUICK)
    tunnel.process.wait_for_line("rekeyed", times=REKEYS)
    assert len(tunnel.process.matching("connected to ")) == 1


@short
def test_culvert_names_the_method_in_json(lab):
    words = culvert_words(lab, start_culvertd(lab), ["127.0.0.1:9"], flags=("--log-json",))
    lab.run("culvert", words).wait_for_line(rf'"event":"connected".*"kex":"{MLKEM}"')


# ------------------------------------------------------------------------- what others say of us

@peers
@pytest.mark.parametrize("config, warns", [(None, False), ({"kex_algorithms": [CURVE25519]}, True)],
                         ids=["as-it-comes", "curve25519-alone"])
def test_ssh_warns_of_a_key_exchange_that_is_not_post_quantum(lab, config, warns):
    """The other case shows that this ssh has the warning."""
    server = start_culvertd(lab, config=config)
    tunnel = start_ssh_next(lab, server, [lab.target(echo)])
    carry(tunnel, MIB)
    tunnel.process.stop()
    found = tunnel.process.matching("connection is not using a post-quantum key exchange algorithm")
    assert bool(found) == warns


@peers
@pytest.mark.parametrize("role", ["client", "server"])
def test_ssh_audit_finds_nothing_to_warn_of(lab, role):
    server = start_culvertd(lab)
    if role == "server":
        status, lines = ssh_audit.audit_server(lab, server)
    else:
        status, lines = ssh_audit.audit_client(
            lab, lambda port: run_culvert(lab, *culvert_words(lab, server, ["127.0.0.1:9"],
                                                              port=port)[1:]))
    assert [line for line in lines if "[fail]" in line or "[warn]" in line] == []
    assert status == ssh_audit.GOOD
    listed = [line.split()[1] for line in lines if line.startswith("(kex) ")]
    assert list(dict.fromkeys(listed))[:4] == [MLKEM, SNTRUP, SNTRUP_OPENSSH, CURVE25519]


# --------------------------------------------------------------------------------- others refused

REQUIRED = "post-quantum"


def check_disconnect(connection):
    """That of a peer to which curve25519 alone is offered."""
    connection.sendall(b"SSH-2.0-test\r\n" + packet(kexinit([CURVE25519])))
    received = bytearray()
    streams.receive_to_end(connection, received)
    part = PlainPart()
    part.feed(bytes(received))
    disconnect = part.disconnect()
    assert disconnect.reason == KEY_EXCHANGE_FAILED
    assert REQUIRED in disconnect.text


@short
def test_culvertd_refuses_a_client_that_has_none(lab):
    server = start_culvertd(lab, config={"require_post_quantum": True})
    client = lab.run("ssh", [*ssh_words(lab, server, KexAlgorithms=CURVE25519), "-N"])
    assert client.wait() != 0
    server.process.wait_for_line(REQUIRED)
    assert not server.process.matching("logged in")
    with streams.connect(server.address) as connection:
        check_disconnect(connection)
    carry(start_ssh(lab, server, [lab.target(echo)]), MIB)


@short
def test_culvert_refuses_a_server_that_has_none(lab):
    server = start_sshd(lab, KexAlgorithms=CURVE25519)
    client = lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:9"],
                                              RequirePostQuantum="yes"))
    client.wait_for_line(REQUIRED)
    assert client.wait() != 0
    assert not client.matching("connected to ")
    # The same option does with a server that has one.
    carry(start_culvert(lab, start_sshd(lab), [lab.target(echo)], RequirePostQuantum="yes"), MIB)


@short
def test_a_tunnel_of_a_file_refuses_a_server_that_has_none(lab):
    target = lab.target(check_disconnect)
    server = Server(None, target.port, lab.host_key, None)
    tunnels = tunnels_file(lab, test=tunnel_settings(lab, server, ["127.0.0.1:9"],
                                                     require_post_quantum=True))
    client = run_culvert(lab, "up", "-v", "-c", tunnels)
    client.wait_for_line(REQUIRED)
    target.result()
    assert not client.matching("connected to ")
