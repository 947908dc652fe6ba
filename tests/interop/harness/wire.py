"""As much of the SSH wire as can be seen from outside: everything up to NEWKEYS."""

KEXINIT = 20
NEWKEYS = 21


class PlainPart:
    """Follows one direction of a connection until its NEWKEYS (RFC 4253 4.2, 6, 7)."""

    def __init__(self):
        self.messages = []  # payloads seen in plain text
        self.encrypted_from = None  # offset of the first encrypted byte in the direction
        self._buffer = b""
        self._consumed = 0
        self._version_seen = False

    def feed(self, data):
        if self.encrypted_from is not None:
            return
        self._buffer += data
        while self.encrypted_from is None and (step := self._next()):
            self._buffer = self._buffer[step:]
            self._consumed += step
            if self.messages and self.messages[-1][0] == NEWKEYS:
                self.encrypted_from = self._consumed

    def _next(self):
        """How many bytes the next whole line or packet takes; 0 if it isn't there yet."""
        if not self._version_seen:
            end = self._buffer.find(b"\n") + 1
            self._version_seen = end > 0 and self._buffer.startswith(b"SSH-")
            return end
        if len(self._buffer) < 5:
            return 0
        length = int.from_bytes(self._buffer[:4], "big")
        if len(self._buffer) < 4 + length:
            return 0
        padding = self._buffer[4]
        self.messages.append(self._buffer[5:4 + length - padding])
        return 4 + length

    def offered(self):
        """The ten name-lists of the first KEXINIT, in RFC 4253 7.1's order."""
        message = next(message for message in self.messages if message[0] == KEXINIT)
        lists, position = [], 17
        for _ in range(10):
            length = int.from_bytes(message[position:position + 4], "big")
            lists.append(message[position + 4:position + 4 + length].decode("ascii").split(","))
            position += 4 + length
        return lists
