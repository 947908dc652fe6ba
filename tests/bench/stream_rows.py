"""How many: new streams, idle ones, active ones, and connections."""

import contextlib
import time

import load
import usage
from figures import LESS, MORE, OURS, Figure, Row, Target
from ssh_tunnels import culvertd, up_with_tunnels
from surroundings import Surroundings

GB = 1e9
ACTIVE = (1, 10, 100, 1000)
SETTLED = 1.0  # seconds from when the last stream has carried something
HELD_BY_ONE = 5000  # idle streams of one process of the load, with a descriptor each


def new_streams(bench, name):
    """(1/s, CPU us)"""
    setup, count = bench.tunnel(name), bench.options.streams
    if name == "relays":
        count //= 16  # they fork twice for each, which takes 10 ms
    report = setup.measure("new-streams", port=setup.echo_port, count=count)
    return count / report["seconds"], report["cpu"] / count * 1e6


def idle(count):
    """(KiB a stream, KiB before there was any): of a tunnel that has done nothing else."""
    def measure(bench, name):
        held = min(count, 1000) if name == "relays" else count  # two processes for each stream
        ports = max(1, held // HELD_BY_ONE)
        with bench.fresh_tunnel(name, Surroundings(echoes=ports)) as setup:
            before = setup.kibibytes()
            with contextlib.ExitStack() as holding:
                for port in setup.echo_ports:
                    holding.enter_context(contextlib.closing(
                        load.Running("idle", port=port, count=held // ports)))
                return (setup.kibibytes() - before) / held, before
    return measure


def wait_until_settled(many):
    """All streams flow; those that haven't begun after two minutes never will."""
    deadline = time.monotonic() + 120
    while (report := many.ask())["started"] < many.report["streams"]:
        if time.monotonic() > deadline:
            raise load.LoadFailed(f"only {report['started']} of {many.report['streams']} streams "
                                  "carry anything")
        time.sleep(0.1)
    time.sleep(SETTLED)


def cpu_per_gb(setup, direction, streams, measured):
    with contextlib.closing(load.Running("many", ports=setup.bulk_port, streams=streams,
                                         direction=direction)) as many:
        wait_until_settled(many)
        bytes_before, cpu_before = sum(many.ask()["bytes"]), setup.cpu_seconds()
        time.sleep(measured)
        carried, cpu = sum(many.ask()["bytes"]) - bytes_before, setup.cpu_seconds() - cpu_before
    if carried == 0:
        raise load.LoadFailed(f"{streams} streams carry nothing in {measured} s")
    time.sleep(SETTLED)  # they are broken off, which takes a moment
    return cpu / (carried / GB)


def growth(direction):
    """(CPU s/GB for each number of streams, the worst of them divided by the first)"""
    def measure(bench, name):
        with bench.fresh_tunnel(name, Surroundings(many=True)) as setup:
            costs = [cpu_per_gb(setup, direction, streams, bench.options.seconds)
                     for streams in ACTIVE]
            return *costs, max(costs) / costs[0]
    return measure


def connections(count, streams):
    """(MiB of the daemon without streams and with all of them busy, MB/s of all, the best
    connection's share of the mean, the worst's): one culvert keeps all of the SSH connections.
    """
    def measure(bench, _name):
        with bench.fresh_lab() as lab, \
                contextlib.closing(load.Server(loop=True)) as server:
            daemon = culvertd(lab)
            _, ports = up_with_tunnels(lab, daemon, count, server)
            quiet = usage.proportional_kibibytes({daemon.process.pid})
            with contextlib.closing(load.Running("many", ports=",".join(map(str, ports)),
                                                 streams=streams)) as many:
                wait_until_settled(many)
                before = many.ask()
                # A turn is half a MiB: a connection's share is seen only after dozens of them.
                time.sleep(5 * bench.options.seconds)
                after = many.ask()
                busy = usage.proportional_kibibytes({daemon.process.pid})
        carried = [late - early for early, late in zip(before["bytes"], after["bytes"])]
        mean = sum(carried) / count
        return (quiet / 1024, busy / 1024, sum(carried) / (after["time"] - before["time"]) / 1e6,
                max(carried) / mean, min(carried) / mean)
    return measure


NEW = (Figure("rate", "1/s", MORE, (Target(2.0, "ssh"),)), Figure("cost", "CPU us", LESS))
IDLE = (Figure("each", "KiB", LESS, (Target(4),)), Figure("before", "KiB", LESS))
GROWTH = (*(Figure(f"{count} active", "CPU s/GB", LESS) for count in ACTIVE),
          Figure("growth", "times", LESS, (Target(1.2),)))
CONNECTIONS = (Figure("quiet", "MiB", LESS), Figure("busy", "MiB", LESS, (Target(150),)),
               Figure("rate", "MB/s", MORE), Figure("best", "of mean", LESS, (Target(1.1),)),
               Figure("worst", "of mean", MORE, (Target(0.9),)))

ROWS = (
    Row("new", "new streams, 16 at a time", NEW, new_streams,
        ("direct", "relays", "ssh", "stunnel", "haproxy"), quick=True),
    Row("idle", "1,000 idle streams", IDLE, idle(1_000), ("relays", "ssh", "stunnel", "haproxy"),
        quick=True),
    # Without ssh: it opens them ever more slowly, and takes more than ten minutes.
    Row("idle10k", "10,000 idle streams", IDLE, idle(10_000), ()),
    # Without ssh: two minutes after 1,000 streams were opened, 205 of them had carried anything.
    Row("growth-down", "active streams down", GROWTH, growth("down"), ()),
    Row("growth-up", "active streams up", GROWTH, growth("up"), ()),
    Row("connections", "1,000 SSH connections", CONNECTIONS, connections(1_000, 10), (), (OURS,)),
)
