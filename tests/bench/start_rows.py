"""How soon: the first byte of a cold tunnel, and handshakes."""

import contextlib
import subprocess
import time

import load
import usage
from figures import LESS, MORE, OURS, Figure, Row, Target
from harness import streams
from harness.peers import culvert_words, forwarded
from ssh_tunnels import AES256, culvertd, quiet_ssh_words, sshd

DELAYS = 0.050, 0.200  # s, one way; what the programs compute while they wait is the same in both
ECHO_REQUEST = b"e" + bytes(8) + b"x"  # culvert_load's: echo, and a byte for it
CLIENTS_AT_ONCE = 8
CHILDREN_END = 0.5  # s; what they used is known once the daemon has waited for them


def first_byte_of_ssh(lab, server, target, port, compression):
    words = quiet_ssh_words(lab, server, cipher=AES256, port=port, compression=compression)
    process = lab.run("ssh", [*words, "-W", target], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, bufsize=0)
    process.popen.stdin.write(ECHO_REQUEST)
    assert process.popen.stdout.read(1) == b"x", process.log()
    return process


def first_byte_of_culvert(lab, server, target, port, compression):
    process = lab.run("culvert", culvert_words(lab, server, [target], cipher=AES256, port=port,
                                               compression=compression, flags=()))
    with streams.connect(forwarded(process, target)) as stream:
        stream.sendall(ECHO_REQUEST)
        streams.receive_exactly(stream, 1)
    return process


COLD = {"ssh": (sshd, first_byte_of_ssh, False),
        "culvert": (culvertd, first_byte_of_culvert, False),
        "culvert-C": (culvertd, first_byte_of_culvert, True),
        "culvert+sshd": (sshd, first_byte_of_culvert, False),
        "ssh+culvertd": (culvertd, first_byte_of_ssh, False)}


def cold(bench, name):
    """(round trips from the client's start to the first byte back, ms that it takes on loopback)

    A round trip is what a longer path adds for each of its own; a whole number, so what noise adds
    is rounded away. TCP's handshake counts as one: here it isn't with the far end.
    """
    start_server, first_byte, compression = COLD[name]

    def seconds(delay):
        with contextlib.closing(load.Path(server.port, delay, 0)) as path:
            start = time.monotonic()
            process = first_byte(lab, server, target, path.port, compression)
            took = time.monotonic() - start
            process.stop()
        return took

    with bench.fresh_lab() as lab, contextlib.closing(load.Server()) as target:
        server = start_server(lab)
        seconds(0)  # the programs are in memory from here on
        near, shorter, longer = (seconds(delay) for delay in (0, *DELAYS))
        trips = (longer - shorter) / (2 * (DELAYS[1] - DELAYS[0]))
        return 1 + round(trips), near * 1e3


def handshakes(bench, name):
    """(handshakes a second that one core of the server completes, its CPU ms for each)

    The same client for all, ours: connect, key exchange, login with an Ed25519 key, end.
    """
    with bench.fresh_lab() as lab:
        server = {OURS: culvertd, "sshd": sshd}[name](lab)
        count = bench.options.handshakes if name == OURS else bench.options.handshakes // 10
        pids = {server.process.pid}
        before = usage.cpu_seconds(pids)
        load.handshakes(server.port, lab.user_key.path, count, CLIENTS_AT_ONCE)
        time.sleep(CHILDREN_END)
        each = (usage.cpu_seconds(pids) - before) / count
        return 1 / each, each * 1e3


ROWS = (
    Row("cold", "first byte, cold",
        (Figure("trips", "of path", LESS, (Target(4), Target(5, None, "culvert-C"),
                                           Target(5, None, "culvert+sshd"))),
         Figure("near", "ms", LESS)),
        cold, ("ssh",), ("culvert", "culvert-C", "culvert+sshd", "ssh+culvertd")),
    Row("handshakes", "handshakes of one core",
        (Figure("rate", "1/s", MORE, (Target(60, "sshd"),)), Figure("cost", "CPU ms", LESS)),
        handshakes, ("sshd",)),
)
