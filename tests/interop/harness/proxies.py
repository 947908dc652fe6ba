"""TCP proxies between a client and a server that watch, or harm, what passes."""

import contextlib
import socket
import threading

from .process import DEADLINE
from .streams import CHUNK, connect
from .wire import PlainPart, packet

UP, DOWN = "up", "down"  # client to server, and back


class Proxy:
    """Carries one connection to `address`; `change(direction, data)` may alter what passes."""

    def __init__(self, address):
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.plain = {UP: PlainPart(), DOWN: PlainPart()}
        self.passed = {UP: 0, DOWN: 0}  # bytes so far
        self.ended = threading.Event()  # both directions are over
        threading.Thread(target=self._serve, daemon=True).start()

    def change(self, direction, data):
        return data

    def _serve(self):
        with contextlib.suppress(OSError):  # close() before any connection
            client, _ = self._listener.accept()
            self._listener.close()  # one connection, so that no second one hides a failure
            with client, connect(self._address) as server:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for side in (client, server):
                    side.settimeout(None)
                back = threading.Thread(target=self._pump, args=(DOWN, server, client))
                back.start()
                self._pump(UP, client, server)
                back.join()
        self.ended.set()

    def _pump(self, direction, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self.plain[direction].feed(data)
                changed = self.change(direction, data)
                self.passed[direction] += len(data)
                sink.sendall(changed)
        for side in (source, sink):  # one end is gone: the other learns it at once
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def wait_for_end(self, timeout=DEADLINE):
        assert self.ended.wait(timeout), f"the connection is still up after {timeout} s"

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class FlippingProxy(Proxy):
    """Inverts one byte: the one `offset` bytes behind NEWKEYS in `direction`."""

    def __init__(self, address, direction, offset):
        self.direction = direction
        self.offset = offset
        self.flipped = threading.Event()
        super().__init__(address)

    def change(self, direction, data):
        start = self.plain[direction].encrypted_from
        if direction != self.direction or start is None:
            return data
        place = start + self.offset - self.passed[direction]
        if not 0 <= place < len(data):
            return data
        self.flipped.set()
        return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1:]


class MessageProxy(Proxy):
    """Passes `change_payload(payload)` on in place of the first message `number` in `direction`, which
    is in plain text."""

    def __init__(self, address, direction, number, change_payload):
        self.direction = direction
        self.number = number
        self.change_payload = change_payload
        self.changed = threading.Event()
        self._part = PlainPart()
        super().__init__(address)

    def change(self, direction, data):
        if direction != self.direction:
            return data
        return b"".join(map(self._passed_on, self._part.feed(data)))

    def _passed_on(self, unit):
        if not unit.payload or unit.payload[0] != self.number or self.changed.is_set():
            return unit.raw
        changed = packet(self.change_payload(unit.payload))
        self.changed.set()
        return changed


class Crossing:
    """Carries any number of connections to `address`, until one is cut: by its place in the order
    in which they came."""

    def __init__(self, address):
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._pairs = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = connect(self._address)
                except OSError:
                    client.close()
                    continue
                for side in (client, server):
                    side.settimeout(None)
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._pairs.append((client, server))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def count(self):
        """How many have come so far."""
        return len(self._pairs)

    def port_of(self, place):
        """The port from which the server is reached for it, as the server's log names it."""
        return self._pairs[place][1].getsockname()[1]

    def cut(self, place):
        for side in self._pairs[place]:
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def refuse(self):
        """No more come through; those that are there stay."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self):
        self.refuse()
        for place in range(self.count()):
            self.cut(place)
            for side in self._pairs[place]:
                side.close()
