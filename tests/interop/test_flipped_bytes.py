"""One byte changed on the way ends the connection, and nothing changed is ever delivered."""

import concurrent.futures

import pytest

from harness import streams
from harness.peers import culvert_words, forwarded, start_culvertd
from harness.process import DEADLINE
from harness.proxies import DOWN, UP, FlippingProxy
from harness.streams import MIB

# Behind NEWKEYS: the first packet byte by byte, the handshake's others, and the stream.
PLACES = [*range(20), *range(20, 400, 20), *(400 * 2 ** step for step in range(10)), 300_000]
SOME_PLACES = PLACES[::10]

# A changed length may make the receiver wait for a packet that never comes: then the connection
# ends when the keepalive or the login grace has run out.
LAST_RESORT = 3 * DEADLINE


@pytest.mark.short
def test_there_are_a_hundred_places():
    assert 2 * len(set(PLACES)) == 100


@pytest.mark.parametrize("places", [pytest.param(SOME_PLACES, marks=pytest.mark.short, id="some"),
                                    pytest.param(PLACES, marks=pytest.mark.long, id="all")])
@pytest.mark.parametrize("cipher", ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"],
                         ids=["gcm", "chacha"])
def test_a_flipped_byte(lab, cipher, places):
    up, down = streams.payload("up", 2 * MIB), streams.payload("down", 2 * MIB)
    server = start_culvertd(lab)
    target = lab.target(lambda connection: prefix_received(connection, down))

    def flip(direction, offset):
        proxy = lab.keep(FlippingProxy(server.address, direction, offset))
        process = lab.run("culvert", culvert_words(lab, server, [target], cipher=cipher,
                                                   port=proxy.port))
        try:
            with streams.connect(forwarded(process, target)) as connection:
                check_received(*prefix_received(connection, up), of=down)
        except ConnectionError:
            pass  # culvert has already given up: nothing can be delivered
        proxy.wait_for_end(LAST_RESORT)
        process.stop()
        assert proxy.flipped.is_set()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        runs = {(direction, offset): pool.submit(flip, direction, offset)
                for direction in (UP, DOWN) for offset in places}
    failures = {place: repr(run.exception()) for place, run in runs.items() if run.exception()}
    assert not failures
    for received, ending in [target.result(), *target.results_so_far()]:
        check_received(received, ending, of=up)


def prefix_received(connection, data):
    """What came and how it ended, while as much of `data` is sent as goes through."""
    connection.settimeout(LAST_RESORT)
    received = bytearray()
    ending = streams.exchange(connection, data, collect=received).ending
    return bytes(received), ending


def check_received(received, ending, of):
    """Part of the truth and a reset, or all of it: the other direction was flipped then."""
    assert of.startswith(received), "something changed was delivered"
    assert ending == "reset" or received == of
