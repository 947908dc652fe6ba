"""Bytes through the tunnel: all of them, both ways at once, through rekeys and half-closes."""

import pathlib
import re
import socket

import pytest

from harness import streams
from harness.peers import CLIENTS, SERVERS, start_culvert, start_culvertd
from harness.proxies import DOWN, UP, Proxy
from harness.streams import MIB
from harness.target import echo

PAIRS = [("ssh", "culvertd"), ("culvert", "sshd"), ("culvert", "culvertd")]
ZLIB, ZSTD = "zlib@openssh.com", "zstd@culvert.internal"
GCM, CHACHA = "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"
ENCRYPTION, COMPRESSION = 2, 6  # client to server, in KEXINIT's order

pairs = pytest.mark.parametrize("client, server", PAIRS, ids=["-".join(pair) for pair in PAIRS])
ciphers = pytest.mark.parametrize("cipher", [GCM, CHACHA], ids=["gcm", "chacha"])
compressions = pytest.mark.parametrize("compression", [False, True], ids=["plain", "compressed"])


def start_server(lab, name, rekey):
    if name == "sshd":
        return SERVERS[name](lab, **({"RekeyLimit": rekey} if rekey else {}))
    return SERVERS[name](lab, config={"rekey_limit": rekey} if rekey else {})


def wait_for_rekeys(*processes):
    """Until each, at -v, has said twice that it took new keys in mid-session."""
    for process in processes:
        process.wait_for_line(r"rekeying out|rekeyed", times=2)


def answer_after_eof(connection, answer):
    received = streams.receive_to_end(connection)
    connection.sendall(answer)
    return received


def send_and_then_receive(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    return streams.receive_to_end(connection)


@pytest.mark.parametrize("size", [pytest.param(4 * MIB, marks=pytest.mark.short, id="4MiB"),
                                  pytest.param(64 * MIB, marks=pytest.mark.long, id="64MiB")])
@compressions
@ciphers
@pairs
def test_every_byte_arrives(lab, client, server, cipher, compression, size):
    up, down = streams.payload("up", size), streams.payload("down", size)
    some = streams.payload("some", MIB)
    both_ways = lab.target(lambda connection: streams.exchange(connection, down))
    client_ends_first = lab.target(lambda connection: answer_after_eof(connection, some))
    server_ends_first = lab.target(lambda connection: send_and_then_receive(connection, some))
    rekey = "4M" if size > 4 * MIB else "1M"

    server = start_server(lab, server, rekey)
    tunnel = CLIENTS[client](lab, server, [both_ways, client_ends_first, server_ends_first],
                             cipher=cipher, compression=compression, rekey=rekey)

    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, up) == streams.clean(down)
    assert both_ways.result() == streams.clean(up)

    with streams.connect(tunnel.addresses[1]) as connection:
        connection.sendall(some)
        connection.shutdown(socket.SHUT_WR)
        assert streams.receive_to_end(connection) == streams.clean(some)
    assert client_ends_first.result() == streams.clean(some)

    with streams.connect(tunnel.addresses[2]) as connection:
        assert streams.receive_to_end(connection) == streams.clean(some)
        connection.sendall(some)
        connection.shutdown(socket.SHUT_WR)
        assert server_ends_first.result() == streams.clean(some)

    wait_for_rekeys(tunnel.process, server.process)
    programs = {tunnel.process.name, server.process.name}
    method = (ZSTD if programs == {"culvert", "culvertd"} else ZLIB) if compression else "none"
    for process in (tunnel.process, server.process):
        told = (f"cipher: {cipher} MAC: <implicit> compression: {method}"
                if process.name.startswith("ssh") else f"{cipher}, compression {method}")
        assert process.matching(re.escape(told))


@pytest.mark.short
@compressions
@ciphers
def test_what_was_asked_for_is_what_is_offered_and_done(lab, cipher, compression):
    text = b"the same line again and again, as mail and logs have it\r\n" * 20000
    target = lab.target(echo)
    server = start_culvertd(lab)
    proxy = lab.keep(Proxy(server.address))
    tunnel = start_culvert(lab, server, [target], port=proxy.port, cipher=cipher,
                           compression=compression)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, text) == streams.clean(text)
    offered = proxy.plain[UP].offered()
    assert offered[ENCRYPTION] == [cipher]
    assert offered[COMPRESSION] == ([ZSTD, ZLIB, "none"] if compression else ["none", ZSTD, ZLIB])
    assert (proxy.passed[UP] < len(text) / 4) == compression
    assert tunnel.process.running()


def letter(way, length):
    lines = b"".join(b"%s line %d of a letter that says little\r\n" % (way.encode(), number)
                     for number in range(length // 36))
    assert len(lines) >= length
    return lines[:length]


@pytest.mark.short
@pytest.mark.parametrize("rekey", ["1M", None])
@pairs
def test_with_compression_noise_costs_no_bytes_and_text_shrinks_again(lab, client, server, rekey):
    """Noise is stored; it is tried again now and then, and with new keys, whether things have
    changed."""
    up, down = (streams.noise(way, 3 * MIB) + letter(way, 3 * MIB) for way in ("up", "down"))
    target = lab.target(lambda connection: streams.exchange(connection, down))
    server = SERVERS[server](lab)
    proxy = lab.keep(Proxy(server.address))
    tunnel = CLIENTS[client](lab, server, [target], compression=True, rekey=rekey, port=proxy.port)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, up) == streams.clean(down)
    assert target.result() == streams.clean(up)
    # All of the noise, and what of the text came ahead of the next try.
    for direction in (UP, DOWN):
        assert 3 * MIB < proxy.passed[direction] < 4.5 * MIB


@pytest.mark.short
@pytest.mark.parametrize("allowed, method", [(["zlib", "none"], ZLIB), (["none", "zstd"], ZSTD),
                                             (["none"], "none")],
                         ids=["zlib", "zstd", "none"])
def test_the_server_decides_what_there_is(lab, allowed, method):
    text = streams.payload("text", MIB)
    server = start_culvertd(lab, config={"compression": allowed})
    tunnel = start_culvert(lab, server, [lab.target(echo)], compression=True)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, text) == streams.clean(text)
    for process in (tunnel.process, server.process):
        assert process.matching(f", compression {re.escape(method)}$")


@pytest.mark.short
@pytest.mark.parametrize("starters", [{"client"}, {"server"}, {"client", "server"}],
                         ids=lambda starters: "+".join(sorted(starters)))
@pairs
def test_either_side_starts_a_rekey(lab, client, server, starters):
    up, down = streams.payload("up", 4 * MIB), streams.payload("down", 4 * MIB)
    target = lab.target(lambda connection: streams.exchange(connection, down))
    server = start_server(lab, server, "1M" if "server" in starters else None)
    tunnel = CLIENTS[client](lab, server, [target],
                             rekey="1M" if "client" in starters else None)
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.exchange(connection, up) == streams.clean(down)
    assert target.result() == streams.clean(up)
    wait_for_rekeys(tunnel.process, server.process)


def test_a_reader_that_is_always_behind_costs_no_memory(lab):
    """What it hasn't read is at most a window; what it has read is gone."""
    total, piece = 96 * MIB, 256 * 1024

    def read_slowly(connection):
        left = total
        while left:  # in pieces so small that what comes is always more
            left -= len(connection.recv(min(left, 256)))
        connection.sendall(b"done")

    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, [lab.target(read_slowly)])
    with streams.connect(tunnel.addresses[0]) as connection:
        data = bytes(piece)
        for _ in range(total // piece):
            connection.sendall(data)
        assert connection.recv(4) == b"done"
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    print("culvertd's peak", peak, "KiB")
    assert peak < 48 * 1024
