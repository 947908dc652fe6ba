"""Servers for the far end of a forward."""

import queue
import socket
import threading

from .process import DEADLINE
from .streams import CHUNK


class Target:
    """Listens on a loopback port of its own; each connection runs handler(socket) in a thread.

    What handlers return, or the exception that ended them, comes out of result() in the order in
    which they finished.
    """

    def __init__(self, handler, host="127.0.0.1", receive_buffer=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._handler = handler
        self._results = queue.Queue()
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        if receive_buffer:  # which its connections inherit
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.host = host
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __str__(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # close() was called
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(DEADLINE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            result = self._handler(connection)
        except Exception as error:  # handed to the test, which raises it
            result = error
        connection.close()
        self._results.put(result)

    def result(self):
        """What the next handler that finished returned; raises what it raised."""
        try:
            result = self._results.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"no connection to {self} has finished in {DEADLINE} s") from None
        if isinstance(result, Exception):
            raise result
        return result

    def results_so_far(self):
        """What all handlers that have finished returned."""
        results = []
        while not self._results.empty():
            results.append(self.result())
        return results

    def close(self):
        # shutdown() wakes a thread that is in accept(); close() alone leaves it there.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def echo(connection):
    """Sends back what comes until EOF, then ends cleanly. Returns how many bytes that were."""
    total, buffer = 0, bytearray(CHUNK)
    while count := connection.recv_into(buffer):
        connection.sendall(memoryview(buffer)[:count])
        total += count
    connection.shutdown(socket.SHUT_WR)
    return total


def closed_port(host="127.0.0.1"):
    """A port that refuses connections: bound, and so nobody else's, but not listening.

    Returns the socket as well; the port is refused for as long as the socket lives.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holder = socket.socket(family)
    holder.bind((host, 0))
    return holder, holder.getsockname()[1]


def free_port(host="127.0.0.1"):
    """A port that was free a moment ago, for programs that can't pick one themselves."""
    holder, port = closed_port(host)
    holder.close()
    return port
