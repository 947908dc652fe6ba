"""The results in lines: medians, and the ratios of ours to each rival with their spread."""

from figures import Spread, ratio


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def spread_shown(spread):
    return f"{spread.median:.2f} ({spread.lowest:.2f} to {spread.highest:.2f})"


def verdict(figure, target, value):
    if target is None:
        return ""
    return f"target {target.value:g} {'reached' if figure.reached(target, value) else 'MISSED'}"


def lines_of(row, measured, unavailable):
    """`measured` has for each tunnel the runs' tuples of figures, `unavailable` why it has none."""
    yield f"{row.title} ({row.name})"
    for name, why in unavailable.items():
        yield f"  {name}: not measured: {why}"
    for place, figure in enumerate(row.figures):
        runs = {name: [values[place] for values in tuples] for name, tuples in measured.items()}
        medians = "  ".join(f"{name} {shown(Spread.of(values).median)}"
                            for name, values in runs.items())
        yield f"  {figure.name + ', ' + figure.unit:20} {medians}"
        for subject in row.subjects:
            if subject not in runs:
                continue
            if own := figure.target(subject, None):
                value = Spread.of(runs[subject])
                yield f"{'':24}{subject:28} {spread_shown(value):28}" \
                      f"{verdict(figure, own, value.median)}"
            for rival, theirs in runs.items():
                if rival in row.subjects or not (found := ratio(runs[subject], theirs)):
                    continue
                yield (f"{'':24}{subject + ' / ' + rival:28} {spread_shown(found):28}"
                       f"{verdict(figure, figure.target(subject, rival), found.median)}").rstrip()
