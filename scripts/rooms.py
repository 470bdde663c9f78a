"""Draw the rooms of the code and which imports which, from the imports themselves."""

import importlib
import sys
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import grimp

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "rooms.svg"
WIDTH, BOX_W, BOX_H, STEP = 1320, 300, 54, 100
Arrows = Mapping[str, set[str]]


def imports() -> dict[str, set[str]]:
    """Return which rooms each room imports: the folders of geo, api and maps."""
    graph = grimp.build_graph("geo", "api", "maps")
    rooms = {*graph.find_children("geo"), "api", "maps"}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        here = _room(module, rooms)
        others = {_room(other, rooms) for other in graph.find_modules_directly_imported_by(module)}
        if here:
            found[here] |= {other for other in others if other} - {here}
    return found


def direct(arrows: Arrows) -> dict[str, set[str]]:
    """Return the arrows without those that a longer way implies.

    Examples
    --------
    >>> direct({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'a': {'b'}, 'b': {'c'}, 'c': set()}
    """
    return {
        room: {to for to in below if not any(to in _below(arrows, each) for each in below - {to})}
        for room, below in arrows.items()
    }


def levels(arrows: Arrows) -> dict[str, int]:
    """Return the level of each room: one above the highest that it imports.

    Examples
    --------
    >>> levels({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'a': 2, 'b': 1, 'c': 0}
    """
    found: dict[str, int] = {}

    def level(room: str) -> int:
        if room not in found:
            found[room] = 1 + max((level(each) for each in arrows[room]), default=-1)
        return found[room]

    return {room: level(room) for room in sorted(arrows)}


def drawn() -> str:
    """Return the picture as SVG: rooms by level, the direct imports as arrows."""
    arrows = imports()
    at = _places(levels(arrows))
    lines = [_arrow(at[a], at[b]) for a, bs in sorted(direct(arrows).items()) for b in sorted(bs)]
    boxes = [_box(room, *place) for room, place in sorted(at.items())]
    height = max(y for _, y in at.values()) + BOX_H + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#5b6b7b"/></marker></defs>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        + "\n".join([*lines, *boxes])
        + "\n</svg>\n"
    )


def _room(module: str, rooms: Iterable[str]) -> str | None:
    parts = module.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in rooms), None)


def _below(arrows: Arrows, room: str) -> set[str]:
    return arrows[room].union(*(_below(arrows, each) for each in arrows[room]))


def _places(level_of: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    top = max(level_of.values())
    found = {}
    for level in range(top + 1):
        row = [room for room, each in level_of.items() if each == level]
        gap = WIDTH / len(row)
        for number, room in enumerate(row):
            found[room] = (round(gap * (number + 0.5) - BOX_W / 2), 20 + (top - level) * STEP)
    return found


def _arrow(a: tuple[int, int], b: tuple[int, int]) -> str:
    x0, y0, x1, y1 = a[0] + BOX_W // 2, a[1] + BOX_H, b[0] + BOX_W // 2, b[1] - 2
    return (
        f'<path d="M{x0} {y0}C{x0} {y0 + 24} {x1} {y1 - 24} {x1} {y1}" fill="none"'
        ' stroke="#5b6b7b" stroke-opacity=".7" marker-end="url(#tip)"/>'
    )


def _box(room: str, x: int, y: int) -> str:
    said = (importlib.import_module(room).__doc__ or "").strip().splitlines()[0].replace("`", "")
    words, lines = said.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 42:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    texts = "".join(
        f'<text x="{x + 8}" y="{y + 32 + 14 * n}" fill="#41505f">{escape(line)}</text>'
        for n, line in enumerate(lines[:2])
    )
    return (
        f'<rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="4" fill="#eef3f7"'
        f' stroke="#5b6b7b"/><text x="{x + 8}" y="{y + 17}" font-weight="bold">'
        f"{room.replace('.', '/')}/</text>{texts}"
    )


def main(arguments: list[str]) -> int:
    """Write the picture, or with --check say whether it is up to date."""
    now = drawn()
    if "--check" in arguments:
        return int(not PICTURE.is_file() or PICTURE.read_text("utf-8") != now)
    PICTURE.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
