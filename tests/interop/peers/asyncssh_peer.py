"""AsyncSSH in both roles, as a program of its own: what it prints on stderr drives the tests.

client HOST PORT USER KEY[,KEY...] HOST_KEY_LINE REKEY_BYTES TARGET...  forwards, until it is ended
server PORT HOST_KEY AUTHORIZED_KEYS REKEY_BYTES                        serves forwards, until then
opener HOST PORT USER KEY HOST_KEY_LINE TARGETS                         opens each of them once
hasty HOST PORT HOST_KEY_LINE MESSAGE TARGET_HOST TARGET_PORT           sends that message of the
                                       connection protocol (RFC 4254) instead of logging in
login HOST PORT USER HOST_KEY_LINE STEP...                              takes these steps of a login

The keys are tried in their order; REKEY_BYTES 0 leaves the library's own limit. Options, ahead of that:
--cipher=NAME, --compression=NAME, --odd-lists (KEXINITs with names that match nothing),
--listed=ALGORITHMS (what server-sig-algs says, whatever it takes) and --skips-no-guess (a wrong guess
of the key exchange is taken for the client's message, as by paramiko).
"""

import asyncio
import json
import sys
import warnings

warnings.simplefilter("ignore")  # its imports warn of ciphers that are older than we are
import asyncssh  # noqa: E402  pylint: disable=wrong-import-position

LOGIN_TAKES = 0.2  # seconds: as long as asking a database
ODD_NAMES = [b"x" * 65, b"aes-\xe4\xff", b"two words", b"null@", b"@null", b"a@b@c"]
settings = {}


def say(text):
    print(f"asyncssh: {text}", file=sys.stderr, flush=True)


def algorithms(rekey_bytes):
    chosen = {"rekey_bytes": int(rekey_bytes)} if int(rekey_bytes) else {}
    if "cipher" in settings:
        chosen["encryption_algs"] = [settings["cipher"]]
    if "compression" in settings:
        chosen["compression_algs"] = [settings["compression"]]
    return chosen


def odd_list(names):
    """A name-list with odd names; the last one is empty. The first name is as it was: whether the
    peer guesses the key exchange right hangs on it, which AsyncSSH judges by the list without them."""
    return asyncssh.packet.String(b",".join([*names[:1], *ODD_NAMES, *names[1:], *ODD_NAMES, b""]))


async def client(host, port, user, keys, host_key, rekey_bytes, *targets):
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    connection = await asyncssh.connect(
        host, int(port), username=user, client_keys=keys.split(","), known_hosts=known, config=None,
        agent_path=None, **algorithms(rekey_bytes))
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


def login_request(connection, user, step):
    """The packet of a step: `service`, `none`, `password`, `keyboard-interactive`, `key=FILE`
    (signed), `blob=ALGORITHM=HEX` (with what is no signature)."""
    string, boolean = asyncssh.packet.String, asyncssh.packet.Boolean
    word, _, rest = step.partition("=")
    if word == "service":
        return 5, string("ssh-userauth")
    head = string(user) + string("ssh-connection")
    without_key = {"none": b"", "password": boolean(False) + string("secret"),
                   "keyboard-interactive": string("") + string("")}
    if word in without_key:
        return 50, head + string(word) + without_key[word]
    head += string("publickey") + boolean(True)
    if word == "blob":
        algorithm, _, blob = rest.partition("=")
        return 50, head + string(algorithm) + string(bytes.fromhex(blob)) + string("signature")
    key = asyncssh.read_private_key(rest)
    algorithm = b"rsa-sha2-256" if key.algorithm == b"ssh-rsa" else key.algorithm
    request = head + string(algorithm) + string(key.public_data)
    signed = string(connection._session_id) + asyncssh.packet.Byte(50) + request
    return 50, request + string(key.sign(signed, algorithm))


async def login(host, port, user, host_key, *steps):
    """Each step when the one before has its answer; says the answers' numbers."""
    made = asyncssh.connection.SSHClientConnection
    left = list(steps)

    def go_on(connection, *_):
        if left:
            connection.send_packet(*login_request(connection, user, left.pop(0)))
        else:
            connection.abort()

    def on_answer(connection, number, *_):
        say(f"answer {number}")
        go_on(connection)

    made._packet_handlers = {**made._packet_handlers, **dict.fromkeys((3, 6, 51, 52), on_answer)}
    made.send_service_request = go_on
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {host_key}\n")
    try:
        await asyncssh.connect(host, int(port), known_hosts=known, config=None, agent_path=None,
                               compression_algs=["none"])
    except asyncssh.DisconnectError as ending:
        say(f"ended: {ending.reason}")


class ForwardsOnly(asyncssh.SSHServer):
    async def begin_auth(self, username):
        await asyncio.sleep(LOGIN_TAKES)
        return True

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


def send_as_listed(connection, send=asyncssh.connection.SSHConnection._send_ext_info):
    connection._extensions_to_send[b"server-sig-algs"] = settings["listed"].encode()
    send(connection)


async def server(port, host_key, authorized_keys, rekey_bytes):
    if "skips-no-guess" in settings:
        asyncssh.connection.SSHConnection._ignore_first_kex = property(
            lambda connection: False, lambda connection, value: None)
    if "listed" in settings:
        asyncssh.connection.SSHConnection._send_ext_info = send_as_listed
    listener = await asyncssh.listen(
        "127.0.0.1", int(port), server_factory=ForwardsOnly, server_host_keys=[host_key],
        config=None, authorized_client_keys=authorized_keys, reuse_address=True,
        **algorithms(rekey_bytes))
    say(f"listening on {listener.sockets[0].getsockname()[1]}")
    await listener.wait_closed()


if __name__ == "__main__":
    words = sys.argv[1:]
    while words[0].startswith("--"):
        name, _, value = words.pop(0)[2:].partition("=")
        settings[name] = value
    if "odd-lists" in settings:
        asyncssh.connection.NameList = odd_list
    modes = {"client": client, "server": server, "hasty": hasty, "login": login,
             "opener": opener}
    asyncio.run(modes[words[0]](*words[1:]))
