"""The first byte through a cold tunnel, in round trips; TCP's own is counted."""

import pytest

from harness import streams
from harness.peers import SERVERS, culvert_words, forwarded
from harness.round_trips import RoundTripProxy
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.mark.parametrize("name, compression, round_trips", [
    ("culvertd", False, 4),
    ("culvertd", True, 5),  # nothing may follow the auth request before its answer
    ("sshd", False, 5),  # its first key exchange method isn't ours: the guess is sent again
    ("sshd", True, 6),
])
def test_a_cold_tunnel(lab, name, compression, round_trips):
    server = SERVERS[name](lab)
    proxy = lab.keep(RoundTripProxy(server.address, server.process.pid))
    target = lab.target(echo)
    process = lab.run("culvert", culvert_words(lab, server, [target], port=proxy.port,
                                               compression=compression, flags=()))
    # The local program is there before the server has answered anything.
    with streams.connect(forwarded(process, target)) as connection:
        connection.sendall(b"x")
        assert proxy.accepted.wait(streams.DEADLINE)
        proxy.release(process.pid)
        assert streams.receive_exactly(connection, 1) == b"x"
        assert proxy.trips / 2 <= round_trips
