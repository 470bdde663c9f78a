"""Roads in straight segments: metres that cameras see, and the longest run that none sees."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, expand_groups, flat_geometries

Floats: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = tuple[Indices, Indices]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

BORDER_M = 0.001  # nearer to a border is on it: far above rounding, far below any survey
GLIMPSE_M = 0.01  # sight of a road shorter than this is a crack between walls or rounding, no view
PARALLEL = 1e-9  # sine of the angle below which lines have no point in common
ENDS = ("x0", "y0", "x1", "y1")
LINE = ("line", "from_m", "to_m", *ENDS)  # of stretches, what their measures rest on
INTERVALS = ("stretch", "t0", "t1", "weight")
_LOG_UNIT = 2.0**40  # logarithms as whole numbers of it add up to 0 whatever their order
_LINE = 1


def cut_segments(roads: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return every straight piece of every road, cut at the borders of all areas.

    The parts of one road are joined where two of their ends meet, and nothing else is: no runs go
    on from one road into the next.

    Parameters
    ----------
    roads
        LineStrings or MultiLineStrings, metric CRS; missing and empty ones are left out. Roads that
        lie on each other count each.
    areas
        Polygons of any level, same CRS.

    Returns
    -------
    DataFrame
        Fresh index, ordered by line and measure: `road` (position in `roads`), `line` (number of
        the simple line), `from_m` and `to_m` (measure along that line), `x0`, `y0`, `x1`, `y1`.
        A cut within a millimetre of another, or of an end, is left out; none has length 0.

    Examples
    --------
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (8, 0), (8, 4)])])
    >>> west = gpd.GeoDataFrame(geometry=[shapely.box(-9, -9, 3, 9)])
    >>> cut_segments(road, west)[["from_m", "to_m", "x1"]].values.tolist()
    [[0.0, 3.0, 3.0], [3.0, 8.0, 8.0], [8.0, 12.0, 8.0]]
    """
    road, line, xy = _straight(flat_geometries(roads))
    length_m = np.hypot(*(xy[:, 1] - xy[:, 0]).T)
    piece, at_m = _cuts(xy, length_m, _edges(areas))
    piece = np.concatenate([np.arange(len(xy)), piece])
    at_m = np.concatenate([np.zeros(len(xy)), at_m])
    order = np.lexsort((at_m, piece))
    piece, at_m = piece[order], at_m[order]
    tail = xy[piece, 0] + (at_m / length_m[piece])[:, None] * (xy[piece, 1] - xy[piece, 0])
    ends = np.roll(np.diff(piece, prepend=-1) != 0, -1)  # with its straight piece
    head = np.where(ends[:, None], xy[piece, 1], np.roll(tail, -1, axis=0))
    from_m = _measure(line, length_m)[piece] + at_m
    stops = np.roll(np.diff(line[piece], prepend=-1) != 0, -1)  # with its line
    to_m = np.where(stops, from_m - at_m + length_m[piece], np.roll(from_m, -1))
    columns = {"road": road[piece], "line": line[piece], "from_m": from_m, "to_m": to_m}
    return pd.DataFrame(columns | dict(zip(ENDS, [*tail.T, *head.T], strict=True)))


def segments_in_areas(stretches: pd.DataFrame, areas: gpd.GeoDataFrame) -> Pairs:
    """Return which areas hold which segments: positions of segments, positions of areas.

    An area holds a segment whose middle is in it or on its border. A road along the border of two
    areas belongs to both of them, so lengths of neighbours can add up to more than the whole; a
    road outside of all areas belongs nowhere.

    Parameters
    ----------
    stretches
        Columns ``x0``, ``y0``, ``x1``, ``y1`` in metres, as from :func:`cut_segments`.
    areas
        Polygons in the same metric CRS.

    Returns
    -------
    Pairs
        Two arrays of one length, ordered by area and segment. Pairs of some areas only may be
        passed to :func:`road_lengths`.
    """
    x, y = ((stretches[f"{c}0"] + stretches[f"{c}1"]).to_numpy() / 2 for c in "xy")
    middle = np.asarray(shapely.points(x, y), dtype=object)
    # As far as BORDER_M: rounding would hand out a road along a border to either side in turns.
    area, stretch = shapely.STRtree(middle).query(
        flat_geometries(areas), predicate="dwithin", distance=BORDER_M
    )
    order = np.lexsort((stretch, area))
    return stretch[order], area[order]


def seen_intervals(
    stretches_xy: Floats, seen: Geometries, device: Indices, weight: Floats
) -> pd.DataFrame:
    """Return the part of each segment inside each polygon of seen ground, exactly.

    Each stretch is answered for itself, so a few give what all of them give for these few.

    Parameters
    ----------
    stretches_xy
        ``x0, y0, x1, y1`` of stretches of some length, shape ``(n, 4)``, metric CRS.
    seen
        Valid polygons or multipolygons, same CRS, shape ``(n_seen,)``.
    device
        Number of the camera of each.
    weight
        Probability that each is in the picture, in (0, 1].

    Returns
    -------
    DataFrame
        Fresh index, ordered by stretch, device and `t0`: `stretch` (position in `stretches_xy`),
        `device`, `t0`, `t1` (0 at the stretch's beginning, 1 at its end; ``t0 < t1``), `weight`.
        Where a stretch only touches a polygon there is no row. Rows of some devices only may be
        handed on.

    Examples
    --------
    >>> street, view = np.array([[0.0, 0.0, 10.0, 0.0]]), np.array([shapely.box(2, -1, 4, 1)])
    >>> seen_intervals(street, view, np.array([7]), np.array([1.0])).values.tolist()
    [[0.0, 7.0, 0.2, 0.4, 1.0]]
    """
    xy = np.asarray(stretches_xy, dtype=np.float64).reshape(-1, 2, 2)
    lines = np.asarray(shapely.linestrings(xy), dtype=object)
    polygon, stretch = shapely.STRtree(lines).query(seen, predicate="intersects")
    shapely.prepare(seen)
    whole = np.asarray(shapely.covers(seen[polygon], lines[stretch]), dtype=np.bool_)
    shapely.destroy_prepared(seen)  # or each would carry its index as long as it is kept
    pair, t0, t1 = _common(xy, lines, seen, stretch[~whole], polygon[~whole])
    row = np.concatenate([np.flatnonzero(whole), np.flatnonzero(~whole)[pair]])
    found = pd.DataFrame(
        {
            "stretch": stretch[row],
            "device": np.asarray(device, dtype=np.intp)[polygon[row]],
            "t0": np.concatenate([np.zeros(whole.sum()), t0]),
            "t1": np.concatenate([np.ones(whole.sum()), t1]),
            "weight": np.asarray(weight, dtype=np.float64)[polygon[row]],
        }
    )
    order = np.lexsort([found[name] for name in ("weight", "t1", "t0", "device", "stretch")])
    return found.iloc[order].reset_index(drop=True)


def road_lengths(
    stretches: pd.DataFrame, belongings: Pairs, intervals: pd.DataFrame, n_areas: int
) -> pd.DataFrame:
    """Return the length of road in each area, what of it is seen, and its longest blind run.

    Each area is answered from its own stretches alone: with the pairs of a few areas, and the
    intervals of their stretches, their rows are what they would be among all.

    Parameters
    ----------
    stretches
        As from :func:`cut_segments`, all of them or those of some lines, numbered afresh.
    belongings
        As from :func:`segments_in_areas`, of all areas or of some.
    intervals
        As from :func:`seen_intervals`, of all devices or of some; `stretch` counts in `stretches`.
    n_areas
        Number of rows of the answer; areas without a pair have zeros.

    Returns
    -------
    DataFrame
        Index 0 … n_areas - 1: `road_m`; `road_seen_m` (an expectation for weights below 1);
        `longest_blind_m`, the longest run along one road's line inside the area on which the
        probability of sight is 0. On a closed line it may run on across the closing vertex.

    Notes
    -----
    Blind is where the probability of sight is 0, not where it is small: *expected* is as blind as
    *possible*. Inside the area sight of less than a centimetre of road does not break a blind part,
    and a blind part of less than a centimetre is none.

    Examples
    --------
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])])
    >>> area = gpd.GeoDataFrame(geometry=[shapely.box(0, -9, 80, 9)])
    >>> cut, view = cut_segments(road, area), np.array([shapely.box(20, -1, 30, 1)])
    >>> xy = cut[["x0", "y0", "x1", "y1"]].to_numpy()
    >>> looks = seen_intervals(xy, view, np.array([0]), np.array([1.0]))
    >>> road_lengths(cut, segments_in_areas(cut, area), looks, 1).values.tolist()
    [[80.0, 10.0, 50.0]]
    """
    lines, looks = _columns(stretches, LINE), _columns(intervals, INTERVALS)
    measured = measure_roads(lines, belongings, looks, n_areas)
    names = ("road_m", "road_seen_m", "longest_blind_m")
    return pd.DataFrame(dict(zip(names, measured, strict=True)))


def measure_roads(
    stretches: Columns, belongings: Pairs, intervals: Columns, n_areas: int
) -> tuple[Floats, Floats, Floats]:
    """Return the columns of :func:`road_lengths` from columns: an edit asks for a few lines.

    Parameters
    ----------
    stretches, intervals
        Their columns as arrays, `LINE` and `INTERVALS`.
    belongings, n_areas
        As there.
    """
    order = np.lexsort(belongings)
    stretch, area = (each[order] for each in belongings)
    seen_m, sights = _sights(stretches, intervals)
    length_m = stretches["to_m"] - stretches["from_m"]
    blind = _blind(stretches, area, stretch, sights)
    longest_m = np.zeros(n_areas)
    np.maximum.at(longest_m, blind["area"], blind["to_m"] - blind["from_m"])
    around, around_m = _around(stretches, blind)
    np.maximum.at(longest_m, around, around_m)
    road_m, road_seen_m = (_sums(area, each[stretch], n_areas) for each in (length_m, seen_m))
    return road_m, road_seen_m, longest_m


def _columns(table: pd.DataFrame, names: tuple[str, ...]) -> Columns:
    return {name: table[name].to_numpy() for name in names}


def _straight(roads: Geometries) -> tuple[Indices, Indices, Floats]:
    """Return the straight pieces of all roads: road, line, and ``(n, 2, 2)`` coordinates."""
    lines, road = shapely.get_parts(shapely.line_merge(shapely.force_2d(roads)), return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    start = np.flatnonzero((line[:-1] == line[1:]) & (xy[:-1] != xy[1:]).any(axis=1))
    used, number = np.unique(line[start], return_inverse=True)
    return road[used][number], number.astype(np.intp), np.stack([xy[start], xy[start + 1]], axis=1)


def _measure(line: Indices, length_m: Floats) -> Floats:
    """Return the measure at which each piece begins on its line."""
    before_m = np.cumsum(length_m) - length_m
    first = np.flatnonzero(np.diff(line, prepend=-1))
    return np.asarray(before_m - before_m[first][line], dtype=np.float64)


def _edges(areas: gpd.GeoDataFrame) -> Floats:
    """Return the edges of all borders, ``(n, 2, 2)``, most of those of several areas once."""
    borders = shapely.get_parts(shapely.boundary(shapely.force_2d(flat_geometries(areas))))
    xy, ring = shapely.get_coordinates(borders, return_index=True)
    start = np.flatnonzero((ring[:-1] == ring[1:]) & (xy[:-1] != xy[1:]).any(axis=1))
    back = (xy[start] > xy[start + 1])[:, 0]
    edges = np.hstack([xy[start + back], xy[start + ~back]])
    order = np.lexsort(edges.T)
    other = (np.diff(edges[order], axis=0, prepend=np.nan) != 0).any(axis=1)
    return np.asarray(edges[order][other].reshape(-1, 2, 2), dtype=np.float64)


def _cuts(xy: Floats, length_m: Floats, edges: Floats) -> tuple[Indices, Floats]:
    """Return where border edges cut the pieces: position of the piece, metres from its beginning.

    A piece that runs along an edge is cut by none but the edges before and after it.
    """
    lines = (np.asarray(shapely.linestrings(each), dtype=object) for each in (xy, edges))
    tree, borders = shapely.STRtree(next(lines)), next(lines)
    edge, piece = tree.query(borders, predicate="dwithin", distance=BORDER_M)
    way, along = xy[piece, 1] - xy[piece, 0], edges[edge, 1] - edges[edge, 0]
    between = edges[edge, 0] - xy[piece, 0]
    edge_m, turn = np.hypot(*along.T), _cross(way, along)
    meet = np.abs(turn) > PARALLEL * length_m[piece] * edge_m
    turn[~meet] = 1.0
    at_m = _cross(between, along) / turn * length_m[piece]
    on_m = _cross(between, way) / turn * edge_m
    meet &= (at_m >= BORDER_M) & (at_m <= length_m[piece] - BORDER_M)
    meet &= (on_m >= -BORDER_M) & (on_m <= edge_m + BORDER_M)
    order = np.lexsort((at_m[meet], piece[meet]))
    piece, at_m = piece[meet][order], at_m[meet][order]
    apart = (np.diff(piece, prepend=-1) != 0) | (np.diff(at_m, prepend=0.0) >= BORDER_M)
    return piece[apart], at_m[apart]


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], dtype=np.float64)


def _common(
    xy: Floats, lines: Geometries, seen: Geometries, stretch: Indices, polygon: Indices
) -> tuple[Indices, Floats, Floats]:
    """Return the parts of some stretches in some polygons: pair, where they begin and end."""
    parts, pair = shapely.get_parts(
        shapely.intersection(lines[stretch], seen[polygon]), return_index=True
    )
    is_line = shapely.get_type_id(parts) == _LINE
    parts, pair = parts[is_line], pair[is_line]
    origin = xy[stretch[pair], 0]
    way = xy[stretch[pair], 1] - origin
    ends = [shapely.get_coordinates(shapely.get_point(parts, i)) - origin for i in (0, -1)]
    along = np.stack([np.einsum("ij,ij->i", end, way) for end in ends])
    t = np.clip(along / np.einsum("ij,ij->i", way, way), 0.0, 1.0)
    t0, t1 = t.min(axis=0), t.max(axis=0)
    some = t0 < t1
    return pair[some], t0[some], t1[some]


def _sights(stretches: Columns, intervals: Columns) -> tuple[Floats, Columns]:
    """Return the metres seen of each stretch, and where any camera sees it.

    Along each stretch, intervals that begin come in and those that end go out again.
    """
    stretch, t, step, sure, doubt = _events(intervals)
    open_, certain = np.cumsum(step), np.cumsum(sure)
    miss = np.exp(np.cumsum(doubt) / _LOG_UNIT)
    chance = np.where(certain > 0, 1.0, np.where(open_ > 0, 1.0 - miss, 0.0))
    from_m = stretches["from_m"]
    length_m = stretches["to_m"] - from_m
    metres = chance * np.diff(t, append=0.0) * length_m[stretch]
    seen_m = _sums(stretch, metres, len(length_m))
    begin = np.flatnonzero((open_ > 0) & (np.roll(open_, 1) == 0))
    end = np.flatnonzero(open_ == 0)
    at = stretch[begin]
    table = {"stretch": at, "from_m": from_m[at] + t[begin] * length_m[at]}
    return np.minimum(seen_m, length_m), table | {"to_m": from_m[at] + t[end] * length_m[at]}


def _events(intervals: Columns) -> tuple[Indices, Floats, Indices, Indices, Indices]:
    """Return beginnings and ends of intervals in the order in which one passes them.

    Stretch, t, and what changes there: their number, that of certain ones, the logarithm of the
    probability that none of the others sees it. Beginnings go first where both are at one place.
    """
    weight = intervals["weight"]
    certain = weight >= 1.0
    doubt = np.rint(np.log1p(-np.where(certain, 0.0, weight)) * _LOG_UNIT).astype(np.int64)
    stretch = np.tile(np.asarray(intervals["stretch"], dtype=np.intp), 2)
    t = np.concatenate([intervals["t0"], intervals["t1"]])
    step = np.repeat(np.array([1, -1]), len(weight))
    order = np.lexsort((-step, t, stretch))
    sure, doubt = np.tile(certain, 2) * step, np.tile(doubt, 2) * step
    return stretch[order], t[order], step[order], sure[order], doubt[order]


def _sums(group: Indices, values: Floats, count: int) -> Floats:
    return np.bincount(group, weights=values, minlength=count).astype(np.float64)


def _blind(stretches: Columns, area: Indices, stretch: Indices, sights: Columns) -> Columns:
    """Return the blind parts of every area: `area`, `line`, `from_m`, `to_m`.

    They are what lies between the sights of a chain: stretches of one line in a row in one area.
    """
    line, from_m, to_m = (stretches[name] for name in ("line", "from_m", "to_m"))
    new = (np.diff(area, prepend=-1) != 0) | (np.diff(line[stretch], prepend=-1) != 0)
    new |= from_m[stretch] != np.roll(to_m[stretch], 1)
    first, last = np.flatnonzero(new), np.flatnonzero(np.roll(new, -1))
    every = np.arange(len(first))
    first_sight = np.searchsorted(sights["stretch"], np.arange(len(line) + 1))
    chain, begin_m, end_m = _views(np.cumsum(new) - 1, expand_groups(first_sight, stretch), sights)
    opens = np.argsort(np.concatenate([every, chain]), kind="stable")
    shuts = np.argsort(np.concatenate([chain, every]), kind="stable")
    at = first[np.concatenate([every, chain])[opens]]
    columns = {"area": area[at], "line": line[stretch[at]]}
    columns["from_m"] = np.concatenate([from_m[stretch[first]], end_m])[opens]
    columns["to_m"] = np.concatenate([begin_m, to_m[stretch[last]]])[shuts]
    blind = columns["to_m"] - columns["from_m"] >= GLIMPSE_M
    return {name: column[blind] for name, column in columns.items()}


def _views(chain: Indices, pairs: Pairs, sights: Columns) -> tuple[Indices, Floats, Floats]:
    """Return the sights of every chain that are more than a glimpse: chain, begin and end."""
    pair, at = pairs
    chain = chain[pair]
    begin_m, end_m = sights["from_m"][at], sights["to_m"][at]
    apart = (np.diff(chain, prepend=-1) != 0) | (begin_m - np.roll(end_m, 1) >= GLIMPSE_M)
    chain, begin_m, end_m = chain[apart], begin_m[apart], end_m[np.roll(apart, -1)]
    view = end_m - begin_m >= GLIMPSE_M
    return chain[view], begin_m[view], end_m[view]


def _around(stretches: Columns, blind: Columns) -> tuple[Indices, Floats]:
    """Return the blind runs across the closing vertex of closed lines: area, metres."""
    line = stretches["line"]
    first = np.flatnonzero(np.diff(line, prepend=-1))
    last = np.flatnonzero(np.diff(line, append=-1))
    closed = np.ones(len(first), dtype=np.bool_)
    for begin, end in (("x0", "x1"), ("y0", "y1")):
        closed &= stretches[begin][first] == stretches[end][last]
    own = np.isin(blind["line"], line[first[closed]])
    if not own.any():
        return np.empty(0, dtype=np.intp), np.empty(0)
    whole_m = dict(zip(line[first], stretches["to_m"][last], strict=True))
    runs = pd.DataFrame({name: column[own] for name, column in blind.items()})
    runs = runs.assign(whole_m=runs["line"].map(whole_m))
    lead, tail = runs[runs["from_m"] == 0.0], runs[runs["to_m"] == runs["whole_m"]]
    both = lead.merge(tail, on=["area", "line"], suffixes=("", "_tail"))
    both = both[both["to_m"] < both["from_m_tail"]]
    metres = both["to_m"] + both["to_m_tail"] - both["from_m_tail"]
    return both["area"].to_numpy(dtype=np.intp), metres.to_numpy(dtype=np.float64)
