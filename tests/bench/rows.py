"""What is measured. A row is one measurement, and yields one or more figures."""

import contextlib
import dataclasses
import time

import load
import usage

MORE, LESS = "more", "less"  # which of two figures is the better one
GB = 1e9


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    better: str
    targets: dict = dataclasses.field(default_factory=dict)  # {rival: ratio to reach}


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # for --rows
    title: str
    figures: tuple
    measure: object  # measure(setup, options) -> a number for each figure
    rivals: tuple = ("relays", "ssh", "culvert")
    fresh: bool = False  # each run has a tunnel of its own, which has done nothing before


class Setup:
    """A running tunnel, and the load's servers behind it."""

    def __init__(self, start, lab):
        with contextlib.ExitStack() as started:
            # Echoes have a process of their own: they aren't to wait for bulk in the load itself.
            self._bulk = started.enter_context(contextlib.closing(load.LoadServer()))
            self._echo = started.enter_context(contextlib.closing(load.LoadServer()))
            self._tunnel = start(lab, [self._bulk, self._echo])
            self._started = started.pop_all()
        self.bulk_port, self.echo_port = self._tunnel.ports

    def measured(self, command, **options):
        """(its report, seconds of CPU that the tunnel used meanwhile)"""
        cpu = self.cpu_seconds()
        report = load.measure(command, **options)
        return report, self.cpu_seconds() - cpu

    def cpu_seconds(self):
        return usage.cpu_seconds(self._tunnel.pids)

    def kibibytes(self):
        return usage.proportional_kibibytes(self._tunnel.pids)

    def close(self):
        self._started.close()


def bulk(direction, streams=1):
    def measure(setup, options):
        size = options.mebibytes * 1024 * 1024 // streams
        report, cpu = setup.measured(direction, port=setup.bulk_port, streams=streams, bytes=size)
        return size * streams / report["seconds"] / 1e6, cpu / (size * streams / GB)
    return measure


def round_trips(setup, options):
    report, cpu = setup.measured("round-trips", port=setup.echo_port, count=options.round_trips)
    # The CPU of the warm-up, 50 more, is in it.
    return report["p50"] * 1e6, report["p99"] * 1e6, cpu / (report["count"] + 50) * 1e6


def round_trips_beside(direction):
    def measure(setup, options):
        report = load.measure("round-trips", port=setup.echo_port, count=options.round_trips,
                              most=20_000, bulk_port=setup.bulk_port, beside=direction)
        time.sleep(0.5)  # what was under way when the bulk stream was broken off drains
        return (report["p50"] * 1e6, report["p99"] * 1e6,
                report["bulk_bytes"] / report["bulk_seconds"] / 1e6)
    return measure


def new_streams(setup, options):
    report, cpu = setup.measured("new-streams", port=setup.echo_port, count=options.streams)
    return options.streams / report["seconds"], cpu / options.streams * 1e6


def idle(count):
    def measure(setup, options):
        before = setup.kibibytes()
        with contextlib.closing(load.Running("idle", port=setup.echo_port, count=count)):
            grown = setup.kibibytes() - before
        return grown / count, before
    return measure


BULK = (Figure("", "MB/s", MORE, {"ssh": 1.8, "relays": 1.0}),
        Figure("", "CPU s/GB", LESS, {"ssh": 0.42, "relays": 0.90}))
BESIDE = (Figure("p50", "us", LESS, {"ssh": 0.40}), Figure("p99", "us", LESS, {"ssh": 0.50}),
          Figure("bulk", "MB/s", MORE))

ROWS = (
    Row("up", "one stream up", BULK, bulk("up")),
    Row("down", "one stream down", BULK, bulk("down")),
    Row("up8", "8 streams up", BULK, bulk("up", 8)),
    Row("down8", "8 streams down", BULK, bulk("down", 8)),
    Row("rtt", "64 B round trip",
        (Figure("p50", "us", LESS, {"ssh": 0.70, "relays": 1.0}), Figure("p99", "us", LESS),
         Figure("", "CPU us", LESS, {"ssh": 0.70, "relays": 1.0})), round_trips),
    Row("rtt-down", "round trip beside down", BESIDE, round_trips_beside("down")),
    Row("rtt-up", "round trip beside up", BESIDE, round_trips_beside("up")),
    Row("new", "new streams, 16 at a time",
        (Figure("", "1/s", MORE, {"ssh": 2.0}), Figure("", "CPU us", LESS)), new_streams),
    Row("idle", "1,000 idle streams",
        (Figure("each", "KiB", LESS), Figure("before", "KiB", LESS)), idle(1000),
        fresh=True),
)
