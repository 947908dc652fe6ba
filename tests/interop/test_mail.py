"""What culvert was asked for first: mail from a real POP3 server, and nobody on the way reads it."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import types

import pytest

from harness.peers import USER, start_culvert, start_culvertd
from harness.process import DEADLINE
from harness.target import closed_port

pytestmark = pytest.mark.short

MESSAGES = 500
MARKER = "culvert-marker-that-nobody-may-see"
HOST = "127.0.0.77"  # nobody else's, so that 110 is free where it may be bound
POP3_PORT = 110

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = /dev/stderr
protocols = pop3
listen = {host}
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{root}/mail
first_valid_uid = 1
{users}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """An instance of its own, with a maildir of its own. It serves nothing as root."""

    def __init__(self, lab):
        # pytest's folders are its user's alone, and are made so again by others that run beside.
        folder = tempfile.TemporaryDirectory(prefix="culvert-dovecot-")
        lab.keep(types.SimpleNamespace(close=folder.cleanup))
        root = pathlib.Path(folder.name)
        as_root = os.geteuid() == 0
        self.owner = pwd.getpwnam("mail" if as_root else USER)
        self.port = POP3_PORT if as_root else closed_port(HOST)[1]
        users = "" if as_root else f"default_internal_user = {USER}\ndefault_login_user = {USER}"
        new = root / "mail" / "new"
        for folder in ("cur", "new", "tmp"):
            (root / "mail" / folder).mkdir(parents=True)
        (root / "home").mkdir()
        for number in range(MESSAGES):
            text = f"{MARKER} {number}\r\n.a line with a dot\r\n..two\r\n.\r\n" * (number % 7 + 1)
            (new / f"{1000000000 + number}.M{number}.test").write_bytes(
                f"Subject: message {number}\r\n\r\n{text}".encode())
        if as_root:
            for path in [root, *root.rglob("*")]:
                shutil.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        config = root / "dovecot.conf"
        config.write_text(CONFIG.format(root=root, host=HOST, port=self.port, users=users,
                                        uid=self.owner.pw_uid, gid=self.owner.pw_gid))
        self.process = lab.run("dovecot", ["/usr/sbin/dovecot", "-F", "-c", config])
        self.process.wait_for_line("starting up")


def fetch(folder, address):
    """Every message, with curl."""
    folder.mkdir()
    subprocess.run(["curl", "-sS", "--fail", "-u", "alice:secret", "-o", f"{folder}/#1",
                    f"pop3://{address[0]}:{address[1]}/[1-{MESSAGES}]"],
                   check=True, timeout=DEADLINE, capture_output=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Capture:
    """tcpdump of one TCP port on loopback."""

    def __init__(self, lab, port):
        self._file = lab.folder("capture") / "packets"
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._process = lab.run("tcpdump", [
            *as_root, "tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-U", "--immediate-mode",
            *(["-Z", "root"] if not as_root else []), "-w", self._file, "tcp", "port", port])
        self._process.wait_for_line("listening on lo")

    def content(self):
        self._process.signal(signal.SIGINT)
        self._process.wait()
        dropped = self._process.wait_for_line(r"(\d+) packets? dropped by kernel")
        assert dropped[1] == "0"
        return self._file.read_bytes()


@pytest.mark.parametrize("compression", [False, True], ids=["plain", "zlib"])
def test_500_mails_are_the_same_through_culvert_and_nobody_sees_them(lab, tmp_path, compression):
    dovecot = Dovecot(lab)
    server = start_culvertd(lab)
    named = "pop3" if dovecot.port == POP3_PORT else dovecot.port
    target = f"{HOST}:{dovecot.port}"
    tunnel_capture, target_capture = Capture(lab, server.port), Capture(lab, dovecot.port)
    tunnel = start_culvert_to_name(lab, server, named, target, compression)
    direct = fetch(tmp_path / "direct", (HOST, dovecot.port))
    carried = fetch(tmp_path / "carried", tunnel)
    assert len(direct) == MESSAGES
    assert carried == direct
    assert MARKER.encode() in direct["7"]
    assert target_capture.content().count(MARKER.encode()) > MESSAGES
    tunneled = tunnel_capture.content()
    assert len(tunneled) > 10000
    assert MARKER.encode() not in tunneled


def start_culvert_to_name(lab, server, named, shown, compression):
    """A forward whose port is a name; the ready line shows its number."""
    tunnel = start_culvert(lab, server, [], compression=compression,
                           flags=("-v", "-L", f"127.0.0.1:0:{HOST}:{named}"))
    match = tunnel.process.wait_for_line(
        rf"forwarding 127\.0\.0\.1:(\d+) -> {re.escape(shown)}$")
    return "127.0.0.1", int(match[1])
