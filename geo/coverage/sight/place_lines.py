"""Sight lines of one place by arrays: the same as the frames say, in a millisecond."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.access.coarse import CELL_M, cells_of
from geo.base.polygons import Indices
from geo.coverage.sight import coarse_sight
from geo.coverage.sight.building_heights import Obstruction, find_hidden
from geo.coverage.sight.coarse_sight import CoarseViews
from geo.coverage.sight.line_of_sight import RELATIONS, WHYS, choose_why
from geo.coverage.sight.obstacles import move_outside
from geo.coverage.sight.shadow_method import MIN_RANGE_M, TOUCH_M, reach_m
from geo.coverage.sight.view_table import Floats, ViewTable

MOST_FANS: Final = 20_000
_RELATION_NO: Final = {"sees": 0, "possible": 1, "near": 2}

Flags = NDArray[np.bool_]


@dataclass(frozen=True, order=True)
class PlaceLine:
    """A camera and what it has to do with a place; in the order of answers.

    `own`: it stands in a granted area; `exact`: its measures may be shown.
    """

    rank: int
    distance_m: float
    code: str
    relation: str = field(compare=False)
    why: str = field(compare=False)
    bearing_deg: float | None = field(compare=False, default=None)
    heading_deg: float | None = field(compare=False, default=None)
    px_per_m: float | None = field(compare=False, default=None)
    own: bool = field(compare=False, default=True)
    exact: bool = field(compare=False, default=True)


class ViewSectors:
    """Sectors of views at the origin, made once each."""

    def __init__(self, views: CoarseViews) -> None:
        self._views = views
        self._made: dict[int, shapely.Geometry] = {}

    def of(self, which: Iterable[int]) -> NDArray[np.object_]:
        """Return the sectors of some views."""
        if len(self._made) > MOST_FANS:
            self._made.clear()
        return np.array([self._fan(at) for at in which], dtype=object)

    def _fan(self, at: int) -> shapely.Geometry:
        found = self._made.get(at)
        if found is None:
            found = self._made[at] = coarse_sight.sector_fan(self._views, at)
            shapely.prepare(found)
        return found


def seen_by_cell(table: ViewTable, fans: ViewSectors, at: Floats, asked: Flags) -> Indices:
    """Return which views may see the cell that a place is in.

    Parameters
    ----------
    table
        All views.
    fans
        Their sectors.
    at
        The place, metric, shape ``(2,)``.
    asked
        Views of cameras that are not known exactly.
    """
    views = table.coarse
    low = cells_of(at) * CELL_M
    corners = np.concatenate([low, low + CELL_M])
    reach = views.range_m
    ground = views.ground
    near = asked & (views.width_deg > 0) & (reach > 0)
    near &= (ground[:, 0] - reach <= corners[2]) & (ground[:, 2] + reach >= corners[0])
    near &= (ground[:, 1] - reach <= corners[3]) & (ground[:, 3] + reach >= corners[1])
    found = np.flatnonzero(near)
    if not len(found):
        return found
    between = shapely.box(*(corners - ground[found][:, [2, 3, 0, 1]]).T)
    return found[shapely.intersects(fans.of(found.tolist()), between)]


def lines_of_exact(
    table: ViewTable, sight: Obstruction, at: Floats, asked: Flags, *, radius_m: float, nearest: int
) -> list[PlaceLine]:
    """Return the lines of cameras that are judged where they stand.

    Parameters
    ----------
    table
        All views.
    sight
        Obstacles.
    at
        The place, metric, shape ``(2,)``.
    asked
        Views of the cameras to look at.
    radius_m
        Cameras that near are listed in any case.
    nearest
        So many nearest ones as well.
    """
    spot = free_spot(sight, at)
    known = asked & np.isfinite(table.at).all(axis=1)
    gap2 = np.square(table.at - spot).sum(axis=1)
    listed = known & (gap2 <= np.square(np.maximum(table.longest_m + TOUCH_M, radius_m)))
    one = np.flatnonzero(known & table.first)
    if len(one):
        few = min(max(nearest, 1), len(one))
        last = np.partition(gap2[one], few - 1)[few - 1]
        as_near = one[gap2[one] <= last]  # of equally near ones those with the smaller codes
        closest = as_near[np.argsort(gap2[as_near], kind="stable")[:few]]
        listed |= known & np.isin(table.camera, table.camera[closest])
    return judge_views(table, sight, spot, np.flatnonzero(listed))


def free_spot(sight: Obstruction, at: Floats) -> Floats:
    """Return a place, or the nearest free one where it is inside a footprint.

    Parameters
    ----------
    sight
        Obstacles.
    at
        Metric, shape ``(2,)``.
    """
    point = np.array([shapely.Point(at)], dtype=object)
    if not sight.built.block(point)[0]:
        return at
    return np.asarray(move_outside(point, sight.built)[0][0], dtype=np.float64)


def judge_views(
    table: ViewTable, sight: Obstruction, spot: Floats, views: Indices
) -> list[PlaceLine]:
    """Return what each camera of some views has to do with a place; its best view speaks for it.

    Parameters
    ----------
    table
        All views.
    sight
        Obstacles.
    spot
        The place, outside of footprints.
    views
        Positions of views, those of a camera together.
    """
    if not len(views):
        return []
    away = spot - table.at[views]
    distance_m = np.hypot(away[:, 0], away[:, 1])
    bearing = (np.degrees(np.arctan2(away[:, 0], away[:, 1])) + table.turn_deg[views]) % 360 % 360
    range_m = np.nan_to_num(table.range_m[views])
    offset = (bearing[:, None] - table.start_deg[views]) % 360.0
    reach = reach_m(offset, table.width_deg[views], range_m[:, None])
    farthest_m = reach.max(axis=1)
    aimed = (distance_m <= farthest_m) & (farthest_m > 0)
    blocked = np.zeros(len(views), dtype=bool)
    asked = np.flatnonzero(distance_m <= farthest_m)
    blocked[asked] = _is_blocked(table, sight, spot, views[asked])
    sure, towards = (_in_picture(table, views, distance_m, reach[:, n]) for n in (0, 1))
    why = choose_why(
        indoor=table.indoor[views],
        lost=~table.standing[views],
        blocked=aimed & blocked,
        dead=aimed & ~(sure | towards),
        sure=sure,
        unknown=towards & table.vague[views],
        towards=towards,
        beyond=~(distance_m <= table.range_m[views]),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        px = np.where(distance_m < 0.01, np.nan, table.px_at_1_m[views] / distance_m)
    return _best(table, views, why, distance_m, bearing, px)


def _is_blocked(table: ViewTable, sight: Obstruction, spot: Floats, views: Indices) -> Flags:
    found = np.zeros(len(views), dtype=bool)
    if not len(views):
        return found
    stands = table.at[views]
    ends = np.broadcast_to(spot, stands.shape)
    lines = np.asarray(shapely.linestrings(np.stack([stands, ends], axis=1)), dtype=object)
    line, part = sight.tall.tree.query(lines, predicate="intersects")
    if len(line):
        inside = shapely.relate_pattern(sight.tall.parts[part], lines[line], "T********")
        found[line[inside]] = True
    if len(sight.low.parts):
        found |= find_hidden(np.array(ends), stands, table.height_m[views], sight.low)
    return found


def _in_picture(table: ViewTable, views: Indices, distance_m: Floats, reach: Floats) -> Flags:
    near_m, range_m = table.near_m[views], table.range_m[views]
    dead = np.where(near_m >= MIN_RANGE_M, near_m, 0.0) / np.where(range_m > 0, range_m, 1.0)
    inside = (distance_m <= reach) & (reach > 0) & (distance_m >= reach * dead)
    return np.asarray(inside, dtype=np.bool_)


def _best(
    table: ViewTable,
    views: Indices,
    why: NDArray[np.intp],
    distance_m: Floats,
    bearing: Floats,
    px: Floats,
) -> list[PlaceLine]:
    found: dict[str, PlaceLine] = {}
    for n in np.lexsort((np.where(np.isnan(px), np.inf, -px), why)).tolist():
        code = table.codes[views[n]]
        if code not in found:
            relation = RELATIONS[why[n]]
            found[code] = PlaceLine(
                _RELATION_NO[relation],
                float(distance_m[n]),
                code,
                relation,
                WHYS[why[n]],
                float(bearing[n]),
                _number(table.heading_deg[views[n]]),
                _number(px[n]),
            )
    return list(found.values())


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
