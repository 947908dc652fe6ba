"""Hundreds of streams at once, opened, half-closed and reset at random for a while: every byte is
right, every end is the true one, and what the programs held is given back.

./dev stress changes how long by STRESS_SECONDS, over how many SSH connections by
STRESS_CONNECTIONS, how often they are lost by STRESS_RECONNECTS, and what memory may grow by to what
a sanitizer needs.
"""

import asyncio
import concurrent.futures
import hashlib
import os
import pathlib
import random
import re
import signal
import socket
import struct
import time

import pytest

from harness import streams
from harness.listening import listener_inode
from harness.peers import culvert_words, forwarded, start_culvert, start_culvertd
from harness.preload import preloaded
from harness.process import DEADLINE
from harness.target import closed_port, echo

SECONDS = int(os.environ.get("STRESS_SECONDS", "30"))
STREAMS = int(os.environ.get("STRESS_STREAMS", "500"))
CONNECTIONS = int(os.environ.get("STRESS_CONNECTIONS", "1"))
LARGEST = 1 << 20
CHUNK = 1 << 16
# What a stream does. The first byte tells the far end; eight bytes of size follow.
ECHO, SEND, COLLECT, RESET_THERE, RESET_HERE = b"ESCRH"
KINDS = [ECHO, SEND, COLLECT, RESET_THERE, RESET_HERE]
# MiB that the programs' memory may differ by from one load to the next.
SETTLED = int(os.environ.get("STRESS_SETTLED", "40"))
REFUSED = 10_000
RECONNECTS = int(os.environ.get("STRESS_RECONNECTS", "20"))


def content(seed, size):
    return hashlib.shake_256(seed).digest(size)


def abort(writer):
    """Ends a stream with RST."""
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def far_end(reader, writer):
    """What the target does with a stream, by its first nine bytes."""
    try:
        kind, size = struct.unpack(">BQ", await reader.readexactly(9))
        if kind == ECHO:
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
        elif kind == SEND:
            writer.write(content(b"S", size))
            await writer.drain()
        elif kind == COLLECT:
            digest = hashlib.sha256()
            while data := await reader.read(CHUNK):
                digest.update(data)
            writer.write(digest.digest())
        elif kind == RESET_THERE:
            writer.write(content(b"R", size))
            await writer.drain()
            abort(writer)
            return
        else:
            await reader.read()  # until the other end resets it
        writer.write_eof()
        await reader.read()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


class Load:
    """Streams through a tunnel to far_end(), so many at a time, until the time is over."""

    def __init__(self, address, seed, streams):
        self._address = address
        self._streams = streams
        self._random = random.Random(seed)
        self.done = dict.fromkeys(KINDS, 0)

    async def run(self, seconds):
        stop = time.monotonic() + seconds
        await asyncio.gather(*(self._keep_going(stop) for _ in range(self._streams)))

    async def _keep_going(self, stop):
        while time.monotonic() < stop:
            kind = self._random.choice(KINDS)
            size = int(LARGEST ** self._random.random())
            await asyncio.wait_for(self._stream(kind, size), DEADLINE * 4)
            self.done[kind] += 1

    async def _stream(self, kind, size):
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(struct.pack(">BQ", kind, size))
            await self._near_end(kind, size, reader, writer)
        finally:
            writer.close()

    async def _near_end(self, kind, size, reader, writer):
        if kind == ECHO:
            data = content(b"E", size)
            received = asyncio.ensure_future(reader.read())
            writer.write(data)
            writer.write_eof()
            assert await received == data
        elif kind == SEND:
            assert await reader.read() == content(b"S", size)
            writer.write_eof()
        elif kind == COLLECT:
            data = content(b"C", size)
            writer.write(data)
            writer.write_eof()
            assert await reader.read() == hashlib.sha256(data).digest()
        elif kind == RESET_THERE:
            # Behind a reset data may be lost, but what looks like an end never comes.
            with pytest.raises(ConnectionResetError):
                await reader.read()
        else:
            writer.write(content(b"H", size))
            if size % 2:
                await writer.drain()
            abort(writer)


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def resident(process):
    """MiB."""
    pages = pathlib.Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE") / (1 << 20)


def wait_until_back(process, before):
    deadline = time.monotonic() + DEADLINE
    while descriptors(process) > before:
        assert time.monotonic() < deadline, (
            f"{process.name} has {descriptors(process)} descriptors, and had {before}")


def end_without_channels(server):
    """Told to drain, culvertd would wait for an hour for a channel that is left."""
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


async def put_under_load(lab, rekey, seconds=SECONDS, streams=STREAMS, connections=CONNECTIONS):
    far = await asyncio.start_server(far_end, "127.0.0.1", 0, backlog=1024)
    target = "127.0.0.1:%d" % far.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    server = await loop.run_in_executor(None, lambda: start_culvertd(
        lab, flags=(), config={"limits": {"drain": "1h"},
                               **({"rekey_limit": rekey} if rekey else {})}))
    tunnel = await loop.run_in_executor(None, lambda: start_culvert(
        lab, server, [target], flags=(), rekey=rekey, Connections=connections))
    await loop.run_in_executor(None, lambda: tunnel.process.wait_for_line(
        "^culvert: connected to ", times=connections))
    processes = [server.process, tunnel.process]
    before = [descriptors(process) for process in processes]

    async def load(time_limit, seed):
        work = Load(tunnel.addresses[0], seed, streams)
        await work.run(time_limit)
        for process, count in zip(processes, before):
            await loop.run_in_executor(None, wait_until_back, process, count)
        return work.done

    await load(max(2, seconds // 6), "warm")
    settled = [resident(process) for process in processes]
    done = await load(seconds, "load")
    after = [resident(process) for process in processes]
    far.close()
    await loop.run_in_executor(None, end_without_channels, server.process)
    return done, settled, after


@pytest.mark.parametrize("rekey", [None, "1M"], ids=["plain", "rekeying"])
def test_streams_come_and_go(lab, rekey):
    done, settled, after = asyncio.run(put_under_load(lab, rekey))
    print({chr(kind): count for kind, count in done.items()}, settled, after)
    assert min(done.values()) >= 10
    for before, now in zip(settled, after):
        assert now < before + SETTLED


@pytest.mark.short
@pytest.mark.parametrize("connections", [1, 3])
def test_some_streams_come_and_go_for_a_moment(lab, connections):
    """For the sanitizers: few enough for a slow program, and no word of memory."""
    done, _, _ = asyncio.run(put_under_load(lab, "1M", seconds=3, streams=50,
                                            connections=connections))
    assert min(done.values()) >= 1


def test_refused_connects_are_told_by_a_few_lines_and_an_exact_count(lab):
    holder, port = closed_port()
    with holder:
        server = start_culvertd(lab, flags=())
        tunnel = start_culvert(lab, server, [f"127.0.0.1:{port}"], flags=())

        def ask(_):
            with streams.connect(tunnel.addresses[0]) as connection:
                return streams.receive_to_end(connection).ending

        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask, range(REFUSED))) == {"reset"}
        spans = 2 + int(time.monotonic() - began) // 10
    for process, counted in ((tunnel.process, "connections that were reset"),
                             (server.process, "targets not opened")):
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        lines = process.matching(f"127.0.0.1:{port}:? not opened: .*connection refused")
        counts = [int(match[1]) for line in process.lines
                  if (match := re.search(rf"(\d+) more {counted}", line))]
        assert len(lines) <= 10 * spans and len(counts) <= spans  # of each ten seconds
        assert len(lines) + sum(counts) == REFUSED


@pytest.mark.short
def test_the_listener_outlives_many_reconnects(lab):
    """culvert's clock is fast: the time between its tries becomes a minute."""
    server = start_culvertd(lab)
    target = lab.target(echo)
    words = culvert_words(lab, server, [target], ConnectTimeout=3600, ServerAliveInterval=0)
    process = lab.run("culvert", [*preloaded(lab, "fast_clock"), *words])
    address = forwarded(process, target)
    inode = listener_inode(address[1])
    process.wait_for_line("^culvert: connected to")
    for _ in range(RECONNECTS):
        with streams.connect(address) as connection:
            assert streams.echoes(connection)
            mark = process.mark()
            server.process.kill()
            assert streams.receive_to_end(connection).ending == "reset"
        server.restart()
        process.wait_for_line("^culvert: connected to", since=mark)
    assert inode and listener_inode(address[1]) == inode
    assert len(process.matching("^culvert: forwarding")) == 1
