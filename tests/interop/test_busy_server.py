"""A server that has no place for a connection now: a first connection is tried again for 30 s."""

import contextlib
import re
import socket
import struct
import threading
import time

import pytest

from harness import streams
from harness.peers import culvert_words, run_culvert, start_culvert, start_culvertd, \
    tunnel_settings, tunnels_file
from harness.preload import preloaded
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short


def disconnect(reason, text):
    """A version, and SSH_MSG_DISCONNECT in place of the key exchange."""
    payload = struct.pack(">BII", 1, reason, len(text)) + text + struct.pack(">I", 0)
    padding = 4 + -(9 + len(payload)) % 8
    return (b"SSH-2.0-busy\r\n" + struct.pack(">IB", 1 + len(payload) + padding, padding) + payload
            + bytes(padding))


TRY_LATER = {
    "culvertd": b"culvertd: too many connections that have not logged in; try again later\r\n",
    "culvertd, memory": b"culvertd: out of memory; try again later\r\n",
    "sshd": b"Exceeded MaxStartups\r\n",
    "sshd 9.8": b"Not allowed at this time\r\n",
    "no line end": b"Exceeded MaxStartups",
    "DISCONNECT, reason 12": disconnect(12, b"go away"),
    "DISCONNECT, its text": disconnect(2, b"Too many connections"),
}


class BusyServer:
    """Turns away the first `count` connections with `words`, and carries the others to a server."""

    def __init__(self, address, words, count):
        self._address, self._words, self._left = address, words, count
        self.turned_away = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.turned_away >= self._left:
                    self._carry(client)
                    continue
                self.turned_away += 1
                client.settimeout(DEADLINE)
                client.recv(4096)  # its version: no reset overtakes what is said
                client.sendall(self._words)
                client.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    while client.recv(4096):
                        pass
                client.close()

    def _carry(self, client):
        server = streams.connect(self._address)
        for side in (client, server):
            side.settimeout(None)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self._listener.close()


@pytest.mark.parametrize("words", TRY_LATER.values(), ids=TRY_LATER.keys())
def test_a_first_connection_is_tried_again(lab, words):
    server = start_culvertd(lab)
    busy = lab.keep(BusyServer(server.address, words, 2))
    tunnel = start_culvert(lab, server, [lab.target(echo)], port=busy.port)
    assert busy.turned_away == 2
    assert len(tunnel.process.matching(r"; next try in [01]\.\d s$")) == 2
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)


def test_after_30_s_it_ends_with_1(lab):
    server = start_culvertd(lab)
    busy = lab.keep(BusyServer(server.address, TRY_LATER["sshd"], 1_000))
    # The clock is a hundred times as fast, and a try takes real time: none may time out.
    words = culvert_words(lab, server, ["127.0.0.1:1"], port=busy.port, ConnectTimeout=3600)
    began = time.monotonic()
    process = lab.run("culvert", [*preloaded(lab, "fast_clock"), *words])
    assert process.wait() == 1
    assert time.monotonic() - began >= 0.3
    *tries_again, last = process.matching('no more connections for now: it said "Exceeded Max')
    waits = [float(re.search(r"next try in ([\d.]+) s", line)[1]) for line in tries_again]
    assert waits and all(0.5 <= wait <= 1.5 for wait in waits)
    assert sum(waits) <= 31.5
    assert "next try" not in last
    assert busy.turned_away == len(waits) + 1


@pytest.mark.parametrize("words", [b"go away\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                   disconnect(2, b"go away"), b""])
def test_what_another_server_says_ends_it_at_once(lab, words):
    server = start_culvertd(lab)
    busy = lab.keep(BusyServer(server.address, words, 1_000))
    done = lab.finish("culvert", *culvert_words(lab, server, ["127.0.0.1:1"], port=busy.port)[1:])
    assert done.returncode == 1
    assert busy.turned_away == 1


def test_a_culvertd_that_is_full_lets_it_in_later(lab):
    """The whole of it: what culvertd says when its places for logins have run out."""
    server = start_culvertd(lab, config={"limits": {"max_startups": "1:100:1"}})
    with socket.create_connection(server.address) as silent:
        silent.recv(8)
        process = lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:1"]))
        process.wait_for_line("try again later.*; next try in", times=2)
    process.wait_for_line("^culvert: connected to ")


def test_up_takes_its_usual_time(lab):
    """At most half a second, a second, two: a first connection outside of up waits for longer."""
    server = start_culvertd(lab)
    busy = lab.keep(BusyServer(server.address, TRY_LATER["culvertd"], 3))
    settings = tunnel_settings(lab, server, ["127.0.0.1:1"], host_key=lab.host_key.fingerprint)
    settings["server"] = re.sub(r":\d+$", f":{busy.port}", settings["server"])
    process = run_culvert(lab, "up", "-c", tunnels_file(lab, mail=settings))
    process.wait_for_line("^culvert: connected to ")
    waits = [float(re.search(r"next try (?:at once|in ([\d.]+) s)", line)[1] or 0)
             for line in process.matching("next try ")]
    assert len(waits) == 3
    assert all(wait <= most for wait, most in zip(waits, (0.5, 1, 2))), waits
