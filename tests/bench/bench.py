#!/usr/bin/env python3
"""culvert beside its rivals, in one run on this machine: only the ratios count.

For each row the rivals take turns (A B C A B C). CPU and memory are those of all of a tunnel's
processes; a GB is 10^9 bytes. To repeat one figure: ./dev bench --rows NAME --rivals ssh,relays.
"""

import argparse
import contextlib
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))
for name, place in (("CULVERT_BIN", "client/culvert"), ("CULVERTD_BIN", "server/culvertd")):
    os.environ.setdefault(name, str(ROOT / "build/release" / place))

from rivals import RIVALS, make_lab  # noqa: E402  (the paths are set above)
from rows import ROWS, Setup  # noqa: E402
from table import OURS, lines_of  # noqa: E402


def options_of(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="of: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--rivals", default="", help="of: " + ", ".join(RIVALS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=512, help="of each bulk transfer")
    parser.add_argument("--round-trips", type=int, default=2000)
    parser.add_argument("--streams", type=int, default=1600, help="new ones in a run")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench/results.json")
    options = parser.parse_args(words)
    known = {row.name: row for row in ROWS}
    try:
        options.rows = [known[name] for name in options.rows.split(",")] if options.rows else ROWS
        options.rivals = options.rivals.split(",") if options.rivals else []
        for name in options.rivals:
            RIVALS[name]
    except KeyError as unknown:
        parser.error(f"unknown: {unknown}")
    return options


class Tunnels:
    """Each rival's tunnel, started when a row first needs it and kept until the end; a row that needs
    a fresh one starts another.
    """

    def __init__(self, lab):
        self._lab = lab
        self._setups = {}
        self._closing = contextlib.ExitStack()

    def measure(self, row, rival, options):
        if row.fresh:
            with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ending:
                lab = make_lab(pathlib.Path(folder))
                ending.callback(end_quietly, lab)
                setup = ending.enter_context(contextlib.closing(Setup(RIVALS[rival], lab)))
                return row.measure(setup, options)
        if rival not in self._setups:
            setup = Setup(RIVALS[rival], self._lab)
            self._setups[rival] = self._closing.enter_context(contextlib.closing(setup))
        return row.measure(self._setups[rival], options)

    def close(self):
        self._closing.close()


def compare(tunnels, options):
    """Prints each row when it is measured; returns {row: {rival: [figures of a run]}}."""
    results = {}
    for row in options.rows:
        rivals = [*options.rivals, OURS] if options.rivals else row.rivals
        measured = {rival: [] for rival in rivals}
        for _ in range(options.runs):
            for rival in measured:
                measured[rival].append(tunnels.measure(row, rival, options))
        for line in lines_of(row, measured):
            print(line, flush=True)
        results[row.name] = measured
    return results


def write_json(options, results):
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {row.name: {"title": row.title, "figures": [
        {"name": figure.name, "unit": figure.unit, "better": figure.better,
         "targets": figure.targets,
         "runs": {rival: [run[place] for run in runs]
                  for rival, runs in results[row.name].items()}}
        for place, figure in enumerate(row.figures)]} for row in options.rows}
    options.json.write_text(json.dumps(figures, indent=1) + "\n")


def end_quietly(lab):
    """Ends what was started; the programs' logs are of no use here."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        lab.close()


def main():
    options = options_of(sys.argv[1:])
    # What is started inherits it: every stream takes a descriptor.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ending:
        lab = make_lab(pathlib.Path(folder))
        ending.callback(end_quietly, lab)
        tunnels = ending.enter_context(contextlib.closing(Tunnels(lab)))
        print(f"{os.cpu_count()} CPUs, median of {options.runs} runs and the ratios' spread\n")
        write_json(options, compare(tunnels, options))


if __name__ == "__main__":
    main()
