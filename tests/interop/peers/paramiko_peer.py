"""Paramiko as a client, a program of its own: what it prints on stderr drives the tests.

client HOST PORT USER KEY[,KEY...] HOST_KEY_LINE REKEY_BYTES TARGET...   forwards, until it is ended

The keys are tried in their order. After REKEY_BYTES (unless 0) sent by all streams it begins one key
exchange, and no other: a CLOSE that arrives during a key exchange of its own ends its connection, with
any server.
"""

import socket
import struct
import sys
import threading
import warnings

warnings.simplefilter("ignore")  # its imports warn of ciphers that are older than we are
import paramiko  # noqa: E402  pylint: disable=wrong-import-position

PIECE = 1 << 16


def say(text):
    print(f"paramiko: {text}", file=sys.stderr, flush=True)


def log_in(transport, user, keys):
    for path in keys.split(","):
        try:
            transport.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(path))
            return
        except paramiko.AuthenticationException as refusal:
            say(f"a key was refused: {refusal}")
    sys.exit(1)


class Rekey:
    """Once, after so many bytes."""

    def __init__(self, transport, after):
        self._transport = transport
        self._left = after
        self._lock = threading.Lock()

    def count(self, length):
        with self._lock:
            due = 0 < self._left <= length
            self._left -= length
        if due:
            self._transport.renegotiate_keys()


def carry(receive, send, end, count=lambda length: None):
    """One direction, until its source ends; a hang-up or a reset is the end of both."""
    try:
        while data := receive(PIECE):
            send(data)
            count(len(data))
        end()
        return True
    except OSError:
        return False


def serve(transport, rekey, connection, host, port):
    try:
        channel = transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 1))
    except paramiko.SSHException as refusal:
        say(f"not opened: {refusal}")
        reset(connection)
        return
    clean = []

    def up():
        clean.append(carry(connection.recv, channel.sendall, channel.shutdown_write, rekey.count))
        if not clean[-1]:
            channel.close()

    sender = threading.Thread(target=up, daemon=True)
    sender.start()
    clean.append(carry(channel.recv, connection.sendall,
                       lambda: connection.shutdown(socket.SHUT_WR)))
    if not clean[-1]:
        channel.close()
    sender.join()
    channel.close()
    if all(clean):
        connection.close()
    else:
        reset(connection)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def accept(transport, rekey, listener, host, port):
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, daemon=True,
                         args=(transport, rekey, connection, host, port)).start()


def client(host, port, user, keys, host_key, rekey_bytes, *targets):
    transport = paramiko.Transport((host, int(port)))
    transport.start_client()
    assert transport.get_remote_server_key().get_base64() == host_key.split()[1]
    log_in(transport, user, keys)
    rekey = Rekey(transport, int(rekey_bytes))
    for target in targets:
        target_host, target_port = target.rsplit(":", 1)
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=accept, daemon=True, args=(
            transport, rekey, listener, target_host, int(target_port))).start()
        say(f"forwarding {listener.getsockname()[1]} -> {target}")
    say(f"cipher {transport.local_cipher}")
    transport.join()
    say(f"the connection ended: {transport.get_exception()}")
    sys.exit(1)


if __name__ == "__main__":
    {"client": client}[sys.argv[1]](*sys.argv[2:])
