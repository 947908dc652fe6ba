"""The other SSH programs, each with what it has of ciphers and compression: every byte, both ways,
half-closed and reset streams.
"""

import re
import socket

import pytest

from harness import streams
from harness.libraries import method, start_asyncssh, start_asyncssh_client
from harness.other_peers import start_dbclient, start_dropbear, start_plink
from harness.peers import start_culvert, start_culvertd
from harness.streams import MIB

GCM, CHACHA = "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"
SIZE = 4 * MIB

CLIENTS = [
    pytest.param(start_dbclient, CHACHA, False, id="dbclient-chacha"),  # Debian's has no GCM
    pytest.param(start_dbclient, CHACHA, True, id="dbclient-chacha-zlib"),
    pytest.param(start_plink, GCM, False, id="plink-gcm"),
    pytest.param(start_plink, GCM, True, id="plink-gcm-zlib"),
    pytest.param(start_plink, CHACHA, False, id="plink-chacha"),
    pytest.param(start_plink, CHACHA, True, id="plink-chacha-zlib"),
    pytest.param(start_asyncssh_client, GCM, False, id="asyncssh-gcm"),
    pytest.param(start_asyncssh_client, GCM, True, id="asyncssh-gcm-zlib"),
    pytest.param(start_asyncssh_client, CHACHA, False, id="asyncssh-chacha"),
    pytest.param(start_asyncssh_client, CHACHA, True, id="asyncssh-chacha-zlib"),
]
SERVERS = [
    pytest.param(start_dropbear, CHACHA, False, id="dropbear-chacha"),
    pytest.param(start_dropbear, CHACHA, True, id="dropbear-chacha-zlib"),
    pytest.param(start_asyncssh, GCM, False, id="asyncssh-gcm"),
    pytest.param(start_asyncssh, GCM, True, id="asyncssh-gcm-zlib"),
    pytest.param(start_asyncssh, CHACHA, False, id="asyncssh-chacha"),
    pytest.param(start_asyncssh, CHACHA, True, id="asyncssh-chacha-zlib"),
]


pytestmark = pytest.mark.short


class Targets:
    """One that sends and receives at once, one that answers at the end."""

    def __init__(self, lab):
        # Noise is stored instead of deflated, which their inflaters have to take.
        self.up = streams.noise("up", SIZE) + streams.payload("up", SIZE)
        self.down = streams.noise("down", SIZE) + streams.payload("down", SIZE)
        self.some = streams.payload("some", MIB)
        self.both_ways = lab.target(lambda connection: streams.exchange(connection, self.down))
        self.answers = lab.target(self._answer)

    def _answer(self, connection):
        received = streams.receive_to_end(connection)
        connection.sendall(self.some)
        return received

    def __iter__(self):
        return iter((self.both_ways, self.answers))

    def check(self, tunnel):
        with streams.connect(tunnel.addresses[0]) as connection:
            assert streams.exchange(connection, self.up) == streams.clean(self.down)
        assert self.both_ways.result() == streams.clean(self.up)
        with streams.connect(tunnel.addresses[1]) as connection:
            connection.sendall(self.some)
            connection.shutdown(socket.SHUT_WR)
            assert streams.receive_to_end(connection) == streams.clean(self.some)
        assert self.answers.result() == streams.clean(self.some)


def connected_log(process):
    return process.wait_for_line(r"logged in as (.*)")[1]


@pytest.mark.parametrize("start, cipher, compression", CLIENTS)
def test_a_client_of_culvertd(lab, start, cipher, compression):
    targets = Targets(lab)
    # dbclient compresses where it may.
    server = start_culvertd(lab, config={"compression": ["zlib", "none"] if compression else "none"})
    tunnel = start(lab, server, list(targets), cipher=cipher, compression=compression)
    agreed = server.process.wait_for_line(rf"{re.escape(cipher)}, compression (\S+)$")[1]
    assert agreed == method(compression)
    targets.check(tunnel)
    assert not server.process.matching("garbled|protocol")


@pytest.mark.parametrize("start, cipher, compression", SERVERS)
def test_culvert_and_a_server(lab, start, cipher, compression):
    targets = Targets(lab)
    server = start(lab, cipher=cipher, compression=compression)
    tunnel = start_culvert(lab, server, list(targets), compression=compression)
    agreed = connected_log(tunnel.process)
    assert agreed.endswith(f"{cipher}, compression {method(compression)}")
    targets.check(tunnel)


def test_asyncssh_is_told_why_it_gets_no_session(lab):
    server = start_culvertd(lab)
    tunnel = start_asyncssh_client(lab, server, [], cipher=GCM, compression=False)
    tunnel.process.wait_for_line("a session was refused: this server carries TCP forwardings only")
