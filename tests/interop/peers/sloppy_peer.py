"""A client and a server that keep the protocol less exactly than the RFCs want, as others in use do:
AsyncSSH, changed. What it prints on stderr drives the tests.

client HOST PORT USER KEY HOST_KEY_LINE TARGET_HOST TARGET_PORT   late messages, beside a stream
server HOST_KEY AUTHORIZED_KEYS                                   serves forwards, says things twice
"""

import asyncio
import socket
import sys
import warnings

warnings.simplefilter("ignore")  # its imports warn of ciphers that are older than we are
import asyncssh  # noqa: E402  pylint: disable=wrong-import-position

from asyncssh.packet import Boolean, String, UInt32  # noqa: E402  pylint: disable=wrong-import-position

ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST, SUCCESS, FAILURE = range(93, 101)
REQUEST_FAILURE = 82
ROUNDS = 20


def say(text):
    print(f"sloppy: {text}", file=sys.stderr, flush=True)


def name_list(names):
    """As libssh 0.10 has them, and with names that nobody knows."""
    return String(b",".join([*names, b"a name of its own", b"x" * 100]) + b",")


asyncssh.connection.NameList = name_list


def say_late(connection, channel):
    """Everything that may come too late, for the peer's number of a channel that is closed."""
    number = UInt32(channel)
    for _ in range(2):
        connection.send_packet(ADJUST, number, UInt32(1 << 20))
        connection.send_packet(DATA, number, String(b"late"))
        connection.send_packet(EXTENDED, number, UInt32(1), String(b"late"))
        connection.send_packet(EOF, number)
        connection.send_packet(CLOSE, number)
        connection.send_packet(REQUEST, number, String(b"window-change"), Boolean(True))
        connection.send_packet(SUCCESS, number)
        connection.send_packet(FAILURE, number)
        connection.send_packet(REQUEST_FAILURE)


async def echo(reader, writer, data):
    writer.write(data)
    assert await reader.readexactly(len(data)) == data


async def client(host, port, user, key, host_key, target_host, target_port):
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    connection = await asyncssh.connect(
        host, int(port), username=user, client_keys=[key], known_hosts=known, config=None,
        agent_path=None, compression_algs=["none"], rekey_bytes=20_000)
    target = target_host, int(target_port)
    reader, writer = await connection.open_connection(*target)
    for i in range(ROUNDS):
        await echo(reader, writer, b"beside %d" % i * 500)
        short_reader, short_writer = await connection.open_connection(*target)
        await echo(short_reader, short_writer, b"short")
        number = short_writer.channel._send_chan
        short_writer.close()
        await short_writer.wait_closed()
        say_late(connection, number)
    await echo(reader, writer, b"at the end")
    say("the other stream goes on")
    # In one segment: a target that answers the first EOF would have the channel closed before the rest.
    tcp = connection.get_extra_info("socket")
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    writer.channel.write_eof()
    connection.send_packet(EOF, UInt32(writer.channel._send_chan))
    connection.send_packet(DATA, UInt32(writer.channel._send_chan), String(b"after EOF"))
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
    assert await reader.read() == b""
    say("the end is clean")
    connection.close()
    await connection.wait_closed()


class ForwardsOnly(asyncssh.SSHServer):
    def connection_made(self, conn):
        self.connection = conn

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


def say_twice(channel_class):
    """CLOSE twice, and more behind it."""
    close_send, cleanup = channel_class._close_send, channel_class._cleanup

    def close_send_later_twice(channel):
        channel.number_at_peer = channel._send_chan or channel.number_at_peer
        close_send(channel)

    def cleanup_late(channel, exc=None):
        connection = channel._conn
        cleanup(channel, exc)
        if connection is not None and exc is None:
            asyncio.get_event_loop().call_soon(say_late, connection, channel.number_at_peer)

    channel_class.number_at_peer = 0
    channel_class._close_send = close_send_later_twice
    channel_class._cleanup = cleanup_late


async def server(host_key, authorized_keys):
    say_twice(asyncssh.channel.SSHChannel)
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=ForwardsOnly, server_host_keys=[host_key], config=None,
        authorized_client_keys=authorized_keys, compression_algs=["none"], rekey_bytes=20_000)
    say(f"listening on {listener.sockets[0].getsockname()[1]}")
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run({"client": client, "server": server}[sys.argv[1]](*sys.argv[2:]))
