"""The tunnels that are compared. Each is started as its users would, without debug output."""

import dataclasses

from harness.keys import make_key
from harness.lab import Lab
from harness.listening import wait_until_open
from harness.peers import (LOOPBACK, openssh_options, start_culvert, start_culvertd, start_sshd,
                           ssh_words)
from harness.process import DEADLINE
from harness.target import free_port

AES256, AES128 = "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"
CHACHA20 = "chacha20-poly1305@openssh.com"


@dataclasses.dataclass
class Tunnel:
    pids: set  # of the programs that were started; their children belong to them
    ports: list  # of 127.0.0.1, one for each target


def sshd_quiet(lab):
    return start_sshd(lab, level="INFO", MaxSessions="20000")


def culvertd_quiet(lab):
    return start_culvertd(lab, flags=())


def ssh_quiet(lab, server, targets, *, cipher, compression=False, port=None):
    ports = [free_port() for _ in targets]
    words = [word for word in ssh_words(lab, server, cipher=cipher, compression=compression,
                                        port=port) if word != "-v"]
    for local, target in zip(ports, targets):
        words += ["-L", f"{LOOPBACK}:{local}:{target}"]
    process = lab.run("ssh", [*words, "-N"])
    for local in ports:
        wait_until_open((LOOPBACK, local), DEADLINE)
    return process, ports


def culvert_quiet(lab, server, targets, **settings):
    tunnel = start_culvert(lab, server, targets, flags=(), **settings)
    return tunnel.process, [port for _, port in tunnel.addresses]


def pair(start_server, start_client, cipher):
    """A client and a server, by the functions that start them."""
    def start(lab, targets, **settings):
        server = start_server(lab)
        client, ports = start_client(lab, server, targets, cipher=cipher, **settings)
        return Tunnel({client.pid, server.process.pid}, ports)
    return start


def start_relays(lab, targets):
    """Two socats in a row for each target: the cost of going through two programs at all."""
    pids, ports = set(), []
    for target in targets:
        onward = str(target)
        for _ in range(2):
            port = free_port()
            # Each new one closes all descriptors that it may have: 15 ms of CPU if that is 20,000.
            process = lab.run("socat", [
                "prlimit", "--nofile=1024", "socat", "-b", "262144", f"TCP-LISTEN:{port},bind={LOOPBACK},fork,backlog=1024,"
                "reuseaddr,nodelay", f"TCP:{onward},nodelay"])
            wait_until_open((LOOPBACK, port), DEADLINE)
            onward = f"{LOOPBACK}:{port}"
            pids.add(process.pid)
        ports.append(port)
    return Tunnel(pids, ports)


def start_nothing(lab, targets):
    """No tunnel: what the load itself and the kernel reach."""
    return Tunnel(set(), [target.port for target in targets])


# name -> start(lab, targets) -> Tunnel
RIVALS = {
    "direct": start_nothing,
    "relays": start_relays,
    "ssh": pair(sshd_quiet, ssh_quiet, AES256),
    "ssh-aes128": pair(sshd_quiet, ssh_quiet, AES128),
    "ssh-chacha20": pair(sshd_quiet, ssh_quiet, CHACHA20),
    "culvert": pair(culvertd_quiet, culvert_quiet, AES256),
    "culvert-chacha20": pair(culvertd_quiet, culvert_quiet, CHACHA20),
    "ssh+culvertd": pair(culvertd_quiet, ssh_quiet, AES256),
    "culvert+sshd": pair(sshd_quiet, culvert_quiet, AES256),
}


def make_lab(root):
    return Lab(root, make_key(root / "user_key"), make_key(root / "host_key"))
