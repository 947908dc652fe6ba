"""Starts SSH clients and servers as their users would, without debug output."""

import dataclasses
import json

from harness.listening import wait_until_open
from harness.peers import (LOOPBACK, run_culvert, ssh_words, start_culvert, start_culvertd,
                           start_sshd, tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.target import free_port

AES256, AES128 = "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"
CHACHA20 = "chacha20-poly1305@openssh.com"


@dataclasses.dataclass
class Tunnel:
    pids: set  # of the programs that were started; their children belong to them
    ports: list  # of 127.0.0.1, one for each target
    server_pid: int = None
    server_port: int = None  # where the client reaches the server, perhaps over a path


def sshd(lab):
    return start_sshd(lab, level="INFO", MaxStartups="10000", MaxSessions="10000",
                      PerSourceMaxStartups="10000")


def culvertd(lab, **config):
    limits = {"unauthenticated_per_source": 4096, "max_startups": "4096:30:8192"}
    return start_culvertd(lab, flags=(), config={"limits": limits, **config})


def quiet_ssh_words(lab, server, **settings):
    return [word for word in ssh_words(lab, server, **settings) if word != "-v"]


def ssh(lab, server, targets, **settings):
    ports = [free_port() for _ in targets]
    words = [*quiet_ssh_words(lab, server, **settings), "-N"]
    for local, target in zip(ports, targets):
        words += ["-L", f"{LOOPBACK}:{local}:{target}"]
    process = lab.run("ssh", words)
    for local in ports:
        wait_until_open((LOOPBACK, local), DEADLINE)
    return process, ports


def culvert(lab, server, targets, **settings):
    tunnel = start_culvert(lab, server, targets, flags=(), **settings)
    return tunnel.process, [port for _, port in tunnel.addresses]


def culvert_up(lab, server, targets, *, port, **settings):
    """As culvert(), by a culvert.yaml, which alone can name a compression method."""
    settings = tunnel_settings(lab, dataclasses.replace(server, port=port), targets, **settings)
    process = run_culvert(lab, "up", "-c", tunnels_file(lab, bench=settings))
    process.wait_for_line("^culvert: connected to ")
    return process, [int(process.wait_for_line(rf"forwarding {LOOPBACK}:(\d+) -> {target}$")[1])
                     for target in targets]


def pair(server, client, **settings):
    """start(lab, targets, path_to) for a client and a server, given by what starts them."""
    def start(lab, targets, path_to):
        listening = server(lab)
        port = path_to(listening.port)
        process, ports = client(lab, listening, targets, port=port, **settings)
        return Tunnel({process.pid, listening.process.pid}, ports, listening.process.pid, port)
    return start


def up_with_tunnels(lab, server, count, target):
    """One culvert that keeps `count` SSH connections, each with one forward to the target: the
    process, and a local port for each.
    """
    settings = tunnel_settings(lab, server, [target])
    process = run_culvert(lab, "up", "-c", tunnels_file(
        lab, **{f"bench{number}": settings for number in range(count)}))
    process.wait_for_line("^culvert: connected to ", times=count, timeout=4 * DEADLINE)
    lines = process.matching(rf"forwarding {LOOPBACK}:\d+ -> ")
    ports = [int(line.split(" -> ")[0].rsplit(":", 1)[1]) for line in lines]
    assert len(ports) == count, json.dumps(process.lines[-5:])
    return process, ports
