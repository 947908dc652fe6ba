"""The ratios as a picture: how many times as good as a rival culvert is, on a logarithmic scale.

To the right of 1 culvert is better, whether more or less of a figure is. The line through a point
is the spread over the runs, the tick what was to be reached. Colours are readable on white and on
black, and the background is transparent.
"""

import dataclasses

from figures import MORE, Spread, ratio

TEXT, GRID = "#808080", "#80808055"
COLOURS = {"ssh": "#2f81f7", "relays": "#c27a10", "stunnel": "#2da063", "ssh-C": "#a371f7"}
ROW_HEIGHT = 0.23  # inches


@dataclasses.dataclass(frozen=True)
class Point:
    label: str
    rival: str
    times: Spread  # better, whatever the figure's unit is
    target: float = None


def better_times(figure, value):
    return value if figure.better == MORE else 1 / value


def points_of(row, measured):
    for place, figure in enumerate(row.figures):
        runs = {name: [values[place] for values in tuples] for name, tuples in measured.items()}
        for subject in row.subjects:
            for rival in row.rivals:
                if rival not in COLOURS or subject not in runs or rival not in runs:
                    continue
                found, target = ratio(runs[subject], runs[rival]), figure.target(subject, rival)
                if found is None or target is None or found.lowest <= 0:
                    continue
                ends = sorted(better_times(figure, end) for end in (found.lowest, found.highest))
                label = f"{row.title}: {figure.name}"
                if len(row.subjects) > 1:
                    label = f"{row.title}, {subject}: {figure.name}"
                yield Point(label, rival, Spread(better_times(figure, found.median), *ends),
                            better_times(figure, target.value))


def draw(path, rows):
    """`rows` is a list of (row, measured, unavailable)."""
    import matplotlib  # it takes a second, and only this needs it
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "culvert", "font.family": "sans-serif",
        "font.size": 8, "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": GRID,
        "xtick.color": TEXT, "ytick.color": TEXT})
    from matplotlib import pyplot, ticker

    points = [point for row, measured, _ in rows for point in points_of(row, measured)]
    if not points:
        return
    labels = list(dict.fromkeys(point.label for point in points))
    figure, axes = pyplot.subplots(figsize=(8, 1 + ROW_HEIGHT * len(labels)))
    for rival, colour in COLOURS.items():
        mine = [point for point in points if point.rival == rival]
        if not mine:
            continue
        heights = [labels.index(point.label) for point in mine]
        medians = [point.times.median for point in mine]
        axes.errorbar(medians, heights, fmt="o", markersize=4, color=colour, linewidth=1,
                      label=f"beside {rival}",
                      xerr=[[point.times.median - point.times.lowest for point in mine],
                            [point.times.highest - point.times.median for point in mine]])
        axes.plot([point.target for point in mine], heights, "|", color=colour, markersize=9)
    axes.axvline(1, color=TEXT, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.set_xlabel("times as good as the rival: medians, spread over the runs; ticks: targets")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncol=len(COLOURS), frameon=False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", transparent=True, bbox_inches="tight",
                   metadata={"Date": None})
    pyplot.close(figure)
