"""culvertd's connections go to the thread that has lately been least busy."""

import contextlib
import os
import pathlib
import threading
import time

import pytest

from harness import streams
from harness.peers import start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import echo


def busy(process):
    """Seconds of CPU that each thread but the first has had; the busiest one first."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = []
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if int(task.name) == process.pid:
            continue
        user, system = (task / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        found.append((int(user) + int(system)) / ticks)
    return sorted(found, reverse=True)


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def send_on_and_on(connection):
    data = bytes(1 << 20)
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(data)


@contextlib.contextmanager
def bulk(tunnel):
    """A stream that carries as much as it can."""
    def receive(connection):
        with contextlib.suppress(OSError):
            while connection.recv(1 << 20):
                pass

    with streams.connect(tunnel.addresses[0]) as connection:
        reader = threading.Thread(target=receive, args=(connection,))
        reader.start()
        yield
        connection.shutdown(2)
        reader.join()


@pytest.mark.short
def test_a_connection_avoids_a_busy_thread_though_it_has_as_few(lab):
    server = start_culvertd(lab, config={"threads": 2})
    endless, quiet = lab.target(send_on_and_on), lab.target(echo)
    first = start_culvert(lab, server, [endless])
    with bulk(first):
        wait_until(lambda: busy(server.process)[0] > 1)
        start_culvert(lab, server, [quiet])
        last = start_culvert(lab, server, [endless])
        with bulk(last):
            wait_until(lambda: busy(server.process)[1] > 0.5)
