"""A changed message of a key exchange ends the connection before any login: flipped bytes in every field
of messages 30 and 31, key shares of another length, and values that must be refused.
"""

import concurrent.futures

import pytest

from harness.kex_layout import (CURVE25519, HYBRIDS, MLKEM, SNTRUP, SNTRUP_OPENSSH, fields_of_init,
                                fields_of_reply)
from harness.peers import culvert_words, ssh_words, start_culvertd, start_sshd
from harness.process import DEADLINE
from harness.proxies import DOWN, UP, MessageProxy
from harness.wire import KEX_INIT, KEX_REPLY, KEY_EXCHANGE_FAILED, PROTOCOL_ERROR, uint32

pytestmark = pytest.mark.short

THREADS = 8
WRONG_SIGNATURE = "the server's host key signature is wrong"
# Fields without whose own values the rest of a message isn't understood.
FRAMING = ("message number", "length", "K_S's algorithm")


def culvert(lab, server, method, port):
    """Its guess is right where `method` is the server's first one."""
    return lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:9"], port=port,
                                            KexAlgorithms=method))


def ssh(lab, server, method, port):
    return lab.run("ssh", [*ssh_words(lab, server, port=port, KexAlgorithms=method), "-N"])


def culvertd(lab, method):
    """No connection is turned away for their number."""
    return start_culvertd(lab, config={
        "kex_algorithms": [method],
        "limits": {"max_startups": "1000:100:1000", "unauthenticated_per_source": 1000}})


def sshd(lab, method):
    return start_sshd(lab, KexAlgorithms=method)


class Exchanges:
    """Between these two programs, each with one message changed."""

    def __init__(self, lab, method, client=culvert, server=culvertd):
        self._lab = lab
        self._method = method
        self._client = client
        self.server = server(lab, method)

    def run(self, number, change):
        """How the two took leave of each other: a Disconnect, or None."""
        direction = UP if number == KEX_INIT else DOWN
        proxy = self._lab.keep(MessageProxy(self.server.address, direction, number, change))
        client = self._client(self._lab, self.server, self._method, proxy.port)
        proxy.wait_for_end()
        status = client.wait(DEADLINE)
        assert proxy.changed.is_set()
        assert status != 0 and not client.crashed(), client.log()
        assert not client.matching("connected to |Authenticated to ")
        return proxy.plain[UP].disconnect() or proxy.plain[DOWN].disconnect()

    def run_all(self, changes):
        """Outcomes by the keys of `changes`, whose values are run()'s arguments."""
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            runs = {key: pool.submit(self.run, *change) for key, change in changes.items()}
        assert self.server.process.running()
        assert not self.server.process.matching("logged in|Accepted publickey")
        return {key: run.result() for key, run in runs.items()}


def flipped(place, bits, length):
    """A change of the byte there in a message that has `length` of them."""
    def change(payload):
        assert len(payload) == length
        return payload[:place] + bytes([payload[place] ^ bits]) + payload[place + 1:]
    return change


def flips(method, places_of, patterns=(0xFF,)):
    """Arguments of run() by what is flipped."""
    changes = {}
    for number, fields in ((KEX_INIT, fields_of_init(method)), (KEX_REPLY, fields_of_reply(method))):
        length = max(field.stop for field in fields.values())
        for name, field in fields.items():
            for place in places_of(field):
                for bits in patterns:
                    changes[number, name, place, bits] = number, flipped(place, bits, length)
    return changes


def ends_and_middle(field):
    return sorted({field[0], field[len(field) // 2], field[-1]})


def middle(field):
    return [field[len(field) // 2]]


def is_framing(name):
    return any(word in name for word in FRAMING)


@pytest.mark.parametrize("method", HYBRIDS)
def test_a_flipped_byte_between_culverts(lab, method):
    exchanges = Exchanges(lab, method)
    outcomes = exchanges.run_all(flips(method, ends_and_middle, patterns=(0xFF, 0x01)))
    wrong = {
        key: outcome for key, outcome in outcomes.items()
        if not outcome or outcome.reason not in (
            (PROTOCOL_ERROR, KEY_EXCHANGE_FAILED) if is_framing(key[1]) else (KEY_EXCHANGE_FAILED,))}
    assert not wrong
    # What has the right form is found by the signature alone.
    formless = ("K_S's key", "C_INIT's X25519 key", "S_REPLY's ciphertext", "S_REPLY's X25519 key",
                "signature's bytes")
    assert {outcome.text for (_, name, *_), outcome in outcomes.items() if name in formless} == {
        WRONG_SIGNATURE}


@pytest.mark.parametrize("client, server, method", [
    pytest.param(ssh, culvertd, SNTRUP_OPENSSH, id="ssh"),
    pytest.param(culvert, sshd, SNTRUP_OPENSSH, id="sshd"),
])
def test_a_flipped_byte_between_culvert_and_openssh(lab, client, server, method):
    exchanges = Exchanges(lab, method, client, server)
    outcomes = exchanges.run_all(flips(method, middle))
    # OpenSSH ends some connections without a word.
    wrong = {key: outcome for key, outcome in outcomes.items()
             if outcome and outcome.reason not in (PROTOCOL_ERROR, KEY_EXCHANGE_FAILED)}
    assert not wrong


def resized(share, resize):
    """A change of the string in the field `share`, a range of offsets."""
    def change(payload):
        changed = resize(payload[share.start:share.stop])
        return payload[:share.start - 4] + uint32(len(changed)) + changed + payload[share.stop:]
    return change


SIZES = {"short": lambda share: share[:-1], "long": lambda share: share + b"x",
         "empty": lambda share: b""}


@pytest.mark.parametrize("method", [*HYBRIDS, CURVE25519])
def test_a_share_of_another_length(lab, method):
    init, reply = fields_of_init(method), fields_of_reply(method)
    shares = {
        KEX_INIT: range(init["C_INIT's public key"].start, init["C_INIT's X25519 key"].stop),
        KEX_REPLY: range(reply["S_REPLY's ciphertext"].start, reply["S_REPLY's X25519 key"].stop)}
    outcomes = Exchanges(lab, method).run_all({
        (number, size): (number, resized(share, SIZES[size]))
        for number, share in shares.items() for size in SIZES})
    assert {key: outcome and outcome.reason for key, outcome in outcomes.items()} == dict.fromkeys(
        outcomes, KEY_EXCHANGE_FAILED)
    assert not any(outcome.text == WRONG_SIGNATURE for outcome in outcomes.values())


def overwritten(field, value):
    def change(payload):
        return payload[:field.start] + value + payload[field.start + len(value):]
    return change


@pytest.mark.parametrize("method", [*HYBRIDS, CURVE25519])
def test_an_x25519_key_that_gives_an_all_zero_secret(lab, method):
    outcomes = Exchanges(lab, method).run_all({
        KEX_INIT: (KEX_INIT, overwritten(fields_of_init(method)["C_INIT's X25519 key"], bytes(32))),
        KEX_REPLY: (KEX_REPLY,
                    overwritten(fields_of_reply(method)["S_REPLY's X25519 key"], bytes(32)))})
    for outcome in outcomes.values():
        assert outcome.reason == KEY_EXCHANGE_FAILED
        assert "all-zero" in outcome.text


def test_an_mlkem_key_with_a_coefficient_that_is_too_large(lab):
    """The two first ones are 4095 then: 12 bits each (FIPS 203 7.2)."""
    field = fields_of_init(MLKEM)["C_INIT's public key"]
    outcomes = Exchanges(lab, MLKEM).run_all({0: (KEX_INIT, overwritten(field, b"\xff" * 3))})
    assert outcomes[0].reason == KEY_EXCHANGE_FAILED
    assert "coefficient" in outcomes[0].text
