"""Starts dropbear, in both roles, and PuTTY's plink. What they may not find in the home of whoever runs
the tests lies in the lab.
"""

import re
import subprocess

from .listening import wait_until_open
from .peers import LOOPBACK, USER, Server, Tunnel
from .process import DEADLINE
from .target import free_port

# Where clients listen that can't choose a free port: no other test and no connection is from here, so
# that what free_port() finds stays free.
ALONE = "127.0.0.88"
TRIES = 3  # for programs that can't choose a free port themselves
PUTTY_CIPHERS = {"aes256-gcm@openssh.com": "aesgcm", "chacha20-poly1305@openssh.com": "chacha20"}


def dropbear_key(lab, key):
    """An OpenSSH key in dropbear's format."""
    path = lab.folder("dropbear") / "key"
    subprocess.run(["dropbearconvert", "openssh", "dropbear", key.path, path], check=True,
                   capture_output=True)
    return path


def start_dropbear(lab, **_):
    """It compresses when it is asked to, has one good cipher, and reads ~/.ssh/authorized_keys by the
    password database, which nss_wrapper makes up."""
    home = lab.folder("home")
    (home / ".ssh").mkdir(mode=0o700)
    keys = home / ".ssh" / "authorized_keys"
    keys.write_text(lab.authorized_keys.read_text())
    keys.chmod(0o600)
    uid, gid = home.stat().st_uid, home.stat().st_gid
    (home / "passwd").write_text(f"{USER}:x:{uid}:{gid}::{home}:/bin/sh\n")
    (home / "group").write_text(f"{USER}:x:{gid}:\n")
    made_up = ["env", "LD_PRELOAD=libnss_wrapper.so", f"NSS_WRAPPER_PASSWD={home}/passwd",
               f"NSS_WRAPPER_GROUP={home}/group"]
    host_key = dropbear_key(lab, lab.host_key)

    def start(port):
        process = lab.run("dropbear", [*made_up, "/usr/sbin/dropbear", "-F", "-E", "-s", "-r",
                                       host_key, "-P", home / "pid", "-p", f"{LOOPBACK}:{port}"])
        process.wait_for_line("Not backgrounding")
        return process

    for _ in range(TRIES):
        port = free_port()
        process = start(port)
        if not process.matching("in use"):
            return Server(process, port, lab.host_key, start)
    raise AssertionError("dropbear found no port to listen on")


def start_dbclient(lab, server, targets, *, cipher, **_):
    key = dropbear_key(lab, lab.user_key)
    ports = [free_port(ALONE) for _ in targets]
    forwards = [word for port, target in zip(ports, targets)
                for word in ("-L", f"{ALONE}:{port}:{target}")]
    # The second -y: it would look for known_hosts where the password database says.
    process = lab.run("dbclient", ["dbclient", "-v", "-N", "-y", "-y", "-i", key, "-c", cipher,
                                   *forwards, f"{USER}@{LOOPBACK}/{server.port}"])
    for port in ports:
        wait_until_open((ALONE, port), DEADLINE)  # it says nothing when it listens
    return Tunnel(process, [(ALONE, port) for port in ports])


def start_plink(lab, server, targets, *, cipher="aes256-gcm@openssh.com", compression=False,
                rekey="1G", **_):
    folder = lab.folder("putty")
    subprocess.run(["puttygen", lab.user_key.path, "-O", "private", "-o", folder / "key.ppk"],
                   check=True, capture_output=True, stdin=subprocess.DEVNULL)
    # A saved session is the only way to tell it which cipher, and when to rekey.
    (folder / "sessions").mkdir()
    (folder / "sessions" / "test").write_text(
        f"Protocol=ssh\nHostName={LOOPBACK}\nPortNumber={server.port}\n"
        f"Cipher={PUTTY_CIPHERS[cipher]},WARN,aes,3des\nCompression={int(compression)}\n"
        f"RekeyBytes={rekey}\n")
    ports = [free_port(ALONE) for _ in targets]
    forwards = [word for port, target in zip(ports, targets)
                for word in ("-L", f"{ALONE}:{port}:{target}")]
    process = lab.run("plink", ["env", f"PUTTYDIR={folder}", "plink", "-v", "-batch", "-N", "-load",
                                "test", "-hostkey", server.host_key.fingerprint, "-l", USER,
                                "-i", folder / "key.ppk", *forwards])
    for port in ports:
        process.wait_for_line(f"Local port {re.escape(ALONE)}:{port} forwarding to [^ ]+$")
    return Tunnel(process, [(ALONE, port) for port in ports])
