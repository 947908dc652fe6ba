"""How long: 64 bytes there and back, alone and beside a stream that saturates the tunnel."""

import time

from figures import LESS, MORE, Figure, Row, Target
from surroundings import Surroundings

WARM_UP = 50  # round trips that culvert_load makes before it measures
SLOW = Surroundings(delay=0.025, megabits=20)  # a round trip of 50 ms, and 125 KB in flight
SLOW_SECONDS = 10


def round_trips(bench, name):
    """(p50 us, p99 us, CPU us)"""
    setup = bench.tunnel(name)
    report = setup.measure("round-trips", port=setup.echo_port, count=bench.options.round_trips)
    return (report["p50"] * 1e6, report["p99"] * 1e6,
            report["cpu"] / (report["count"] + WARM_UP) * 1e6)


def beside(direction):
    """(p50 us, p99 us, MB/s of the stream beside)"""
    def measure(bench, name):
        setup = bench.tunnel(name)
        report = setup.measure("round-trips", port=setup.echo_port, bulk_port=setup.bulk_port,
                               count=bench.options.round_trips, most=20_000, beside=direction)
        time.sleep(0.5)  # what was under way when the bulk stream was broken off drains
        return (report["p50"] * 1e6, report["p99"] * 1e6,
                report["bulk_bytes"] / report["bulk_seconds"] / 1e6)
    return measure


def beside_over_slow_path(direction):
    """(p50 ms, p99 ms, Mbit/s of the stream beside)"""
    def measure(bench, name):
        with bench.fresh_tunnel(name, SLOW) as setup:
            report = setup.measure("round-trips", port=setup.echo_port, bulk_port=setup.bulk_port,
                                   count=10_000, most=SLOW_SECONDS * 1000, settle=3000,
                                   beside=direction)
        return (report["p50"] * 1e3, report["p99"] * 1e3,
                report["bulk_bytes"] * 8 / report["bulk_seconds"] / 1e6)
    return measure


ALONE = (Figure("p50", "us", LESS, (Target(0.70, "ssh"), Target(1.0, "relays"))),
         Figure("p99", "us", LESS),
         Figure("cost", "CPU us", LESS, (Target(0.70, "ssh"), Target(1.0, "relays"))))
BESIDE = (Figure("p50", "us", LESS, (Target(0.40, "ssh"),)),
          Figure("p99", "us", LESS, (Target(0.50, "ssh"),)), Figure("beside", "MB/s", MORE))
OVER_SLOW = (Figure("p50", "ms", LESS, (Target(0.20, "ssh"),)), Figure("p99", "ms", LESS),
             Figure("beside", "Mbit/s", MORE, (Target(0.9, "ssh"),)))

ROWS = (
    Row("rtt", "64 B round trip", ALONE, round_trips,
        ("direct", "relays", "ssh", "stunnel", "haproxy"), quick=True),
    Row("rtt-down", "64 B beside one down", BESIDE, beside("down"), quick=True),
    Row("rtt-up", "64 B beside one up", BESIDE, beside("up"), quick=True),
    Row("slow-down", "beside down, 20 Mbit/s", OVER_SLOW, beside_over_slow_path("down"), ("ssh",)),
    Row("slow-up", "beside up, 20 Mbit/s", OVER_SLOW, beside_over_slow_path("up"), ("ssh",)),
)
