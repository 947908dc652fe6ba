"""ssh-agent, what may stand between it and culvert, and culvert with it."""

import socket
import subprocess
import threading

from .keys import read_key
from .peers import LOOPBACK, USER, openssh_options, program

REQUESTS = {11: "list", 13: "sign"}  # SSH_AGENTC_REQUEST_IDENTITIES, SSH_AGENTC_SIGN_REQUEST
REFUSAL = b"\0\0\0\1\5"


class Between:
    """Stands between culvert and an agent, and does `before` first: that returns the answer, or
    None for the agent's."""

    def __init__(self, lab, agent, **before):
        self.socket = lab.folder("between") / "socket"
        self._agent = agent
        self._before = before
        self.asked = dict.fromkeys(REQUESTS.values(), 0)  # how often for each
        self._listener = lab.keep(socket.socket(socket.AF_UNIX))
        self._listener.bind(str(self.socket))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection):
        with connection, socket.socket(socket.AF_UNIX) as agent:
            request = self._message(connection)
            name = REQUESTS[request[4]]
            self.asked[name] += 1
            answer = self._before.get(name, lambda: None)()
            if answer is None:
                agent.connect(str(self._agent.socket))
                agent.sendall(request)
                answer = self._message(agent)
            try:
                connection.sendall(answer)
            except OSError:
                pass  # culvert is gone

    @staticmethod
    def _message(connection):
        header = connection.recv(4, socket.MSG_WAITALL)
        return header + connection.recv(int.from_bytes(header, "big"), socket.MSG_WAITALL)


class Agent:
    """ssh-agent in the foreground, and ssh-add for it."""

    def __init__(self, lab):
        self.lab = lab
        self.socket = lab.folder("agent") / "socket"
        self.start()

    def start(self):
        self.process = self.lab.run("ssh-agent", ["/usr/bin/ssh-agent", "-D", "-a", self.socket],
                                    stdout=subprocess.PIPE)
        self.process.popen.stdout.readline()  # it prints its socket's name once that is there

    def add(self, key, *words, passphrase=None):
        env = {**self.lab.env, "SSH_AUTH_SOCK": str(self.socket)}
        if passphrase:
            script = self.lab.folder("askpass") / "askpass"
            script.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
            script.chmod(0o700)
            env |= {"SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", *words, *([key.path] if key else [])], env=env, check=True,
                       stdin=subprocess.DEVNULL)


def make_typed_key(lab, kind, *words, passphrase=""):
    path = lab.folder("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", path, *words],
                   check=True)
    return read_key(path)


def words(lab, server, target, *, agent=None, identities=(), **options):
    """culvert without -i unless asked; the agent is named by -o unless the test sets it itself."""
    made = [program("CULVERT_BIN"), "-F", "none", "-v", "-p", server.port,
            *openssh_options(lab, server.port, server.host_key, **options)]
    if agent:
        made += ["-o", f"IdentityAgent={agent.socket}"]
    for identity in identities:
        made += ["-i", identity]
    return [*made, "-L", f"{LOOPBACK}:0:{target}", f"{USER}@{LOOPBACK}"]


def connects(lab, argv):
    process = lab.run("culvert", argv)
    process.wait_for_line("^culvert: connected to ")
    return process


def fails(lab, argv, status):
    """The line of the error, with the hint behind it if there is one."""
    process = lab.run("culvert", argv)
    assert process.wait() == status, process.log()
    has_hint = process.lines[-1].startswith("culvert: hint: ")
    return "\n".join(process.lines[-2:] if has_hint else process.lines[-1:])
