"""Vector tiles (MVT) of the layers, cut to who asks; SRIDs are whole numbers in every statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.roles import depth_no

EXTENT: Final = 4096
BUFFER: Final = 64
FULL_ZOOM: Final = 14
"""From here on features carry all they have; below only what they are drawn by."""

MOST_POINTS: Final = 2_000
"""Points of a tile beyond which it holds their numbers, in `BINS` × `BINS` squares."""

MOST_SHAPES: Final = 10_000
BINS: Final = 64
METRIC_ZOOM: Final = 9
"""From here on rows that are kept in metres are looked for in metres: a tile is 80 km wide."""

SUMMARY: Final = "summary"
"""Layer of a tile that leaves something out: one point that says how much."""


class TileAddress(NamedTuple):
    """Which tile of WebMercatorQuad."""

    z: int
    x: int
    y: int


@dataclass(frozen=True)
class Tile:
    """A tile, how many granted rows lie in it, and how many of them it shows one by one.

    `codes` are those of its rows; None where they are not known.
    """

    content: bytes
    total: int
    shown: int
    aggregated: bool
    codes: frozenset[str] | None = None

    @property
    def left_out(self) -> int:
        """How many rows it does not show one by one."""
        return self.total - self.shown


@dataclass(frozen=True)
class Source:
    """Rows of a layer: a statement with `code` and `geom`, and the attributes by zoom."""

    rows: str
    slim: tuple[str, ...]
    full: tuple[str, ...]
    points: bool
    metric: bool = False
    fenced: bool = False
    depth: str = "position"

    def fields(self, z: int) -> tuple[str, ...]:
        """Return the attributes that features have at a zoom."""
        return self.full if z >= FULL_ZOOM else self.slim


_BOX: Final = "(SELECT lonlat FROM tile)"


def _level(name: str) -> Source:
    granted = predicates.AREA.format(path="a.path")
    rows = (
        "SELECT a.code, a.name, a.kind, a.geom FROM govgrid.area_now a"
        f" WHERE a.level = '{name}' AND a.geom && {_BOX} AND {granted}"
    )
    return Source(rows, ("code",), ("code", "name", "kind"), points=False)


def _plain(table: str, columns: str, *, points: bool, slim: tuple[str, ...] = ("code",)) -> Source:
    granted = predicates.PLACE.format(geom="geom")
    rows = f"SELECT code, {columns}, geom FROM govgrid.{table} WHERE geom && {_BOX} AND {granted}"
    names = tuple(each.split(" AS ")[-1].strip() for each in columns.split(","))
    return Source(rows, slim, ("code", *names), points)


_KIND, _PLACE_OF = "c.owner_kind", "c.geom"
_EXACT: Final = predicates.STOOD_EXACT.format(kind=_KIND, geom=_PLACE_OF)
_STOOD: Final = predicates.STOOD.format(kind=_KIND, geom=_PLACE_OF)
_SEEN: Final = _STOOD.replace(":depth", f"{depth_no('direction')}")
# Of a camera that is not exact the coarse place decides in which tile it lies. Tiles of cameras are
# made from memory; this is the rule that they are held against.
_CAMERAS: Final = (
    "SELECT r.code, r.owner_kind, r.form, r.connection, r.status, r.exact,"
    " CASE WHEN r.exact THEN r.name END AS name, CASE WHEN r.seen THEN r.heading_deg END AS"
    " heading_deg, CASE WHEN r.seen THEN r.hfov_deg END AS hfov_deg,"
    " CASE WHEN r.seen THEN r.range_m END AS range_m, r.shown AS geom FROM (SELECT c.*, g.exact,"
    f" {_SEEN} AS seen, {predicates.CAMERA_GEOM} AS shown FROM govgrid.tile_camera c"
    f" CROSS JOIN LATERAL (SELECT {_EXACT} AS exact) g"
    f" WHERE (c.geom && {_BOX} OR c.coarse_geom && {_BOX}) AND {_STOOD}) r"
    f" WHERE r.shown && {_BOX}"
)
_VIEWSHED: Final = predicates.KNOWN_EXACT.format(kind="v.owner_kind", code="v.camera_code")
_VIEWSHEDS: Final = (
    "SELECT v.code, v.camera_code, v.detail, v.certainty, ST_SetSRID(v.geom, :srid) AS geom"
    " FROM govgrid.tile_viewshed v WHERE v.geom &&"
    f" ST_SetSRID(ST_Transform({_BOX}, :srid), 0) AND {_VIEWSHED}"
)
# A tile of half the world has no box in the metric system of a district.
_FAR_VIEWSHEDS: Final = (
    "SELECT f.* FROM (SELECT v.code, v.camera_code, v.detail, v.certainty,"
    " ST_Transform(ST_SetSRID(v.geom, :srid), 4326) AS geom FROM govgrid.tile_viewshed v"
    f" WHERE {_VIEWSHED}) f WHERE f.geom && {_BOX}"
)
_MATTER: Final = predicates.INCIDENT.format(geom="n.geom", code="n.code")
_MATTER_EXACT: Final = predicates.INCIDENT_EXACT.format(geom="n.geom", code="n.code")
_INCIDENTS: Final = (
    "SELECT i.code, i.category, i.state, i.exact, i.shown AS geom FROM (SELECT n.code, n.category,"
    f" n.state, {_MATTER_EXACT} AS exact, CASE WHEN {_MATTER_EXACT} THEN n.geom"
    " ELSE govgrid.coarsen_point(n.geom) END AS shown FROM govgrid.tile_incident n"
    f" WHERE {_MATTER}) i WHERE i.shown && {_BOX}"
)
# What was computed in Python comes as texts and geometries.
_GIVEN: Final = (
    "SELECT g.code, g.kind, ST_GeomFromWKB(g.wkb, 4326) AS geom FROM unnest(CAST(:codes AS text[]),"
    " CAST(:kinds AS text[]), CAST(:wkbs AS bytea[])) AS g (code, kind, wkb)"
)
GIVEN: Final = Source(_GIVEN, ("code", "kind"), ("code", "kind"), points=False)
SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "grids": _level("grid"),
        "communities": _level("community"),
        "townships": _level("township"),
        "districts": _level("district"),
        "cameras": Source(
            _CAMERAS,
            ("code", "owner_kind", "connection"),
            (
                *("code", "owner_kind", "connection", "name", "form", "status", "exact"),
                *("heading_deg", "hfov_deg", "range_m"),
            ),
            points=True,
        ),
        "viewsheds": Source(
            _VIEWSHEDS,
            ("code", "certainty"),
            ("code", "camera_code", "detail", "certainty"),
            points=False,
            metric=True,
            depth="direction",
        ),
        "gaps": GIVEN,
        "incidents": Source(
            _INCIDENTS,
            ("code", "state"),
            ("code", "category", "state", "exact"),
            points=True,
            fenced=True,
        ),
        "places": _plain("place", "name, kind", points=True, slim=("code", "kind")),
        "entrances": _plain("entrance", "name, kind", points=True),
        "centres": _plain("centre", "name, level", points=True),
        "roads": _plain("road", "name, class", points=False, slim=("code", "class")),
        "buildings": _plain("building", "name, kind, height_m", points=False),
        "water": _plain("water", "name, kind", points=False),
        "addresses": _plain("address", "name, kind", points=True),
        "poles": _plain("pole", "name, kind", points=True),
        "privacy-zones": _plain("privacy_zone", "name, kind", points=False),
    }
)
_FAR: Final = {
    name: replace(SOURCES[name], rows=rows, metric=False)
    for name, rows in {"viewsheds": _FAR_VIEWSHEDS}.items()
}
# What is put around a tile ends at the edge of the world: beyond it, longitudes begin anew.
_AROUND: Final = (
    "(SELECT ST_Transform(ST_MakeEnvelope(greatest(ST_XMin(m), -20037508.34), ST_YMin(m),"
    " least(ST_XMax(m), 20037508.34), ST_YMax(m), 3857), 4326)"
    " FROM ST_TileEnvelope(:z, :x, :y, margin => CAST(:margin AS float8)) AS m)"
)
BOXED: Final = {
    "cameras": "tile_camera",
    "places": "place",
    "entrances": "entrance",
    "centres": "centre",
    "roads": "road",
    "buildings": "building",
    "water": "water",
    "addresses": "address",
    "poles": "pole",
    "privacy-zones": "privacy_zone",
}
"""Layers whose revisions name the rows they changed, and where these are read."""
_COMING: Final = {
    layer: text(
        f"SELECT EXISTS (SELECT FROM govgrid.{table} WHERE code = ANY(CAST(:codes AS text[]))"
        f" AND (geom && {_AROUND}{coarse}))"
    )
    for layer, table in BOXED.items()
    for coarse in [f" OR coarse_geom && {_AROUND}" if layer == "cameras" else ""]
}
_TILE: Final = (
    "WITH edge AS MATERIALIZED (SELECT ST_TileEnvelope(:z, :x, :y) AS env), tile AS MATERIALIZED"
    " (SELECT env, ST_XMin(env) AS west, ST_XMax(env) AS east, ST_YMin(env) AS south,"
    f" ST_YMax(env) AS north, {_AROUND} AS lonlat FROM edge),"
    " given AS MATERIALIZED ({rows}),"
)
# A point belongs to one tile, so that the numbers of all tiles add up to that of the table.
_POINTS: Final = (
    " placed AS MATERIALIZED (SELECT g.*, ST_Transform(g.geom, 3857) AS at FROM given g"
    " WHERE g.geom IS NOT NULL),"
    " here AS MATERIALIZED (SELECT p.*, t.env FROM placed p, tile t WHERE ST_X(p.at) >= t.west"
    " AND ST_X(p.at) < t.east AND ST_Y(p.at) > t.south AND ST_Y(p.at) <= t.north),"
    " counted AS (SELECT count(*) AS total FROM here)"
    " SELECT total, CASE WHEN total > :most THEN 0 ELSE total END AS shown,"
    " CASE WHEN total <= :most THEN (SELECT array_agg(code) FROM here) END AS codes,"
    " CASE WHEN total > :most THEN (SELECT ST_AsMVT(b, :layer, 4096, 'shape') FROM (SELECT"
    " CAST(sum(n) AS integer) AS count, ST_AsMVTGeom(ST_SetSRID(ST_MakePoint("
    " t.west + (bx + 0.5) * (t.east - t.west) / :bins,"
    " t.south + (by + 0.5) * (t.north - t.south) / :bins), 3857), t.env, 4096, 0, true) AS shape"
    " FROM (SELECT least(floor((ST_X(h.at) - t.west) / (t.east - t.west) * :bins), :bins - 1)"
    " AS bx,"
    " least(floor((ST_Y(h.at) - t.south) / (t.north - t.south) * :bins), :bins - 1) AS by,"
    " count(*) AS n FROM here h, tile t GROUP BY 1, 2) c, tile t"
    " GROUP BY bx, by, t.west, t.east, t.south, t.north, t.env ORDER BY bx, by) b)"
    " ELSE (SELECT ST_AsMVT(f, :layer, 4096, 'shape') FROM (SELECT {fields},"
    " ST_AsMVTGeom(at, env, 4096, 0, true) AS shape FROM here ORDER BY code) f) END AS content"
    " FROM counted"
)
_SHAPES: Final = (
    " here AS MATERIALIZED (SELECT g.*, ST_AsMVTGeom(ST_Transform(g.geom, 3857), t.env, 4096,"
    " :buffer, true) AS shape FROM given g, tile t WHERE NOT ST_IsEmpty(g.geom)"
    " AND ST_Intersects(g.geom, {box})),"
    " drawn AS MATERIALIZED (SELECT * FROM here WHERE shape IS NOT NULL"
    " ORDER BY ST_Area(shape) DESC, ST_Length(shape) DESC, code LIMIT :most)"
    " SELECT (SELECT count(*) FROM here) AS total, (SELECT count(*) FROM drawn) AS shown,"
    " (SELECT array_agg(code) FROM here) AS codes,"
    " (SELECT ST_AsMVT(f, :layer, 4096, 'shape') FROM (SELECT {fields}, shape FROM drawn"
    " ORDER BY code) f) AS content"
)
_SUMMARY: Final = text(
    "SELECT ST_AsMVT(s, :layer, 4096, 'shape') FROM (SELECT CAST(:total AS integer) AS total,"
    " CAST(:shown AS integer) AS shown, CAST(:left_out AS integer) AS left_out,"
    " CAST(:aggregated AS boolean) AS aggregated,"
    " ST_AsMVTGeom(ST_Centroid(e.env), e.env, 4096, 0, true) AS shape"
    " FROM (SELECT ST_TileEnvelope(:z, :x, :y) AS env) e) s"
)


def source_at(layer: str, z: int) -> Source:
    """Return the rows of a layer as they are looked for at a zoom.

    Parameters
    ----------
    layer
        One of `SOURCES`.
    z
        Zoom of the tile.
    """
    return _FAR.get(layer, SOURCES[layer]) if z < METRIC_ZOOM else SOURCES[layer]


def draw_tile(
    connection: Connection,
    layer: str,
    source: Source,
    place: TileAddress,
    given: Mapping[str, Any],
    *,
    bins: int | None = None,
) -> Tile:
    """Return a tile of a layer; where it leaves something out, it says so in a layer of its own.

    Parameters
    ----------
    connection
        Of a transaction whose row-level security fits the layer: `Source.fenced`.
    layer
        Name of the layer in the tile.
    source
        Its rows.
    place
        Which tile.
    given
        ``Principal.parameters`` of who asks, and what else the rows need: `srid`, `codes` …
    bins
        Show numbers only, in so many squares each way; None: where there are too many points.
    """
    most = MOST_POINTS if source.points else MOST_SHAPES
    values = {
        **given,
        **place._asdict(),
        "layer": layer,
        "depth": depth_no(source.depth),
        "most": most if bins is None else -1,
        "bins": bins or BINS,
        "buffer": BUFFER,
        "margin": 0.0 if source.points else BUFFER / EXTENT,
    }
    row = connection.execute(text(_written(source, place.z)), values).one()
    aggregated = source.points and row.total > row.shown
    codes = None if aggregated else frozenset(row.codes or ())
    tile = Tile(bytes(row.content or b""), row.total, row.shown, aggregated, codes)
    return _summed_up(connection, tile, place) if tile.left_out else tile


def _written(source: Source, z: int) -> str:
    box = f"ST_Transform({_BOX}, :srid)" if source.metric else _BOX
    body = (_POINTS if source.points else _SHAPES).format(
        fields=", ".join(source.fields(z)), box=box
    )
    return _TILE.format(rows=source.rows) + body


def _summed_up(connection: Connection, tile: Tile, place: TileAddress) -> Tile:
    values = {
        "layer": SUMMARY,
        "total": tile.total,
        "shown": tile.shown,
        "left_out": tile.left_out,
        "aggregated": tile.aggregated,
    }
    more = connection.execute(_SUMMARY, {**values, **place._asdict()}).scalar_one()
    return replace(tile, content=tile.content + bytes(more))


def any_in_tile(
    connection: Connection, layer: str, place: TileAddress, codes: Sequence[str]
) -> bool:
    """Return whether some of these rows come into a tile, by their exact or their coarse place.

    Parameters
    ----------
    connection
        Transaction that sees all ground and equipment.
    layer
        One of `BOXED`.
    place
        Which tile.
    codes
        Of the rows.
    """
    asked = {**place._asdict(), "margin": BUFFER / EXTENT, "codes": list(codes)}
    return bool(connection.execute(_COMING[layer], asked).scalar_one())


def given_rows(rows: Sequence[tuple[str, str, bytes]]) -> dict[str, list[Any]]:
    """Return what `GIVEN` is bound to: codes, kinds and geometries (WKB, EPSG:4326)."""
    codes, kinds, wkbs = zip(*rows, strict=True) if rows else ((), (), ())
    return {"codes": list(codes), "kinds": list(kinds), "wkbs": list(wkbs)}
