"""A name that no server answers for delays nobody but whoever asked for it.

culvertd runs in a mount namespace of its own, where its name server is a socket that never
answers. That takes root: an ordinary user gets it in a user and network namespace.
"""

import concurrent.futures
import fcntl
import os
import socket
import struct
import subprocess
import sys

import pytest

from harness import streams
from harness.peers import start_culvert, start_culvertd
from harness.target import echo

pytestmark = pytest.mark.short

SILENT = "127.53.53.53"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # netdevice(7)


def may_unshare(*flags):
    return subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0


def loopback_up():
    """What a new network namespace needs; changes nothing elsewhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = bytearray(struct.pack("16sH22x", b"lo", 0))
        fcntl.ioctl(any_socket, SIOCGIFFLAGS, request)
        flags = struct.unpack_from("H", request, 16)[0]
        if not flags & IFF_UP:
            struct.pack_into("H", request, 16, flags | IFF_UP)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


@pytest.mark.skipif(os.geteuid() == 0, reason="root needs no namespace around the test")
def test_as_an_ordinary_user():
    flags = ["--user", "--map-root-user", "--net", "--mount"]
    if not may_unshare(*flags):
        pytest.skip("this machine allows no user namespaces")
    done = subprocess.run(["unshare", *flags, sys.executable, "-m", "pytest", "-q", __file__],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def silent_name_server(lab):
    """The command prefix under which a program asks a name server that never answers."""
    if not may_unshare("--mount"):
        pytest.skip("this machine allows no mount namespaces")
    loopback_up()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((SILENT, 53))
        for name, text in (("resolv.conf", f"nameserver {SILENT}\n"),
                           ("nsswitch.conf", "hosts: files dns\n")):
            (lab.root / name).write_text(text)
        script = "".join(f"mount --bind {lab.root}/{name} /etc/{name} && "
                         for name in ("resolv.conf", "nsswitch.conf"))
        yield server, ["unshare", "--mount", "sh", "-c", script + 'exec "$@"', "sh"]


@pytest.mark.skipif(os.geteuid() != 0, reason="runs in test_as_an_ordinary_user")
@pytest.mark.parametrize("dead", [1, 40])
def test_dead_names_delay_nobody_else(lab, silent_name_server, dead):
    name_server, wrapper = silent_name_server
    server = start_culvertd(lab, wrapper=wrapper)
    tunnel = start_culvert(lab, server, [lab.target(echo), "dead.example.com:80"])
    working, dead_end = tunnel.addresses
    with concurrent.futures.ThreadPoolExecutor(dead) as pool:
        def ask():
            with streams.connect(dead_end) as connection:
                return streams.receive_to_end(connection).ending

        with streams.connect(working) as connection:
            assert streams.echoes(connection)
            waiting = [pool.submit(ask) for _ in range(dead)]
            name_server.settimeout(streams.DEADLINE)
            assert b"dead" in name_server.recv(512)  # the question is asked, and stays open
            for number in range(100):
                assert streams.echoes(connection, b"%d" % number)
            with streams.connect(working) as another:  # new streams open as well
                assert streams.echoes(another)
            assert not any(run.done() for run in waiting)
        # An open has a deadline of its own: 10 s.
        assert [run.result() for run in waiting] == ["reset"] * dead
