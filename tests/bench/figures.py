"""What a row of the bench yields, and what culvert must reach there."""

import dataclasses
import statistics

MORE, LESS = "more", "less"  # which of two values is the better one
OURS = "culvert"


@dataclasses.dataclass(frozen=True)
class Target:
    """`subject` divided by `rival` must reach `value`; without a rival the subject's own value."""

    value: float
    rival: str = None
    subject: str = OURS


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str  # unique within its row
    unit: str
    better: str
    targets: tuple = ()

    def target(self, subject, rival):
        for target in self.targets:
            if (target.subject, target.rival) == (subject, rival):
                return target
        return None

    def reached(self, target, value):
        return value >= target.value if self.better == MORE else value <= target.value


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # for --rows
    title: str
    figures: tuple
    measure: object  # measure(bench, tunnel's name) -> a number for each figure
    rivals: tuple = ("relays", "ssh")
    subjects: tuple = (OURS,)  # ours, each compared with each rival
    quick: bool = False  # a part of --quick
    limit: bool = False  # our CPU is also compared with limit.py's


@dataclasses.dataclass(frozen=True)
class Spread:
    """Of the runs of one measurement."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))


def ratio(ours, theirs):
    """A Spread of two lists' ratios, taken run by run, where both had the same noise."""
    if not ours or len(ours) != len(theirs) or not all(value > 0 for value in theirs):
        return None
    return Spread.of([mine / other for mine, other in zip(ours, theirs)])
