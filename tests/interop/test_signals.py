"""Signals that end nothing: what the program was started to ignore, SIGHUP, SIGUSR1, SIGUSR2."""

import fcntl
import os
import pathlib
import re
import signal
import subprocess
import termios
import time

import pytest

from harness import streams
from harness.peers import (Tunnel, culvert_words, forwarded, program, run_culvert,
                           start_culvertd, tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short

HARMLESS = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGPIPE]


def both(lab, ignored=()):
    """A tunnel through culvertd; each of them was started to ignore these signals."""
    def ignore():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

    server = start_culvertd(lab, preexec_fn=ignore)
    target = lab.target(echo)
    tunnel = lab.run("culvert", culvert_words(lab, server, [target]), preexec_fn=ignore)
    address = forwarded(tunnel, target)
    tunnel.wait_for_line("connected to")
    return server.process, Tunnel(tunnel, [address])


def still_works(tunnel):
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)


def ignores(process, number):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^SigIgn:\s*([0-9a-f]+)$", status, re.M)[1], 16) >> number - 1 & 1 == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(lab, number):
    server, tunnel = both(lab, ignored=[number])
    with streams.connect(tunnel.addresses[0]) as connection:
        for process in (tunnel.process, server):
            process.signal(number)
            process.signal(number)
            # When a second one of these is answered the others have had their turn.
            for times in (1, 2) if number != signal.SIGUSR1 else ():
                process.signal(signal.SIGUSR1)
                process.wait_for_line("SIGUSR1: up", times=times)
            assert ignores(process, number)  # SIGHUP has nothing to say of a culvert without files
            assert streams.echoes(connection)
    still_works(tunnel)
    # What wasn't ignored still ends them.
    for process in (tunnel.process, server):
        process.signal(signal.SIGINT if number == signal.SIGTERM else signal.SIGTERM)
        assert process.wait() == 0
        assert not process.matching(number.name)


def test_signals_that_ask_for_something_end_nothing(lab):
    server, tunnel = both(lab)
    with streams.connect(tunnel.addresses[0]) as connection:
        for process in (server, tunnel.process):
            for number in HARMLESS:
                process.signal(number)
                assert streams.echoes(connection)
    still_works(tunnel)


def test_culvertd_says_what_is_up(lab):
    server, tunnel = both(lab)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        server.signal(signal.SIGUSR1)
        server.wait_for_line(r"^culvertd: SIGUSR1: up for \d+ s: 1 connection, 1 logged in, 1 stream$")
        server.wait_for_line(r"^culvertd: SIGUSR1: listens on 127\.0\.0\.1:\d+$")
        server.wait_for_line(r"^culvertd: SIGUSR1: 127\.0\.0\.1:\d+ \(\w+\): 1 stream, for \d+ s$")
        server.wait_for_line(r"^culvertd: SIGUSR1: 127\.0\.0\.1:\d+ \(\w+\): 127\.0\.0\.1:\d+ -> "
                             r"127\.0\.0\.1:\d+: \d+ bytes there, \d+ back, for \d+ s$")


def test_status_and_log_are_to_be_had_while_it_drains(lab):
    server, tunnel = both(lab)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        server.signal(signal.SIGTERM)
        server.wait_for_line("SIGTERM: waiting up to 30 s")
        for number in (signal.SIGUSR2, signal.SIGHUP, signal.SIGUSR1):
            server.signal(number)
        server.wait_for_line("SIGUSR1: up for")
        assert streams.echoes(connection)


# ---------------------------------------------------------------------- log files

def times(path):
    """The file's lines, each of which begins with a time."""
    lines = path.read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} culvertd?: ", line)
               for line in lines), lines
    return lines


def rotated(process_id, path, has_new_line):
    """Renames the log, has it opened anew, and waits for a line there."""
    old = path.with_suffix(".1")
    path.rename(old)
    os.kill(process_id, signal.SIGHUP)
    has_new_line()
    assert times(path)
    return old.read_text()


def wait_for(condition):
    """What happens to a file is asked for again and again."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_log_file_of_the_background_is_found_and_rotated(lab):
    server = start_culvertd(lab)
    log, pid = lab.root / "log", lab.root / "pid"
    words = culvert_words(lab, server, [lab.target(echo)],
                          flags=("-f", "-v", "-E", log, "--pid-file", pid))
    subprocess.run([*map(str, words)], env=lab.env, stdin=subprocess.DEVNULL, check=True,
                   timeout=DEADLINE)
    process_id = int(pid.read_text())
    assert any("connected to" in line for line in times(log))
    local = ("127.0.0.1", int(re.search(r"forwarding 127\.0\.0\.1:(\d+) ->", log.read_text())[1]))

    def use():
        with streams.connect(local) as connection:
            assert streams.echoes(connection)

    def has_new_line():
        wait_for(log.exists)
        use()
        wait_for(lambda: "bytes there" in log.read_text())

    assert "connected to" in rotated(process_id, log, has_new_line)
    os.kill(process_id, signal.SIGTERM)
    wait_for(lambda: not pid.exists())


def test_the_log_file_of_culvertd_is_rotated(lab):
    log = lab.root / "culvertd.log"
    path = lab.folder("culvertd") / "culvertd.yaml"
    path.write_text(str({"listen": ["127.0.0.1:0"], "host_keys": [str(lab.host_key.path)],
                         "log": {"file": str(log)},
                         "users": {"u": {"authorized_keys_files": [str(lab.authorized_keys)]}}}))
    server = lab.run("culvertd", [program("CULVERTD_BIN"), "-c", path])
    server.wait_for_line(f"^culvertd: the log goes to {log}$")
    wait_for(lambda: log.exists() and "listening on" in log.read_text())
    old = rotated(server.pid, log, lambda: wait_for(
        lambda: log.exists() and "new configuration" in log.read_text()))
    assert "listening on" in old
    with log.open() as kept:
        log.unlink()
        log.mkdir()  # cannot be opened: the one that is open stays
        server.signal(signal.SIGHUP)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert f"SIGHUP: the log stays as it was: log.file: {log}: " in kept.read()


def test_up_has_a_log_file_and_a_pid_file(lab):
    server = start_culvertd(lab)
    log, pid = lab.root / "log", lab.root / "pid"
    path = tunnels_file(lab, one=tunnel_settings(lab, server, ["127.0.0.1:1"]))
    config = path.read_text()
    path.write_text(config.rstrip()[:-1] + f', "log": {{"file": "{log}"}}}}')
    tunnel = run_culvert(lab, "up", "-c", path, "--pid-file", pid)
    tunnel.wait_for_line(f"^culvert: the log goes to {log}$")
    wait_for(lambda: log.exists() and "connected to" in log.read_text())
    assert int(pid.read_text()) == tunnel.pid
    os.rename(log, lab.root / "log.1")
    tunnel.signal(signal.SIGHUP)
    wait_for(log.exists)
    tunnel.signal(signal.SIGTERM)
    assert tunnel.wait() == 0
    assert not pid.exists()


def test_a_pid_file_that_cannot_be_written(lab):
    done = lab.finish("culvert", "-f", "--pid-file", lab.root, "-L", "0:h:1", "u@127.0.0.1")
    assert done.returncode == 2
    assert f"culvert: --pid-file: {lab.root}: can't be written: is a directory" in done.stderr


def test_the_pid_file_of_a_tunnel_that_runs_is_left_alone(lab):
    server = start_culvertd(lab)
    pid = lab.root / "pid"
    good = tunnels_file(lab, one=tunnel_settings(lab, server, [lab.target(echo)]))
    bad = lab.root / "bad.yaml"
    bad.write_text("tunnels: [\n")
    first = run_culvert(lab, "up", "-c", good, "--pid-file", pid)
    first.wait_for_line("connected to")
    line = f"culvert: --pid-file: {pid}: it is the file of a running process, {first.pid}\n"
    taken = f"127.0.0.1:{server.port}:h:1"
    for words in (["up", "--pid-file", pid, "-c", good], ["up", "--pid-file", pid, "-c", bad],
                  ["--pid-file", pid, "-F", "none", "-L", taken, "u@127.0.0.1"]):
        done = lab.finish("culvert", *words)
        assert done.returncode == 2
        assert line in done.stderr or "bad.yaml" in done.stderr
        assert int(pid.read_text()) == first.pid
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    assert not pid.exists()


def test_a_successor_starts_while_streams_end(lab):
    server = start_culvertd(lab)
    pid = lab.root / "pid"
    target = lab.target(echo)
    words = ["--pid-file", pid, *culvert_words(lab, server, [target])[1:]]
    first = run_culvert(lab, *words)
    with streams.connect(forwarded(first, target)) as connection:
        assert streams.echoes(connection)
        first.signal(signal.SIGTERM)
        first.wait_for_line("SIGTERM: a stream is still open")
        second = run_culvert(lab, *words)
        second.wait_for_line("connected to")
        assert int(pid.read_text()) == second.pid
        assert streams.echoes(connection)
    assert first.wait() == 0
    assert int(pid.read_text()) == second.pid
    second.signal(signal.SIGTERM)
    assert second.wait() == 0
    assert not pid.exists()


def test_a_closed_terminal_ends_culvert(lab):
    """SIGHUP with a terminal asks for a new log file; without the one it had, it is the end."""
    server = start_culvertd(lab)
    master, slave = os.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    words = culvert_words(lab, server, [lab.target(echo)])
    tunnel = lab.run("culvert", words, preexec_fn=take_terminal, pass_fds=[slave])
    os.close(slave)
    tunnel.wait_for_line("connected to")
    tunnel.signal(signal.SIGHUP)
    tunnel.signal(signal.SIGUSR2)
    tunnel.signal(signal.SIGUSR1)
    tunnel.wait_for_line("^culvert: SIGUSR1: up")  # it has come to this after the others
    assert tunnel.running()
    os.close(master)
    assert tunnel.wait() == 0
