"""Layers as they go out: for the service's collections, for exports, for the map."""

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
from sqlalchemy import Connection, Engine

from geo.crs import WGS84
from geo.errors import LayerError
from geo.store import db, decisions, frames, results

_AREA = (
    "SELECT a.code, a.name, a.kind, p.code AS parent_code, a.local_code, a.attributes, a.geom"
    " FROM govgrid.area_now a LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    " WHERE a.level = '{level}' AND a.code > :after ORDER BY a.code LIMIT :limit"
)
_PLAIN = (
    "SELECT code, {columns}, attributes, geom FROM govgrid.{table}"
    " WHERE code > :after ORDER BY code LIMIT :limit"
)


def _plain(table: str, columns: str) -> str:
    return _PLAIN.format(table=table, columns=columns)


# What each layer shows of itself. Stream addresses stand nowhere here, and never will.
STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "districts": _AREA.format(level="district"),
        "townships": _AREA.format(level="township"),
        "communities": _AREA.format(level="community"),
        "grids": _AREA.format(level="grid"),
        "areas": (
            # codes repeat over the levels; one made to hold the others is nobody's area
            "SELECT a.code, a.level, a.name, a.kind,"
            " CASE WHEN NOT p.attributes ? 'made' THEN p.code END AS parent_code,"
            " a.local_code, a.attributes, a.geom FROM govgrid.area_now a"
            " LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
            " WHERE NOT a.attributes ? 'made' AND a.level || '/' || a.code > :after"
            " ORDER BY a.level || '/' || a.code LIMIT :limit"
        ),
        "cameras": (
            "SELECT c.code, c.local_code, c.site, c.name, c.owner_kind, c.point_class,"
            " c.legal_basis, c.form, c.indoor, c.supply_light, c.mount_height_m, c.connection,"
            " c.status, c.networked, c.area_reported, c.address, c.retention_days, c.filing_no,"
            " c.sign_present, c.installed_on, c.build_phase, c.management_unit,"
            " c.maintenance_unit, c.duty_phone,"
            " c.position_sigma_m, v.heading_deg, v.heading_source, v.hfov_deg, v.vfov_deg,"
            " v.tilt_deg, v.res_h_px, v.range_m, v.verified_on AS heading_verified_on,"
            " c.grid_code, c.position_source, c.verified_on AS position_verified_on,"
            " CASE WHEN c.position_source = 'verified' THEN ST_X(c.reported_geom) END"
            "  AS reported_lon,"
            " CASE WHEN c.position_source = 'verified' THEN ST_Y(c.reported_geom) END"
            "  AS reported_lat,"
            " c.attributes, c.geom FROM govgrid.camera c"
            " LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1"
            " WHERE c.code > :after ORDER BY c.code LIMIT :limit"
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
        "incidents": _plain(
            "incident",
            "title, category, description, source, state, occurred_at, reported_at, closed_at,"
            " accuracy_m, address",
        ),
        "viewsheds": (
            "SELECT camera_code || '/' || view_no || '/' || certainty AS code, camera_code,"
            " view_no, detail, certainty, geom FROM govgrid.viewshed"
            " WHERE camera_code || '/' || view_no || '/' || certainty > :after"
            " ORDER BY 1 LIMIT :limit"
        ),
    }
)
_BARE = "SELECT {columns}, attributes FROM govgrid.{table} ORDER BY {key}"


def _bare(table: str, columns: str, key: str = "code") -> str:
    return _BARE.format(table=table, columns=columns, key=key)


# Layers without places; they are never paged.
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "units": _bare("unit", "code, name, kind, area_code, duty_post, duty_phone"),
        "duties": _bare("unit_duty", "code, unit_code, area_code, category"),
        "pairings": _bare("pairing", "code, area_code, unit_code, since"),
        "categories": _bare("category", "code, name, upper_code, limit_amount, limit_unit"),
        "calendar": _bare("calendar", "day, kind, name", key="day"),
        "camera-status": (
            "SELECT DISTINCT ON (camera_code) camera_code AS code, status, since"
            " FROM govgrid.camera_status ORDER BY camera_code, since DESC"
        ),
        "camera-status-history": (
            "SELECT camera_code AS code, status, since"
            " FROM govgrid.camera_status ORDER BY camera_code, since"
        ),
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
METRIC = frozenset({"viewsheds"})
EVERYTHING = 2_000_000_000


def names() -> tuple[str, ...]:
    """Return the names of all layers that can go out."""
    return (*placed(), *TABLES)


def placed() -> tuple[str, ...]:
    """Return the names of the layers with places, which can be paged and drawn."""
    return (*STATEMENTS, "gaps")


def page(
    engine: Engine, name: str, *, after: str = "", limit: int = EVERYTHING
) -> gpd.GeoDataFrame:
    """Return up to `limit` features of a layer behind the one called `after`, EPSG:4326.

    The first column is the feature's id, by which pages are cut; free columns of the source are
    spread out of ``attributes``.

    Raises
    ------
    LayerError
        If there is no such layer, or it has no places.
    """
    return _spread(rows_of(engine, name, after=after, limit=limit))


def rows_of(
    engine: Engine, name: str, *, after: str = "", limit: int = EVERYTHING
) -> gpd.GeoDataFrame:
    """Return what :func:`page` does, with the free columns still in ``attributes``."""
    if name not in placed():
        raise LayerError("layer.unknown", name=name, known=", ".join(placed()))
    with db.transaction(engine) as connection:
        if name == "gaps":
            return _gaps(connection, after, limit)
        srid = decisions.metric_srid(connection) if name in METRIC else WGS84
        parameters = {"after": after, "limit": limit}
        rows = frames.read_layer(connection, STATEMENTS[name], parameters, srid=srid)
    return rows.to_crs(WGS84)


def _gaps(connection: Connection, after: str, limit: int) -> gpd.GeoDataFrame:
    run = results.require_newest(connection)
    found = results.gaps(
        connection,
        run.id,
        srid=decisions.metric_srid(connection),
        device_set="all",
        detail=min(results.details(connection, run.id), default=0),
        certainty="certain",
    )
    first = int(after) if after.isdecimal() else 0
    return found[found["rank"] > first].head(limit).to_crs(WGS84)


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


def remark(engine: Engine) -> str:
    """Return what every export of this district must say of itself, such as 演示数据; else ""."""
    with db.transaction(engine) as connection:
        rows = frames.read(
            connection,
            "SELECT DISTINCT attributes ->> 'remark' AS remark FROM govgrid.area_now"
            " WHERE level = 'district' AND attributes ? 'remark'",
        )
    return "；".join(sorted(rows["remark"]))
