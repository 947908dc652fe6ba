"""What the programs keep secret stays in their memory; and what they do when there is no more."""

import queue
import re
import subprocess
import threading

import pytest

from harness import streams
from harness.peers import start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import echo

MIB = 1 << 20
ROOM = 24 * MIB  # what the daemon may take besides what it has once it listens
STREAMS = 30  # of 2 MiB each in the daemon, beside what the kernel buffers
FLOOD = bytes(16 * MIB)


@pytest.mark.short
def test_a_crash_leaves_no_core(lab):
    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, ["127.0.0.1:1"])
    for process in (server.process, tunnel.process):
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
            line = next(one for one in limits if one.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]


def limit_memory(process, room):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        size = 1024 * int(re.search(r"VmSize:\s+(\d+)", status.read())[1])
    subprocess.run(["prlimit", "--pid", str(process.pid), f"--as={size + room}:"], check=True)


def test_without_memory_streams_are_refused_and_the_daemon_lives(lab):
    """Targets that don't read fill it. While memory is short every program whose stream the daemon
    gives up or refuses hears of it; when the targets are gone, all is as before."""
    release = threading.Event()
    target = lab.target(lambda connection: release.wait(DEADLINE))
    echoing = lab.target(echo)
    server = start_culvertd(lab, flags=())
    limit_memory(server.process, ROOM)
    tunnel = start_culvert(lab, server, [target, echoing], flags=("-v",))
    lost = queue.Queue()

    def fill():
        with streams.connect(tunnel.addresses[0]) as connection:
            try:
                connection.sendall(FLOOD)
            except ConnectionError as error:  # it was refused, or had to make room
                lost.put(error)

    threads = [threading.Thread(target=fill) for _ in range(STREAMS)]
    for thread in threads:
        thread.start()
    try:
        lost.get(timeout=DEADLINE)
        for _ in range(5):
            with streams.connect(tunnel.addresses[1]) as connection:
                try:
                    assert streams.echoes(connection)
                except ConnectionError:
                    pass  # refused, and at once
        given_up = server.process.matching("reset by the near end")
        if given_up:
            tunnel.process.wait_for_line("reset by the far end", times=len(given_up))
        assert server.process.running()
    finally:
        release.set()
        for thread in threads:
            thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)
    # Each try finds out whether there is memory again.
    for _ in range(100):
        with streams.connect(tunnel.addresses[1]) as connection:
            try:
                if streams.echoes(connection):
                    break
            except ConnectionError:
                continue
    else:
        raise AssertionError("nothing is carried any more")
    assert server.process.running()


def test_without_threads_the_daemon_says_so(lab):
    """The number of a user's processes counts for root only in a namespace; so the stacks of new
    threads are made too large for the memory instead."""
    server = start_culvertd(lab, flags=("-v",),
                            wrapper=["prlimit", f"--stack={512 * MIB}", f"--as={700 * MIB}"],
                            config={"threads": 4})
    assert server.process.matching("only 1 of 4 threads can be started")
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
