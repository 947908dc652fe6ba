"""Starts the four programs: sshd and culvertd as servers, ssh and culvert as clients.

A missing program is an error of the test, never a skip.
"""

import dataclasses
import json
import os
import pathlib
import pwd
import re
import subprocess

from .keys import Key
from .process import Process
from .target import free_port

SSHD = "/usr/sbin/sshd"  # sshd insists on an absolute path
SSH = "/usr/bin/ssh"
LOOPBACK = "127.0.0.1"
# sshd serves accounts of the machine, and without privileges only the one it runs as.
USER = pwd.getpwuid(os.getuid()).pw_name


def program(variable):
    """The path in an environment variable that ctest sets; see CMakeLists.txt."""
    path = os.environ.get(variable)
    assert path, f"{variable} is not set: run these tests with ctest, or name the program there"
    assert os.access(path, os.X_OK), f"{path} ({variable}) is not there: build it first"
    return path


@dataclasses.dataclass
class Server:
    process: Process
    port: int
    host_key: Key
    start: object  # start(port) -> Process, for restart()

    @property
    def address(self):
        return LOOPBACK, self.port

    def restart(self):
        """The same server on the same port, after the process was ended."""
        assert not self.process.running()
        self.process, self.port = self.start(self.port)


@dataclasses.dataclass
class Tunnel:
    process: Process
    addresses: list  # the local (host, port) of each forward, in order


def start_sshd(lab, *, port=0, level="DEBUG1", sshd=SSHD, **settings):
    """`settings` are lines of sshd_config."""
    if os.geteuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # where sshd as root drops privileges to
    folder = lab.folder("sshd")
    config = folder / "sshd_config"
    lines = {
        "ListenAddress": LOOPBACK, "HostKey": lab.host_key.path,
        "AuthorizedKeysFile": lab.authorized_keys, "UsePAM": "no", "StrictModes": "no",
        "PidFile": "none", "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "no", "LogLevel": level, "PermitUserRC": "no",
        "MaxStartups": "200", **settings}
    config.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))

    def start(wanted):
        # sshd takes no port 0, and the free one may be gone when it binds: another try then.
        for last_try in (False, False, True):
            chosen = wanted or free_port()
            process = lab.run("sshd", [sshd, "-D", "-e", "-f", config, "-p", chosen])
            try:
                process.wait_for_line(rf"^Server listening on {LOOPBACK} port {chosen}\.")
                return process, chosen
            except AssertionError:
                if last_try or not process.matching("Address already in use"):
                    raise

    process, port = start(port)
    return Server(process, port, lab.host_key, start)


def start_culvertd(lab, *, config=None, user=None, flags=("-v",), wrapper=(), port=0, **options):
    """`config` adds to culvertd.yaml's top level, `user` to the one user's settings."""
    folder = lab.folder("culvertd")
    path = folder / "culvertd.yaml"

    def start(wanted):
        # JSON is YAML.
        path.write_text(json.dumps({
            "listen": [f"{LOOPBACK}:{wanted}"], "host_keys": [str(lab.host_key.path)],
            "users": {USER: {"authorized_keys_files": [str(lab.authorized_keys)],
                             **(user or {})}},
            **(config or {})}, indent=2))
        process = lab.run("culvertd",
                          [*wrapper, program("CULVERTD_BIN"), "-c", path, *flags], **options)
        match = process.wait_for_line(rf"listening on {re.escape(LOOPBACK)}:(\d+)\b")
        return process, int(match[1])

    process, port = start(port)
    return Server(process, port, lab.host_key, start)


def openssh_options(lab, server_port, host_key, **options):
    """-o words that ssh and culvert both understand."""
    settings = {"UserKnownHostsFile": lab.known_hosts(server_port, host_key),
                "StrictHostKeyChecking": "yes", **options}
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def ssh_words(lab, server, *, cipher=None, compression=False, port=None, rekey=None, ssh=(SSH,),
              **options):
    """ssh's command line, to which the forwards are added. `ssh`: the words that start the program;
    `options` are lines of ssh_config."""
    options = {"BatchMode": "yes", "IdentitiesOnly": "yes", "ExitOnForwardFailure": "yes",
               "GlobalKnownHostsFile": "/dev/null", "Compression": "yes" if compression else "no",
               **({"RekeyLimit": rekey} if rekey else {}), **options}
    return [*ssh, "-F", "none", "-v", "-i", lab.user_key.path, "-p", port or server.port,
            *openssh_options(lab, port or server.port, server.host_key, **options),
            *(["-c", cipher] if cipher else []), f"{USER}@{LOOPBACK}"]


def start_ssh(lab, server, targets, **settings):
    """ssh -N with a forward to each target."""
    for last_try in (False, False, True):
        ports = [free_port() for _ in targets]
        words = [*ssh_words(lab, server, **settings), "-N"]
        for local, target in zip(ports, targets):
            words += ["-L", f"{LOOPBACK}:{local}:{target}"]
        process = lab.run("ssh", words)
        try:
            process.wait_for_line("Entering interactive session")
            return Tunnel(process, [(LOOPBACK, local) for local in ports])
        except AssertionError:
            if last_try or not process.matching("Address already in use"):
                raise


def start_ssh_stdio(lab, server, target, **settings):
    """ssh -W: the stream is the program's stdin and stdout."""
    return lab.run("ssh", [*ssh_words(lab, server, **settings), "-W", target],
                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def culvert_words(lab, server, targets, *, cipher=None, compression=False, port=None, rekey=None,
                  identity=None, flags=("-v",), **options):
    """culvert's command line; local ports are 0, so that its ready lines name them."""
    options = {**options, **({"RekeyLimit": rekey} if rekey else {})}
    words = [program("CULVERT_BIN"), "-F", "none", *flags,
             "-i", identity or lab.user_key.path, "-p", port or server.port,
             *openssh_options(lab, port or server.port, server.host_key, **options)]
    words += ["-c", cipher] if cipher else []
    words += ["-C"] if compression else []
    for target in targets:
        words += ["-L", f"{LOOPBACK}:0:{target}"]
    return [*words, f"{USER}@{LOOPBACK}"]


def run_culvert(lab, *words):
    return lab.run("culvert", [program("CULVERT_BIN"), *words])


def tunnel_settings(lab, server, targets, **settings):
    """One tunnel of a culvert.yaml; `settings` add to it, and None takes away."""
    settings = {"server": f"{USER}@{LOOPBACK}:{server.port}", "identity": str(lab.user_key.path),
                "known_hosts": [str(lab.known_hosts(server.port, server.host_key))],
                "forwards": [{"local": f"{LOOPBACK}:0", "to": str(target)} for target in targets],
                **settings}
    return {key: value for key, value in settings.items() if value is not None}


def tunnels_file(lab, *, top=None, **tunnels):
    """A culvert.yaml with these tunnels; `top` adds to what stands beside them."""
    path = lab.folder("config") / "culvert.yaml"
    path.write_text(json.dumps({**(top or {}), "tunnels": tunnels}, indent=2))  # JSON is YAML
    return path


def start_culvert(lab, server, targets, *, connected=True, **settings):
    """culvert with a forward to each target, once all are bound and (unless told) connected."""
    process = lab.run("culvert", culvert_words(lab, server, targets, **settings))
    addresses = [forwarded(process, target) for target in targets]
    if connected:
        process.wait_for_line(r"^culvert: connected to ")
    return Tunnel(process, addresses)


def forwarded(process, target, since=0):
    """The local address that culvert's ready line names for a target, with or without a tunnel's
    name behind it."""
    match = process.wait_for_line(
        rf"^culvert: forwarding {re.escape(LOOPBACK)}:(\d+) -> {re.escape(str(target))}"
        rf"( \[[^\]]*\])?$", since=since)
    return LOOPBACK, int(match[1])


SERVERS = {"sshd": start_sshd, "culvertd": start_culvertd}
CLIENTS = {"ssh": start_ssh, "culvert": start_culvert}
