"""Figures of areas as far as they may be shown: in large steps where cameras are coarse.

Of a grid that one camera sees the square metres tell where that camera stands: to the metre where
its view meets the border, or a road.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from geo.access import predicates
from geo.access.principal import Principal
from geo.access.roles import CLASSES
from geo.access.store import seen_areas
from geo.base.json_objects import Record

STEP_M2: Final = 10_000.0
"""Ground is rounded to hectares: as much as a coarse place stands for."""

STEP_M: Final = 100.0
"""Lengths of roads are rounded to such steps."""

STEPS: Final = 20
"""Small quantities are rounded to so many steps."""

_THINGS: Final = ("places", "entrances", "junctions", "crossings")

SEVERAL: Final = 3
"""What so many cameras from outside see together does not reveal a single one."""

MANY: Final = 10
"""Figures in steps do not reveal a single one of so many cameras whose places are hidden."""

_WHOLES: Final[Mapping[str, tuple[tuple[str, ...], float]]] = {
    "area_m2": (("covered_area_m2",), STEP_M2),
    "open_ground_m2": (("covered_open_ground_m2",), STEP_M2),
    "demand_m2": (("covered_demand_m2",), STEP_M2),
    "road_m": (("road_seen_m", "longest_blind_m"), STEP_M),
    **{what: ((f"{what}_seen",), 1.0) for what in _THINGS},
}
_SHARES: Final = {
    "covered_demand_share": ("covered_demand_m2", "demand_m2"),
    "covered_share": ("covered_open_ground_m2", "open_ground_m2"),
}
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {each: (each,) for each in CLASSES}


class _Unknown(NamedTuple):
    """Of how many cameras that see some of an area the place is hidden: own ones, and foreign."""

    hidden: Counter[str | None]
    foreign: Counter[str | None]


def granted_figures(
    connection: Connection, reader: Principal, rows: Iterable[Mapping[Any, Any]]
) -> list[Record]:
    """Return figures of areas as far as `reader` may see them.

    Those of a device set are exact where its cameras that may see some of the area are
    all granted exactly and with their directions, or look in from outside and are several. Else
    they are rounded to steps where such cameras are many, and None where they are few.

    Parameters
    ----------
    connection
        With the rights to read all cameras.
    reader
        Who asks.
    rows
        As from :func:`geo.coverage.store.results.figure_rows`.
    """
    found = [dict(row) for row in rows]
    if reader.system or not found:
        return found
    unknown = _unknown_cameras(connection, reader, found)
    return [_round_row(row, unknown[row["level"], row["code"]]) for row in found]


def find_open_areas(
    connection: Connection, principal: Principal, areas: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return the areas of which a principal knows all cameras that may see some of them, exactly.

    Parameters
    ----------
    connection
        With the rights to read all cameras.
    principal
        Who asks.
    areas
        Levels and codes.
    """
    asked = set(areas)
    if principal.system or not asked:
        return asked
    rows = [{"level": level, "code": code} for level, code in asked]
    unknown = _unknown_cameras(connection, principal, rows)
    return {area for area in asked if not sum(each.total() for each in unknown[area])}


def _round_row(row: Record, unknown: _Unknown) -> Record:
    kinds = _KINDS.get(row["device_set"], (*CLASSES, None))
    hidden, foreign = (sum(each[kind] for kind in kinds) for each in unknown)
    if not hidden and (not foreign or foreign >= SEVERAL):
        return row
    return _in_steps(row, many=hidden + foreign >= MANY)


def _unknown_cameras(
    connection: Connection, reader: Principal, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], _Unknown]:
    areas = sorted({(row["level"], row["code"]) for row in rows})
    granted = predicates.visible_cameras(connection, reader.exact().deep("direction"))
    foreign = granted["depth"].isna()
    cameras = seen_areas.count_seeing(
        connection,
        areas,
        known=granted.index[~foreign],
        foreign=granted.index[foreign],
    )
    found = {area: _Unknown(Counter(), Counter()) for area in areas}
    for level, code, kind, is_foreign, n in cameras:
        counted = found[level, code]
        (counted.foreign if is_foreign else counted.hidden)[kind] = n
    return found


def _in_steps(row: Mapping[str, Any], *, many: bool) -> Record:
    """Return figures in steps, or without `many` none."""
    rounded = {**row, "sliver_m2": None, "k_area_m2": []}
    for whole, (seen, step) in _WHOLES.items():
        for name in seen:
            rounded[name] = _rounded(row[name], step, row[whole]) if many else None
    for share, (part, whole) in _SHARES.items():
        rounded[share] = None if row[share] is None or not many else rounded[part] / row[whole]
    if many:
        rounded["k_area_m2"] = [
            _rounded(each, STEP_M2, row["area_m2"]) for each in row["k_area_m2"]
        ]
    return rounded


def _rounded(value: float | None, step: float, whole: float) -> float | None:
    """Return a value in steps, at most the whole; numbers of things as they are."""
    if value is None or step == 1.0 or not whole:
        return value
    step = min(step, whole / STEPS)
    return float(min(round(value / step) * step, whole))
