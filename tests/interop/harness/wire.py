"""As much of the SSH wire as can be seen from outside: everything up to NEWKEYS."""

import dataclasses

DISCONNECT = 1
KEXINIT = 20
NEWKEYS = 21
KEX_INIT, KEX_REPLY = 30, 31  # of every method that is tried here (RFC 5656 4)
PROTOCOL_ERROR, KEY_EXCHANGE_FAILED = 2, 3  # reasons of a DISCONNECT (RFC 4253 11.1)


def uint32(number):
    return number.to_bytes(4, "big")


def packet(payload):
    """In plain text (RFC 4253 6)."""
    padding = 8 - (5 + len(payload)) % 8
    if padding < 4:
        padding += 8
    return uint32(1 + len(payload) + padding) + bytes([padding]) + payload + bytes(padding)


def kexinit(kex_algorithms):
    """Its other lists are what every peer has."""
    lists = [kex_algorithms, ["ssh-ed25519"], *[["aes256-gcm@openssh.com"]] * 2,
             *[["hmac-sha2-256-etm@openssh.com"]] * 2, *[["none"]] * 2, [], []]
    named = [",".join(names).encode() for names in lists]
    return (bytes([KEXINIT]) + bytes(16) + b"".join(uint32(len(one)) + one for one in named)
            + bytes(1) + uint32(0))


@dataclasses.dataclass(frozen=True)
class Disconnect:
    reason: int
    text: str


@dataclasses.dataclass(frozen=True)
class Unit:
    """A whole line or packet, or some encrypted bytes."""

    raw: bytes
    payload: bytes = None  # a packet's


class PlainPart:
    """Follows one direction of a connection until its NEWKEYS (RFC 4253 4.2, 6, 7)."""

    def __init__(self):
        self.messages = []  # payloads seen in plain text
        self.encrypted_from = None  # offset of the first encrypted byte in the direction
        self._buffer = b""
        self._consumed = 0
        self._version_seen = False

    def feed(self, data):
        """The units that are whole now."""
        self._buffer += data
        units = []
        while self.encrypted_from is None and (unit := self._next()):
            units.append(unit)
            self._buffer = self._buffer[len(unit.raw):]
            self._consumed += len(unit.raw)
            if unit.payload:
                self.messages.append(unit.payload)
                if unit.payload[0] == NEWKEYS:
                    self.encrypted_from = self._consumed
        if self.encrypted_from is not None and self._buffer:
            units.append(Unit(self._buffer))
            self._buffer = b""
        return units

    def _next(self):
        """The next line or packet; None if it isn't whole yet."""
        if not self._version_seen:
            end = self._buffer.find(b"\n") + 1
            self._version_seen = end > 0 and self._buffer.startswith(b"SSH-")
            return Unit(self._buffer[:end]) if end else None
        if len(self._buffer) < 5:
            return None
        end = 4 + int.from_bytes(self._buffer[:4], "big")
        if len(self._buffer) < end:
            return None
        return Unit(self._buffer[:end], self._buffer[5:end - self._buffer[4]])

    def disconnect(self):
        """The DISCONNECT in plain text; None if there was none."""
        for message in self.messages:
            if message[0] == DISCONNECT:
                length = int.from_bytes(message[5:9], "big")
                return Disconnect(int.from_bytes(message[1:5], "big"),
                                  message[9:9 + length].decode())
        return None

    def offered(self):
        """The ten name-lists of the first KEXINIT, in RFC 4253 7.1's order."""
        message = next(message for message in self.messages if message[0] == KEXINIT)
        lists, position = [], 17
        for _ in range(10):
            length = int.from_bytes(message[position:position + 4], "big")
            lists.append(message[position + 4:position + 4 + length].decode("ascii").split(","))
            position += 4 + length
        return lists
