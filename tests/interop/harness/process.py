"""Programs under test: started, listened to, and ended by process id."""

import os
import re
import signal
import subprocess
import threading
import time

# For machines that are busy or slow: every time limit of the tests is multiplied by it.
TIME_FACTOR = int(os.environ.get("CULVERT_TEST_TIME_FACTOR", "1"))
# What ends a program that has a fault; tests send others.
CRASHES = {-number for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
                                  signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP)}
LAST_WORDS = 2  # seconds for a log to end behind its program; sshd's children may keep it open
DEADLINE = 30 * TIME_FACTOR  # seconds any single wait may take; reached only when something is broken


class Process:
    """A running program whose stderr is kept line by line."""

    def __init__(self, name, argv, env, **options):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.lines = []
        self.had_to_be_killed = False  # by stop()
        self._changed = threading.Condition()
        self._closed = False
        self.popen = subprocess.Popen(
            self.argv, env=env, stderr=subprocess.PIPE,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self.popen.pid

    def _read(self):
        for raw in self.popen.stderr:
            with self._changed:
                self.lines.append(raw.decode("utf-8", "backslashreplace").rstrip("\r\n"))
                self._changed.notify_all()
        self.popen.stderr.close()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def mark(self):
        """Where the log ends now: wait_for_line(..., since=mark) looks only behind it."""
        with self._changed:
            return len(self.lines)

    def wait_for_line(self, pattern, since=0, timeout=DEADLINE, times=1):
        """The match of the first line (or the second, ...) that `pattern` is found in; fails with
        the whole log."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        position = since
        with self._changed:
            while True:
                for line in self.lines[position:]:
                    if match := expression.search(line):
                        times -= 1
                        if times == 0:
                            return match
                position = len(self.lines)
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    break
                self._changed.wait(left)
        how = f"ended with status {self.wait()}" if self._closed else f"gave it {timeout} s"
        raise AssertionError(f"{self.name} printed no line with {pattern!r} ({how})\n{self.log()}")

    def matching(self, pattern):
        """The lines so far that `pattern` is found in."""
        with self._changed:
            return [line for line in self.lines if re.search(pattern, line)]

    def text(self):
        """What it has said so far, without its command line: paths there have the test's name."""
        with self._changed:
            return "\n".join(self.lines)

    def log(self):
        with self._changed:
            body = "".join(f"    {line}\n" for line in self.lines)
        return f"--- {self.name} ({self.pid}): {' '.join(self.argv)}\n{body}"

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        self.wait()

    def wait(self, timeout=DEADLINE):
        """The exit status, once the program has ended and its last line is read."""
        try:
            status = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} runs after {timeout} s\n{self.log()}") from None
        self._reader.join(LAST_WORDS)
        return status

    def running(self):
        return self.popen.poll() is None

    def crashed(self):
        return self.popen.poll() in CRASHES

    def stop(self):
        """SIGTERM, a second one for what still drains, then SIGKILL, which fails the test."""
        for number, patience in ((signal.SIGTERM, 2), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            if not self.running():
                break
            self.signal(number)
            try:
                self.popen.wait(patience * TIME_FACTOR)
            except subprocess.TimeoutExpired:
                pass
            if number == signal.SIGKILL:
                self.had_to_be_killed = True
        self._reader.join(LAST_WORDS)
