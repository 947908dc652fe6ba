#!/usr/bin/env python3
"""A small POP3 server (RFC 1939) with a sample mailbox: something to tunnel to.

For ./dev demo and for tests; it keeps nothing, and accepts only what it is told to.
`pop3_server: listening on 127.0.0.1:PORT` on stderr says that it is ready.
"""

import argparse
import hashlib
import pathlib
import signal
import socketserver
import sys
import threading

MAILBOX = pathlib.Path(__file__).parent / "mailbox"
LONGEST_LINE = 512  # octets with CRLF; RFC 2449 4 says 255, clients send less
IDLE_SECONDS = 600  # RFC 1939 3: an autologout timer is at least ten minutes


def read_mailbox(folder):
    """The messages of a folder in the order of their names, with CRLF line ends."""
    paths = sorted(folder.glob("*.eml"))
    return [b"\r\n".join(path.read_bytes().splitlines()) + b"\r\n" for path in paths]


class Refusal(Exception):
    """What the client asked for can't be done: the text of an -ERR line."""


class Session(socketserver.StreamRequestHandler):
    """One client, from the greeting to QUIT or its connection's end."""

    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle(self):
        self.user = None
        self.logged_in = False
        self.deleted = set()
        self.messages = self.server.messages
        self.say("+OK culvert sample POP3 server ready")
        try:
            while self.one_command():
                pass
        except OSError:
            pass  # the client went away, or said nothing for too long

    def one_command(self):
        """Reads and answers one line; False when the session is over."""
        line = self.rfile.readline(LONGEST_LINE + 1)
        if not line.endswith(b"\n"):
            if line:
                self.say("-ERR line too long or cut off")
            return False
        keyword, _, argument = line.decode("ascii", "replace").strip("\r\n").partition(" ")
        keyword = keyword.upper()
        try:
            command = self.COMMANDS.get(keyword)
            if command is None:
                raise Refusal("unknown command")
            needs_login, method = command
            if needs_login != self.logged_in and keyword != "QUIT":
                raise Refusal("log in first" if needs_login else "already logged in")
            method(self, argument.strip())
        except Refusal as refusal:
            self.say(f"-ERR {refusal}")
        return keyword != "QUIT"

    # AUTHORIZATION state, RFC 1939 4

    def user_command(self, name):
        if not name:
            raise Refusal("USER needs a name")
        self.user = name
        self.say("+OK send PASS")

    def pass_command(self, password):
        if self.user is None:
            raise Refusal("USER comes first")
        if (self.user, password) != self.server.login:
            self.user = None
            raise Refusal("wrong user or password")
        self.logged_in = True
        self.say(f"+OK {self.user} has {len(self.messages)} messages")

    # TRANSACTION state, RFC 1939 5

    def stat_command(self, _):
        sizes = [len(message) for _, message in self.present()]
        self.say(f"+OK {len(sizes)} {sum(sizes)}")

    def list_command(self, argument):
        self.listing(argument, lambda message: len(message))

    def uidl_command(self, argument):
        self.listing(argument, lambda message: hashlib.sha256(message).hexdigest()[:32])

    def listing(self, argument, describe):
        """RFC 1939 5 (LIST) and 7 (UIDL): one message's line, or all of them."""
        if argument:
            number, message = self.pick(argument)
            self.say(f"+OK {number} {describe(message)}")
            return
        self.say(f"+OK {len(self.present())} messages")
        for number, message in self.present():
            self.say(f"{number} {describe(message)}")
        self.say(".")

    def retr_command(self, argument):
        _, message = self.pick(argument)
        self.say(f"+OK {len(message)} octets")
        # A line that starts with the termination octet gets a second one (RFC 1939 3).
        lines = message.split(b"\r\n")[:-1]
        self.wfile.write(b"".join(
            (b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines))
        self.say(".")

    def dele_command(self, argument):
        number, _ = self.pick(argument)
        self.deleted.add(number)
        self.say(f"+OK message {number} deleted")

    def rset_command(self, _):
        self.deleted.clear()
        self.say(f"+OK {len(self.messages)} messages")

    def noop_command(self, _):
        self.say("+OK")

    def quit_command(self, _):
        # The mailbox is a sample: deletions end with the session.
        self.say("+OK bye")

    COMMANDS = {  # keyword: (only after login, what it does); QUIT works in both states
        "USER": (False, user_command), "PASS": (False, pass_command),
        "STAT": (True, stat_command), "LIST": (True, list_command),
        "UIDL": (True, uidl_command), "RETR": (True, retr_command),
        "DELE": (True, dele_command), "RSET": (True, rset_command),
        "NOOP": (True, noop_command), "QUIT": (False, quit_command),
    }

    def present(self):
        return [(number, message) for number, message in enumerate(self.messages, 1)
                if number not in self.deleted]

    def pick(self, argument):
        for number, message in self.present():
            if argument == str(number):
                return number, message
        raise Refusal("no such message")

    def say(self, line):
        self.wfile.write(line.encode("ascii", "replace") + b"\r\n")


class Pop3Server(socketserver.ThreadingTCPServer):
    """Serves `messages` to whoever logs in as `login`, a (user, password) pair."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, login=("alice", "wonderland"), messages=None):
        super().__init__(address, Session)
        self.login = login
        self.messages = read_mailbox(MAILBOX) if messages is None else messages


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--user", default="alice")
    parser.add_argument("--password", default="wonderland")
    options = parser.parse_args()
    login = (options.user, options.password)
    with Pop3Server((options.bind, options.port), login) as server:
        # shutdown() waits for serve_forever(), which the handler interrupts: another thread asks.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        host, port = server.server_address
        print(f"pop3_server: listening on {host}:{port}", file=sys.stderr, flush=True)
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
