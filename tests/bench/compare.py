#!/usr/bin/env python3
"""culvert beside ssh, in one run on this machine: only the ratios count.

Each row is measured alternately for both tunnels, and the median of the runs is shown. CPU is that
of all the tunnel's processes; a GB is 10^9 bytes.
"""

import argparse
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))
for name, place in (("CULVERT_BIN", "client/culvert"), ("CULVERTD_BIN", "server/culvertd")):
    os.environ.setdefault(name, str(ROOT / "build/release" / place))

from harness import streams  # noqa: E402  (the path is set above)
from harness.keys import make_key  # noqa: E402
from harness.lab import Lab  # noqa: E402
from harness.peers import start_culvert, start_culvertd, start_ssh, start_sshd  # noqa: E402

CIPHER = "aes256-gcm@openssh.com"
BLOCK = bytes(streams.MIB)


def send_blocks(connection, count):
    for _ in range(count):
        connection.sendall(BLOCK)
    connection.shutdown(socket.SHUT_WR)


def receive_all(connection):
    buffer, total = bytearray(streams.MIB), 0
    while count := connection.recv_into(buffer):
        total += count
    return total


def bounce(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def cpu_seconds(programs):
    """User and system time of the processes and of all that they have started."""
    parents, ticks = {}, {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = int(fields[11]) + int(fields[12])

    def belongs(pid):
        return pid in programs or (pid in parents and belongs(parents[pid]))
    return sum(ticks[pid] for pid in ticks if belongs(pid)) / os.sysconf("SC_CLK_TCK")


def shown(value):
    return f"{value:10,.0f}" if value >= 100 else f"{value:10.2f}"


class Pair:
    """One tunnel with a forward for each thing that is measured."""

    def __init__(self, lab, start_server, start_client, mebibytes):
        self.bytes = mebibytes * streams.MIB
        self._up = lab.target(receive_all)
        self._down = lab.target(lambda connection: send_blocks(connection, mebibytes))
        self._echo = lab.target(bounce)
        server = start_server(lab)
        self._tunnel = start_client(lab, server, [self._up, self._down, self._echo], cipher=CIPHER)
        self._pids = {server.process.pid, self._tunnel.process.pid}

    def _measured(self, work):
        cpu, start = cpu_seconds(self._pids), time.monotonic()
        work()
        return time.monotonic() - start, cpu_seconds(self._pids) - cpu

    def bulk(self, direction):
        """(MB/s, CPU seconds a GB) of one stream."""
        def work():
            with streams.connect(self._tunnel.addresses[0 if direction == "up" else 1]) as stream:
                if direction == "up":
                    send_blocks(stream, self.bytes // streams.MIB)
                    assert self._up.result() == self.bytes
                else:
                    assert receive_all(stream) == self.bytes
        seconds, cpu = self._measured(work)
        return self.bytes / seconds / 1e6, cpu / (self.bytes / 1e9)

    def round_trip(self, count=2000):
        """(us of time, us of CPU) of 64 bytes there and back."""
        times = []

        def work():
            with streams.connect(self._tunnel.addresses[2]) as stream:
                for _ in range(count):
                    start = time.perf_counter()
                    stream.sendall(BLOCK[:64])
                    streams.receive_exactly(stream, 64)
                    times.append(time.perf_counter() - start)
        _, cpu = self._measured(work)
        return statistics.median(times) * 1e6, cpu / count * 1e6

    def new_streams(self, count=800, at_once=16):
        """(streams a second, us of CPU a stream), each opened, used for one byte and closed."""
        def one_after_the_other():
            for _ in range(count // at_once):
                with streams.connect(self._tunnel.addresses[2]) as stream:
                    stream.sendall(b"x")
                    streams.receive_exactly(stream, 1)

        def work():
            threads = [threading.Thread(target=one_after_the_other) for _ in range(at_once)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        seconds, cpu = self._measured(work)
        return count / seconds, cpu / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mebibytes", type=int, default=512, help="of each bulk transfer")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        lab = Lab(root, make_key(root / "user_key"), make_key(root / "host_key"))
        try:
            compare(lab, options)
        finally:
            with open(os.devnull, "w") as nowhere:
                standard, sys.stdout = sys.stdout, nowhere  # the logs
                try:
                    lab.close()
                finally:
                    sys.stdout = standard


def compare(lab, options):
    pairs = {"ssh": Pair(lab, start_sshd, start_ssh, options.mebibytes),
             "culvert": Pair(lab, start_culvertd, start_culvert, options.mebibytes)}
    rows = [("up", "MB/s", "CPU s/GB", lambda pair: pair.bulk("up")),
            ("down", "MB/s", "CPU s/GB", lambda pair: pair.bulk("down")),
            ("64-byte round trip", "us", "CPU us", Pair.round_trip),
            ("new streams, 16 at a time", "1/s", "CPU us", Pair.new_streams)]
    print(f"{CIPHER}, {os.cpu_count()} CPUs, median of {options.runs}\n")
    print(f"{'':38}{'ssh':>10}{'culvert':>10}{'ratio':>8}")
    for title, first, second, measure in rows:
        runs = {name: [] for name in pairs}
        for _ in range(options.runs):
            for name, pair in pairs.items():
                runs[name].append(measure(pair))
        for column, unit in enumerate((first, second)):
            ssh, culvert = (statistics.median(run[column] for run in runs[name])
                            for name in ("ssh", "culvert"))
            label = f"{title if column == 0 else '':28}{unit:>10}"
            print(f"{label}{shown(ssh)}{shown(culvert)}{culvert / ssh:8.2f}", flush=True)


if __name__ == "__main__":
    main()
