"""What the bench relies on: its path alters no byte and takes the time that it should, and no CPU
is lost."""

import pathlib
import socket
import subprocess
import sys
import time
from contextlib import closing

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/interop")]

import load  # noqa: E402  (the paths are set above)
import usage  # noqa: E402
from harness import streams  # noqa: E402
from harness.target import Target, echo  # noqa: E402


def test_a_path_carries_every_byte_both_ways():
    sent = streams.noise("path", 3 * streams.MIB + 1)
    with closing(Target(echo)) as target, closing(load.Path(target.port, 0.002, 0)) as path, \
            streams.connect(("127.0.0.1", path.port)) as stream:
        assert streams.exchange(stream, sent) == streams.clean(sent)
        assert path.ask() == {"up": len(sent), "down": len(sent)}


def test_a_path_takes_in_all_that_it_is_sent():
    """Its queue has no end, so nothing of the far end's slowness is felt at this one."""
    holder = socket.create_server(("127.0.0.1", 0))
    with holder, closing(load.Path(holder.getsockname()[1], 0, 0)) as path, \
            streams.connect(("127.0.0.1", path.port)) as stream:
        stream.sendall(bytes(64 * streams.MIB))  # nobody reads, and more than the kernel keeps


def test_a_path_is_as_long_and_as_narrow_as_it_was_asked_to_be():
    delay, megabits, size = 0.050, 40, 250_000
    with closing(Target(echo)) as target, \
            closing(load.Path(target.port, delay, megabits)) as path, \
            streams.connect(("127.0.0.1", path.port)) as stream:
        start = time.monotonic()
        assert streams.echoes(stream)
        assert time.monotonic() - start >= 2 * delay
        start = time.monotonic()
        stream.sendall(bytes(size))
        streams.receive_exactly(stream, size)
        assert time.monotonic() - start >= 2 * delay + size * 8 / (megabits * 1e6)


def test_bulk_is_counted_at_both_ends():
    for options in ({}, {"loop": True}):
        with closing(load.Server(**options)) as server:
            for direction in ("up", "down"):
                report = load.measure(direction, port=server.port, streams=3, bytes=5_000_001)
                assert len(report["stream_seconds"]) == 3
                assert report["seconds"] == max(report["stream_seconds"])


def test_many_streams_are_counted_by_port():
    with closing(load.Server(loop=True)) as one, closing(load.Server(loop=True)) as other, \
            closing(load.Running("many", ports=f"{one.port},{other.port}", streams=20)) as many:
        assert many.report == {"streams": 40}
        deadline = time.monotonic() + streams.DEADLINE
        while (report := many.ask())["started"] < 40:
            assert time.monotonic() < deadline
        assert len(report["bytes"]) == 2 and all(report["bytes"])


def test_the_cpu_of_a_process_that_ends_while_it_is_counted_is_not_lost(monkeypatch):
    parent = subprocess.Popen([sys.executable, "-c", """
import os, sys, time
if not os.fork():
    while time.process_time() < 0.4: pass
    print("has worked", flush=True)
    sys.stdin.readline()
    os._exit(0)
os.wait()
print("is gone", flush=True)
sys.stdin.readline()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    count = usage.own_cpu_seconds

    def count_after_its_end(pid):
        monkeypatch.setattr(usage, "own_cpu_seconds", count)
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == "is gone\n"
        return count(pid)

    try:
        assert parent.stdout.readline() == "has worked\n"
        monkeypatch.setattr(usage, "own_cpu_seconds", count_after_its_end)
        assert usage.cpu_seconds({parent.pid}) >= 0.3
    finally:
        parent.communicate("\n")
