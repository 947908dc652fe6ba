"""The first byte through a cold tunnel, in round trips; TCP's own is counted."""

import pytest

from harness import streams
from harness.kex_layout import MLKEM, SNTRUP
from harness.newer_openssh import start_sshd_10
from harness.peers import culvert_words, forwarded, start_culvertd, start_sshd
from harness.round_trips import RoundTripProxy
from harness.target import echo

short, peers = pytest.mark.short, pytest.mark.peers


@pytest.mark.parametrize("start, kex, compression, round_trips", [
    pytest.param(start_culvertd, MLKEM, False, 4, marks=short, id="culvertd"),
    # Nothing may follow the auth request before its answer.
    pytest.param(start_culvertd, MLKEM, True, 5, marks=short, id="culvertd-compressed"),
    # Its first key exchange method isn't ours: the guess is sent again.
    pytest.param(start_sshd, SNTRUP, False, 5, marks=short, id="sshd"),
    pytest.param(start_sshd, SNTRUP, True, 6, marks=short, id="sshd-compressed"),
    pytest.param(start_sshd_10, MLKEM, False, 4, marks=peers, id="sshd-10.0"),
])
def test_a_cold_tunnel(lab, start, kex, compression, round_trips):
    server = start(lab)
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
    server.process.wait_for_line(rf"\b{kex}\b")
