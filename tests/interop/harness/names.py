"""What a program looks up: each name is seen. Those that begin with `live` have an address that
can be changed, those that begin with `dead` are never answered.
"""

import os
import pathlib
import socket
import subprocess

from .process import DEADLINE

SOURCE = pathlib.Path(__file__).with_name("watched_names.c")


class WatchedNames:
    """`wrapper` is the command prefix of the program that is watched."""

    def __init__(self, lab):
        folder = lab.folder("names")
        library = folder / "watched_names.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-o", library, SOURCE, "-ldl"], check=True)
        self._address = folder / "address"
        self.move("127.0.0.1")
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(folder / "told"))
        self._told.settimeout(DEADLINE)
        # The address sanitizer wants to be loaded before everything else, and can do without.
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        self.wrapper = ["env", f"LD_PRELOAD={library}", f"NAMES_SOCKET={folder}/told",
                        f"NAMES_ADDRESS={self._address}",
                        f"ASAN_OPTIONS={asan}"]

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
