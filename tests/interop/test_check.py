"""culvertd -t: what would fail at the start; and README's first command in a new home."""

import os
import pathlib
import re
import stat
import subprocess
import tempfile

import pytest

from harness.keys import make_key
from harness.peers import program, tunnels_file
from harness.process import DEADLINE
from harness.streams import connect

pytestmark = pytest.mark.short

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def tmp_path():
    """In place of pytest's: other users may enter this one. Pytest closes the folder above its own
    whenever another test program starts."""
    with tempfile.TemporaryDirectory(prefix="culvert-check-") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o711)
        yield path


@pytest.fixture
def open_root(lab):
    return lab.root


def check(lab, *words):
    """The status, and what it says."""
    done = lab.finish("culvertd", "-t", *words)
    return done.returncode, done.stderr


def config(lab, text=""):
    path = lab.root / "culvertd.yaml"
    path.write_text(f"""
host_keys: [{lab.host_key.path}]
users: {{alice: {{authorized_keys_files: [{lab.authorized_keys}]}}}}
{text}
""")
    return path


def quick(lab, *words):
    return ["--authorized-keys", lab.authorized_keys, "--host-key", lab.host_key.path, *words]


# ---------------------------------------------------------------------------- addresses

@pytest.mark.parametrize("listen", ["nosuchhost.invalid:2222", "*.example:1"])
def test_a_name_that_is_not_found_is_an_error(lab, listen):
    status, text = check(lab, *quick(lab, "--listen", listen))
    assert status != 0
    assert re.search(rf"can't listen: {re.escape(listen)}: ", text)


def test_all_that_is_wrong_is_said(lab):
    status, text = check(lab, "-c", config(lab, "listen: [a.invalid:1, '127.0.0.1:0', b.invalid:2]"),
                         "--host-key", lab.authorized_keys / "x" / "key")
    assert status == 2
    assert "a.invalid:1: " in text and "b.invalid:2: " in text and "keys/x/key is missing" in text


@pytest.mark.parametrize("address", ["192.0.2.1:2222", "[2001:db8::1]:2222"])
def test_an_address_that_is_not_here_yet_is_a_warning(lab, address):
    status, text = check(lab, *quick(lab, "--listen", address))
    assert status == 0
    assert f"listen: {address}: this machine doesn't have the address now" in text


def test_a_port_that_is_taken_is_said_except_before_a_reload(lab):
    server = lab.run("culvertd", [program("CULVERTD_BIN"), *quick(lab, "--listen", "127.0.0.1:0")])
    port = server.wait_for_line(r"listening on 127\.0\.0\.1:(\d+)$").group(1)
    words = quick(lab, "--listen", f"127.0.0.1:{port}")
    status, text = check(lab, *words)
    assert status == 0 and f"127.0.0.1:{port}: in use now" in text
    status, text = check(lab, "--reload", *words)
    assert status == 0 and "in use" not in text


def test_what_covers_another_is_said(lab):
    status, text = check(lab, *quick(lab, "--listen", "*:2222", "--listen", "127.0.0.1:2222"))
    assert status == 0
    assert "listen: *:2222 covers 127.0.0.1:2222\n" in text


# ---------------------------------------------------------------------------- files

@as_root
def test_key_files_that_the_user_of_the_service_cannot_read(lab, open_root):
    path = config(lab)
    path.chmod(0o644)
    lab.authorized_keys.chmod(0o600)
    status, text = check(lab, "--user", "daemon", "-c", path)
    assert status == 2
    assert f"{lab.authorized_keys}: permission denied" in text
    assert f"the host key {lab.host_key.path}: daemon can't read it" in text
    lab.authorized_keys.chmod(0o644)
    status, text = check(lab, "--user", "daemon", "-c", path)
    assert status == 0, text
    path.chmod(0o600)
    status, text = check(lab, "--user", "daemon", "-c", path)
    assert status == 2 and f"{path}: permission denied" in text
    (open_root / "closed").mkdir(mode=0o700)
    hidden = open_root / "closed" / "keys"
    hidden.write_text(lab.user_key.public_line)
    status, text = check(lab, "--user", "daemon", *quick(lab, "--authorized-keys", hidden))
    assert status == 2 and f"{hidden}: permission denied" in text


@as_root
def test_root_is_told_what_only_root_reads(lab, open_root):
    path = config(lab)
    path.chmod(0o600)
    lab.authorized_keys.chmod(0o640)
    status, text = check(lab, "-c", path)
    assert status == 0
    assert f"{path}: only root can read it" in text
    assert f"culvertd: hint: chmod a+r {path}\n" in text
    assert f"culvertd: hint: chmod a+r {lab.authorized_keys}\n" in text
    path.chmod(0o644)
    lab.authorized_keys.chmod(0o644)
    assert check(lab, "-c", path) == (0, "")
    open_root.chmod(0o700)
    assert f"hint: chmod a+x {open_root}\n" in check(lab, "-c", path)[1]


def test_a_user_that_is_not_there(lab):
    status, text = check(lab, "--user", "no such user", *quick(lab))
    assert status == 2 and "this machine has no such user" in text


def test_a_key_of_a_user_that_cannot_be_used_is_said_and_no_error(lab):
    """It wouldn't hold up the start."""
    path = config(lab)
    lab.authorized_keys.chmod(0o666)
    status, text = check(lab, "-c", path)
    assert status == 0
    assert "others than its owner may write to it (mode 0666)" in text
    assert f"culvertd: hint: chmod go-w {lab.authorized_keys}\n" in text


# ---------------------------------------------------------------------------- the log's file

@pytest.mark.parametrize("file, why", [("none/x.log", "No such file or directory"),
                                       ("folder", "Is a directory"),
                                       ("text/x.log", "Not a directory"),
                                       ("link", "No such file or directory")])
def test_a_log_file_that_cannot_be_written_is_an_error(lab, file, why):
    (lab.root / "folder").mkdir()
    (lab.root / "text").write_text("")
    (lab.root / "link").symlink_to("nowhere/x.log")
    log = lab.root / file
    line = f"log.file: {log}: can't be written: {why}\n"
    path = config(lab, f"log: {{file: {log}}}")
    for words in [["-c", path], ["--reload", "-c", path]]:
        status, text = check(lab, *words)
        assert status == 2 and f"culvertd: {line}" in text
    path = tunnels_file(lab, top={"log": {"file": str(log)}},
                        one={"server": "alice@127.0.0.1", "identity": str(lab.user_key.path),
                             "forwards": [{"local": 12345, "to": "h:1"}]})
    done = lab.finish("culvert", "check", "-c", path)
    assert done.returncode == 2 and f"culvert: {line}" in done.stderr


@pytest.mark.parametrize("file", ["x.log", "there", "link", "fifo"])
def test_a_log_file_that_can_be_written_is_left_as_it_is(lab, file):
    (lab.root / "there").write_text("a line\n")
    (lab.root / "link").symlink_to("x.log")
    os.mkfifo(lab.root / "fifo")
    assert check(lab, "-c", config(lab, f"log: {{file: {lab.root / file}}}"))[0] == 0
    assert not (lab.root / "x.log").exists()
    assert (lab.root / "there").read_text() == "a line\n"


@as_root
def test_the_log_file_is_the_services(lab, open_root):
    path = config(lab, f"log: {{file: {open_root / 'x.log'}}}")
    for file in (path, lab.authorized_keys):
        file.chmod(0o644)
    assert check(lab, "-c", path)[0] == 0
    status, text = check(lab, "--user", "daemon", "-c", path)
    assert status == 2 and "x.log: can't be written: Permission denied" in text


# ---------------------------------------------------------------------------- the first command

@pytest.mark.parametrize("there", ["", ".local", ".local/state", ".local/state/culvert"])
def test_the_first_command_makes_what_is_missing(lab, open_root, there):
    home = lab.folder("home")
    (home / there).mkdir(parents=True, exist_ok=True)
    as_user = []
    if os.geteuid() == 0:
        # Root's own place is /etc/culvert; a user's is below the home.
        as_user = ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"]
        lab.authorized_keys.chmod(0o644)
        for folder in [home, *home.rglob("*")]:
            os.chown(folder, 1, 1)
    lab.env["HOME"] = str(home)
    binary = open_root / "culvertd"  # where that user can execute it
    subprocess.run(["cp", program("CULVERTD_BIN"), binary], check=True)
    process = lab.run("culvertd", [*as_user, "sh", "-c", 'umask 022; exec "$0" "$@"', binary,
                                   "-p", "0", "--authorized-keys", lab.authorized_keys])
    port = process.wait_for_line(r"listening on 0\.0\.0\.0:(\d+)$").group(1)
    key = home / ".local" / "state" / "culvert" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for folder in key.parents:
        if folder == home / there:
            break
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    with connect(("127.0.0.1", int(port))) as connection:
        assert connection.recv(4) == b"SSH-"


def test_a_host_key_that_cannot_be_made_is_an_error_before_the_start(lab):
    status, text = check(lab, "--authorized-keys", lab.authorized_keys, "--host-key",
                         lab.authorized_keys / "none" / "key")
    assert status == 2
    assert f"the host key {lab.authorized_keys}/none/key is missing and can't be made" in text
    status, text = check(lab, "--authorized-keys", lab.authorized_keys, "--host-key",
                         lab.root / "a" / "b" / "key")
    assert status == 0 and "it would be made" in text
    assert not (lab.root / "a").exists()


# ---------------------------------------------------------------------------- whose files

@as_root
@pytest.mark.parametrize("case", ["owner", "folder", "link", "sticky"])
def test_a_file_that_others_could_have_written_lets_nobody_in(lab, case):
    stranger = make_key(lab.root / "stranger")
    folder = lab.folder("shared")
    folder.chmod(0o755)
    keys = folder / "keys"
    keys.write_text(stranger.public_line + "\n")
    if case == "owner":
        os.chown(keys, 1, 1)
    elif case == "folder":
        folder.chmod(0o777)
    elif case == "link":
        mine = lab.root / "mine"
        keys.rename(mine)
        keys.symlink_to(mine)
        folder.chmod(0o777)
    else:
        folder.chmod(0o1777)
        os.chown(keys, 1, 1)
    path = lab.root / "culvertd.yaml"
    path.write_text(f"users: {{alice: {{authorized_keys_files: [{keys}]}}}}\n")
    server = lab.run("culvertd", [program("CULVERTD_BIN"), "-c", path, "--listen", "127.0.0.1:0",
                                  "--host-key", lab.host_key.path])
    port = server.wait_for_line(r"listening on 127\.0\.0\.1:(\d+)$").group(1)
    server.wait_for_line(f"alice can't log in with this file: {keys}: not trusted: ")
    done = subprocess.run(
        ["ssh", "-F", "none", "-N", "-i", stranger.path, "-p", port, "-o", "BatchMode=yes",
         "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "StrictHostKeyChecking=no",
         "-o", "UserKnownHostsFile=/dev/null", "alice@127.0.0.1"],
        env=lab.env, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert "Permission denied" in done.stderr
    server.wait_for_line(f"alice: {keys}: not trusted: ")
