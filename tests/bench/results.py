"""The results as JSON: every run of every figure, with what was to be reached."""

import json

from figures import ratio


def figure_of(row, place, figure, measured):
    runs = {name: [values[place] for values in tuples] for name, tuples in measured.items()}
    ratios = {}
    for subject in row.subjects:
        for rival in runs:
            if subject in runs and rival not in row.subjects and \
                    (found := ratio(runs[subject], runs[rival])):
                ratios[f"{subject}/{rival}"] = vars(found)
    return {"name": figure.name, "unit": figure.unit, "better": figure.better, "runs": runs,
            "ratios": ratios, "targets": [vars(target) for target in figure.targets]}


def write(path, machine, rows):
    """`rows` is a list of (row, measured, unavailable)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "rows": [
        {"name": row.name, "title": row.title, "unavailable": unavailable, "figures": [
            figure_of(row, place, figure, measured) for place, figure in enumerate(row.figures)]}
        for row, measured, unavailable in rows]}, indent=1) + "\n")
