"""Both programs as services: what they tell systemd and when, the units, and what is installed."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from harness import streams
from harness.peers import (Server, culvert_words, forwarded, run_culvert, start_culvertd, tunnel_settings,
                           tunnels_file)
from harness.process import DEADLINE
from harness.target import free_port

pytestmark = pytest.mark.short

BUILD = pathlib.Path(os.environ["CULVERT_BIN"]).parents[1]
UNITS = {"system": ["culvertd.service", "culvert-host-key.service", "culvert@.service"],
         "user": ["culvert.service"]}


class Manager:
    """The datagram socket that NOTIFY_SOCKET names."""

    def __init__(self, lab):
        path = lab.folder("manager") / "notify"
        self._socket = lab.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self._socket.bind(str(path))
        self._socket.settimeout(DEADLINE)
        lab.env["NOTIFY_SOCKET"] = str(path)

    def hears(self):
        """The first line of the next message."""
        return self._socket.recv(4096).decode().splitlines()[0]

    @staticmethod
    def leave(lab):
        """Programs that are started from here on are no part of the service."""
        del lab.env["NOTIFY_SOCKET"]

    def waits_for(self, pattern):
        """The first message from here on that `pattern` is found in."""
        told = []
        while True:
            try:
                told.append(self._socket.recv(4096).decode())
            except TimeoutError:
                raise AssertionError(f"no message with {pattern!r} among {told}") from None
            if re.search(pattern, told[-1]):
                return told[-1]

    def was_told(self, pattern):
        """Whether such a message has come by now, of those that were not read before."""
        self._socket.setblocking(False)
        try:
            while True:
                if re.search(pattern, self._socket.recv(4096).decode()):
                    return True
        except BlockingIOError:
            return False
        finally:
            self._socket.settimeout(DEADLINE)

    def heard_nothing(self):
        self._socket.setblocking(False)
        try:
            self._socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(DEADLINE)
        return False


@pytest.fixture
def manager(lab):
    return Manager(lab)


def test_culvertd_is_ready_when_it_listens(lab, manager):
    server = start_culvertd(lab)
    assert manager.hears() == "READY=1"
    server.process.signal(signal.SIGHUP)
    assert manager.hears() == "RELOADING=1"
    assert manager.hears() == "READY=1"
    server.process.signal(signal.SIGTERM)
    assert manager.hears() == "STOPPING=1"


def test_a_culvertd_that_cannot_listen_is_never_ready(lab, manager):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        done = lab.finish("culvertd", "--listen", taken, "--host-key", lab.host_key.path,
                          "--authorized-keys", lab.authorized_keys)
    assert done.returncode == 1
    assert manager.heard_nothing()


def tunnel_to(lab, port, target="127.0.0.1:1", **settings):
    """A tunnel to whatever is at this port, now or later."""
    return tunnel_settings(lab, Server(None, port, lab.host_key, None), [target], **settings)


def test_a_server_that_is_down_at_boot_holds_up_nothing(lab):
    server = start_culvertd(lab)
    late_port = free_port()
    manager = Manager(lab)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        mail = tunnel_to(lab, server.port)
        mail["forwards"].append({"local": taken, "to": "127.0.0.1:2"})
        news = tunnel_to(lab, late_port, "127.0.0.1:3")
        process = run_culvert(lab, "up", "-c", tunnels_file(lab, mail=mail, news=news))
        manager.leave(lab)
        manager.waits_for("READY=1")
        manager.waits_for(rf"^STATUS=1 of 2 tunnels up; mail: up, but not listening on {taken}; "
                          r"news: down: 127\.0\.0\.1:\d+: .*refused")
    # Each change is told: the port is free now, the server comes, and goes again.
    manager.waits_for(r"^STATUS=1 of 2 tunnels up; news: down: .*; mail: up$")
    late = start_culvertd(lab, port=late_port)
    with streams.connect(forwarded(process, "127.0.0.1:3")):  # the next try comes at once
        pass
    manager.waits_for("2 of 2 tunnels up; mail: up; news: up$")
    late.process.kill()
    manager.waits_for("1 of 2 tunnels up; news: down: 127.*; mail: up$")
    process.signal(signal.SIGTERM)
    manager.waits_for("STOPPING=1")


def test_a_required_tunnel_is_waited_for(lab):
    server = start_culvertd(lab)
    late_port = free_port()
    manager = Manager(lab)
    process = run_culvert(lab, "up", "-c", tunnels_file(
        lab, mail=tunnel_to(lab, server.port),
        news=tunnel_to(lab, late_port, required=True)))
    manager.leave(lab)
    manager.waits_for("^STATUS=1 of 2 tunnels up; news: down: .*; mail: up$")
    process.wait_for_line("next try.*news", times=3)
    assert not manager.was_told("READY=1")
    start_culvertd(lab, port=late_port)
    manager.waits_for("READY=1\nSTATUS=2 of 2 tunnels up")


@pytest.mark.parametrize("trouble", ["nobody listens", "silence", "refused key"])
def test_a_required_tunnel_is_not_waited_for_any_longer(lab, trouble):
    server = start_culvertd(lab)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = {"nobody listens": free_port(), "silence": silent.getsockname()[1],
                "refused key": server.port}[trouble]
        settings = {"refused key": {"host_key": "SHA256:" + 43 * "A"}}.get(trouble, {})
        manager = Manager(lab)
        run_culvert(lab, "up", "-c", tunnels_file(
            lab, top={"ready_timeout": "2s"},
            mail=tunnel_to(lab, server.port),
            news=tunnel_to(lab, port, required=True, **settings)))
        told = manager.waits_for("READY=1")
        what = {"nobody listens": "down: .*refused", "silence": "connecting",
                "refused key": "ended: .*host key refused"}[trouble]
        assert re.search(rf"STATUS=1 of 2 tunnels up; news: {what}.*; mail: up", told)


def test_more_time_for_the_start_is_asked_for(lab):
    """The units allow for the default."""
    server = start_culvertd(lab)
    manager = Manager(lab)
    run_culvert(lab, "up", "-c", tunnels_file(
        lab, top={"ready_timeout": "5m"}, mail=tunnel_to(lab, server.port)))
    assert manager.hears() == "EXTEND_TIMEOUT_USEC=310000000"
    assert manager.hears() == "READY=1"


def test_a_reload_is_told(lab):
    server = start_culvertd(lab)
    manager = Manager(lab)
    settings = tunnel_to(lab, server.port)
    path = tunnels_file(lab, mail=settings)
    process = run_culvert(lab, "up", "-c", path)
    manager.waits_for("STATUS=mail: up")
    path.write_text(json.dumps({"tunnels": {"mail": settings, "news": settings}}))
    process.signal(signal.SIGHUP)
    manager.waits_for("RELOADING=1")
    manager.waits_for("READY=1\nSTATUS=1 of 2 tunnels up; news: connecting; mail: up")
    manager.waits_for("STATUS=2 of 2 tunnels up")
    path.write_text("tunnels: [")
    process.signal(signal.SIGHUP)
    manager.waits_for("RELOADING=1")
    manager.waits_for("READY=1\nSTATUS=2 of 2 tunnels up")


def test_a_command_line_tunnel_is_ready_too(lab):
    server = start_culvertd(lab)
    manager = Manager(lab)
    lab.run("culvert", culvert_words(lab, server, ["127.0.0.1:1"]))
    assert manager.hears() == "READY=1"


# ------------------------------------------------------------------------------ what is installed

def install(folder):
    subprocess.run(["cmake", "--install", BUILD], env={**os.environ, "DESTDIR": str(folder)},
                   check=True, capture_output=True, timeout=DEADLINE)


@pytest.fixture(name="installed", scope="module")
def installed_tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    install(folder)
    return folder


def under_prefix(installed, path):
    """The file at `path` below the prefix, whatever that is."""
    found = [one for one in installed.rglob(pathlib.Path(path).name) if str(one).endswith(path)]
    assert len(found) == 1, f"{path}: {found}"
    return found[0]


@pytest.mark.parametrize("path", [
    "/bin/culvert", "/sbin/culvertd", "/share/man/man1/culvert.1", "/share/man/man8/culvertd.8",
    "/share/man/man5/culvert.yaml.5", "/share/man/man5/culvertd.yaml.5",
    "/lib/sysusers.d/culvert.conf", "/lib/tmpfiles.d/culvert.conf",
    "/share/doc/culvert/examples/culvert.yaml", "/share/doc/culvert/examples/culvertd.yaml",
    *(f"/lib/systemd/{kind}/{unit}" for kind, units in UNITS.items() for unit in units)])
def test_everything_is_where_debian_expects_it(installed, path):
    assert under_prefix(installed, path).stat().st_size > 0


def test_a_configuration_is_installed_once_and_then_kept(tmp_path):
    install(tmp_path)
    config = tmp_path / "etc" / "culvert" / "culvertd.yaml"
    assert "permit_open" in config.read_text()
    config.write_text("# mine\n")
    install(tmp_path)
    assert config.read_text() == "# mine\n"
    assert (tmp_path / "etc" / "culvert" / "culvert.yaml").exists()


def runnable(installed, tmp_path, kind, unit):
    """The unit with the programs of the build in it, since verify looks for them."""
    text = under_prefix(installed, f"/lib/systemd/{kind}/{unit}").read_text()
    for line in text.splitlines():
        if line.startswith("ExecStart="):
            program = line.removeprefix("ExecStart=").split()[0]
            real = BUILD / ("server" if program.endswith("d") else "client") / program.split("/")[-1]
            assert real.exists()
            text = text.replace(program, str(real))
    path = tmp_path / unit.replace("@.", "@mail.")
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind, unit", [(kind, unit) for kind in UNITS for unit in UNITS[kind]])
def test_the_units_are_valid(installed, tmp_path, kind, unit):
    paths = [runnable(installed, tmp_path, kind, one) for one in UNITS[kind]]
    path = next(one for one in paths if one.name == unit.replace("@.", "@mail."))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--{kind}", path],
                          env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, text=True,
                          capture_output=True, timeout=DEADLINE, check=False)
    ours = [line for line in done.stderr.splitlines() if "culvert" in line]
    assert done.returncode == 0 and not ours, done.stderr


@pytest.mark.parametrize("kind, unit, words", [
    ("system", "culvertd.service", ["-c"]), ("system", "culvert@.service", ["up", "-c"]),
    ("user", "culvert.service", ["up", "-c"])])
def test_what_the_user_wrote_wrong_is_no_reason_to_restart(installed, tmp_path, kind, unit, words):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("tunels: {}\n")
    lines = runnable(installed, tmp_path, kind, unit).read_text().splitlines()
    start = next(line for line in lines if line.startswith("ExecStart="))
    program = start.removeprefix("ExecStart=").split()[0]
    done = subprocess.run([program, *words, wrong], capture_output=True, timeout=DEADLINE,
                          check=False)
    assert f"RestartPreventExitStatus={done.returncode}" in lines


def test_a_reload_begins_with_a_check(installed, tmp_path, lab):
    """systemctl says that a reload failed when the first of its commands does."""
    lines = runnable(installed, tmp_path, "system", "culvertd.service").read_text().splitlines()
    reload = [line.removeprefix("ExecReload=") for line in lines if line.startswith("ExecReload=")]
    assert len(reload) == 2 and reload[1] == "/bin/kill -HUP $MAINPID"
    config = lab.root / "culvertd.yaml"
    words = reload[0].replace("/etc/culvert/culvertd.yaml", str(config)).split()
    assert str(config) in words

    def status(text):
        config.write_text(text)
        return subprocess.run(words, env=lab.env, capture_output=True, timeout=DEADLINE,
                              check=False).returncode

    good = f"users: {{alice: {{authorized_keys_files: [{lab.authorized_keys}]}}}}\n"
    assert status(good) == 0
    # The daemon has its host key; what is wrong with a user's file is that user's.
    assert status("host_keys: [/nosuchfolder/key]\n" + good) == 0
    assert status(good.replace("authorized_keys]", "gone]")) == 0
    for bad in ("lisen: []\n" + good, "listen: nosuchhost.invalid:22\n" + good, "users: {}\n", ":"):
        assert status(bad) in (1, 2), bad


@pytest.mark.parametrize("kind, unit", [("system", "culvert@.service"),
                                        ("user", "culvert.service")])
def test_a_reload_checks_the_file_first(installed, tmp_path, kind, unit):
    """The same file as at the start; what fails there fails `systemctl reload`."""
    lines = runnable(installed, tmp_path, kind, unit).read_text().splitlines()
    start = next(line for line in lines if line.startswith("ExecStart="))
    reload = [line for line in lines if line.startswith("ExecReload=")]
    assert reload[0] == start.replace("ExecStart=", "ExecReload=").replace(" up", " check")
    assert reload[1:] == ["ExecReload=/bin/kill -HUP $MAINPID"]
    words = reload[0].removeprefix("ExecReload=").split()[:2]
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("tunels: {}\n")
    done = subprocess.run([*words, "-c", wrong], capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("unit", ["culvertd.service", "culvert@.service"])
def test_the_units_expose_little(installed, unit):
    """systemd's own measure, from 0 to 10 (times ten in --threshold); up to 2 it says OK."""
    path = under_prefix(installed, f"/lib/systemd/system/{unit}")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", path],
                          text=True, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
