"""Areas in the database: new and changed ones, their parents, the district that holds them."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from geo import partition
from geo.store import frames
from geo.store.tables import Change

# One area: cells by column name (a record of a frame).
Row = Mapping[Hashable, Any]
MADE = {"made": True}
MADE_CODE, MADE_NAME = "~district", "本辖区"
COMPARED = ("name", "kind", "local_code", "parent_given", "attributes")


@dataclass(frozen=True)
class AreaChange:
    """What an import of areas did; `moved` are codes whose boundary differs but has no date."""

    change: Change
    moved: tuple[str, ...]


def now(connection: Connection, *, at: date | None = None) -> gpd.GeoDataFrame:
    """Return the areas valid at a date (today if none), lon/lat, indexed by ``unit_id``."""
    rows = frames.read_layer(
        connection,
        "SELECT unit_id, code, level, kind, name, local_code, parent_unit_id, parent_given,"
        " path::text AS path, attributes, geom FROM govgrid.area"
        " WHERE valid @> coalesce(CAST(:at AS date), CURRENT_DATE) ORDER BY level, code",
        {"at": at},
    )
    return rows.set_index("unit_id")


def bring_in(
    connection: Connection, rows: gpd.GeoDataFrame, *, run: int, valid_from: date | None = None
) -> AreaChange:
    """Insert, update or leave alone the areas in `rows`; other areas are never touched.

    A boundary that differs from the stored one makes a new version from `valid_from` on; without
    that date the row is left out and named in ``moved``.
    """
    known = now(connection)
    known["parent_code"] = known["parent_unit_id"].map(known["code"])
    known = known.reset_index().set_index(["level", "code"])
    rows = rows.rename(columns={"parent_code": "parent_given"})
    counts = {"inserted": 0, "updated": 0, "unchanged": 0}
    moved: list[str] = []
    for row in rows.to_dict("records"):
        old = known.loc[(row["level"], row["code"])] if _known(known, row) else None
        if old is None:
            _insert(connection, row, run, None, valid_from)
            counts["inserted"] += 1
            continue
        merged = _merged(old, row)
        if not shapely.equals(old["geometry"], row["geometry"]):
            if valid_from is None:
                moved.append(row["code"])
                continue
            _supersede(connection, merged, run, int(old["unit_id"]), valid_from)
            counts["updated"] += 1
        elif _differs(old, merged):
            _update(connection, merged, run, int(old["unit_id"]))
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    if counts["inserted"] or counts["updated"]:
        link(connection)
    return AreaChange(Change(**counts), tuple(moved))


def link(connection: Connection) -> None:
    """Give every area its parent and path: by code where one was given, else by place."""
    _make_district(connection)
    areas = now(connection)
    parents = _parents(areas)
    paths: dict[int, str] = {}
    for level in partition.LEVELS:
        for unit in areas.index[areas["level"] == level]:
            parent = parents.get(unit)
            paths[unit] = f"{paths[parent]}.{unit}" if parent is not None else str(unit)
    _write_links(connection, ((u, parents.get(u), path) for u, path in paths.items()))


def _known(known: gpd.GeoDataFrame, row: Row) -> bool:
    return (row["level"], row["code"]) in known.index


def _merged(old: pd.Series, row: Row) -> Row:
    """Return the area as it is after `row`: what a file lacks stays.

    A parent that was found by place and now comes by name, as in an export, is the same parent.
    """
    given = _value(row.get("parent_given"))
    kept = _value(old["parent_given"])
    if given is None or (kept is None and given == old["parent_code"]):
        given = kept
    return {**old, **row, "parent_given": given}


def _differs(old: pd.Series, row: Row) -> bool:
    return any(_value(row[name]) != _value(old[name]) for name in COMPARED)


def _value(value: Any) -> Any:  # noqa: ANN401 - a cell
    return None if value is None or (not isinstance(value, dict) and pd.isna(value)) else value


def _parents(areas: gpd.GeoDataFrame) -> dict[int, int | None]:
    parents: dict[int, int | None] = {}
    for level in partition.LEVELS[1:]:
        children = areas[areas["level"] == level]
        above = areas[areas["level"].isin(partition.upper_levels(level))]
        given = children["parent_given"].map(_by_code(above))
        for upper in partition.upper_levels(level):
            lacking = children[given.isna()]
            candidates = areas[areas["level"] == upper]
            if lacking.empty or candidates.empty:
                continue
            given = given.fillna(partition.parents_by_place(lacking, candidates))
        parents.update(
            {
                int(u): None if pd.isna(p) else int(p)
                for u, p in zip(given.index, given, strict=True)
            }
        )
    return parents


def _by_code(above: gpd.GeoDataFrame) -> dict[str, int]:
    ordered = sorted(
        above.index, key=lambda unit: -partition.LEVELS.index(above.loc[unit, "level"])
    )
    return {str(above.loc[unit, "code"]): int(unit) for unit in reversed(ordered)}


def _make_district(connection: Connection) -> None:
    areas = now(connection)
    districts = areas[areas["level"] == "district"]
    made = districts[districts["code"] == MADE_CODE]
    others = areas[areas["level"] != "district"]
    if len(districts) > len(made):
        connection.execute(
            text("DELETE FROM govgrid.area WHERE level = 'district' AND code = :code"),
            {"code": MADE_CODE},
        )
    elif not others.empty:
        top = min(others["level"], key=partition.LEVELS.index)
        outline = partition.outline(others[others["level"] == top])
        row: dict[Hashable, Any] = {
            "code": MADE_CODE,
            "level": "district",
            "name": MADE_NAME,
            "attributes": MADE,
        }
        unit = int(made.index[0]) if len(made) else None
        connection.execute(
            text("DELETE FROM govgrid.area WHERE level = 'district' AND code = :code"),
            {"code": MADE_CODE},
        )
        _insert(connection, {**row, "geometry": outline}, None, unit, None)


def _insert(
    connection: Connection,
    row: Row,
    run: int | None,
    unit_id: int | None,
    valid_from: date | None,
) -> None:
    connection.execute(
        text(
            "INSERT INTO govgrid.area (unit_id, code, level, kind, name, local_code, parent_given,"
            " path, valid, geom, attributes, import_run)"
            " SELECT id, :code, :level, :kind, :name, :local_code, :parent_given,"
            " CAST(CAST(id AS text) AS ltree), daterange(CAST(:valid_from AS date), NULL),"
            " ST_Multi(ST_GeomFromWKB(:geom, 4326)), CAST(:attributes AS jsonb), :run"
            " FROM (SELECT coalesce(CAST(:unit_id AS bigint),"
            " nextval('govgrid.area_unit_id')) AS id) AS one"
        ),
        {**_parameters(row), "run": run, "unit_id": unit_id, "valid_from": valid_from},
    )


def _update(connection: Connection, row: Row, run: int, unit_id: int) -> None:
    connection.execute(
        text(
            "UPDATE govgrid.area SET kind = :kind, name = :name, local_code = :local_code,"
            " parent_given = :parent_given, attributes = CAST(:attributes AS jsonb),"
            " import_run = :run WHERE unit_id = :unit_id AND valid @> CURRENT_DATE"
        ),
        {**_parameters(row), "run": run, "unit_id": unit_id},
    )


def _supersede(connection: Connection, row: Row, run: int, unit_id: int, valid_from: date) -> None:
    connection.execute(
        text(
            "UPDATE govgrid.area SET valid = valid - daterange(CAST(:valid_from AS date), NULL)"
            " WHERE unit_id = :unit_id AND valid @> CURRENT_DATE"
        ),
        {"unit_id": unit_id, "valid_from": valid_from},
    )
    _insert(connection, row, run, unit_id, valid_from)


def _parameters(row: Row) -> dict[str, Any]:
    names = ("code", "level", "kind", "name", "local_code", "parent_given")
    cells = {name: _value(row.get(name)) for name in names}
    return {
        **cells,
        "geom": shapely.to_wkb(row["geometry"]),
        "attributes": frames.to_json(row.get("attributes") or {}),
    }


def _write_links(connection: Connection, links: Iterable[tuple[int, int | None, str]]) -> None:
    connection.execute(
        text(
            "UPDATE govgrid.area SET parent_unit_id = :parent, path = CAST(:path AS ltree)"
            " WHERE unit_id = :unit"
        ),
        [{"unit": unit, "parent": parent, "path": path} for unit, parent, path in links],
    )
