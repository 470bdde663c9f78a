"""A sketch of shapes as SVG, for pages without a map: no script, nothing from outside."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import cos, radians
from typing import Any, Final

SIZE: Final = 640
EDGE: Final = 12
LEAST_DEG: Final = 1e-4
"""So wide a sketch is at least, or the place of one point would be as large as the page."""
_PIECES: Final = {"Point": 0, "LineString": 1, "MultiPoint": 1, "MultiLineString": 2, "Polygon": 2}
_PIECES_OF_MANY: Final = 3
Corners = Sequence[Sequence[float]]


def draw_sketch(shapes: Sequence[Mapping[str, Any] | None], title: str) -> str:
    """Return shapes as an ``svg`` element, north up; "" where there are none.

    Parameters
    ----------
    shapes
        Geometries as GeoJSON, lon/lat.
    title
        What is read out to whoever does not see it; any text.

    Examples
    --------
    >>> draw_sketch([{"type": "Point", "coordinates": [117.0, 30.5]}], "Pole").count("<circle")
    1
    """
    drawn = [(str(s["type"]), list(_rings(s))) for s in shapes if s and s.get("coordinates")]
    corners = [corner for _, rings in drawn for ring in rings for corner in ring]
    if not corners:
        return ""
    west, east = min(c[0] for c in corners), max(c[0] for c in corners)
    south, north = min(c[1] for c in corners), max(c[1] for c in corners)
    flat = max(cos(radians((south + north) / 2)), 0.01)
    wide, high = max((east - west) * flat, LEAST_DEG), max(north - south, LEAST_DEG)
    scale = (SIZE - 2 * EDGE) / max(wide, high)

    def at(corner: Sequence[float]) -> tuple[float, float]:
        x = EDGE + (corner[0] - west) * flat * scale
        return round(x, 1), round(EDGE + (north - corner[1]) * scale, 1)

    inside = "".join(
        _element(kind, [[at(c) for c in ring] for ring in rings]) for kind, rings in drawn
    )
    width, height = round(wide * scale + 2 * EDGE), round(high * scale + 2 * EDGE)
    return (
        f'<svg class="sketch" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _rings(shape: Mapping[str, Any]) -> Iterator[Corners]:
    """Yield the runs of corners that a geometry is made of."""
    yield from _unfolded(shape["coordinates"], _PIECES.get(str(shape["type"]), _PIECES_OF_MANY))


def _unfolded(coordinates: Any, depth: int) -> Iterator[Corners]:  # noqa: ANN401 - nested lists
    if depth <= 1:
        yield [coordinates] if depth == 0 else coordinates
        return
    for part in coordinates:
        yield from _unfolded(part, depth - 1)


def _element(kind: str, rings: Sequence[Sequence[tuple[float, float]]]) -> str:
    if kind.endswith("Point"):
        return "".join(f'<circle cx="{x}" cy="{y}" r="4"/>' for ring in rings for x, y in ring)
    close = "Z" if kind.endswith("Polygon") else ""
    runs = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + close for ring in rings)
    return f'<path class="{"area" if close else "line"}" d="{runs}"/>'
