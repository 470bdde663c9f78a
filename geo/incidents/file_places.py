"""Areas and the proposed unit of incidents of a file, by the areas of their day."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from geo.areas.directory import Directory, read_directory
from geo.areas.store import versions as area_versions
from geo.base import clock
from geo.incidents.rules import routing
from geo.incidents.rules.routing import Duties, Proposal
from geo.incidents.store import incidents as stored

FOUND: Final = (
    *("status", "grid_code", "community_code", "township_code", "candidates", "nearest_code"),
    *("nearest_m", "proposed_unit_code", "routing", "area_day"),
)


def locate_rows(connection: Connection, rows: gpd.GeoDataFrame, timezone: str) -> pd.DataFrame:
    """Return `FOUND` for each row: what the areas of its day and the routing table say.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Incidents of a file, EPSG:4326.
    timezone
        IANA name: zone in which the day is taken.
    """
    days = days_of(rows, timezone)
    since = days.map(area_versions.unchanged_since(connection, days.unique()))
    accuracy_m = rows["accuracy_m"] if "accuracy_m" in rows else pd.Series(np.nan, rows.index)
    table = _duty_table(connection)
    parts = [
        _located(rows[since == day], accuracy_m, read_directory(connection, at=day), table)
        for day in sorted(since.unique())
        if area_versions.has_grids(connection, at=day)
    ]
    found = pd.concat(parts) if parts else pd.DataFrame(columns=list(FOUND), index=rows.index)
    found = found.reindex(rows.index)
    found["status"] = found["status"].where(found["status"].notna(), "missing")
    for name, blank in (("candidates", "[]"), ("routing", "{}")):
        found[name] = found[name].where(found[name].notna(), blank)
    return found.assign(area_day=days)[list(FOUND)]


def days_of(rows: gpd.GeoDataFrame, timezone: str) -> pd.Series:
    """Return the day on which each occurred, else was reported, else today.

    Parameters
    ----------
    rows
        Incidents of a file.
    timezone
        IANA name.
    """
    days = [clock.today(timezone)] * len(rows)
    for name in ("reported_at", "occurred_at"):
        if name in rows:
            moments = pd.to_datetime(rows[name], utc=True).dt.tz_convert(timezone)
            pairs = zip(moments, days, strict=True)
            days = [day if pd.isna(moment) else moment.date() for moment, day in pairs]
    return pd.Series(days, index=rows.index, dtype=object)


def _duty_table(connection: Connection) -> Duties:
    duties, units = stored.read_duties(connection), stored.read_units(connection)
    columns = (duties[name] for name in ("unit_code", "area_code", "category"))
    rows = [
        routing.Duty(unit, area, category if isinstance(category, str) else None)
        for unit, area, category in zip(*columns, strict=True)
    ]
    desks = units[units["kind"] == routing.DESK]
    return routing.duty_table(rows, zip(desks["area_code"], desks["code"], strict=True))


def _located(
    rows: gpd.GeoDataFrame, accuracy_m: pd.Series, book: Directory, table: Duties
) -> pd.DataFrame:
    placed = rows[rows.geometry.notna() & ~rows.geometry.is_empty]
    accuracy = pd.to_numeric(accuracy_m[placed.index]).fillna(0.0).to_numpy(dtype=float)
    found = book.ask(
        np.asarray(placed.geometry.x, dtype=float),
        np.asarray(placed.geometry.y, dtype=float),
        accuracy,
    ).set_index(placed.index)
    found["candidates"] = [_json(codes) for codes in found["candidates"]]
    category = placed["category"] if "category" in placed else pd.Series(None, placed.index)
    columns = (found[name] for name in ("grid_code", "community_code", "township_code"))
    units = [_unit(table, wanted, codes) for wanted, *codes in zip(category, *columns, strict=True)]
    frame = pd.DataFrame(units, columns=["proposed_unit_code", "routing"], index=placed.index)
    whole = found.join(frame)
    return whole.mask(whole == "")


def _unit(table: Duties, category: object, codes: list[Any]) -> tuple[str | None, str]:
    """Return the unit that is proposed, and why, in the form that intake writes."""
    inside = [code for code in codes if isinstance(code, str) and code] if codes[0] else []
    wanted = category if isinstance(category, str) else None
    ranked = routing.rank_units(table, inside, wanted) if inside else []
    if not ranked:
        return None, "{}"
    first, *others = map(_facts, ranked)
    return ranked[0].unit_code, _json({**first, "alternatives": others})


def _facts(each: Proposal) -> dict[str, str]:
    return {
        "unit_code": each.unit_code,
        "area_code": each.area_code,
        "category": each.category,
        "reason": each.reason,
        "duty": each.source,
    }


def _json(value: object) -> str:
    from geo.store.statements import to_json

    return to_json(value)
