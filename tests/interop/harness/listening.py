"""Who listens where, as the kernel tells it: asking it disturbs nobody, connecting would."""

import pathlib
import socket
import struct
import time

LISTENING = "0A"  # in /proc/net/tcp


def listener_inode(port, host="127.0.0.1"):
    """The inode of the socket that listens on host:port, IPv4; None if there is none."""
    (number,) = struct.unpack("=I", socket.inet_aton(host))
    local = f"{number:08X}:{port:04X}"
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[3] == LISTENING:
            return fields[9]
    return None


def wait_until_closed(address, seconds):
    """Until nobody listens on that (host, port) any more."""
    deadline = time.monotonic() + seconds
    while listener_inode(address[1], address[0]):
        assert time.monotonic() < deadline, f"{address} still accepts"


def wait_until_open(address, seconds):
    """Until somebody listens on that (host, port)."""
    deadline = time.monotonic() + seconds
    while not listener_inode(address[1], address[0]):
        assert time.monotonic() < deadline, f"nobody listens on {address}"
