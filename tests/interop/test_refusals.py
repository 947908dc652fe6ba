"""A stream that can't be opened: its connection is reset, and each program says why in a line."""

import json
import re
import signal
import time

import pytest

from harness import streams
from harness.libraries import with_asyncssh
from harness.names import WatchedNames
from harness.peers import USER, start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import closed_port, echo

pytestmark = pytest.mark.short

RULES = "administratively prohibited: denied by the server's rules"
WHERE_TO_LOOK = ("hint: check the server's rules: permitopen and port-forwarding of the key, sshd's "
                 "AllowTcpForwarding and PermitOpen, culvertd's permit_open")
NO_PLACE_FOR_NAMES = ("doesn't reach 127.0.0.1, a loopback, link-local, unspecified or multicast "
                      "address")


def says(process, text):
    process.wait_for_line(f"{re.escape(text)}$")


def ask(address):
    """How a connection to a forward ends."""
    with streams.connect(address) as connection:
        return streams.receive_to_end(connection).ending


def is_served(address):
    try:
        with streams.connect(address) as connection:
            return streams.echoes(connection)
    except ConnectionError:
        return False


@pytest.fixture
def closed():
    """An address that refuses connections."""
    holder, port = closed_port()
    with holder:
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize("target, here, there", [
    ("CLOSED", "connect failed: connection refused", "not opened: connection refused"),
    ("224.0.0.1:80", "connect failed: network unreachable", "not opened: network unreachable"),
    ("none.example.com:80", "connect failed: name not found", "not opened: name not found"),
    ("lost.example.com:80", "connect failed: temporary failure in name resolution",
     "not opened: temporary failure in name resolution"),
    ("dead.example.com:80", "connect failed: timed out after 1 s",
     "not opened: timed out after 1 s"),
], ids=["refused", "unreachable", "no-name", "no-answer", "too-slow"])
def test_a_target_that_is_not_reached(lab, closed, target, here, there):
    names = lab.keep(WatchedNames(lab))
    target = target.replace("CLOSED", closed)
    server = start_culvertd(lab, wrapper=names.wrapper, config={"limits": {"channel_open": "1s"}})
    tunnel = start_culvert(lab, server, [target], flags=())
    assert ask(tunnel.addresses[0]) == "reset"
    says(tunnel.process, f" -> {target}: not opened: {here}")
    says(server.process, f"({USER}): {target} {there}")


@pytest.mark.parametrize("permit_open, options, target, why", [
    (["127.0.0.1:1"], "", "127.0.0.1:80", "not in the user's permit_open"),
    (["10.0.0.0/8:*"], "", "live.example.com:80",
     f"permit_open '10.0.0.0/8:*' {NO_PLACE_FOR_NAMES}"),
    (["*.example.com:*"], "", "live.example.com:80",
     f"permit_open '*.example.com:*' {NO_PLACE_FOR_NAMES}"),
    (["*:*"], 'permitopen="127.0.0.1:1" ', "127.0.0.1:80", "not in the key's permitopen"),
    (["*:*"], "restrict ", "127.0.0.1:80",
     "the key may not forward (restrict or no-port-forwarding)"),
], ids=["user", "address", "name", "key", "restrict"])
def test_a_target_that_is_denied(lab, permit_open, options, target, why):
    """The rule is for culvertd's log alone."""
    names = lab.keep(WatchedNames(lab))
    lab.authorized_keys.write_text(f"{options}{lab.user_key.public_line}\n")
    server = start_culvertd(lab, wrapper=names.wrapper, user={"permit_open": permit_open})
    tunnel = start_culvert(lab, server, [target], flags=())
    assert ask(tunnel.addresses[0]) == "reset"
    says(tunnel.process, f" -> {target}: not opened: {RULES}")
    says(tunnel.process, WHERE_TO_LOOK)
    says(server.process, f"({USER}): {target} denied: {why}")


def test_one_channel_too_many(lab):
    server = start_culvertd(lab, config={"limits": {"channels": 1}})
    tunnel = start_culvert(lab, server, [lab.target(echo)], flags=())
    with streams.connect(tunnel.addresses[0]) as first:
        assert streams.echoes(first)
        assert ask(tunnel.addresses[0]) == "reset"
        tunnel.process.wait_for_line(
            "not opened: resource shortage: too many channels on this connection$")
        assert streams.echoes(first)


def test_a_server_that_waits_for_its_last_stream(lab):
    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, [lab.target(echo)], flags=())
    with streams.connect(tunnel.addresses[0]) as last:
        assert streams.echoes(last)
        server.process.signal(signal.SIGTERM)
        deadline = time.monotonic() + DEADLINE
        while is_served(tunnel.addresses[0]):  # until the connection's thread has heard of it
            assert time.monotonic() < deadline
        tunnel.process.wait_for_line(
            "not opened: resource shortage: the server is shutting down$")
        assert streams.echoes(last)


@pytest.mark.parametrize("permit_open", [["*:*"], ["127.0.0.1:*"], []], ids=str)
def test_a_target_that_is_no_host_name(lab, permit_open):
    """Whatever the rules say: what was typed is wrong, and users paste blanks."""
    rows = [(["127.0.0.1 ", 80], "it ends with a blank"), (["\tgw", 80], "it begins with a blank"),
            (["127.0.0.1\u00a0", 80], "it ends with a blank"), (["gw\r\n", 80], "it ends with a blank"),
            (["", 80], "it is empty"), (["two words", 80], "it has a blank in it"),
            (["ñandú.example", 80],
             "it has characters beyond ASCII (IDNA writes them as xn--...)"),
            (["[::1]", 80], "it has '[' in it"), (["gw:80", 80], "it has ':' in it and is no IPv6 address"),
            (["x" * 300, 80], "it has more than 255 characters")]
    server = start_culvertd(lab, user={"permit_open": permit_open})
    targets = json.dumps([target for target, _ in rows] + [["gw", 0], ["gw", 65616]])
    peer = lab.run("asyncssh", [*with_asyncssh(), "opener", *server.address, USER,
                                lab.user_key.path, server.host_key.public_line, targets])
    for target, why in rows:
        says(peer, f"{json.dumps(target)}: (2) not a host name: {why}")
        server.process.wait_for_line(f"not opened: not a host name: {re.escape(why)}$")
    says(peer, '["gw", 0]: (2) no such port')
    says(peer, '["gw", 65616]: (2) no such port')
