"""One test's surroundings: a folder, keys, and the programs and targets it started."""

import os
import pathlib
import re
import subprocess
import tempfile

from .peers import LOOPBACK, USER, program
from .process import CRASHES, DEADLINE, Process
from .target import Target

OURS = {"culvert": "CULVERT_BIN", "culvertd": "CULVERTD_BIN"}
# What a sanitizer prints; a program that prints it has failed, whatever the test thinks.
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|WARNING: ThreadSanitizer|runtime error:")


class Lab:
    def __init__(self, root, user_key, host_key):
        self.root = root
        self.user_key = user_key
        self.host_key = host_key
        self.authorized_keys = root / "authorized_keys"
        self.authorized_keys.write_text(user_key.public_line + "\n")
        self._processes = []
        self._kept = []
        # Nothing of the person who runs the tests: no agent, no ~/.ssh, no configuration.
        self.env = {"HOME": str(root), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                    "USER": USER, "LOGNAME": USER}
        self.env |= {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}

    def folder(self, name):
        """A new folder for something called `name`."""
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.root))

    def known_hosts(self, port, key):
        """A known_hosts file that knows the server at `port` by `key` (None: not at all)."""
        path = self.folder("known") / "known_hosts"
        path.write_text(f"[{LOOPBACK}]:{port} {key.public_line}\n" if key else "")
        return path

    def keep(self, thing):
        """Something with a close() that is called when the test is over."""
        self._kept.append(thing)
        return thing

    def target(self, handler, host=LOOPBACK, **options):
        return self.keep(Target(handler, host, **options))

    def run(self, name, argv, **options):
        """Starts a program that runs until it is ended, at the latest when the test is over."""
        self._processes.append(Process(name, argv, self.env, **options))
        return self._processes[-1]

    def finish(self, name, *argv, **options):
        """Runs culvert or culvertd to its end: CompletedProcess with status and texts."""
        binary = program(OURS[name])
        done = subprocess.run([binary, *map(str, argv)], env=self.env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE,
                              **options)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert done.returncode not in CRASHES, (done.returncode, done.stderr)
        return done

    def close(self):
        """Ends everything, clients first, and prints the logs, which pytest shows on failure."""
        faults = []
        for process in reversed(self._processes):
            process.stop()
            if process.had_to_be_killed:
                faults.append(f"{process.name} ({process.pid}) had to be killed")
            if process.name in OURS and process.crashed():
                faults.append(f"{process.name} ({process.pid}) crashed: {process.popen.returncode}")
        for thing in self._kept:
            thing.close()
        for process in self._processes:
            print(process.log())
            if any(SANITIZER.search(line) for line in process.lines):
                faults.append(f"{process.name} ({process.pid}) has a sanitizer's report in its log")
        assert not faults, faults
