"""stderr that nobody reads: its reader has ended or stopped, a terminal after Ctrl-S, a full disk. Both
programs go on, lose lines, and say how many as soon as they can."""

import contextlib
import fcntl
import os
import re
import select
import signal
import subprocess
import termios

import pytest

from harness import streams
from harness.peers import (LOOPBACK, USER, culvert_words, program, start_culvert, start_culvertd,
                           start_ssh, tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short

F_SETPIPE_SZ = 1031
PAGE = 4096
# Enough lines at -vv to fill a page many times.
ROUNDS = 100


class Program:
    """A program whose stderr is a descriptor of the test's, read by the test or not at all."""

    def __init__(self, lab, words, stderr, **options):
        self.popen = subprocess.Popen([*map(str, words)], env=lab.env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=stderr, **options)
        lab.keep(self)

    def end(self):
        """The status after SIGTERM."""
        self.popen.terminate()
        return self.popen.wait(DEADLINE)

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


class Output:
    """The reading end of a program's stderr."""

    def __init__(self, lab, reader):
        self.reader = reader
        self.text = ""
        lab.keep(self)

    def read_until(self, pattern):
        while not (match := re.search(pattern, self.text, re.M)):
            assert select.select([self.reader], [], [], DEADLINE)[0], self.text
            part = os.read(self.reader, PAGE)
            assert part, self.text
            self.text += part.decode()
        return match

    def close(self):
        if self.reader is not None:
            os.close(self.reader)
        self.reader = None


@contextlib.contextmanager
def pipe(lab):
    """A small pipe, and a terminal below: what is written there, and the end to write to."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, PAGE)
    yield Output(lab, reader), writer
    os.close(writer)


@contextlib.contextmanager
def terminal(lab):
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    yield Output(lab, master), slave
    os.close(slave)


def stop(output):
    os.write(output.reader, b"\x13")


def go_on(output):
    os.write(output.reader, b"\x11")


def client_words(lab, server, target, *flags):
    return culvert_words(lab, server, [target], flags=flags)


def server_words(lab, *flags, config=None):
    settings = {"listen": [f"{LOOPBACK}:0"], "host_keys": [str(lab.host_key.path)],
                "users": {USER: {"authorized_keys_files": [str(lab.authorized_keys)]}},
                **(config or {})}
    path = lab.folder("culvertd") / "culvertd.yaml"
    path.write_text(str(settings))  # Python's repr of these is YAML
    return [program("CULVERTD_BIN"), "-c", path, *flags]


def address(match):
    return LOOPBACK, int(match[1])


def use(local):
    for _ in range(ROUNDS):
        with streams.connect(local) as connection:
            assert streams.echoes(connection)


def forwarding(output):
    local = address(output.read_until(rf"forwarding {LOOPBACK}:(\d+) -> "))
    output.read_until("connected to")
    return local


def tunnel_through(lab, port, target):
    """A tunnel of ours through the culvertd at `port`."""
    class At:
        host_key = lab.host_key
    At.port = port
    return start_culvert(lab, At, [target]).addresses[0]


# ---------------------------------------------------------------------- the reader ends

def test_culvert_reconnects_after_its_starter_has_closed_the_pipe(lab):
    server = start_culvertd(lab)
    target = lab.target(echo)
    with pipe(lab) as (output, stderr):
        tunnel = Program(lab, client_words(lab, server, target), stderr)
        local = forwarding(output)
    output.close()
    server.process.kill()
    server.restart()
    server.process.wait_for_line("logged in")
    with streams.connect(local) as connection:
        assert streams.echoes(connection)
    assert tunnel.end() == 0


def test_culvertd_serves_after_its_starter_has_closed_the_pipe(lab):
    with pipe(lab) as (output, stderr):
        server = Program(lab, server_words(lab), stderr)
        _, port = address(output.read_until(r"listening on .*:(\d+)$"))
    output.close()
    for _ in range(3):
        use(tunnel_through(lab, port, lab.target(echo)))
    assert server.end() == 0


# ---------------------------------------------------------------------- the reader stops

@pytest.mark.parametrize("kind", [pipe, terminal])
def test_culvert_goes_on_while_nothing_reads_its_lines(lab, kind):
    server = start_culvertd(lab)
    with kind(lab) as (output, stderr):
        tunnel = Program(lab, client_words(lab, server, lab.target(echo), "-vv"), stderr)
        local = forwarding(output)
        if kind == terminal:
            stop(output)
        use(local)
        assert tunnel.end() == 0


@pytest.mark.parametrize("kind", [pipe, terminal])
def test_culvertd_goes_on_while_nothing_reads_its_lines(lab, kind):
    with kind(lab) as (output, stderr):
        server = Program(lab, server_words(lab, "-vv"), stderr)
        _, port = address(output.read_until(r"listening on .*:(\d+)$"))
        if kind == terminal:
            stop(output)
        for _ in range(3):
            use(tunnel_through(lab, port, lab.target(echo)))
        assert server.end() == 0


def test_lost_lines_are_counted(lab):
    """The queue holds 256 KiB: a line for each of 3,000 streams, at both of its ends, is more."""
    server = start_culvertd(lab, flags=(), config={"log": {"forwards": "off"}})
    with pipe(lab) as (output, stderr):
        tunnel = Program(lab, client_words(lab, server, lab.target(echo), "-vv"), stderr)
        local = forwarding(output)
        for _ in range(3_000):
            with streams.connect(local) as connection:
                assert streams.echoes(connection)
        lost = int(output.read_until(r"^culvert: (\d+) lines lost: ")[1])
        tunnel.popen.terminate()
        tunnel.popen.wait(DEADLINE)
    with contextlib.suppress(AssertionError):
        output.read_until("nothing like this")
    written = len(re.findall(r"^culvert: 127\.0\.0\.1:\d+ -> .*(?:opening|back)$", output.text, re.M))
    assert written + lost == 6_000
    assert all(line.startswith("culvert: ") for line in output.text.splitlines())


def test_stderr_keeps_its_flags(lab):
    server = start_culvertd(lab)
    for flags in (0, os.O_NONBLOCK):
        with pipe(lab) as (output, stderr):
            fcntl.fcntl(stderr, fcntl.F_SETFL, flags)
            before = fcntl.fcntl(stderr, fcntl.F_GETFL)
            tunnel = Program(lab, client_words(lab, server, lab.target(echo)), stderr)
            forwarding(output)
            assert fcntl.fcntl(stderr, fcntl.F_GETFL) == before
            assert tunnel.end() == 0
            assert fcntl.fcntl(stderr, fcntl.F_GETFL) == before


# ---------------------------------------------------------------------- a full disk, a FIFO

def test_a_full_disk_under_stderr(lab):
    server = start_culvertd(lab)
    with open("/dev/full", "wb") as full:
        words = ["up", "-c", tunnels_file(lab, one={**tunnel_settings(lab, server, []), "forwards": [
            {"local": f"{LOOPBACK}:0", "to": str(lab.target(echo))}]})]
        tunnel = Program(lab, [program("CULVERT_BIN"), *words], full)
        server.process.wait_for_line("logged in")
        assert tunnel.end() == 0


@pytest.mark.parametrize("file", ["/dev/full", "fifo"])
def test_a_log_file_that_takes_nothing(lab, file):
    server = start_culvertd(lab)
    if file == "fifo":
        file = lab.root / "fifo"
        os.mkfifo(file)
    target = lab.target(echo)
    words = client_words(lab, server, target, "-vv", "-E", file)
    port = streams.socket.create_server((LOOPBACK, 0))
    local = port.getsockname()
    port.close()
    words[words.index("-L") + 1] = f"{LOOPBACK}:{local[1]}:{target}"
    tunnel = Program(lab, words, subprocess.DEVNULL)
    server.process.wait_for_line("logged in")
    use(local)
    assert tunnel.end() == 0


def test_a_fifo_as_log_file_may_be_read_later(lab):
    fifo = lab.root / "fifo"
    os.mkfifo(fifo)
    server = start_culvertd(lab)
    tunnel = Program(lab, client_words(lab, server, lab.target(echo), "-E", fifo),
                     subprocess.DEVNULL)
    server.process.wait_for_line("logged in")
    output = Output(lab, os.open(fifo, os.O_RDONLY))
    output.read_until(r"^\d{4}-\S+ culvert: connected to ")
    assert tunnel.end() == 0


def test_culvertd_with_a_log_file_on_a_full_disk(lab):
    server = start_culvertd(lab, config={"log": {"level": "verbose"}}, flags=())
    listen = server.port
    server.process.signal(signal.SIGTERM)
    assert server.process.wait() == 0
    full = Program(lab, server_words(lab, config={"listen": [f"{LOOPBACK}:{listen}"],
                                                  "log": {"file": "/dev/full"}}),
                   subprocess.PIPE)
    assert full.popen.stderr.readline() == b"culvertd: the log goes to /dev/full\n"
    wait_for = start_ssh(lab, server, [lab.target(echo)])
    use(wait_for.addresses[0])
    assert full.end() == 0
    full.popen.stderr.close()


# ---------------------------------------------------------------------- stdout

def check(lab, stdout):
    server = start_culvertd(lab)
    config = tunnels_file(lab, one=tunnel_settings(lab, server, ["127.0.0.1:1"]))
    return subprocess.run([program("CULVERT_BIN"), "check", "-c", config], env=lab.env, text=True,
                          stdout=stdout, stderr=subprocess.PIPE, timeout=DEADLINE, check=False)


def test_what_stdout_does_not_take_is_an_error(lab):
    with open("/dev/full", "wb") as full:
        done = check(lab, full)
    assert (done.returncode, done.stderr) == (
        1, "culvert: stdout: can't be written: no space left on the disk\n")


def test_stdout_whose_reader_has_ended(lab):
    reader, writer = os.pipe()
    os.close(reader)
    done = check(lab, writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "culvert: stdout: can't be written: broken pipe\n")
