"""Two builds of ours, alternately: is the one at hand as good as the one before?"""

import contextlib
import os
import random
import statistics

from figures import MORE

BEFORE = "before"  # the other build's columns
WORST = 0.97  # of the other build, at least
TELLING = 0.03  # an interval wider than this decides nothing: count instructions then
RESAMPLED = 10_000


def programs_in(build):
    """What CULVERT_BIN and CULVERTD_BIN are to be for a build folder."""
    found = {"CULVERT_BIN": build / "client/culvert", "CULVERTD_BIN": build / "server/culvertd"}
    for path in found.values():
        if not os.access(path, os.X_OK):
            raise FileNotFoundError(f"there is no program {path}")
    return {name: str(path.resolve()) for name, path in found.items()}


@contextlib.contextmanager
def with_programs(programs):
    """What is started meanwhile is those."""
    kept = {name: os.environ[name] for name in programs}
    os.environ.update(programs)
    try:
        yield
    finally:
        os.environ.update(kept)


def measure(now, before, programs, row):
    """({subject: [figures of a run]}, the same of the other build); the one that begins changes
    from run to run, so that a drift of the machine meets both alike.
    """
    subjects = [name for name in row.subjects if name.startswith("culvert")]
    new, old = ({name: [] for name in subjects} for _ in range(2))

    def measure_old(subject):
        with with_programs(programs):
            old[subject].append(row.measure(before, subject))

    for run in range(now.options.runs):
        for subject in subjects:
            if run % 2:
                measure_old(subject)
            new[subject].append(row.measure(now, subject))
            if not run % 2:
                measure_old(subject)
    return new, old


def median_interval(values):
    """The 90 % interval of the median, by resampling; the same values give the same interval."""
    chosen = random.Random(1)
    medians = sorted(statistics.median(chosen.choices(values, k=len(values)))
                     for _ in range(RESAMPLED))
    return medians[RESAMPLED // 20], medians[-RESAMPLED // 20]


def verdict(figure, median, low, high):
    if (median if figure.better == MORE else 1 / median) >= WORST:
        return "as good"
    if low <= 1 <= high:
        return "as good, as far as can be told" if high - low > TELLING else "as good"
    return "WORSE"


def lines_of(row, new, old):
    yield f"{row.title} ({row.name})"
    for place, figure in enumerate(row.figures):
        for subject in new:
            pairs = [(mine[place], other[place]) for mine, other in zip(new[subject], old[subject])]
            head = f"  {figure.name + ', ' + figure.unit:20} {subject:14}"
            if not all(other > 0 for _, other in pairs):
                yield f"{head} no ratio: nothing was measured before"
                continue
            ratios = [mine / other for mine, other in pairs]
            median, (low, high) = statistics.median(ratios), median_interval(ratios)
            medians = [statistics.median(column) for column in zip(*pairs)]
            yield (f"{head} {medians[0]:10.2f} {BEFORE} {medians[1]:10.2f}   "
                   f"{median:.3f} ({low:.3f} to {high:.3f})  {verdict(figure, median, low, high)}")
