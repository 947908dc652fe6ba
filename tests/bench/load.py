"""Runs culvert_load, which is at both ends of the streams that a tunnel carries."""

import contextlib
import getpass
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CULVERT_LOAD_BIN", ROOT / "build/release/tests/bench/culvert_load")
HANDSHAKES = pathlib.Path(PROGRAM).with_name("culvert_handshakes")
LONGEST = 120  # seconds that one measurement may take; reached only when something is broken


class LoadFailed(Exception):
    pass


def command_line(command, options):
    words = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
             for name, value in options.items()]
    return [str(PROGRAM), command, *words]


def measure(command, **options):
    """What one command of culvert_load reports."""
    words = command_line(command, options)
    try:
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise LoadFailed(f"{' '.join(words[1:])}: not done after {LONGEST} s") from None
    if done.returncode:
        raise LoadFailed(f"{' '.join(words[1:])}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Running:
    """A command that goes on until close(); what it printed first is in `report`."""

    def __init__(self, command, **options):
        self._words = command_line(command, options)
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.report = self._next_line()

    def _next_line(self):
        if line := self._process.stdout.readline():
            return json.loads(line)
        self.close()
        raise LoadFailed(f"{' '.join(self._words[1:])} ended with {self._process.returncode}")

    def ask(self):
        """What it reports by now."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._next_line()

    def close(self):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Server(Running):
    """Sink, source and echo on one port; as a forward's target it is host:port."""

    def __init__(self, **options):
        super().__init__("serve", **options)
        self.port = self.report["port"]

    def __str__(self):
        return f"127.0.0.1:{self.port}"


class Path(Running):
    """A long or narrow path to a port; ask() tells the bytes so far, `up` and `down`."""

    def __init__(self, to, delay, megabits):
        super().__init__("path", to=to, delay=round(delay * 1e6), megabits=megabits)
        self.port = self.report["port"]


def handshakes(port, key, count, at_once):
    """Connects, logs in and ends, so many times, with a client of ours."""
    words = [str(HANDSHAKES), str(port), str(key), getpass.getuser(), str(count), str(at_once)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise LoadFailed(f"culvert_handshakes: {done.stderr.strip()}")
