"""AsyncSSH in both roles, as a program of its own: what it prints on stderr drives the tests.

client HOST PORT USER KEY HOST_KEY_LINE CIPHER COMPRESSION TARGET...   forwards, until it is ended
server HOST_KEY AUTHORIZED_KEYS CIPHER COMPRESSION                     serves forwards, until then
opener HOST PORT USER KEY HOST_KEY_LINE TARGETS                        opens each of them once
hasty HOST PORT HOST_KEY_LINE MESSAGE TARGET_HOST TARGET_PORT          sends that message of the
                                       connection protocol (RFC 4254) instead of logging in
"""

import asyncio
import json
import sys
import warnings

warnings.simplefilter("ignore")  # its imports warn of ciphers that are older than we are
import asyncssh  # noqa: E402  pylint: disable=wrong-import-position


def say(text):
    print(f"asyncssh: {text}", file=sys.stderr, flush=True)


async def client(host, port, user, key, host_key, cipher, compression, *targets):
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    connection = await asyncssh.connect(
        host, int(port), username=user, client_keys=[key], known_hosts=known, config=None,
        agent_path=None, encryption_algs=[cipher], compression_algs=[compression])
    try:
        await connection.run("true")
        say("a session was opened")
    except asyncssh.ChannelOpenError as refusal:
        say(f"a session was refused: {refusal.reason}")
    for target in targets:
        target_host, target_port = target.rsplit(":", 1)
        listener = await connection.forward_local_port("127.0.0.1", 0, target_host,
                                                       int(target_port))
        say(f"forwarding {listener.get_port()} -> {target}")
    say(f"cipher {connection.get_extra_info('send_cipher')}, "
        f"compression {connection.get_extra_info('send_compression')}")
    await connection.wait_closed()


def early_message(number, host, port):
    """What asks for as much as a message of this number can."""
    string, uint32 = asyncssh.packet.String, asyncssh.packet.UInt32
    place = string(host) + uint32(port)
    return {
        80: string("tcpip-forward") + b"\1" + place,
        90: string("direct-tcpip") + uint32(0) + uint32(1000) + uint32(1000) + place +
            string("127.0.0.1") + uint32(1),
        94: uint32(0) + string("data"),
        98: uint32(0) + string("exec") + b"\1" + string("true"),
    }[number]


async def hasty(host, port, host_key, message, target_host, target_port):
    payload = early_message(int(message), target_host, int(target_port))

    def send_at_once(connection, _):
        connection._auth_complete = True  # it would keep the message until then
        connection.send_packet(int(message), payload)

    asyncssh.connection.SSHClientConnection.send_service_request = send_at_once
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    try:
        await asyncssh.connect(host, int(port), known_hosts=known, config=None, agent_path=None,
                               compression_algs=["none"])
    except asyncssh.DisconnectError as ending:
        say(f"the server ended it: {ending.reason}")


async def opener(host, port, user, key, host_key, targets):
    """Says what becomes of each of the targets, a JSON list of [host, port]."""
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    async with asyncssh.connect(host, int(port), username=user, client_keys=[key],
                                known_hosts=known, config=None, agent_path=None) as connection:
        for target in json.loads(targets):
            try:
                _, writer = await connection.open_connection(*target)
                writer.close()
                say(f"{json.dumps(target)}: opened")
            except asyncssh.ChannelOpenError as refusal:
                say(f"{json.dumps(target)}: ({refusal.code}) {refusal.reason}")


class ForwardsOnly(asyncssh.SSHServer):
    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def server(host_key, authorized_keys, cipher, compression):
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=ForwardsOnly, server_host_keys=[host_key], config=None,
        authorized_client_keys=authorized_keys, encryption_algs=[cipher],
        compression_algs=[compression])
    say(f"listening on {listener.sockets[0].getsockname()[1]}")
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run({"client": client, "server": server, "hasty": hasty,
                 "opener": opener}[sys.argv[1]](*sys.argv[2:]))
