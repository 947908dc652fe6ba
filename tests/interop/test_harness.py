"""The measuring tools, tried on ssh and sshd: if these fail, the fault isn't culvert's."""

import pytest

from harness import streams
from harness.peers import ssh_words, start_ssh, start_ssh_stdio, start_sshd
from harness.proxies import DOWN, UP, FlippingProxy, MessageProxy
from harness.round_trips import RoundTripProxy
from harness.target import closed_port, echo
from harness.wire import KEX_REPLY

pytestmark = pytest.mark.short


def test_a_payload_is_reproducible_and_does_not_repeat():
    data = streams.payload("up", 3 * streams.MIB + 5)
    assert len(data) == 3 * streams.MIB + 5
    assert data == streams.payload("up", 3 * streams.MIB + 5)
    assert len({data[at:at + 65536] for at in range(0, len(data), 65536)}) == 49


def test_exchange_compares_both_ways(lab):
    up, down = streams.payload("up", streams.MIB), streams.payload("down", streams.MIB)
    target = lab.target(lambda connection: streams.exchange(connection, down))
    tunnel = start_ssh(lab, start_sshd(lab), [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, up) == streams.clean(down)
    assert target.result() == streams.clean(up)


def test_a_reset_is_told_from_an_end(lab):
    for end, expected in ((streams.reset, "reset"), (lambda connection: None, "eof")):
        target = lab.target(end)
        with streams.connect((target.host, target.port)) as connection:
            assert streams.receive_to_end(connection).ending == expected


def test_a_closed_port_refuses():
    holder, port = closed_port()
    with holder, pytest.raises(ConnectionRefusedError):
        streams.connect(("127.0.0.1", port))


@pytest.mark.parametrize("direction", [UP, DOWN])
def test_the_flipping_proxy_flips_behind_newkeys(lab, direction):
    server = start_sshd(lab)
    target = lab.target(echo)
    proxy = lab.keep(FlippingProxy(server.address, direction, offset=3000))
    tunnel = start_ssh(lab, server, [target], port=proxy.port)
    with streams.connect(tunnel.addresses[0]) as connection:
        sent = streams.payload("echoed", streams.MIB)
        streams.exchange(connection, sent)
    proxy.wait_for_end()
    assert proxy.flipped.is_set()
    assert all(part.encrypted_from for part in proxy.plain.values())
    assert "ssh-ed25519" in proxy.plain[DOWN].offered()[1]
    victim = server if direction == UP else tunnel
    victim.process.wait_for_line("message authentication code incorrect|Corrupted MAC|Bad packet")


@pytest.mark.parametrize("change, finding", [
    (lambda payload: payload[:-1] + bytes([payload[-1] ^ 1]), "incorrect signature"),
    (lambda payload: payload + b"x", "unexpected bytes remain|incomplete message|invalid format"),
], ids=["value", "length"])
def test_the_message_proxy_changes_one_message(lab, change, finding):
    server = start_sshd(lab)
    proxy = lab.keep(MessageProxy(server.address, DOWN, KEX_REPLY, change))
    client = lab.run("ssh", [*ssh_words(lab, server, port=proxy.port), "-N"])
    assert client.wait() != 0
    client.wait_for_line(finding)
    assert proxy.changed.is_set()


def test_ssh_takes_the_round_trips_that_its_messages_ask_for(lab):
    """TCP, version, KEXINIT and ECDH, service, "none", query, signature, open, data."""
    server = start_sshd(lab)
    proxy = lab.keep(RoundTripProxy(server.address, server.process.pid))
    client = start_ssh_stdio(lab, server, lab.target(echo), port=proxy.port)
    proxy.release(client.pid)
    client.popen.stdin.write(b"x")
    client.popen.stdin.flush()
    assert client.popen.stdout.read(1) == b"x"
    assert proxy.trips == 2 * 9
