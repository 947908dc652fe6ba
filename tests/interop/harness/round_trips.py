"""Counts the round trips that a connection's first bytes take, without measuring time.

The proxy holds everything back and delivers it one flight at a time, each time after the programs
have gone to sleep. A flight has a number, in one-way trips since the SYN: one more than the latest
flight that had reached its sender. So it counts what had to wait for what, and a slow machine
changes nothing.
"""

import collections
import pathlib
import select
import socket
import threading
import time

from .process import DEADLINE
from .streams import CHUNK, connect

SYN_ACK, ACK = 2, 3  # TCP's own one-way trips: the client's first bytes travel with the ACK
QUIET = 0.1  # seconds without a byte and with every thread asleep


class RoundTripProxy:
    def __init__(self, address, server_pid):
        self._address = address
        self._pids = [server_pid]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.accepted = threading.Event()
        self._released = threading.Event()
        self._closed = threading.Event()
        self.trips = 0  # the number of the flight that was delivered last
        threading.Thread(target=self._serve, daemon=True).start()

    def release(self, client_pid):
        """Nothing is delivered before this, so that all that belongs to the first flight is in."""
        self._pids.append(client_pid)
        self._released.set()

    def close(self):
        self._closed.set()
        self._released.set()
        self._listener.close()

    def _serve(self):
        client, _ = self._listener.accept()
        self.accepted.set()
        with client, connect(self._address) as server:
            other = {client: server, server: client}
            heard = {client: SYN_ACK, server: ACK}  # the latest flight that reached each side
            held = {client: collections.deque(), server: collections.deque()}
            for side in other:
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._released.wait(DEADLINE)
            while self._collect(heard, held):
                # Of two flights the earlier one is delivered first.
                waiting = [(flights[0][0], side is server, side)
                           for side, flights in held.items() if flights]
                if not waiting:
                    continue
                number, _, side = min(waiting, key=lambda entry: entry[:2])
                self.trips = number
                heard[other[side]] = max(heard[other[side]], number)
                other[side].sendall(held[side].popleft()[1])

    def _collect(self, heard, held):
        """Reads what both sides have to say until neither says more; False when it is over."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET:
            readable, _, _ = select.select(list(heard), [], [], QUIET / 4)
            for side in readable:
                if not (data := side.recv(CHUNK)):
                    return False
                if not held[side] or held[side][-1][0] != heard[side] + 1:
                    held[side].append([heard[side] + 1, b""])
                held[side][-1][1] += data
            if readable or any(map(awake, self._pids)):
                quiet_since = time.monotonic()
            if self._closed.is_set():
                return False
        return True


def awake(pid):
    """True if a thread of the process, or of a child of its, runs, would like to, or waits for a
    disk."""
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            state = (task / "stat").read_text().rsplit(")", 1)[1].split()[0]
            children = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if state in "RD" or any(map(awake, children)):
            return True
    return False
