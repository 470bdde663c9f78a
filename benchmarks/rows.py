"""The rows that every benchmark prints: a table for people, or JSON."""

import argparse
import json
import resource
import sys
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]


def row(
    work: str,
    value: float | None,
    unit: str,
    *,
    peer: str | None = None,
    peer_value: float | None = None,
    goal: float | None = None,
    goal_ratio: float | None = None,
    more_is_better: bool = False,
) -> Row:
    """Return one row, and show it on stderr: a long run that ends early has not measured in vain.

    `ratio` says how many times better than the peer the value is. `goal_ratio` is how many times
    better it has to be; `goal` is then the value that takes. What was not measured (None), here or
    at the peer, reaches no goal.
    """
    ratio = None
    if value and peer_value:
        ratio = value / peer_value if more_is_better else peer_value / value
    if goal_ratio is not None and peer_value is not None:
        goal = _short(peer_value * goal_ratio if more_is_better else peer_value / goal_ratio)
    reached = None
    if goal_ratio is not None:
        reached = ratio is not None and bool(ratio >= goal_ratio)
    elif goal is not None:
        reached = value is not None and bool(value >= goal if more_is_better else value <= goal)
    against = "" if ratio is None else f", {_short(ratio)} times {peer}"
    sys.stderr.write(f"{work}: {_short(value)} {unit}{against}\n")
    return {
        "work": work,
        "value": _short(value),
        "unit": unit,
        "peer": peer,
        "peer_value": _short(peer_value),
        "ratio": _short(ratio),
        "goal": goal,
        "goal_ratio": goal_ratio,
        "reached": reached,
    }


def peak_memory_mb(*, of_children: bool = False) -> float:
    """Return the largest resident size so far, of this process or of its ended children."""
    who = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss / 1024


def run(measured: Callable[[], Sequence[Row]], description: str | None) -> None:
    """Measure and print, as the command line asks."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    as_json = parser.parse_args().json
    rows = list(measured())
    if as_json:
        json.dump({"rows": rows}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    columns = list(rows[0])
    cells = [columns, *([_cell(line[c]) for c in columns] for line in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)))


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
