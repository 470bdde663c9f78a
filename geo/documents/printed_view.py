"""What a printed map shows: each layer as the map of the console shows it to who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.crs import WGS84, project
from geo.base.errors import InputError
from geo.base.json_objects import LayerRow
from geo.coverage import report
from geo.exchange import rows_in_view
from geo.incidents import listing
from geo.incidents.listing import IncidentFilter
from geo.store import installation

if TYPE_CHECKING:
    from geo.base.crs import Geometries
    from maps.ground import Surroundings
    from maps.print_content import (
        MapView,
        Orientation,
        PlacedSign,
        PrintedArea,
        Sheet,
        Size,
    )

LAYERS: Final = ("grids", "cameras", "incidents", "coverage", "gaps", "places", "zones")
"""The switches of the console's map."""
AREAS: Final = {
    "district": "districts",
    "township": "townships",
    "community": "communities",
    "grid": "grids",
}
PLACES: Final = {"places": "place", "entrances": "entrance", "centres": "centre"}
MOST_DEGREES: Final = 5.0
"""No district is larger; farther from its middle the metric system of a district bends."""
_SUFFIXES: Final = ("居委会", "村委会", "社区", "村")
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class MapAsked:
    """What is printed: a view of the console and the paper for it.

    `box` is what the screen shows (west, south, east, north); `level` is that of the areas which
    coverage colours; `chosen` are the filters of the list of incidents.
    """

    box: Box
    layers: tuple[str, ...]
    title: str
    size: Size = "A4"
    orientation: Orientation = "landscape"
    level: str = "community"
    chosen: IncidentFilter = field(default_factory=lambda: IncidentFilter(open=True))


def view_of(values: Mapping[str, Any]) -> MapAsked:
    """Return the view that was asked for, of values of JSON as a job keeps them."""
    chosen = values["incidents"]
    west, south, east, north = values["box"]
    return MapAsked(
        (west, south, east, north),
        tuple(values["layers"]),
        values["title"],
        values["size"],
        values["orientation"],
        values["level"],
        IncidentFilter(
            state=tuple(chosen["state"]),
            light=tuple(chosen["light"]),
            category=chosen["category"],
            township=chosen["township"],
            open=True,
        ),
    )


@dataclass(frozen=True)
class SeenView:
    """The view as it was read: for the map, and what the legend says of it."""

    view: MapView
    unplaced: int
    coarse: bool
    computed_at: str


def require_view(asked: MapAsked, who: Principal) -> None:
    """Refuse a view that cannot be printed, or layers that are not granted.

    Parameters
    ----------
    asked
        View and paper.
    who
        Principal with the grants that permit exports.

    Raises
    ------
    InputError
        If the box is none or too wide, or a layer is unknown.
    ForbiddenError
        If figures are asked for and not granted.
    """
    west, south, east, north = asked.box
    if not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise InputError("map_print.error.box", found=", ".join(map(str, asked.box)))
    if max(east - west, north - south) > MOST_DEGREES:
        found = f"{max(east - west, north - south):.1f}"
        raise InputError("map_print.error.wide", found=found, most=round(MOST_DEGREES))
    strange = [each for each in asked.layers if each not in LAYERS]
    if strange:
        known = ", ".join(LAYERS)
        raise InputError("map_print.error.layer", found=strange[0][:40], known=known)
    who.require("map")
    if "coverage" in asked.layers:
        who.require("figures")


def count_rows(engine: Engine, who: Principal, asked: MapAsked) -> tuple[int, int]:
    """Return how many rows of the ground, and of protected layers, lie in a view.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Principal with the grants that permit exports.
    asked
        View and paper.
    """
    protected = [each for each in ("cameras", "incidents") if each in asked.layers]
    ground = rows_in_view.count_in_view(engine, who, ("roads", "buildings", "water"), asked.box)
    return ground, rows_in_view.count_in_view(engine, who, protected, asked.box)


def read_view(engine: Engine, who: Principal, asked: MapAsked, sheet: Sheet) -> SeenView:
    """Return what a sheet shows of a view; it shows more than the screen where its sides differ.

    Parameters
    ----------
    engine
        Pool of the service.
    who
        Principal with the grants that permit exports.
    asked
        View and paper.
    sheet
        The paper.
    """
    import shapely

    from maps.print_content import MapView, fit_scale
    from maps.print_drawing import HOUSES_TO

    with transaction.open_read_only(engine, who) as connection:
        srid = installation.metric_srid(connection)
    corners = project(_shapes([shapely.box(*asked.box)]), source=WGS84, target=srid)
    window, scale = fit_scale(shapely.total_bounds(corners), sheet)
    lonlat = project(_shapes([shapely.box(*window.box)]), source=srid, target=WGS84)
    reader = _Reader(engine, who, tuple(shapely.total_bounds(lonlat).tolist()), srid)
    incidents, unplaced = _incidents(reader, asked)
    signs = [*_cameras(reader, asked), *_places(reader, asked), *incidents]
    coloured, computed_at = _coloured(reader, asked)
    view = MapView(
        window,
        scale,
        _ground(reader, houses=scale <= HOUSES_TO),
        areas=_areas(reader, asked),
        signs=tuple(signs),
        gaps=reader.shapes("gaps") if "gaps" in asked.layers else _shapes([]),
        zones=reader.shapes("privacy-zones") if "zones" in asked.layers else _shapes([]),
        coloured=coloured,
    )
    return SeenView(view, unplaced, reader.coarse, computed_at)


class _Reader:
    """Reads layers of one box for one principal, in metres."""

    def __init__(self, engine: Engine, who: Principal, box: Box, srid: int) -> None:
        self.engine, self.who, self.box, self.srid, self.coarse = engine, who, box, srid, False

    def rows(self, layer: str) -> tuple[Sequence[LayerRow], Geometries]:
        """Return the rows of a layer and their shapes, those without one left out."""
        import numpy as np
        import shapely

        rows = rows_in_view.read_in_view(self.engine, self.who, layer, self.box)
        wkb = np.array([None if r["shape"] is None else bytes(r["shape"]) for r in rows], object)
        shapes = project(shapely.from_wkb(wkb), source=WGS84, target=self.srid)
        self.coarse = self.coarse or any(row.get("exact") is False for row in rows)
        return rows, shapes

    def shapes(self, layer: str) -> Geometries:
        """Return the shapes of a layer."""
        return self.rows(layer)[1]

    def places(self, lonlat: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return places in metres."""
        import shapely

        points = shapely.points(lonlat) if lonlat else _shapes([])
        moved = project(points, source=WGS84, target=self.srid)
        return [(at.x, at.y) for at in moved]


def _shapes(found: Iterable[Any]) -> Geometries:
    import numpy as np

    rows = list(found)
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = rows
    return shapes


def _ground(reader: _Reader, *, houses: bool) -> Surroundings:
    import geopandas as gpd

    from maps.ground import index_surroundings

    rows, shapes = reader.rows("roads")
    columns = {name: [row[name] for row in rows] for name in ("name", "class")}
    roads = gpd.GeoDataFrame(columns, geometry=shapes, columns=["name", "class"])
    water, buildings = (
        gpd.GeoDataFrame(geometry=reader.shapes(name) if drawn else [])
        for name, drawn in (("water", True), ("buildings", houses))
    )
    return index_surroundings(roads, water, buildings)


def _areas(reader: _Reader, asked: MapAsked) -> tuple[PrintedArea, ...]:
    from maps.print_content import PrintedArea

    if "grids" not in asked.layers:
        return ()
    found: list[PrintedArea] = []
    communities: list[str] = []
    for level, layer in AREAS.items():
        rows, shapes = reader.rows(layer)
        names = [
            _short(row["name"], communities) if level == "grid" else row["name"] for row in rows
        ]
        found += [PrintedArea(name, level, each) for name, each in zip(names, shapes, strict=True)]
        communities = [row["name"] for row in rows] if level == "community" else communities
    return tuple(found)


def _short(name: str, communities: Sequence[str]) -> str:
    """Return the name of a grid without that of its community, which is printed beside it."""
    for community in sorted(communities, key=len, reverse=True):
        short = next((community.removesuffix(s) for s in _SUFFIXES if community.endswith(s)), "")
        for part in (community, short):
            if part and name.startswith(part) and len(name) > len(part):
                return name[len(part) :]
    return name


def _coloured(reader: _Reader, asked: MapAsked) -> tuple[tuple[PrintedArea, ...], str]:
    """Return the areas with their shares, and when these were computed."""
    from maps.print_content import PrintedArea

    if "coverage" not in asked.layers:
        return (), ""
    figures = report.read_report(
        reader.engine, reader.who, by=asked.level, device_set="all", certainty="certain"
    )
    finest = min(row["detail"] for row in figures["areas"])
    shares = {r["code"]: r["covered_share"] for r in figures["areas"] if r["detail"] == finest}
    rows, shapes = reader.rows(AREAS[asked.level])
    areas = (
        PrintedArea(row["name"], asked.level, shape, shares.get(row["code"]))
        for row, shape in zip(rows, shapes, strict=True)
    )
    return tuple(areas), figures["computed_at"]


def _cameras(reader: _Reader, asked: MapAsked) -> list[PlacedSign]:
    from maps.print_content import PlacedSign

    if "cameras" not in asked.layers:
        return []
    rows, shapes = reader.rows("cameras")
    return [PlacedSign(at.x, at.y, _camera_kind(row)) for row, at in zip(rows, shapes, strict=True)]


def _camera_kind(row: LayerRow) -> str:
    kind = "skynet" if row["owner_kind"] == "skynet" else "social"
    return f"{kind}-off" if row["connection"] == "offline" else kind


def _places(reader: _Reader, asked: MapAsked) -> list[PlacedSign]:
    from maps.print_content import PlacedSign

    found = []
    for layer, kind in PLACES.items() if "places" in asked.layers else ():
        rows, shapes = reader.rows(layer)
        named = kind != "entrance"
        found += [
            PlacedSign(at.x, at.y, kind, str(row["name"] or "") if named else "")
            for row, at in zip(rows, shapes, strict=True)
        ]
    return found


def _incidents(reader: _Reader, asked: MapAsked) -> tuple[list[PlacedSign], int]:
    """Return the incidents that have a place, and how many have none."""
    from maps.print_content import PlacedSign

    if "incidents" not in asked.layers:
        return [], 0
    rows = list(_listed(reader, asked.chosen))
    placed = [row for row in rows if row["lon"] is not None]
    reader.coarse = reader.coarse or not all(row["exact"] for row in placed)
    at = reader.places([(row["lon"], row["lat"]) for row in placed])
    lights = (row["light"] or "plain" for row in placed)
    signs = [PlacedSign(*xy, light) for xy, light in zip(at, lights, strict=True)]
    return signs, len(rows) - len(placed)


def _listed(reader: _Reader, chosen: IncidentFilter) -> Iterable[Mapping[str, Any]]:
    asked = replace(chosen, limit=listing.MOST)
    while True:
        page = listing.list_incidents(reader.engine, reader.who, asked)
        yield from page["incidents"]
        if page["next"] is None:
            return
        asked = replace(asked, next=page["next"])
