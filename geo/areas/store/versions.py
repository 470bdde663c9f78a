"""Versions of areas in the database: valid ones of a date, new, changed and ended ones."""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from geo.areas.rules import versions
from geo.areas.store import succession
from geo.areas.store.nesting import MADE_CODE as MADE_CODE
from geo.areas.store.nesting import date_range
from geo.areas.store.nesting import link_parents as link
from geo.base.crs import WGS84
from geo.base.errors import InputError
from geo.store import frames
from geo.store.tables import Change

_SHOWN_CODES = 5
Box = tuple[float, float, float, float]
"""West, south, east, north, degrees in EPSG:4326."""


@dataclass(frozen=True)
class AreaChange:
    """What an import of areas did.

    Attributes
    ----------
    change
        The rows of the file, counted.
    moved
        Codes whose boundary differs but has no date; their rows were left out.
    closed
        Codes of the areas that end, because a file that is complete does not name them.
    """

    change: Change
    moved: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def valid_areas(
    connection: Connection, *, at: date | None = None, near: Box | None = None
) -> gpd.GeoDataFrame:
    """Return the areas valid on a date, EPSG:4326, indexed by ``unit_id``.

    Parameters
    ----------
    connection
        Open transaction.
    at
        Date; None for today.
    near
        Only areas that may meet this box, and all districts; None: all areas.
    """
    rows = _valid(connection, at, near).drop(columns=["id", "valid_from", "valid_to"])
    return gpd.GeoDataFrame(rows.set_index("unit_id"))


def has_grids(connection: Connection, *, at: date) -> bool:
    """Return whether any grid is valid on a date.

    Parameters
    ----------
    connection
        Open transaction.
    at
        Date.
    """
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM govgrid.area WHERE level = 'grid'"
                " AND valid @> CAST(:at AS date))"
            ),
            {"at": at},
        ).scalar()
    )


def unchanged_since(connection: Connection, days: Iterable[date]) -> dict[date, date]:
    """Return, for each day, the first day from which the areas were as on it.

    So days between two changes share one day, and their areas need to be read once only. For days
    before the first change it is the day before that change.

    Parameters
    ----------
    connection
        Open transaction.
    days
        Days, in any order.
    """
    bounds = connection.execute(
        text(
            "SELECT lower(valid) AS day FROM govgrid.area UNION SELECT upper(valid)"
            " FROM govgrid.area ORDER BY day"
        )
    )
    changes = [day for day in bounds.scalars() if day is not None]
    asked = list(days)
    if not changes:
        return dict.fromkeys(asked, min(asked)) if asked else {}
    firsts = [changes[0] - timedelta(days=1), *changes]
    return {day: firsts[bisect_right(changes, day)] for day in asked}


def bring_in(
    connection: Connection,
    rows: gpd.GeoDataFrame,
    *,
    run: int,
    valid_from: date | None = None,
    complete_under: str | None = None,
    spared: Collection[str] = (),
    ending: Collection[str] = (),
) -> AreaChange:
    """Insert, update or leave alone the areas in `rows`; other areas are never touched.

    With a date, whatever differs from the version valid then makes a new version from that date on,
    past or yet to come, and what became of the old ground is recorded
    (:mod:`geo.areas.store.succession`). Without one, names and the like are corrected in the
    version of today; a row whose boundary differs is left out and named in ``moved``.

    Parameters
    ----------
    rows
        `level`, `code`, those of `name`, `kind`, `local_code`, `parent_code` and `attributes` that
        the file has, and polygons, lon/lat. What it lacks stays.
    complete_under
        Code of an area in which `rows` are all there is of their levels: the other ones of these
        levels end on `valid_from`. None is deleted.
    spared
        Codes that the file names in rows which could not be taken: these do not end.
    ending
        Codes of areas, of the levels in `rows`, that end on `valid_from`.

    Raises
    ------
    InputError
        If a date is needed and none was given, if a version that begins later stands in the way,
        or if `complete_under` is no area above those in `rows`.
    NotFoundError
        If there is no area of the code `complete_under` on the date.
    """
    if complete_under is not None and valid_from is None:
        raise InputError("area.complete_undated", code=complete_under)
    known = _valid(connection, valid_from)
    found = versions.compare_versions(known, rows, valid_from=valid_from)
    closing = known.iloc[:0]
    if complete_under is not None:
        closing = versions.find_unnamed(known, rows, complete_under, spared=spared)
    if ending:
        levels = known["level"].isin(set(rows["level"]))
        closing = pd.concat([closing, known[levels & known["code"].isin(set(ending))]])
    by_state = {state: found[found["state"] == state] for state in ("new", "begun", "corrected")}
    _require_last(connection, [*by_state.values(), closing], valid_from)
    _end(connection, pd.concat([by_state["begun"]["id"], closing["id"]]), valid_from)
    _correct(connection, by_state["corrected"], run)
    _insert(connection, by_state["new"], by_state["begun"], run, valid_from)
    if len(closing) or any(len(part) for part in by_state.values()):
        link(connection)
        if valid_from is not None:
            succession.record_successions(connection, valid_from, run=run)
    change = Change(
        inserted=len(by_state["new"]),
        updated=len(by_state["begun"]) + len(by_state["corrected"]),
        unchanged=int((found["state"] == "same").sum()),
    )
    moved = found.loc[found["state"] == "moved", "code"]
    return AreaChange(change, tuple(moved), tuple(closing["code"]))


def rebuild_derived(connection: Connection) -> None:
    """Derive again what follows from the versions, after some of them were undone."""
    link(connection)
    succession.rebuild_successions(connection)


def _valid(connection: Connection, at: date | None, near: Box | None = None) -> gpd.GeoDataFrame:
    west, south, east, north = near or (None,) * 4
    return frames.read_layer(
        connection,
        "SELECT a.id, a.unit_id, a.code, a.level, a.kind, a.name, a.local_code, n.parent_unit_id,"
        " a.parent_given, n.path::text AS path, a.attributes, lower(a.valid) AS valid_from,"
        " upper(a.valid) AS valid_to, a.geom FROM govgrid.area a"
        " LEFT JOIN govgrid.area_nesting n ON n.unit_id = a.unit_id"
        " AND n.valid @> coalesce(CAST(:at AS date), govgrid.today())"
        " WHERE a.valid @> coalesce(CAST(:at AS date), govgrid.today())"
        " AND (CAST(:west AS float) IS NULL OR a.level = 'district'"
        " OR a.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326))"
        " ORDER BY a.level, a.code",
        {"at": at, "west": west, "south": south, "east": east, "north": north},
    )


def _require_last(
    connection: Connection, changed: list[gpd.GeoDataFrame], valid_from: date | None
) -> None:
    """Refuse what would stand before or across another version of the same code.

    Without a date only new areas can: corrections stay within their version.
    """
    asked = pd.concat([part[versions.KEY] for part in changed[: None if valid_from else 1]])
    others = frames.read_frame(
        connection,
        "SELECT level, code, max(lower(valid)) AS begins FROM govgrid.area"
        " WHERE code = ANY(:codes) GROUP BY level, code",
        {"codes": asked["code"].tolist()},
    )
    found = asked.merge(others, on=versions.KEY)
    if valid_from is not None:
        found = found[[b is not None and b > valid_from for b in found["begins"]]]
    if len(found):
        key = "area.begins_later" if valid_from else "area.not_today"
        codes = "、".join(found["code"].head(_SHOWN_CODES))
        raise InputError(key, codes=codes, begins=found["begins"].max(), date=valid_from)


def _end(connection: Connection, ids: pd.Series, valid_from: date | None) -> None:
    """End versions on a date; one that would begin on it never held and is taken away."""
    if ids.empty:
        return
    for statement in (
        "DELETE FROM govgrid.area WHERE id = ANY(:ids) AND lower(valid) = :day",
        "UPDATE govgrid.area SET valid = daterange(lower(valid), CAST(:day AS date))"
        " WHERE id = ANY(:ids)",
    ):
        connection.execute(text(statement), {"ids": ids.astype(int).tolist(), "day": valid_from})


def _correct(connection: Connection, rows: gpd.GeoDataFrame, run: int) -> None:
    """Write the cells and the boundary of `rows` into the versions that they are of."""
    if rows.empty:
        return
    connection.execute(
        text(
            "CREATE TEMP TABLE corrected ON COMMIT DROP AS SELECT id, kind, name, local_code,"
            " parent_given, attributes, geom FROM govgrid.area WITH NO DATA"
        )
    )
    stored = _stored(rows).assign(id=rows["id"].astype("int64"))
    frames.copy_in(connection, "corrected", stored, schema=None)
    connection.execute(
        text(
            "UPDATE govgrid.area a SET kind = c.kind, name = c.name, local_code = c.local_code,"
            " parent_given = c.parent_given, attributes = c.attributes, geom = c.geom,"
            " import_run = :run FROM corrected c WHERE c.id = a.id"
        ),
        {"run": run},
    )
    connection.execute(text("DROP TABLE corrected"))


def _insert(
    connection: Connection,
    new: gpd.GeoDataFrame,
    begun: gpd.GeoDataFrame,
    run: int,
    valid_from: date | None,
) -> None:
    """Write new areas, and new versions of known ones up to where the version before reached."""
    rows = gpd.GeoDataFrame(pd.concat([new.assign(unit_id=_units(connection, new)), begun]))
    if rows.empty:
        return
    ends = [None if pd.isna(end) else end for end in rows["valid_to"]]
    stored = _stored(rows).assign(
        unit_id=rows["unit_id"].astype("int64"),
        code=rows["code"],
        level=rows["level"],
        valid=[date_range(valid_from, end) for end in ends],
        import_run=run,
    )
    frames.copy_in(connection, "area", stored)


def _units(connection: Connection, new: gpd.GeoDataFrame) -> list[int]:
    """Return the units of new areas: a code that had ended and comes again is the same area."""
    earlier = frames.read_frame(
        connection,
        "SELECT DISTINCT ON (level, code) level, code, unit_id FROM govgrid.area"
        " WHERE code = ANY(:codes) ORDER BY level, code, upper(valid) DESC",
        {"codes": new["code"].tolist()},
    )
    units = new[versions.KEY].merge(earlier, on=versions.KEY, how="left")["unit_id"]
    fresh = connection.execute(
        text("SELECT nextval('govgrid.area_unit_id') FROM generate_series(1, :count)"),
        {"count": int(units.isna().sum())},
    ).scalars()
    return [next(fresh) if pd.isna(unit) else int(unit) for unit in units]


def _stored(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the cells and the boundary as the table has them."""
    parts, owner = shapely.get_parts(rows.geometry.to_numpy(), return_index=True)
    attributes = [cell if isinstance(cell, dict) else {} for cell in rows["attributes"]]
    return gpd.GeoDataFrame(
        pd.DataFrame(rows[list(versions.CELLS)]).assign(
            attributes=pd.Series(attributes, index=rows.index, dtype=object)
        ),
        geometry=shapely.multipolygons(parts, indices=owner),
        crs=WGS84,
    )
