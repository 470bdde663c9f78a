"""The area that a row names, by code or by name, against the area that holds its position."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base.codes import area_level, full_area_code, parent_area_code
from geo.base.crs import WGS84, Geometries, metric_srid, project
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Finding
from geo.files.checks.cells.personal_data import redact_numbers
from geo.files.checks.position.raw_position import Site
from geo.files.readers import Table
from geo.files.schema.layers import Layer

Indices = NDArray[np.intp]

TOLERANCE_M: Final = 1.0
PARENT_SHARE: Final = 0.5
# a word that names no area known, and one that names several
UNKNOWN: Final = -1
UNCLEAR: Final = -2

_POINT: Final = int(shapely.GeometryType.POINT)
# longest first: 社区居委会 is no 社区 that is called 居委会
_ENDING: Final = re.compile(
    "(?:社区居民委员会|社区居委会|居民委员会|村民委员会|街道办事处|社区|居委会|村委会|街道|镇|乡|村)$"
)
_LEVEL_OF_ENDING: Final[Mapping[str, str]] = {
    "社区": "community",
    "居委会": "community",
    "居民委员会": "community",
    "村委会": "community",
    "村民委员会": "community",
    "村": "community",
    "街道": "township",
    "街道办事处": "township",
    "镇": "township",
    "乡": "township",
    "网格": "grid",
}


@dataclass(frozen=True)
class KnownAreas:
    """The areas of today: `codes`, `levels`, `names` and polygons in lon/lat, one each."""

    codes: tuple[str, ...]
    levels: NDArray[np.object_]
    names: tuple[str, ...]
    polygons: Geometries

    def named(self, texts: Sequence[str]) -> Indices:
        """Return which area each text names: its place, UNKNOWN, or UNCLEAR (several, blank).

        A code decides first (6 and 9 digits are filled up), then a name as it stands, then a name
        without endings such as 社区 or 街道, if only one area is left, then the last of several
        names in a row.
        """
        different, of_text = np.unique(np.array(texts, dtype=str), return_inverse=True)
        places = [self._place(str(text)) for text in different]
        return np.array(places, dtype=np.intp)[of_text] if len(texts) else np.empty(0, np.intp)

    def title(self, at: int) -> str:
        """Return how an area is shown: its name, with the code that tells it from others."""
        return f"{self.names[at]}（{self.codes[at]}）" if self.names[at] else self.codes[at]

    @cached_property
    def srid(self) -> int:
        """Return the SRID in metres of the areas' surroundings."""
        x0, y0, x1, y1 = shapely.total_bounds(self.polygons)
        return metric_srid((x0 + x1) / 2, (y0 + y1) / 2)

    @cached_property
    def metric(self) -> Geometries:
        """Return the polygons in metres."""
        return project(self.polygons, source=WGS84, target=self.srid)

    def of_level(self, level: object) -> Indices:
        """Return the places of the areas of one level."""
        return np.flatnonzero(self.levels == level)

    def has_level(self, text: str) -> bool:
        """Tell whether areas are known of the level that a code or a name's ending says."""
        full = full_area_code(text)
        level = area_level(full)
        if level is None and not full.isdigit():
            ending = next((e for e in _LEVEL_OF_ENDING if _spelt(text).endswith(e)), None)
            level = _LEVEL_OF_ENDING.get(ending or "")
        return level in self._levels

    def _place(self, text: str) -> int:
        if not text.strip():
            return UNCLEAR
        code = full_area_code(text.strip())
        if code in self._by_code:
            return self._by_code[code]
        if area_level(code) is not None:
            return UNKNOWN
        found = self._called(_spelt(text))
        if len(found) == 1:
            return found[0]
        return UNCLEAR if found else UNKNOWN

    def _called(self, spelt: str) -> list[int]:
        """Return the areas of a name, also behind the names of those above: 迎江区宜城路街道."""
        found = self._by_name.get(spelt) or self._by_stem.get(_ENDING.sub("", spelt))
        if found:
            return found
        for cut in range(2, len(spelt) - 1):
            if spelt[cut:] in self._by_name and self._called(spelt[:cut].rstrip("/-")):
                return self._by_name[spelt[cut:]]
        return []

    @cached_property
    def _levels(self) -> frozenset[object]:
        return frozenset(self.levels.tolist())

    @cached_property
    def _by_code(self) -> Mapping[str, int]:
        return {code: at for at, code in enumerate(self.codes)}

    @cached_property
    def _by_name(self) -> Mapping[str, list[int]]:
        return _grouped(_spelt(name) for name in self.names)

    @cached_property
    def _by_stem(self) -> Mapping[str, list[int]]:
        return _grouped(_ENDING.sub("", _spelt(name)) for name in self.names)


def known_areas(areas: gpd.GeoDataFrame) -> KnownAreas:
    """Return the areas (code, level, name, polygons in EPSG:4326) ready to be asked."""
    polygons = np.array(areas.geometry.to_numpy(), dtype=object)
    shapely.prepare(polygons)
    return KnownAreas(
        codes=tuple(map(str, areas["code"])),
        levels=areas["level"].to_numpy(dtype=object),
        names=tuple(text_of(name) for name in areas["name"]),
        polygons=polygons,
    )


def find_misplaced(
    rows: gpd.GeoDataFrame,
    layer: Layer,
    mapping: Mapping[str, str],
    written: Table,
    areas: gpd.GeoDataFrame,
) -> list[Finding]:
    """Return what the rows say about their areas that their places or the database contradict.

    Points farther than 1 m from the area that their column 行政区域 names; areas of which less
    than half lies in the one above; codes and names of areas that there are not, though others of
    their level are known. A point outside the district has its finding already and gets no
    second one.

    Parameters
    ----------
    rows
        Usable rows as :class:`geo.files.checks.checked_rows.CheckedRows` has them.
    written
        The table that they come from.
    areas
        The areas of today: code, level, name, polygons in EPSG:4326. Without any nothing is said.
    """
    if rows.empty or areas.empty:
        return []
    known = known_areas(areas)
    if layer.name == "areas":
        return _children(rows, layer, mapping, written, known)
    if "area_reported" in mapping:
        return _points(rows, layer, mapping["area_reported"], written, known)
    if "area_code" in mapping:
        return _lost(rows, mapping["area_code"], written, known)
    return []


def named_polygons(texts: Sequence[str | None], areas: gpd.GeoDataFrame) -> Geometries:
    """Return the polygon of the area that each text names, None where it names none.

    Used by :mod:`geo.files.checks.position.crs_evidence`.

    Parameters
    ----------
    texts
        Codes or names of areas, as written.
    areas
        Known areas, as in :func:`find_misplaced`.
    """
    known = known_areas(areas)
    named = known.named([text or "" for text in texts])
    found = np.full(len(texts), None, dtype=object)
    found[named >= 0] = known.polygons[named[named >= 0]]
    return found


def areas_said(rows: pd.DataFrame | Mapping[str, Sequence[object]], layer: Layer) -> list[str]:
    """Return the area that each row names as its own, "" where it names none.

    Cameras have a column for it. New areas name the one above them, in a column or by their
    official code.

    Parameters
    ----------
    rows
        Columns as in :class:`geo.files.checks.checked_rows.CheckedRows`.
    layer
        Says which column names the area.
    """
    if layer.name == "areas":
        pairs = zip(rows["code"], rows["parent_code"], strict=True)
        return [text_of(own) or parent_area_code(text_of(code)) or "" for code, own in pairs]
    if "area_reported" in rows:
        return [text_of(cell) for cell in rows["area_reported"]]
    return [""] * len(rows[layer.key])


def _points(
    rows: gpd.GeoDataFrame, layer: Layer, column: str, written: Table, known: KnownAreas
) -> list[Finding]:
    texts = areas_said(rows, layer)
    named = known.named(texts)
    unknown = [at for at in np.flatnonzero(named == UNKNOWN).tolist() if known.has_level(texts[at])]
    standing, away_m = _elsewhere(rows.geometry.to_numpy(), named, known)
    site = _site(rows, column, written)
    return [site.note(at, "AREA_UNKNOWN") for at in unknown] + [
        site.note(
            at,
            "AREA_MISMATCH",
            known.codes[there] if texts[at].isdigit() else known.names[there],
            named=known.title(int(named[at])),
            standing=known.title(there),
            distance_m=round(away_m[at]),
        )
        for at, there in standing.items()
    ]


def _elsewhere(
    points: Geometries, named: Indices, known: KnownAreas
) -> tuple[dict[int, int], dict[int, float]]:
    """Return for each point outside the area it names where it stands, and how far off it is."""
    asked = np.flatnonzero((named >= 0) & (shapely.get_type_id(points) == _POINT))
    out = asked[~shapely.intersects(known.polygons[named[asked]], points[asked])]
    out = out[~_lost_points(points[out], known)]
    flat = project(points[out], source=WGS84, target=known.srid)
    away_m = shapely.distance(known.metric[named[out]], flat)
    beyond = away_m > TOLERANCE_M
    out, flat, away_m = out[beyond], flat[beyond], away_m[beyond]
    standing: dict[int, int] = {}
    for level in dict.fromkeys(known.levels[named[out]].tolist()):
        mine = np.flatnonzero(known.levels[named[out]] == level)
        peers = known.of_level(level)
        holder = _nearest(flat[mine], known.metric[peers])
        standing |= zip(out[mine].tolist(), peers[holder].tolist(), strict=True)
    # on the very border of what it names
    standing = {at: there for at, there in standing.items() if there != named[at]}
    return dict(sorted(standing.items())), dict(zip(out.tolist(), away_m.tolist(), strict=True))


def _nearest(points: Geometries, polygons: Geometries) -> Indices:
    """Return the polygon that holds each point, else the nearest."""
    tree = shapely.STRtree(polygons)
    found = np.full(len(points), UNKNOWN, dtype=np.intp)
    at, holder = tree.query(points, "intersects")
    found[at] = holder
    outside = found == UNKNOWN
    # a distance to whole polygons is a hundred times dearer
    found[outside] = tree.nearest(points[outside])
    return found


def _lost_points(points: Geometries, known: KnownAreas) -> NDArray[np.bool_]:
    """Tell which points lie outside all districts, where any is known: OUT_OF_DISTRICT says so."""
    districts = known.polygons[known.of_level("district")]
    if districts.size == 0:
        return np.zeros(len(points), dtype=np.bool_)
    inside = np.zeros(len(points), dtype=np.bool_)
    inside[shapely.STRtree(points).query(districts, "intersects")[1]] = True
    return ~inside


def _children(
    rows: gpd.GeoDataFrame,
    layer: Layer,
    mapping: Mapping[str, str],
    written: Table,
    known: KnownAreas,
) -> list[Finding]:
    """Compare new areas with the ones above them."""
    above = areas_said(rows, layer)
    beside = {text_of(code) for code in rows["code"]}
    named = known.named([code if code not in beside else "" for code in above])
    by_code = _site(rows, mapping.get("code", ""), written)
    by_parent = _site(rows, mapping.get("parent_code", ""), written)
    sites = [by_parent if text_of(own) else by_code for own in rows["parent_code"]]
    unknown = [
        replace(sites[at].note(at, "AREA_UNKNOWN"), value=above[at])
        for at in np.flatnonzero(named == UNKNOWN).tolist()
        if known.has_level(above[at])
    ]
    shapes = rows.geometry.to_numpy()
    return unknown + [
        sites[at].note(
            at,
            "AREA_PARENT",
            known.codes[there],
            named=known.title(int(named[at])),
            standing=known.title(there),
            percent=round(100 * share),
        )
        for at, share in _astray(shapes, named, known).items()
        for there in [_holder(shapes[at], known, known.levels[named[at]])]
    ]


def _astray(shapes: Geometries, named: Indices, known: KnownAreas) -> dict[int, float]:
    """Return the polygons of which less than half lies in the area named, with that share."""
    asked = np.flatnonzero((named >= 0) & ~shapely.is_missing(shapes))
    inside = shapely.area(shapely.intersection(known.polygons[named[asked]], shapes[asked]))
    share = inside / np.maximum(shapely.area(shapes[asked]), np.finfo(float).tiny)
    pairs = zip(asked.tolist(), share.tolist(), strict=True)
    return {at: part for at, part in pairs if part < PARENT_SHARE}


def _holder(shape: BaseGeometry, known: KnownAreas, level: object) -> int:
    """Return the area of a level that holds most of a shape, or is nearest to it."""
    peers = known.of_level(level)
    polygons = known.polygons[peers]
    shared = shapely.area(shapely.intersection(polygons, shape))
    if shared.max() > 0:
        return int(peers[np.argmax(shared)])
    return int(peers[np.argmin(shapely.distance(polygons, shape))])


def _lost(rows: gpd.GeoDataFrame, column: str, written: Table, known: KnownAreas) -> list[Finding]:
    """Return the codes of areas that there are not, of units, duties, pairings and centres."""
    codes = set(known.codes)
    texts = [text_of(code) for code in rows["area_code"]]
    site = _site(rows, column, written)
    return [
        site.note(at, "AREA_UNKNOWN", severity="warning")
        for at, code in enumerate(texts)
        if code and code not in codes
    ]


def _site(rows: pd.DataFrame, column: str, written: Table) -> Site:
    """Return where in the file the cells of a column stand, for findings."""
    if column in written.rows:
        cells = written.rows[column].reindex(rows.index).to_numpy()
    else:
        cells = np.full(len(rows), None, dtype=object)
    at = tuple(rows.index.tolist())
    return Site(at, column, lambda place: redact_numbers(text_of(cells[place]).strip()))


def _grouped(spelt: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, name in enumerate(spelt):
        if name:
            found.setdefault(name, []).append(at)
    return found


def _spelt(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
