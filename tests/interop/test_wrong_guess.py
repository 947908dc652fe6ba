"""A client's guess of the key exchange that is wrong: it is to be skipped (RFC 4253 7.1). What a server
that doesn't skip it does then brings one more connection, without a guess; anything else doesn't.
"""

import contextlib
import socket
import threading

import pytest

from harness import streams
from harness.libraries import start_asyncssh
from harness.peers import culvert_words, start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import echo
from harness.wire import DISCONNECT, kexinit, packet, uint32

pytestmark = pytest.mark.short

AGAIN = ": once more, without a guess of the key exchange$"


class GuessedWrong:
    """A server whose only key exchange isn't the first one of culvert; `end` is what it does next."""

    def __init__(self, end):
        self._end = end
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                client.settimeout(DEADLINE)
                client.sendall(b"SSH-2.0-wrong\r\n" + packet(kexinit(["curve25519-sha256"])))
                with client, contextlib.suppress(OSError):
                    self._end(client)

    def close(self):
        self._listener.close()


def read_to_end(client):
    while client.recv(4096):
        pass


def disconnect(reason):
    def end(client):
        text = b"that's it"
        client.sendall(packet(bytes([DISCONNECT]) + uint32(reason) + uint32(len(text)) + text
                              + uint32(0)))
        client.shutdown(socket.SHUT_WR)
        read_to_end(client)
    return end


def close(client):
    client.shutdown(socket.SHUT_WR)
    read_to_end(client)


@pytest.mark.parametrize("end, connections", [
    pytest.param(close, 2, id="close"),
    pytest.param(disconnect(2), 2, id="protocol error"),
    pytest.param(disconnect(3), 2, id="key exchange failed"),
    pytest.param(disconnect(11), 1, id="by application"),
    pytest.param(disconnect(14), 1, id="no more methods"),
    pytest.param(read_to_end, 1, id="silence"),
])
def test_one_more_connection_at_most(lab, end, connections):
    culvertd = start_culvertd(lab)
    server = lab.keep(GuessedWrong(end))
    words = culvert_words(lab, culvertd, ["127.0.0.1:1"], port=server.port, ConnectTimeout=1)
    process = lab.run("culvert", words)
    assert process.wait() == 1
    assert server.connections == connections
    assert len(process.matching(AGAIN)) == connections - 1


def test_a_server_that_cannot_skip_it_gets_none_from_then_on(lab):
    server = start_asyncssh(lab, skips_guess=False)
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    assert len(tunnel.process.matching(AGAIN)) == 1
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        mark = tunnel.process.mark()
        server.process.kill()
        assert streams.receive_to_end(connection).ending == "reset"
    server.restart()
    tunnel.process.wait_for_line("^culvert: connected to", since=mark)
    assert len(tunnel.process.matching(AGAIN)) == 1


def test_one_connection_of_a_tunnel_finds_out_for_all(lab):
    server = start_asyncssh(lab, skips_guess=False)
    tunnel = start_culvert(lab, server, [lab.target(echo)], Connections=4)
    tunnel.process.wait_for_line("^culvert: connected to", times=4)
    assert len(tunnel.process.matching(AGAIN)) == 1
