"""Runs culvert_load, which is at both ends of the streams that a tunnel carries."""

import contextlib
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CULVERT_LOAD_BIN", ROOT / "build/release/tests/bench/culvert_load")


class LoadFailed(Exception):
    pass


def measure(command, **options):
    """What one command of culvert_load reports."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = subprocess.run([PROGRAM, command, *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        raise LoadFailed(f"culvert_load {command} {' '.join(words)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Running:
    """A command that goes on until close(); what it printed first is in `report`."""

    def __init__(self, command, **options):
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self._process = subprocess.Popen([PROGRAM, command, *words], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.report = json.loads(self._process.stdout.readline() or "null")
        if self.report is None:
            self.close()
            raise LoadFailed(f"culvert_load {command} {' '.join(words)} failed")

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class LoadServer(Running):
    """Sink, source and echo on one port; as a forward's target it is host:port."""

    def __init__(self, **options):
        super().__init__("serve", **options)
        self.port = self.report["port"]

    def __str__(self):
        return f"127.0.0.1:{self.port}"
