"""What a program looks up: each name is seen. Those that begin with `live` have an address that
can be changed, those that begin with `dead` are never answered, `none` is nobody and `lost` has
no answer for now.
"""

import socket

from .preload import preloaded
from .process import DEADLINE


class WatchedNames:
    """`wrapper` is the command prefix of the program that is watched."""

    def __init__(self, lab):
        folder = lab.folder("names")
        self._address = folder / "address"
        self.move("127.0.0.1")
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / "told"))
        self._told.settimeout(DEADLINE)
        self.wrapper = preloaded(lab, "watched_names", NAMES_SOCKET=folder / "told",
                                 NAMES_ADDRESS=self._address)

    def move(self, address):
        """What `live` names mean from the next time on that one is looked up."""
        self._address.write_text(address)

    def next(self):
        """The next name that is looked up, once it is."""
        return self._told.recv(512).decode()

    def so_far(self):
        """All names that were looked up and not taken by next()."""
        names = []
        self._told.setblocking(False)
        try:
            while True:
                names.append(self._told.recv(512).decode())
        except BlockingIOError:
            return names
        finally:
            self._told.settimeout(DEADLINE)

    def close(self):
        self._told.close()
