"""Nesting of areas, stored beside them: derived again whenever a version changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg2 import sql
from sqlalchemy import Connection, text

from geo.areas.rules import nesting
from geo.store import frames, statements

MADE = {"made": True}
MADE_CODE, MADE_NAME = "~district", "本辖区"
_KEPT = (
    "n.unit_id = s.unit_id AND n.valid = s.valid AND n.path = s.path"
    " AND n.parent_unit_id IS NOT DISTINCT FROM s.parent_unit_id"
)
_COLUMNS = ("unit_id", "valid", "parent_unit_id", "path")


def link_parents(connection: Connection) -> None:
    """Give every area its parent and path at all times: by code where one was given, else by place.

    Where there is no district one is made of the topmost areas. Only rows that differ are written,
    and none of them is remembered as work of the running import.
    """
    with _unremembered(connection):
        given, made = _versions(connection)
        made = _make_districts(connection, nesting.top_outlines(given), made)
        both = [part for part in (given, made) if not part.empty]
        _write(connection, nesting.nest_areas(gpd.GeoDataFrame(pd.concat(both))) if both else None)


def date_range(valid_from: date | None, valid_to: date | None) -> str:
    """Return a period as the text of a ``daterange``, its end excluded.

    Parameters
    ----------
    valid_from, valid_to
        First day, and first day no longer valid; None without bound.

    Examples
    --------
    >>> date_range(date(2026, 1, 1), None)
    '[2026-01-01,)'
    """
    return f"[{valid_from or ''},{valid_to or ''})"


@contextmanager
def _unremembered(connection: Connection) -> Iterator[None]:
    """Keep what is derived out of the memory of the running import."""
    turn = text("SELECT set_config('govgrid.import_run', :run, true)")
    run = connection.execute(text("SELECT current_setting('govgrid.import_run', true)")).scalar()
    connection.execute(turn, {"run": ""})
    yield
    connection.execute(turn, {"run": run or ""})


def _versions(connection: Connection) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return all versions of the areas that were given, and of the district that was made."""
    rows = frames.read_layer(
        connection,
        "SELECT unit_id, code, level, parent_given, lower(valid) AS valid_from,"
        " upper(valid) AS valid_to, geom FROM govgrid.area ORDER BY unit_id, valid",
    )
    made = (rows["code"] == MADE_CODE) & (rows["level"] == "district")
    return rows[~made], rows[made]


def _make_districts(
    connection: Connection, wanted: gpd.GeoDataFrame, made: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Write the made district anew if it is not as `wanted`; return its versions."""
    if _same(wanted, made):
        return made
    units = made["unit_id"].unique().tolist()
    if units:
        connection.execute(text("DELETE FROM govgrid.area WHERE unit_id = :u"), {"u": units[0]})
    if wanted.empty:
        return wanted
    if not units:
        units = [connection.execute(text("SELECT nextval('govgrid.area_unit_id')")).scalar_one()]
    rows = wanted.assign(
        unit_id=units[0], code=MADE_CODE, level="district", name=MADE_NAME, parent_given=None
    )
    made_anew = pd.Series([MADE] * len(rows), index=rows.index, dtype=object)
    stored = rows.assign(valid=_spans(rows), attributes=made_anew)
    frames.copy_in(connection, "area", stored.drop(columns=["valid_from", "valid_to"]))
    return gpd.GeoDataFrame(rows)


def _same(wanted: gpd.GeoDataFrame, made: gpd.GeoDataFrame) -> bool:
    if _spans(wanted) != _spans(made):
        return False
    shapes = (np.asarray(each.geometry, dtype=object) for each in (wanted, made))
    return bool(np.all(shapely.equals(*shapes)))


def _write(connection: Connection, nests: pd.DataFrame | None) -> None:
    if nests is None:
        connection.execute(text("DELETE FROM govgrid.area_nesting"))
        return
    columns = statements.columns_of(_COLUMNS)
    connection.execute(
        text("CREATE TEMP TABLE nest ON COMMIT DROP AS TABLE govgrid.area_nesting WITH NO DATA")
    )
    frames.copy_in(
        connection, "nest", nests.assign(valid=_spans(nests))[list(_COLUMNS)], schema=None
    )
    for statement in (
        "ANALYZE nest",
        # What is held is copied: a scan of a GiST index that stops at its first row and begins
        # anew, while the same statement splits pages, marks live entries as dead (PostgreSQL 15)
        "CREATE TEMP TABLE held ON COMMIT DROP AS TABLE govgrid.area_nesting",
        "DELETE FROM govgrid.area_nesting n WHERE NOT EXISTS (SELECT FROM nest s WHERE {kept})",
        "INSERT INTO govgrid.area_nesting ({columns}) SELECT {columns} FROM nest s"
        " WHERE NOT EXISTS (SELECT FROM held n WHERE {kept})",
        "DROP TABLE nest, held",
    ):
        composed = sql.SQL(statement).format(columns=columns, kept=sql.SQL(_KEPT))
        statements.execute(connection, composed)


def _spans(rows: pd.DataFrame) -> list[str]:
    return [date_range(*pair) for pair in zip(rows["valid_from"], rows["valid_to"], strict=True)]
