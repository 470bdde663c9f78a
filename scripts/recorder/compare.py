"""Two recordings compared: what is another, what is gone, what is new, line by line."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_LINES = 40
LONGEST = 300
ABSENT = object()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the differences of two recordings, each with its place and both values.

    Texts that are kept apart are compared where they were found, so that one line that changed is
    told as that line.
    """
    first, second = ({**side, "texts": None} for side in (before, after))
    texts = (side.get("texts", {}) for side in (before, after))
    return list(_compared("", *map(_whole, (first, second), texts)))


def main(before: Path, after: Path) -> int:
    """Print how two recordings differ and return the exit code: 1 if they do."""
    found = differences(*(json.loads(path.read_text("utf-8")) for path in (before, after)))
    places: dict[str, list[str]] = {}
    for each in found:
        place, mark, change = each.partition(":\n" if ":\n" in each else ": ")
        places.setdefault(mark + change, []).append(place)
    for change, where in places.items():
        print(f"{where[0]}{change}")
        if len(where) > 1:
            print(f"    … the same at {len(where) - 1} more places, the last: {where[-1]}")
    print(f"{len(found)} differences" if found else "no difference")
    return 1 if found else 0


def _compared(place: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            sides = (before.get(key, ABSENT), after.get(key, ABSENT))
            yield from _compared(f"{place} › {key}".removeprefix(" › "), *sides)
    elif _is_text(before) and _is_text(after):
        yield "\n".join([f"{place}:", *_lines(before, after)])
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            first, second = (s[number] if number < len(s) else ABSENT for s in (before, after))
            yield from _compared(f"{place} › {number}{_name(first, second)}", first, second)
    else:
        yield f"{place}: {_short(before)} → {_short(after)}"


def _name(*sides: Any) -> str:
    """Return what was called or asked, where an entry of a list says it."""
    known = (side.get("call") or side.get("ask") for side in sides if isinstance(side, dict))
    return next((f" {name}" for name in known if name), "")


def _whole(found: Any, texts: dict[str, Any]) -> Any:
    """Return what was found with each text where it was found."""
    if isinstance(found, dict):
        return {key: _whole(each, texts) for key, each in found.items()}
    if isinstance(found, list):
        return [_whole(each, texts) for each in found]
    return texts.get(found, found) if isinstance(found, str) and found[:1] == "@" else found


def _is_text(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def _lines(before: list[str], after: list[str]) -> list[str]:
    changed = difflib.unified_diff(before, after, lineterm="", n=0)
    told = [line for line in changed if not line.startswith(("---", "+++", "@@"))]
    more = len(told) - MOST_LINES
    shown = [f"    {line[:LONGEST]}" for line in told[:MOST_LINES]]
    return shown + ([f"    … {more} more lines"] if more > 0 else [])


def _short(found: Any) -> str:
    if found is ABSENT:
        return "(nothing)"
    told = json.dumps(found, ensure_ascii=False, sort_keys=True)
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}…"
