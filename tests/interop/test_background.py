"""-f: culvert returns when its tunnel is up, and whoever reads what it says is not kept waiting."""

import contextlib
import ctypes
import os
import pathlib
import re
import signal
import subprocess

import pytest

from harness import streams
from harness.peers import USER, culvert_words, start_culvertd
from harness.process import DEADLINE
from harness.target import closed_port, echo

pytestmark = pytest.mark.short

PR_SET_CHILD_SUBREAPER = 36


def children():
    """The pids of this process's children."""
    found = set()
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # it has ended
            if f"\nPPid:\t{os.getpid()}\n" in status.read_text():
                found.add(int(status.parent.name))
    return found


@contextlib.contextmanager
def background():
    """What is orphaned in here becomes our child; it is ended, and its status checked."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = children()
    try:
        yield
    finally:
        orphans = children() - before
        for pid in orphans:
            os.kill(pid, signal.SIGTERM)
        assert [os.waitpid(pid, 0)[1] for pid in orphans] == [0]


def run(lab, server, target, *flags):
    """What culvert -f has said when it has returned and nobody has its stderr any more."""
    words = culvert_words(lab, server, [target], flags=("-f", *flags))
    done = subprocess.run([*map(str, words)], env=lab.env, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    return done.stderr


def local_address(log):
    return "127.0.0.1", int(re.search(r"culvert: forwarding 127\.0\.0\.1:(\d+) -> ", log, re.M)[1])


def test_a_pipe_for_its_messages_ends_when_the_tunnel_is_up(lab):
    server = start_culvertd(lab)
    with background():
        log = run(lab, server, lab.target(echo))
        assert "culvert: connected to" in log
        with streams.connect(local_address(log)) as connection:
            assert streams.echoes(connection)


def test_a_log_file_has_what_happens_before_and_after(lab):
    server = start_culvertd(lab)
    log_file = lab.root / "culvert.log"
    log_file.write_text("what was there\n")
    with background():
        assert run(lab, server, lab.target(echo), "-v", "-E", log_file) == ""
        with streams.connect(local_address(log_file.read_text())) as connection:
            assert streams.echoes(connection)
    log = log_file.read_text()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}"
    assert re.match(rf"what was there\n{time} culvert: ", log)
    assert re.search(rf"^{time} culvert: 127\.0\.0\.1:\d+ -> .* 4 bytes there, 4 back", log, re.M), log


def test_a_log_file_that_cant_be_written(lab):
    done = lab.finish("culvert", "-E", lab.root, "-L", "0:h:1", f"{USER}@127.0.0.1")
    assert done.returncode == 2
    assert f"culvert: -E: {lab.root}: can't be written: Is a directory" in done.stderr


def test_what_fails_before_it_is_up_is_said_and_is_the_exit_status(lab):
    holder, port = closed_port()
    with holder:
        done = lab.finish("culvert", "-f", "-i", lab.user_key.path, "-p", port, "-L", "0:h:1",
                          f"{USER}@127.0.0.1")
    assert done.returncode == 1
    assert "refused" in done.stderr


def test_started_without_stderr_the_log_file_is_no_other_descriptor(lab):
    log_file = lab.root / "log"
    done = lab.finish("culvert", "-E", log_file, "-F", "none", "-L", "0:h:1", "-p", "1",
                      f"{USER}@127.0.0.1", preexec_fn=lambda: os.close(2))
    assert done.returncode == 1
    assert "127.0.0.1:1: connection refused" in log_file.read_text()
