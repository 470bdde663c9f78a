"""Succession of areas in the database: recorded for a date, and read."""

from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from geo.areas.rules.succession import find_successors
from geo.areas.store.nesting import MADE_CODE
from geo.base.crs import metric_srid
from geo.store import frames, tables

_KEY = ("old_unit_id", "new_unit_id", "on_date")
# What holds ground of the versions that end on the date, and those areas themselves elsewhere. Two
# lists, each made once: asked row by row, ten thousand areas took a minute.
_AFTER = (
    "WITH before AS MATERIALIZED ("
    "SELECT unit_id, level, geom FROM govgrid.area WHERE upper(valid) = :day AND code <> :made)"
    " SELECT unit_id, level, lower(valid) IS NOT DISTINCT FROM CAST(:day AS date) AS begins, geom"
    " FROM govgrid.area WHERE valid @> CAST(:day AS date) AND code <> :made"
    " AND (unit_id IN (SELECT unit_id FROM before) OR id IN (SELECT a.id FROM before b"
    " JOIN govgrid.area a ON a.geom && b.geom AND a.level = b.level))"
)


def rebuild_successions(connection: Connection) -> None:
    """Record what became of areas on all dates on which any version begins or ends."""
    days = connection.execute(
        text(
            "SELECT lower(valid) AS day FROM govgrid.area UNION SELECT upper(valid)"
            " FROM govgrid.area UNION SELECT on_date FROM govgrid.area_succession ORDER BY day"
        )
    )
    for day in [day for day in days.scalars() if day is not None]:
        record_successions(connection, day)


def record_successions(connection: Connection, day: date, *, run: int | None = None) -> None:
    """Record which areas hold the ground of those that end or change on a date.

    All changes of that date are judged, whatever imports made them: records that still hold stay,
    others are deleted.

    Parameters
    ----------
    connection
        Open transaction.
    day
        First day of the new areas.
    run
        Import run that new records are marked with; None for none.
    """
    at = {"day": day, "made": MADE_CODE}
    before = frames.read_layer(
        connection,
        "SELECT unit_id, level, geom FROM govgrid.area WHERE upper(valid) = :day AND code <> :made",
        at,
    )
    after = frames.read_layer(connection, _AFTER, at)
    found = pd.DataFrame(columns=list(_KEY))
    if not before.empty:
        found = find_successors(*(_metric(each, before) for each in (before, after)))
        found = found.assign(on_date=day)
        tables.upsert_rows(connection, "area_succession", found, key=_KEY, run=run)
    connection.execute(
        text(
            "DELETE FROM govgrid.area_succession WHERE on_date = :day"
            " AND (old_unit_id, new_unit_id) NOT IN (SELECT * FROM unnest("
            "CAST(:old AS bigint[]), CAST(:new AS bigint[])))"
        ),
        {"day": day, "old": found["old_unit_id"].tolist(), "new": found["new_unit_id"].tolist()},
    )


def of_units(connection: Connection, units: Sequence[int]) -> pd.DataFrame:
    """Return what became of areas and what they came from, the earliest first.

    Parameters
    ----------
    connection
        Open transaction.
    units
        Values of ``unit_id``, old or new.

    Returns
    -------
    pd.DataFrame
        ``on_date``, ``kind``, ``share``, and code and name of the old area on the day before and of
        the new one on the day (``old_code``, ``old_name``, ``new_code``, ``new_name``).
    """
    return frames.read_frame(
        connection,
        "SELECT s.on_date, s.kind, s.share, o.code AS old_code, o.name AS old_name,"
        " n.code AS new_code, n.name AS new_name FROM govgrid.area_succession s"
        " LEFT JOIN govgrid.area o ON o.unit_id = s.old_unit_id AND o.valid @> s.on_date - 1"
        " LEFT JOIN govgrid.area n ON n.unit_id = s.new_unit_id AND n.valid @> s.on_date"
        " WHERE s.old_unit_id = ANY(:units) OR s.new_unit_id = ANY(:units)"
        " ORDER BY s.on_date, s.share DESC, old_code, new_code",
        {"units": list(units)},
    )


def _metric(areas: gpd.GeoDataFrame, whole: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `areas` in metres, by `unit_id`, as the middle of `whole` asks for."""
    west, south, east, north = map(float, np.asarray(whole.total_bounds))
    srid = metric_srid((west + east) / 2, (south + north) / 2)
    return gpd.GeoDataFrame(areas.set_index("unit_id")).to_crs(srid)
