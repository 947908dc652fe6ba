"""The results in lines: medians, and culvert's ratio to each rival with its spread over the runs.

A ratio is taken within one run, where both had the same noise, and the median of those is shown.
"""

import dataclasses
import statistics

OURS = "culvert"


@dataclasses.dataclass(frozen=True)
class Ratio:
    median: float
    lowest: float
    highest: float

    def __str__(self):
        return f"{self.median:.2f} ({self.lowest:.2f}-{self.highest:.2f})"


def ratio(ours, rival):
    """Of two lists with a value for each run; None if the rival's are zero."""
    if not all(rival):
        return None
    runs = [mine / theirs for mine, theirs in zip(ours, rival)]
    return Ratio(statistics.median(runs), min(runs), max(runs))


def reached(ratio, figure, rival):
    """Whether a target is reached; None where there is none."""
    if ratio is None or rival not in figure.targets:
        return None
    wanted = figure.targets[rival]
    return ratio.median >= wanted if figure.better == "more" else ratio.median <= wanted


def shown(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def lines_of(row, measured):
    """`measured` has for each rival the runs' tuples of figures."""
    for place, figure in enumerate(row.figures):
        runs = {rival: [values[place] for values in tuples] for rival, tuples in measured.items()}
        name = f"{row.title if place == 0 else '':27}{figure.name:7}{figure.unit:>9}, {figure.better}"
        medians = "".join(f"{rival:>10} {shown(statistics.median(values)):>8}"
                          for rival, values in runs.items())
        yield name + medians
        for rival in runs:
            if rival == OURS or OURS not in runs or not (found := ratio(runs[OURS], runs[rival])):
                continue
            verdict = {True: "reached", False: "MISSED", None: ""}[reached(found, figure, rival)]
            wanted = f"{figure.targets[rival]:.2f}" if rival in figure.targets else "-"
            yield f"{'':46}{OURS}/{rival} {found}, target {wanted} {verdict}".rstrip()
