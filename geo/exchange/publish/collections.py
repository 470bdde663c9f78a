"""Layers as they go out, cut to who asks: for the service's collections and for exports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from geo.access import predicates, transaction
from geo.access.principal import RESTRICTED_LAYERS, Reader
from geo.access.roles import depth_no
from geo.base.crs import WGS84
from geo.base.errors import LayerError
from geo.coverage.store import results
from geo.store import frames, installation

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_AREA = (
    "SELECT a.code, a.name, a.kind, p.code AS parent_code, a.local_code, a.attributes, a.geom"
    " FROM govgrid.area_now a LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    " WHERE a.level = '{level}' AND a.code > :after AND {granted} ORDER BY a.code LIMIT :limit"
)
_PLAIN = (
    "SELECT code, {columns}, attributes, geom FROM govgrid.{table}"
    " WHERE code > :after AND {granted} ORDER BY code LIMIT :limit"
)
_POSITION, _DIRECTION = depth_no("position"), depth_no("direction")


def _plain(table: str, columns: str) -> str:
    granted = predicates.PLACE.format(geom="geom")
    return _PLAIN.format(table=table, columns=columns, granted=granted)


def _level(name: str) -> str:
    return _AREA.format(level=name, granted=predicates.AREA.format(path="a.path"))


def _if(condition: str, *expressions: str) -> str:
    """Return columns of cameras that are empty where a condition does not hold."""
    named = [each.partition(" AS ")[::2] for each in expressions]
    return ", ".join(
        f"CASE WHEN {condition} THEN {value} END AS {name or value.partition('.')[2]}"
        for value, name in named
    )


_PLACED = f"g.depth >= {_POSITION}"
_EXACT = f"{_PLACED} AND g.exact"
_SEEN = f"g.depth >= {_DIRECTION}"
# What a grant of positions shows of a camera, and what only one of directions does.
_CAMERA = (
    *("c.local_code", "c.site", "c.name", "c.owner_kind", "c.point_class", "c.legal_basis"),
    *("c.form", "c.indoor", "c.supply_light", "c.mount_height_m", "c.connection", "c.status"),
    *("c.networked", "c.area_reported", "c.address", "c.retention_days", "c.filing_no"),
    *("c.sign_present", "c.installed_on", "c.build_phase", "c.management_unit"),
    *("c.maintenance_unit", "c.duty_phone", "c.position_sigma_m"),
)
# Words tell a place as numbers do: of a camera that is not exact they are blank.
_CAMERA_WORDS = frozenset({"c.local_code", "c.site", "c.name", "c.area_reported", "c.address"})
_CAMERA_SIGHT = (
    *("v.heading_deg", "v.heading_source", "v.hfov_deg", "v.vfov_deg", "v.tilt_deg"),
    *("v.res_h_px", "v.range_m", "v.verified_on AS heading_verified_on"),
)
_CAMERA_PLACE = (
    "c.verified_on AS position_verified_on",
    "(CASE WHEN c.position_source = 'verified' THEN ST_X(c.reported_geom) END) AS reported_lon",
    "(CASE WHEN c.position_source = 'verified' THEN ST_Y(c.reported_geom) END) AS reported_lat",
)


def _known() -> str:
    return ", ".join(_if(_EXACT if each in _CAMERA_WORDS else _PLACED, each) for each in _CAMERA)


_MATTER = predicates.INCIDENT.format(geom="n.geom", code="n.code")
_MATTER_EXACT = predicates.INCIDENT_EXACT.format(geom="n.geom", code="n.code")

# What each layer shows of itself. Stream addresses stand nowhere here, and never will.
STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "districts": _level("district"),
        "townships": _level("township"),
        "communities": _level("community"),
        "grids": _level("grid"),
        "areas": (
            # codes repeat over the levels; one made to hold the others is nobody's area
            "SELECT a.code, a.level, a.name, a.kind,"
            " CASE WHEN NOT p.attributes ? 'made' THEN p.code END AS parent_code,"
            " a.local_code, a.attributes, a.geom FROM govgrid.area_now a"
            " LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
            " WHERE NOT a.attributes ? 'made' AND a.level || '/' || a.code > :after"
            f" AND {predicates.AREA.format(path='a.path')}"
            " ORDER BY a.level || '/' || a.code LIMIT :limit"
        ),
        # another's camera that looks into a granted area: its code, and how far it stands from it
        "cameras": (
            f"SELECT c.code, {_known()}, {_if(_SEEN, *_CAMERA_SIGHT)},"
            f" {_if(_EXACT, 'c.grid_code')},"
            f" CASE WHEN {_PLACED} THEN CASE WHEN g.exact THEN c.position_source ELSE 'coarse' END"
            f" END AS position_source, {_if(_EXACT, *_CAMERA_PLACE)},"
            " CASE WHEN g.depth IS NULL THEN 'looks_in' ELSE 'own' END AS relation,"
            f" g.distance_m, CASE WHEN {_SEEN} AND g.exact THEN c.attributes END AS attributes,"
            f" CASE WHEN {_PLACED} THEN {predicates.CAMERA_GEOM} END AS geom"
            f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
            " LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1"
            " WHERE c.code > :after AND (g.depth >= 1 OR g.depth IS NULL AND :others)"
            " ORDER BY c.code LIMIT :limit"
        ),
        "buildings": _plain("building", "name, kind, height_m"),
        "roads": _plain("road", "name, class, width_m"),
        "water": _plain("water", "name, kind"),
        "farmland": _plain("farmland", "name, kind"),
        "privacy-zones": _plain("privacy_zone", "name, kind"),
        "restricted-zones": _plain("restricted_zone", "name, kind"),
        "poles": _plain("pole", "name, kind, height_m, powered, networked, management_unit"),
        "places": _plain("place", "name, kind, weight, radius_m"),
        "entrances": _plain("entrance", "name, place_code, kind"),
        "addresses": _plain("address", "name, kind, alias"),
        "centres": _plain("centre", "name, level, area_code, address, duty_post, duty_phone"),
        "incidents": (
            "SELECT i.code, i.title, i.category, CASE WHEN i.exact THEN i.description END AS"
            " description, i.source, i.state, i.occurred_at, i.reported_at, i.closed_at,"
            " CASE WHEN i.exact THEN i.accuracy_m END AS accuracy_m,"
            " CASE WHEN i.exact THEN i.address END AS address,"
            " CASE WHEN i.exact THEN i.attributes END AS attributes,"
            " CASE WHEN i.exact THEN i.geom ELSE govgrid.coarsen_point(i.geom) END AS geom"
            f" FROM (SELECT n.*, {_MATTER_EXACT} AS exact FROM govgrid.incident n"
            f" WHERE n.code > :after AND {_MATTER} ORDER BY n.code LIMIT :limit) i ORDER BY i.code"
        ),
        # of a camera that is not exact there are cells only, from `cell_viewsheds`
        "viewsheds": (
            "SELECT s.camera_code || '/' || s.view_no || '/' || s.certainty AS code, s.camera_code,"
            " s.view_no, s.detail, s.certainty, CASE WHEN g.exact THEN s.geom END AS geom"
            f" FROM {predicates.CAMERAS} g JOIN govgrid.viewshed s ON s.camera_code = g.code"
            f" AND {_SEEN} AND (g.exact OR s.certainty = 'possible')"
            " WHERE s.camera_code || '/' || s.view_no || '/' || s.certainty > :after"
            " ORDER BY 1 LIMIT :limit"
        ),
    }
)
_BARE = "SELECT {columns}, attributes FROM govgrid.{table} WHERE {granted} ORDER BY {key}"
# Offices are known where they serve: in the granted areas, and above them.
_SERVING = (
    f"({predicates.AREA_CODE.format(code='area_code')} OR area_code IS NULL OR area_code IN"
    " (SELECT u.code FROM govgrid.area_now o JOIN govgrid.area_now u ON u.path @> o.path"
    " WHERE o.unit_id = ANY(CAST(:areas AS bigint[]))))"
)


def _bare(table: str, columns: str, granted: str = "true", key: str = "code") -> str:
    return _BARE.format(table=table, columns=columns, granted=granted, key=key)


_OWN_STATES = (
    f" FROM govgrid.camera_status WHERE camera_code IN (SELECT g.code FROM {predicates.CAMERAS} g"
    f" WHERE g.depth >= {_POSITION}) ORDER BY camera_code, since"
)

_OWN_CAMERAS = f"SELECT g.code FROM {predicates.CAMERAS} g WHERE g.depth >= {_POSITION}"
# of one that is there no more only who sees everything is told
_OF_OWN_CAMERA = (
    f"(camera_code IN ({_OWN_CAMERAS}) OR :everything AND NOT EXISTS"
    " (SELECT FROM govgrid.camera c WHERE c.code = camera_code))"
)
# a consent may be read without where the camera stands
_OF_COUNTED_CAMERA = f"(:everything OR camera_code IN (SELECT g.code FROM {predicates.CAMERAS} g))"
_OWN_FILING = (
    f"(:everything OR code IN (SELECT c.filing_no FROM govgrid.camera c"
    f" WHERE c.code IN ({_OWN_CAMERAS})))"
)


# Layers without places; they are never paged.
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "units": _bare(
            "unit",
            "code, name, kind, area_code, duty_post, duty_phone",
            f"({_SERVING} OR code = :unit)",
        ),
        "duties": _bare("unit_duty", "code, unit_code, area_code, category", _SERVING),
        "pairings": _bare(
            "pairing",
            "code, area_code, unit_code, since",
            predicates.AREA_CODE.format(code="area_code"),
        ),
        "filings": _bare("filing", "code, unit_name, filed_on", _OWN_FILING),
        "consents": _bare(
            "consent", "code, camera_code, zone_code, document, consented_on", _OF_COUNTED_CAMERA
        ),
        "permits": _bare(
            "permit", "code, camera_code, kind, document, permitted_on", _OF_OWN_CAMERA
        ),
        "categories": _bare("category", "code, name, upper_code, limit_amount, limit_unit"),
        "calendar": _bare("calendar", "day, kind, name", key="day"),
        "camera-status": (
            f"SELECT DISTINCT ON (camera_code) camera_code AS code, status, since{_OWN_STATES} DESC"
        ),
        "camera-status-history": f"SELECT camera_code AS code, status, since{_OWN_STATES}",
    }
)
# The collections of the service; exports offer all of the above.
COLLECTIONS = (
    "grids",
    "communities",
    "townships",
    "districts",
    "cameras",
    "viewsheds",
    "gaps",
    "incidents",
    "places",
    "centres",
)
# Whoever reads these in bulk takes the register of cameras, or of blind spots, out of the house.
PROTECTED = frozenset({"cameras", "viewsheds", "gaps", "incidents"})
METRIC = frozenset({"viewsheds"})
EVERYTHING = 2_000_000_000


def layer_names() -> tuple[str, ...]:
    """Return the names of all layers that can go out."""
    return (*placed(), *TABLES)


def names_for(reader: Reader) -> tuple[str, ...]:
    """Return the names of the layers that can go out to `reader`."""
    return tuple(
        name for name in layer_names() if reader.sees_restricted or name not in RESTRICTED_LAYERS
    )


def placed() -> tuple[str, ...]:
    """Return the names of the layers with places, which can be paged and drawn."""
    return (*STATEMENTS, "gaps")


def read_page(
    engine: Engine, reader: Reader, name: str, *, after: str = "", limit: int = EVERYTHING
) -> gpd.GeoDataFrame:
    """Return up to `limit` features of a layer behind the one called `after`, EPSG:4326.

    The first column is the feature's id, by which pages are cut; free columns of the source are
    spread out of ``attributes``. Cameras of others that look into what `reader` may see are among
    the cameras, by code, relation and distance, without a geometry.

    Raises
    ------
    LayerError
        If there is no such layer, or it has no places.
    """
    return _spread(rows_of(engine, reader, name, after=after, limit=limit, others=True))


def rows_of(
    engine: Engine,
    reader: Reader,
    name: str,
    *,
    after: str = "",
    limit: int = EVERYTHING,
    others: bool = False,
    srid: int = WGS84,
) -> gpd.GeoDataFrame:
    """Return what :func:`read_page` does, with the free columns still in ``attributes``.

    Only with `others` cameras of others that look in. In another system than degrees, what was
    computed in metres is taken as it is stored.
    """
    from geo.base.reprojection import reproject_layer

    reader.require_layer(name)
    if name not in placed():
        known = ", ".join(each for each in names_for(reader) if each not in TABLES)
        raise LayerError("layer.unknown", name=name, known=known)
    parameters = {**reader.parameters, "after": after, "limit": limit, "others": others}
    with _transaction(engine, reader, name) as connection:
        if name == "gaps":
            return reproject_layer(_gaps(connection, reader, after, limit), srid)
        stored = installation.metric_srid(connection) if name in METRIC else WGS84
        rows = frames.read_layer(connection, STATEMENTS[name], parameters, srid=stored)
        if name == "viewsheds":
            from geo.exchange.publish.cell_viewsheds import with_cells

            rows = with_cells(connection, rows, stored)
        rows = reproject_layer(rows, srid)
    if name == "cameras" and not others:
        del rows["relation"], rows["distance_m"]
    return rows


def table_of(engine: Engine, reader: Reader, name: str) -> pd.DataFrame:
    """Return a layer of :data:`TABLES` whole, as far as it is the reader's."""
    reader.require_layer(name)
    with transaction.open_read_only(engine, reader) as connection:
        return frames.read_frame(connection, TABLES[name], reader.parameters)


def _transaction(engine: Engine, reader: Reader, name: str) -> AbstractContextManager[Connection]:
    """Open a transaction with row-level security for incidents, else one that can use the index."""
    open_ = transaction.open_as if name == "incidents" else transaction.open_read_only
    return open_(engine, reader)


def _gaps(connection: Connection, reader: Reader, after: str, limit: int) -> gpd.GeoDataFrame:
    from geo.coverage.coarse_gaps import granted_gaps

    run = results.require_newest(connection)
    found = granted_gaps(
        connection,
        reader,
        run.id,
        device_set="all",
        detail=min(results.read_details(connection, run.id), default=0),
        certainty="certain",
    )
    first = int(after) if after.isdecimal() else 0
    return found[found["rank"] > first].head(limit)


def _spread(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each free column of the source a column of its own, behind the known ones."""
    if "attributes" not in rows:
        return rows
    extra = rows.pop("attributes")
    known = set(rows.columns)
    for column in dict.fromkeys(key for cell in extra for key in (cell or {})):
        label = column if column not in known else f"{column}_source"
        rows.insert(len(rows.columns) - 1, label, [(cell or {}).get(column) for cell in extra])
    return rows
