"""A network of the bench's own: just a loopback, with a congestion control that may be another than
the system's."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct

CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # net/if.h, bits/ioctls.h


def allowed():
    """The congestion controls that such a network may have."""
    folder = CONGESTION_CONTROL.parent
    return (folder / "tcp_allowed_congestion_control").read_text(encoding="ascii").split()


def congestion_control():
    return CONGESTION_CONTROL.read_text(encoding="ascii").strip()


def enter(control):
    """Moves this process there, and with it whatever it starts."""
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET | (CLONE_NEWUSER if user else 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"can't have a network of its own: {os.strerror(number)}")
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"),
                           ("gid_map", f"{group} {group} 1")):
            pathlib.Path("/proc/self", name).write_text(text, encoding="ascii")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    CONGESTION_CONTROL.write_text(control, encoding="ascii")
