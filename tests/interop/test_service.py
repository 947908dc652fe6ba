"""Both programs as services: what they tell systemd and when, the units, and what is installed."""

import os
import pathlib
import signal
import socket
import subprocess

import pytest

from harness.peers import (USER, culvert_words, run_culvert, start_culvertd, tunnel_settings,
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


def test_culvert_is_ready_when_the_last_forward_is_up(lab):
    """One server isn't there at first, and one port is taken."""
    server = start_culvertd(lab)
    late_port = free_port()
    manager = Manager(lab)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        one = tunnel_settings(lab, server, ["127.0.0.1:1"])
        one["forwards"].append({"local": taken, "to": "127.0.0.1:2"})
        two = {**tunnel_settings(lab, server, ["127.0.0.1:3"]),
               "server": f"{USER}@127.0.0.1:{late_port}",
               "known_hosts": [str(lab.known_hosts(late_port, server.host_key))]}
        process = run_culvert(lab, "up", "-c", tunnels_file(lab, one=one, two=two))
        process.wait_for_line("^culvert: connected to")
        process.wait_for_line("in use")
        process.wait_for_line("next try")
        del lab.env["NOTIFY_SOCKET"]
        start_culvertd(lab, port=late_port)
        mark = process.mark()
        process.wait_for_line(f"connected to 127.0.0.1:{late_port}")
        assert manager.heard_nothing()
    process.wait_for_line(f"forwarding {taken}", since=mark)
    assert manager.hears() == "READY=1"
    process.signal(signal.SIGTERM)
    assert manager.hears() == "STOPPING=1"


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
        assert status(bad) != 0, bad


@pytest.mark.parametrize("unit", ["culvertd.service", "culvert@.service"])
def test_the_units_expose_little(installed, unit):
    """systemd's own measure, from 0 to 10 (times ten in --threshold); up to 2 it says OK."""
    path = under_prefix(installed, f"/lib/systemd/system/{unit}")
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", path],
                          text=True, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
