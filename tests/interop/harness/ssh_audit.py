"""Runs ssh-audit of Debian 13, which ./dev peers fetches, in both of its roles."""

import sys

from .fetched import fetched
from .listening import wait_until_open
from .peers import LOOPBACK
from .process import DEADLINE
from .target import free_port

GOOD = 0  # its status when no line is a warning or a failure


def start_audit(lab, *words):
    """What it prints is in the process's lines."""
    packages = fetched("ssh-audit/usr/lib/python3/dist-packages")
    return lab.run("ssh-audit", ["sh", "-c", 'exec "$@" >&2', "sh", "env", f"PYTHONPATH={packages}",
                                 sys.executable, "-B", "-m", "ssh_audit", "--no-colors", *words])


def audit_server(lab, server):
    audit = start_audit(lab, "--port", server.port, LOOPBACK)
    return audit.wait(), audit.lines


def audit_client(lab, connect):
    """`connect(port)` has a client connect to it, once."""
    port = free_port()
    audit = start_audit(lab, "--client-audit", "--port", port, "--timeout", DEADLINE)
    wait_until_open(("0.0.0.0", port), DEADLINE)
    connect(port)
    return audit.wait(), audit.lines
