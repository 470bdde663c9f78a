"""Which rows a reader may see, as SQL predicates and cuts of frames: the one place that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.access.principal import Reader
from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

# The predicates of every query, filled by `Reader.parameters`. `{geom}` is a geometry in EPSG:4326,
# `{path}` an area's path of unit_ids, `{code}` an area's code.
PLACE: Final = "(:everything OR govgrid.covered_by({geom}, CAST(:areas AS bigint[])))"
AREA: Final = (
    "(:everything OR"
    " string_to_array(ltree2text({path}), '.')::bigint[] && CAST(:areas AS bigint[]))"
)
AREA_CODE: Final = (
    "(:everything OR {code} IN (SELECT n.code FROM govgrid.area_now n"
    " WHERE string_to_array(ltree2text(n.path), '.')::bigint[] && CAST(:areas AS bigint[])))"
)
INCIDENT: Final = (
    f"({PLACE} OR EXISTS (SELECT FROM govgrid.dispatch d"
    " WHERE d.incident_code = {code} AND d.unit_code = :unit))"
)
# Cameras of the grants with `depth` (null: another's, which only looks in) and `distance_m`.
CAMERAS: Final = (
    "govgrid.cameras_granted(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[]))"
)
_GRIDS: Final = (
    f"SELECT a.code FROM govgrid.area_now a WHERE a.level = 'grid' AND {AREA.format(path='a.path')}"
)
# The same of one that is no more, or not there any more: `{kind}` its class, `{geom}` its place.
STOOD: Final = (
    "EXISTS (SELECT FROM unnest(CAST(:camera_areas AS bigint[]), CAST(:camera_classes AS text[]),"
    " CAST(:camera_depths AS integer[])) AS g (unit_id, class, depth)"
    " LEFT JOIN govgrid.area a ON a.unit_id = g.unit_id AND a.valid @> govgrid.today()"
    " WHERE g.depth >= :depth AND g.class = coalesce({kind}, 'unknown')"
    " AND (g.unit_id IS NULL OR ST_Intersects(a.geom, {geom})))"
)


def covers(connection: Connection, reader: Reader, lon: float, lat: float) -> bool:
    """Return whether a place (EPSG:4326) lies in what is granted to `reader`."""
    place = PLACE.format(geom="ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)")
    parameters = {**reader.parameters, "lon": lon, "lat": lat}
    return bool(connection.execute(text(f"SELECT {place}"), parameters).scalar_one())


def within(known: gpd.GeoDataFrame, reader: Reader) -> gpd.GeoDataFrame:
    """Return those of `known` areas (``area_now``) that are granted to `reader`."""
    if reader.everything:
        return known
    granted = {str(area) for area in reader.areas}
    inside = [not granted.isdisjoint(path.split(".")) for path in known["path"]]
    return known.loc[inside]


def cameras(connection: Connection, reader: Reader) -> pd.DataFrame:
    """Return the cameras `reader` may know of, by code: `depth`, `distance_m`.

    `depth` (0 … 4) is missing for those of others that only look into a granted area; `distance_m`
    is how far they stand from it, 0 for the own ones.
    """
    return frames.read(connection, f"SELECT * FROM {CAMERAS}", reader.parameters).set_index("code")


def of_grids(connection: Connection, reader: Reader, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return those rows whose `grid_code` is of a grid that is granted to `reader`."""
    if reader.everything:
        return rows
    grids = frames.read(connection, _GRIDS, reader.parameters)["code"]
    return rows.loc[rows["grid_code"].isin(grids)]
