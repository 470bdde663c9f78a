"""Which rows a principal may see, as SQL predicates and filters of frames: decided here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.access.principal import Principal
from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

# The predicates of every query, filled by `Principal.parameters`. `{geom}` is in EPSG:4326,
# `{path}` an area's path of unit_ids, `{code}` an area's code.
PLACE: Final = "(:everything OR govgrid.intersects_areas({geom}, CAST(:areas AS bigint[])))"
AREA: Final = (
    "(:everything OR"
    " string_to_array(ltree2text({path}), '.')::bigint[] && CAST(:areas AS bigint[]))"
)
AREA_CODE: Final = (
    "(:everything OR {code} IN (SELECT n.code FROM govgrid.area_now n"
    " WHERE string_to_array(ltree2text(n.path), '.')::bigint[] && CAST(:areas AS bigint[])))"
)
# Whether a place is granted exactly, or as a coarse one; `SENT` of an incident: to its own unit.
EXACT: Final = (
    "(:exact_everything OR govgrid.intersects_areas({geom}, CAST(:exact_areas AS bigint[])))"
)
SENT: Final = (
    "EXISTS (SELECT FROM govgrid.dispatched_unit d"
    " WHERE d.incident_code = {code} AND d.unit_code = :unit)"
)
# For a responder its area opens base layers only: incidents are those that its unit is sent to.
INCIDENT_PLACE: Final = (
    "(:incident_everything OR govgrid.intersects_areas({geom}, CAST(:incident_areas AS bigint[])))"
)
INCIDENT: Final = f"({INCIDENT_PLACE} OR {SENT})"
INCIDENT_EXACT: Final = f"({EXACT} OR {SENT})"
# Cameras of the grants with `depth` (null: another's, which only looks in), `exact` and, of
# another's, `distance_m`. Of a camera that is not `exact` nothing may leave that depends on its
# place but what follows from its `coarse_geom`: no words of it, no measure, no outline.
CAMERAS: Final = (
    "govgrid.granted_cameras(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[]), CAST(:camera_exacts AS boolean[]))"
)
CAMERA_GEOM: Final = "(CASE WHEN g.exact THEN c.geom ELSE c.coarse_geom END)"
_GRIDS: Final = (
    f"SELECT a.code FROM govgrid.area_now a WHERE a.level = 'grid' AND {AREA.format(path='a.path')}"
)
# Whether a camera is granted as deeply as `:depth`, by what is derived at each write of its place:
# `{kind}` its class, `{code}` its code.
_KNOWN: Final = (
    "EXISTS (SELECT FROM unnest(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[]), CAST(:camera_exacts AS boolean[]))"
    " AS g (unit_id, class, depth, exact)"
    " WHERE g.depth >= :depth AND g.class = coalesce({{kind}}, 'unknown'){only}"
    " AND (g.unit_id IS NULL OR EXISTS (SELECT FROM govgrid.area a JOIN govgrid.camera_area s"
    " ON s.area = a.id WHERE a.unit_id = g.unit_id AND a.valid @> govgrid.today()"
    " AND s.camera_code = {{code}})))"
)
KNOWN: Final = _KNOWN.format(only="")
KNOWN_EXACT: Final = _KNOWN.format(only=" AND g.exact")
# The same by the place itself, also of one that is no more, or not there any more: `{kind}` its
# class, `{geom}` its place.
_STOOD: Final = (
    "EXISTS (SELECT FROM unnest(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[]), CAST(:camera_exacts AS boolean[]))"
    " AS g (unit_id, class, depth, exact)"
    " LEFT JOIN govgrid.area_now a ON a.unit_id = g.unit_id"
    " WHERE g.depth >= :depth AND g.class = coalesce({{kind}}, 'unknown')"
    " AND (g.unit_id IS NULL OR ST_Intersects(a.geom, {{geom}})){only})"
)
STOOD: Final = _STOOD.format(only="")
STOOD_EXACT: Final = _STOOD.format(only=" AND g.exact")


def is_granted(connection: Connection, reader: Principal, lon: float, lat: float) -> bool:
    """Return whether a place is in an area granted to a principal.

    Parameters
    ----------
    connection
        Open transaction.
    lon, lat
        Degrees, EPSG:4326.
    """
    place = PLACE.format(geom="ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)")
    parameters = {**reader.parameters, "lon": lon, "lat": lat}
    return bool(connection.execute(text(f"SELECT {place}"), parameters).scalar_one())


def is_shape_granted(connection: Connection, reader: Principal, shape: bytes) -> bool:
    """Return whether a shape meets an area granted to a principal.

    Parameters
    ----------
    connection
        Open transaction.
    reader
        Principal whose grants apply.
    shape
        WKB, EPSG:4326.
    """
    place = PLACE.format(geom="ST_GeomFromWKB(:shape, 4326)")
    parameters = {**reader.parameters, "shape": shape}
    return bool(connection.execute(text(f"SELECT {place}"), parameters).scalar_one())


def granted_areas(known: gpd.GeoDataFrame, reader: Principal) -> gpd.GeoDataFrame:
    """Return the areas granted to a principal.

    Parameters
    ----------
    known
        Areas with ``path``, as from the view ``area_now``.
    """
    if reader.everything:
        return known
    granted = {str(area) for area in reader.areas}
    inside = [not granted.isdisjoint(path.split(".")) for path in known["path"]]
    return known.loc[inside]


def visible_cameras(connection: Connection, reader: Principal) -> pd.DataFrame:
    """Return the cameras that a principal may know of, indexed by ``code``.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.

    Returns
    -------
    pd.DataFrame
        ``depth`` (0 … 4; missing for cameras of others that only look into a granted area),
        ``exact`` (whether more than the coarse place may be shown), and ``distance_m`` from the
        granted areas in steps of 50 m, 0 inside.
    """
    return frames.read_frame(connection, f"SELECT * FROM {CAMERAS}", reader.parameters).set_index(
        "code"
    )


def granted_grids(connection: Connection, reader: Principal) -> frozenset[str] | None:
    """Return the codes of the grids granted to a principal; None: all.

    Parameters
    ----------
    connection
        Open transaction.
    """
    if reader.everything:
        return None
    return frozenset(frames.read_frame(connection, _GRIDS, reader.parameters)["code"])
