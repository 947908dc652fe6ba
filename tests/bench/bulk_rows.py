"""How much, and at what cost: bulk on loopback, over a long path, compressed."""

import pathlib
import random
import re
import subprocess

from figures import LESS, MORE, Figure, Row, Target
from surroundings import Surroundings

MIB = 1024 * 1024
GB = 1e9
FAR = Surroundings(delay=0.050)  # a round trip of 100 ms
FAR_SIZE = 256 * MIB  # finding the path's rate is a part of it


def carried(setup, direction, size, streams=1):
    """(MB/s, CPU s/GB)"""
    report = setup.measure(direction, port=setup.bulk_port, streams=streams, bytes=size // streams)
    return size / report["seconds"] / 1e6, report["cpu"] / (size / GB)


def bulk(direction, streams=1):
    def measure(bench, name):
        return carried(bench.tunnel(name), direction, bench.options.mebibytes * MIB, streams)
    return measure


def far(direction):
    def measure(bench, name):
        with bench.fresh_tunnel(name, FAR) as setup:
            return carried(setup, direction, FAR_SIZE)[:1]
    return measure


def mail_like_text(path, size=4 * MIB):
    """Headers, and words as frequent as a language's are, for zlib to shrink to about 1/2.7."""
    chosen = random.Random(4)
    letters = "eeeeeeetttttaaaaooooiiiinnnnsssshhhrrrdddllluuccmmwfgypbvk"
    words = ["".join(chosen.choices(letters, k=chosen.choice((2, 3, 4, 5, 6, 7, 9))))
             for _ in range(4_000)]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    lines, length, number = [], 0, 0
    while length < size:
        number += 1
        sender = "".join(chosen.choices(letters, k=8))
        mail = [f"Received: from mx{number % 7}.example.com (192.0.2.{number % 250})",
                f"Message-ID: <{chosen.getrandbits(64):016x}@example.com>",
                f"From: {sender}@example.com", "Content-Type: text/plain; charset=utf-8", ""]
        mail += [" ".join(chosen.choices(words, weights, k=11)) for _ in range(40)] + [""]
        lines += mail
        length += sum(len(line) + 2 for line in mail)
    path.write_text("\r\n".join(lines))
    return path


def bytes_on_the_wire(port):
    """What clients of a port have received, as the kernel counts it (ss -i)."""
    shown = subprocess.run(["ss", "-tinH", f"dport = :{port}"], check=True, capture_output=True,
                           text=True).stdout
    return sum(map(int, re.findall(r"bytes_received:(\d+)", shown)))


def compressed_text(bench, name):
    """(MB/s, CPU s/GB, how much smaller it is on the wire)"""
    size = bench.options.compressed_mebibytes * MIB
    if name == "culvert-zstd":
        size *= 4  # it is that much faster
    text = mail_like_text(pathlib.Path(bench.lab.root / "mail"))
    with bench.fresh_tunnel(name, Surroundings(content=text)) as setup:
        before = bytes_on_the_wire(setup.tunnel.server_port)
        figures = carried(setup, "down", size)
        return *figures, size / (bytes_on_the_wire(setup.tunnel.server_port) - before)


BULK = (Figure("rate", "MB/s", MORE, (Target(1.8, "ssh"), Target(1.0, "relays"))),
        Figure("cost", "CPU s/GB", LESS, (Target(0.42, "ssh"), Target(0.90, "relays"))))
MIXED = (Figure("rate", "MB/s", MORE, (Target(1.25, "ssh", "ssh+culvertd"),
                                       Target(1.25, "ssh", "culvert+sshd"))),
         Figure("cost", "CPU s/GB", LESS))
CHACHA20 = (Figure("rate", "MB/s", MORE), Figure("cost", "CPU s/GB", LESS))
OVER_FAR = (Figure("rate", "MB/s", MORE, (Target(10, "ssh"), Target(0.8, "stunnel"))),)
TEXT = (Figure("rate", "MB/s", MORE, (Target(2, "ssh-C", "culvert-zlib"),
                                      Target(8, "ssh-C", "culvert-zstd"))),
        Figure("cost", "CPU s/GB", LESS),
        Figure("smaller", "times", MORE, (Target(0.9, "ssh-C", "culvert-zlib"),
                                          Target(1.0, "ssh-C", "culvert-zstd"))))
NOISE = (Figure("rate", "MB/s", MORE),
         Figure("cost", "CPU s/GB", LESS, (Target(1.05, "culvert", "culvert-zlib"),
                                           Target(1.05, "culvert", "culvert-zstd"))))
MIXED_PAIRS = ("ssh+culvertd", "culvert+sshd")
ALL = ("direct", "relays", "ssh", "ssh-aes128", "ssh-chacha20", "stunnel", "haproxy")

ROWS = (
    Row("up", "one stream up", BULK, bulk("up"), ALL, quick=True, limit=True),
    Row("down", "one stream down", BULK, bulk("down"), ALL, quick=True, limit=True),
    Row("up8", "8 streams up", BULK, bulk("up", 8), quick=True, limit=True),
    Row("down8", "8 streams down", BULK, bulk("down", 8), quick=True, limit=True),
    Row("mixed-up", "one end ours, up", MIXED, bulk("up"), ("ssh",), MIXED_PAIRS),
    Row("mixed-down", "one end ours, down", MIXED, bulk("down"), ("ssh",), MIXED_PAIRS),
    Row("chacha-up", "chacha20 up", CHACHA20, bulk("up"), ("ssh-chacha20",), ("culvert-chacha20",)),
    Row("chacha-down", "chacha20 down", CHACHA20, bulk("down"), ("ssh-chacha20",),
        ("culvert-chacha20",)),
    Row("far-up", "up over 100 ms", OVER_FAR, far("up"), ("direct", "ssh", "stunnel")),
    Row("far-down", "down over 100 ms", OVER_FAR, far("down"), ("direct", "ssh", "stunnel")),
    Row("text", "mail-like text down", TEXT, compressed_text, ("ssh-C",),
        ("culvert-zlib", "culvert-zstd")),
    Row("noise", "noise down, compressing", NOISE, bulk("down"), ("culvert",),
        ("culvert-zlib", "culvert-zstd")),
)
