#!/usr/bin/env python3
"""culvert beside ssh and beside two plain relays in a row, which encrypt nothing, in one run on this
machine: only the ratios count.

Each row is measured alternately for all, and the median of the runs is shown. CPU and memory are
those of all of the tunnel's processes; a GB is 10^9 bytes.
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
from harness.listening import wait_until_open  # noqa: E402
from harness.peers import (LOOPBACK, Server, Tunnel, start_culvert, start_culvertd,  # noqa: E402
                           start_ssh, start_sshd)
from harness.process import DEADLINE  # noqa: E402
from harness.target import free_port  # noqa: E402

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


def processes_of(programs):
    """{pid: fields of its stat} of the processes and of all that they have started."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended

    def belongs(pid):
        return pid in programs or (pid in found and belongs(int(found[pid][1])))
    return {pid: fields for pid, fields in found.items() if belongs(pid)}


def cpu_seconds(programs):
    """User and system time, with that of children that have ended."""
    return sum(int(tick) for fields in processes_of(programs).values()
               for tick in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def private_kibibytes(programs):
    total = 0
    for pid in processes_of(programs):
        _, resident, shared, *_ = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
        total += int(resident) - int(shared)
    return total * os.sysconf("SC_PAGESIZE") / 1024


def shown(value):
    return f"{value:10,.0f}" if value >= 100 else f"{value:10.2f}"


def start_relays(lab, _server, targets, **_):
    """Two socats in a row for each target: the cost of going through two programs at all."""
    pids, addresses = [], []
    for target in targets:
        onward = str(target)
        for _ in range(2):
            port = free_port()
            process = lab.run("socat", [
                "socat", "-b", "262144", f"TCP-LISTEN:{port},bind={LOOPBACK},fork,backlog=1024,"
                "reuseaddr,nodelay", f"TCP:{onward},nodelay"])
            wait_until_open((LOOPBACK, port), DEADLINE)
            onward = f"{LOOPBACK}:{port}"
            pids.append(process)
        addresses.append((LOOPBACK, port))
    return Tunnel(pids, addresses)


def no_server(_lab):
    return Server(None, 0, None, None)


class Pair:
    """One tunnel with a forward for each thing that is measured."""

    def __init__(self, lab, start_server, start_client, mebibytes):
        self.bytes = mebibytes * streams.MIB
        self._up = lab.target(receive_all)
        self._down = lab.target(lambda connection: send_blocks(connection, mebibytes))
        self._echo = lab.target(bounce)
        server = start_server(lab)
        self._tunnel = start_client(lab, server, [self._up, self._down, self._echo], cipher=CIPHER)
        started = self._tunnel.process
        processes = started if isinstance(started, list) else [started, server.process]
        self._pids = {process.pid for process in processes}

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


    def idle_memory(self, count=1000):
        """(KiB a stream, KiB of the programs without any)"""
        before = private_kibibytes(self._pids)
        held = []
        for _ in range(count):
            held.append(streams.connect(self._tunnel.addresses[2]))
            held[-1].sendall(b"x")
            streams.receive_exactly(held[-1], 1)
        grown = private_kibibytes(self._pids) - before
        for connection in held:
            connection.close()
        return grown / count, before


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
             "relays": Pair(lab, no_server, start_relays, options.mebibytes),
             "culvert": Pair(lab, start_culvertd, start_culvert, options.mebibytes)}
    # The first of two figures is what a user waits for, the second what it costs.
    rows = [("up", "MB/s, more", "CPU s/GB, less", lambda pair: pair.bulk("up")),
            ("down", "MB/s, more", "CPU s/GB, less", lambda pair: pair.bulk("down")),
            ("64-byte round trip", "us, less", "CPU us, less", Pair.round_trip),
            ("new streams, 16 at a time", "1/s, more", "CPU us, less", Pair.new_streams),
            ("1,000 idle streams", "KiB each, less", "KiB before, less", Pair.idle_memory)]
    print(f"{CIPHER}, {os.cpu_count()} CPUs, median of {options.runs}; 'more' and 'less' say what "
          "is better\n")
    print(f"{'':44}{'relays':>10}{'ssh':>10}{'culvert':>10}{'culvert/ssh':>13}")
    for title, first, second, measure in rows:
        runs = {name: [] for name in pairs}
        for _ in range(options.runs):
            for name, pair in pairs.items():
                runs[name].append(measure(pair))
        for column, unit in enumerate((first, second)):
            relays, ssh, culvert = (statistics.median(run[column] for run in runs[name])
                                    for name in ("relays", "ssh", "culvert"))
            label = f"{title if column == 0 else '':27}{unit:>17}"
            print(f"{label}{shown(relays)}{shown(ssh)}{shown(culvert)}{culvert / ssh:13.2f}",
                  flush=True)


if __name__ == "__main__":
    main()
