"""Starts the SSH libraries, each as a program that forwards, in both roles where it has both. The
programs are in peers/ and have the same words on their command lines.
"""

import pathlib
import re
import subprocess
import sys

from .fetched import fetched
from .keys import make_key
from .peers import LOOPBACK, USER, Server, Tunnel

PROGRAMS = pathlib.Path(__file__).resolve().parents[1] / "peers"
PYTHON = [sys.executable, "-B"]


def compiled(lab):
    """The libssh peer, built with Debian's libssh-dev."""
    program = lab.folder("libssh") / "libssh_peer"
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-o", program, PROGRAMS / "libssh_peer.c",
                    "-lssh"], check=True)
    return [program]


def node():
    modules = fetched("node/node_modules/ssh2").parent
    return ["env", f"NODE_PATH={modules}", "node", PROGRAMS / "ssh2_peer.js"]


def with_paramiko():
    packages = fetched("paramiko/usr/lib/python3/dist-packages")
    return ["env", f"PYTHONPATH={packages}", *PYTHON, PROGRAMS / "paramiko_peer.py"]


def with_asyncssh(*settings):
    return [*PYTHON, PROGRAMS / "asyncssh_peer.py", *settings]


def method(compression):
    return "zlib@openssh.com" if compression else "none"


def asyncssh_settings(cipher, compression, odd_lists):
    settings = [f"--compression={method(compression)}"]
    if cipher:
        settings.append(f"--cipher={cipher}")
    if odd_lists:
        settings.append("--odd-lists")
    return settings


def start_client(lab, name, command, server, targets, rekey_bytes=0, wrong_keys=0):
    """`wrong_keys`: so many that the server doesn't know are tried first."""
    keys = [make_key(lab.folder("wrong") / "key") for _ in range(wrong_keys)]
    paths = ",".join(str(key.path) for key in [*keys, lab.user_key])
    process = lab.run(name, [*command, "client", LOOPBACK, server.port, USER, paths,
                             server.host_key.public_line, rekey_bytes, *targets])
    return Tunnel(process, [
        (LOOPBACK, int(process.wait_for_line(rf"forwarding (\d+) -> {re.escape(str(target))}$")[1]))
        for target in targets])


def start_server(lab, name, command, rekey_bytes=0):
    def start(wanted):
        process = lab.run(name, [*command, "server", wanted, lab.host_key.path, lab.authorized_keys,
                                 rekey_bytes])
        return process, int(process.wait_for_line(r"listening on (\d+)$")[1])

    process, port = start(0)
    return Server(process, port, lab.host_key, start)


def start_libssh_client(lab, server, targets, **options):
    return start_client(lab, "libssh", compiled(lab), server, targets, **options)


def start_ssh2_client(lab, server, targets, **options):
    return start_client(lab, "ssh2", node(), server, targets, **options)


def start_paramiko_client(lab, server, targets, **options):
    return start_client(lab, "paramiko", with_paramiko(), server, targets, **options)


def start_asyncssh_client(lab, server, targets, *, cipher=None, compression=False, odd_lists=False,
                          **options):
    command = with_asyncssh(*asyncssh_settings(cipher, compression, odd_lists))
    return start_client(lab, "asyncssh", command, server, targets, **options)


def start_libssh(lab, **options):
    return start_server(lab, "libssh", compiled(lab), **options)


def start_ssh2(lab, **options):
    return start_server(lab, "ssh2", node(), **options)


def start_asyncssh(lab, *, cipher=None, compression=False, odd_lists=False, listed=None,
                   skips_guess=True, **options):
    """`listed`: what it says in server-sig-algs, whatever it takes."""
    settings = asyncssh_settings(cipher, compression, odd_lists)
    if not skips_guess:
        settings.append("--skips-no-guess")
    if listed:
        settings.append(f"--listed={listed}")
    return start_server(lab, "asyncssh", with_asyncssh(*settings), **options)


def start_asyncssh_login(lab, server, user, *steps):
    """Logs in step by step; asyncssh_peer.py says which there are."""
    return lab.run("asyncssh", [*with_asyncssh(), "login", LOOPBACK, server.port, user,
                                server.host_key.public_line, *steps])
