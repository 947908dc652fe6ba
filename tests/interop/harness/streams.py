"""What goes through a stream, and how a stream ends."""

import dataclasses
import errno
import hashlib
import socket
import struct
import threading

from .process import DEADLINE

CHUNK = 1 << 20
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Received:
    """All that came out of a stream: its SHA-256, its length, and `eof` or `reset`."""

    digest: str
    length: int
    ending: str


def payload(seed, length):
    """Reproducible bytes that don't repeat; half of them compress well."""
    noise = hashlib.shake_256(seed.encode()).digest(length // 2 + 1)
    blocks = []
    for number, start in enumerate(range(0, length, 1 << 16)):
        words = b"%s line %d of a letter that says little\r\n" % (seed.encode(), number)
        blocks.append(noise[start // 2:start // 2 + (1 << 15)])
        blocks.append((words * ((1 << 15) // len(words) + 1))[:1 << 15])
    return b"".join(blocks)[:length]


def noise(seed, length):
    """Reproducible bytes that don't compress."""
    return hashlib.shake_256(seed.encode()).digest(length)


def clean(data):
    """What Received is when exactly `data` came, and then a clean end."""
    return Received(hashlib.sha256(data).hexdigest(), len(data), "eof")


class Connection(socket.socket):
    """A reset that comes before connect() has returned is found by reading, as any later one."""

    was_reset = False

    def recv(self, *arguments):
        self._tell_reset()
        return super().recv(*arguments)

    def recv_into(self, *arguments):
        self._tell_reset()
        return super().recv_into(*arguments)

    def _tell_reset(self):
        if self.was_reset:
            raise ConnectionResetError


def connect(address, receive_buffer=None):
    """`receive_buffer`, in bytes, keeps the kernel from taking more before anybody reads."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    connection = Connection(family)
    connection.settimeout(DEADLINE)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        connection.connect(address)
    except ConnectionResetError:
        connection.was_reset = True
    except OSError:
        connection.close()
        raise
    return connection


def reset(connection):
    """Ends a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def receive_exactly(connection, length):
    """`length` bytes; an end before that is an EOFError."""
    data = bytearray()
    while len(data) < length:
        if not (piece := connection.recv(min(length - len(data), CHUNK))):
            raise EOFError(f"the stream ended after {len(data)} of {length} bytes")
        data += piece
    return bytes(data)


def echoes(connection, data=b"ping"):
    """True if `data`, sent now, comes back."""
    connection.sendall(data)
    return receive_exactly(connection, len(data)) == data


def send_all(connection, data):
    """As sendall(), whose deadline is for everything together; here each wait has its own."""
    rest = memoryview(data)
    while rest:
        rest = rest[connection.send(rest[:CHUNK]):]


def receive_to_end(connection, collect=None):
    """Reads until EOF or reset; `collect` (a bytearray) gets the bytes as well."""
    digest, length, buffer = hashlib.sha256(), 0, bytearray(CHUNK)
    view = memoryview(buffer)
    while True:
        try:
            count = connection.recv_into(buffer)
        except ConnectionResetError:
            return Received(digest.hexdigest(), length, "reset")
        if count == 0:
            return Received(digest.hexdigest(), length, "eof")
        digest.update(view[:count])
        length += count
        if collect is not None:
            collect += view[:count]


def exchange(connection, data, collect=None):
    """Sends all of `data` and then EOF, while receiving to the end. Returns a Received."""
    failures = []

    def send():
        try:
            send_all(connection, data)
            connection.shutdown(socket.SHUT_WR)
        except OSError as failure:
            failures.append(failure)

    sender = threading.Thread(target=send)
    sender.start()
    received = receive_to_end(connection, collect)
    sender.join()
    # The kernel tells of a reset once: when that was in send(), what recv() says looks like EOF, and
    # shutdown() finds no connection.
    if any(isinstance(failure, ConnectionError) or failure.errno == errno.ENOTCONN
           for failure in failures):
        return dataclasses.replace(received, ending="reset")
    if failures:
        raise failures[0]
    return received
