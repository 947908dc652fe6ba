#!/usr/bin/env python3
"""culvert beside its rivals, in one run on this machine: only the ratios count.

For each row the tunnels take turns (A B C A B C), and a ratio is taken within a turn. CPU and
memory are those of all of a tunnel's processes; a GB is 10^9 bytes. Nothing else should run
meanwhile. To repeat one figure, and for the whole table with the picture of its ratios:

    ./dev bench --rows rtt-down --rivals ssh --runs 9
    ./dev bench --chart docs/performance.svg

Two builds of ours, alternately, as the guard of a change to the data path:

    ./dev bench --against OTHER-BUILD --rows up,down,up8,down8,rtt,rtt-down,new
"""

import argparse
import contextlib
import os
import pathlib
import platform
import resource
import signal
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))
for name, place in (("CULVERT_BIN", "client/culvert"), ("CULVERTD_BIN", "server/culvertd")):
    os.environ.setdefault(name, str(ROOT / "build/release" / place))

import against  # noqa: E402  (the paths are set above)
import chart  # noqa: E402
import cpu  # noqa: E402
import limit  # noqa: E402
import own_network  # noqa: E402
import results  # noqa: E402
from figures import OURS  # noqa: E402
from load import LoadFailed  # noqa: E402
from rivals import TUNNELS, make_lab  # noqa: E402
from rows import ROWS  # noqa: E402
from surroundings import Setup, Surroundings  # noqa: E402
from table import lines_of  # noqa: E402


def options_of(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="of: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--rivals", default="", help="only these of each row's")
    parser.add_argument("--quick", action="store_true", help="the rows that matter most, smaller: "
                        "about two minutes")
    parser.add_argument("--against", type=pathlib.Path, metavar="BUILD", help="another build of "
                        "ours in place of rivals: the median of the runs' ratios, and its 90 %% "
                        "interval")
    parser.add_argument("--runs", type=int, help="3; 10 with --against")
    parser.add_argument("--mebibytes", type=int, default=1536, help="of each bulk transfer")
    parser.add_argument("--compressed-mebibytes", type=int, default=32, help="of text")
    parser.add_argument("--round-trips", type=int, default=2000)
    parser.add_argument("--streams", type=int, default=1600, help="new ones in a run")
    parser.add_argument("--handshakes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3, help="for which many streams flow")
    parser.add_argument("--congestion-control", choices=own_network.allowed(),
                        help="this instead of the system's, in a network of the bench's own, "
                        "where other settings are the kernel's defaults as well")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench/results.json")
    parser.add_argument("--chart", type=pathlib.Path, help="an SVG of the ratios, to write")
    options = parser.parse_args(words)
    options.runs = options.runs or (10 if options.against else 3)
    known = {row.name: row for row in ROWS}
    options.rivals = [name for name in options.rivals.split(",") if name]
    chosen = [name for name in options.rows.split(",") if name]
    if wrong := {*chosen} - {*known}:
        parser.error(f"no such row: {', '.join(wrong)}")
    if wrong := {*options.rivals} - {*(rival for row in ROWS for rival in row.rivals)}:
        parser.error(f"no such rival: {', '.join(wrong)}")
    options.rows = [known[name] for name in chosen]
    if not chosen:
        options.rows = [row for row in ROWS if row.quick or not options.quick]
    if options.quick:
        options.rivals = options.rivals or ["relays", "ssh"]
        options.mebibytes, options.round_trips = 192, 1000
    return options


class Bench:
    """The tunnels: those that are kept from one row to the next, and those of one measurement."""

    def __init__(self, lab, options):
        self.lab = lab
        self.options = options
        self._kept = {}
        self._closing = contextlib.ExitStack()

    def tunnel(self, name):
        """Started when a row first needs it."""
        if name not in self._kept:
            self._kept[name] = self._closing.enter_context(
                contextlib.closing(Setup(TUNNELS[name], self.lab)))
        return self._kept[name]

    @contextlib.contextmanager
    def fresh_lab(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ending:
            lab = make_lab(pathlib.Path(folder))
            ending.callback(end_quietly, lab)
            yield lab

    @contextlib.contextmanager
    def fresh_tunnel(self, name, surroundings=Surroundings()):
        """One that has done nothing before."""
        with self.fresh_lab() as lab, \
                contextlib.closing(Setup(TUNNELS[name], lab, surroundings)) as setup:
            yield setup

    def close(self):
        self._closing.close()


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end(number, _frame):
    """Everything that was started is ended on the way out, which nothing may interrupt."""
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def end_quietly(lab):
    """Ends what was started; the programs' logs are of no use here."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        lab.close()


def measure_row(bench, row):
    """({tunnel: [figures of a run]}, {tunnel: why it couldn't be measured})"""
    wanted = bench.options.rivals
    names = [name for name in row.rivals if not wanted or name in wanted] + list(row.subjects)
    measured, unavailable = {name: [] for name in names}, {}
    for _ in range(bench.options.runs):
        for name in list(measured):
            try:
                measured[name].append(row.measure(bench, name))
            except (AssertionError, LoadFailed, FileNotFoundError) as why:
                unavailable[name] = str(why).strip().splitlines()[-1].strip()
                del measured[name]
    return measured, unavailable


def compare_builds(bench, options):
    programs = against.programs_in(options.against)
    print(f"{options.runs} runs, alternating with {options.against}; medians, and the median of the "
          "runs' ratios with its 90 % interval")
    with bench.fresh_lab() as lab, contextlib.closing(Bench(lab, options)) as before:
        for row in options.rows:
            print("\n" + "\n".join(against.lines_of(
                row, *against.measure(bench, before, programs, row))), flush=True)


def compare_with_rivals(bench, options, machine):
    measured = []
    print(f"medians of {options.runs} runs, and the median of the runs' ratios with their spread")
    for row in options.rows:
        measured.append((row, *measure_row(bench, row)))
        print("\n" + "\n".join(lines_of(*measured[-1])), flush=True)
        if row.limit and {OURS, "relays"} <= measured[-1][1].keys():
            print("\n".join(limit.lines_of(*measured[-1][:2])), flush=True)
        results.write(options.json, machine, measured)
    print(f"\nevery run is in {options.json}")
    if options.chart:
        chart.draw(options.chart, measured)
        print(f"the ratios are drawn in {options.chart}")


def main():
    options = options_of(sys.argv[1:])
    # What is started inherits it: every stream takes a descriptor.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for number in ENDING:
        signal.signal(number, end)
    if options.congestion_control:
        own_network.enter(options.congestion_control)
    congestion_control = own_network.congestion_control()
    machine = {"cpus": os.cpu_count(), "cpu": cpu.shown(), "kernel": platform.release(),
               "congestion_control": congestion_control,
               "own_network": bool(options.congestion_control), "runs": options.runs}
    print(f"{os.cpu_count()} CPUs, {cpu.shown()}, Linux {platform.release()}, {congestion_control}")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ending:
        lab = make_lab(pathlib.Path(folder))
        ending.callback(end_quietly, lab)
        bench = ending.enter_context(contextlib.closing(Bench(lab, options)))
        if options.against:
            compare_builds(bench, options)
        else:
            compare_with_rivals(bench, options, machine)


if __name__ == "__main__":
    main()
