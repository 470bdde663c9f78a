"""Incidents with their grid, the responsible unit, and the reason for it."""

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.areas.directory import Directory, read_directory
from geo.areas.store import versions as area_versions
from geo.base.words import say
from geo.incidents.rules import routing
from geo.incidents.store import incidents as stored

FOUND = ("status", "grid_code", "candidates", "unit_code", "reason")


def assign_incidents(
    connection: Connection, reader: Principal, *, lang: str, timezone: str
) -> gpd.GeoDataFrame:
    """Return the principal's incidents with grid, unit and reason, EPSG:4326.

    Each is judged by the areas of the day on which it occurred, else was reported; one without a
    time by today's. The exact place is used; a coarse one is returned where no more is granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    reader
        Principal whose grants apply.
    lang
        Language of the reasons, "zh" or "en".
    timezone
        IANA name: zone in which the day is taken.

    Returns
    -------
    gpd.GeoDataFrame
        ``code``, ``title``, ``category``, ``state``, ``reported_at``, ``status`` (inside, border,
        outside, or missing without a position or without grids on its day), ``grid_code``,
        ``candidates``, ``unit_code``, ``unit_name``, ``duty_phone``, ``reason``; the geometry may
        be missing. An incident outside every grid has no unit.
    """
    rows = stored.granted_incidents(connection, reader.parameters, timezone)
    units, duties = stored.read_units(connection), stored.read_duties(connection)
    known = _duty_table(duties, units)
    days = rows.pop("day")
    since = days.map(area_versions.unchanged_since(connection, days.unique()))
    accuracy_m = rows.pop("accuracy_m")
    parts = [
        _assigned(rows[since == day], accuracy_m, known, read_directory(connection, at=day), lang)
        for day in sorted(since.unique())
        if area_versions.has_grids(connection, at=day)
    ]
    found = pd.concat(parts) if parts else pd.DataFrame(columns=list(FOUND))
    places = stored.granted_places(connection, reader.parameters).geometry
    whole = rows.join(_units(found.reindex(rows.index), units))
    return gpd.GeoDataFrame(whole).set_geometry(places.set_axis(whole.index))


def _duty_table(duties: pd.DataFrame, units: pd.DataFrame) -> routing.Duties:
    columns = (duties[name] for name in ("unit_code", "area_code", "category"))
    rows = [
        routing.Duty(unit, area, category if isinstance(category, str) else None)
        for unit, area, category in zip(*columns, strict=True)
    ]
    desks = units[units["kind"] == routing.DESK]
    return routing.duty_table(rows, zip(desks["area_code"], desks["code"], strict=True))


def _assigned(
    rows: gpd.GeoDataFrame,
    accuracy_m: pd.Series,
    duties: routing.Duties,
    book: Directory,
    lang: str,
) -> pd.DataFrame:
    """Return `FOUND` for incidents whose areas `book` knows."""
    place = rows.geometry
    found = book.ask(
        np.asarray(place.x, dtype=float),
        np.asarray(place.y, dtype=float),
        accuracy_m[rows.index].to_numpy(dtype=float),
    ).set_index(rows.index)
    return found[["status", "grid_code", "candidates"]].join(
        _proposals(rows, found, duties, book, lang)
    )


def _proposals(
    table: gpd.GeoDataFrame,
    found: pd.DataFrame,
    duties: routing.Duties,
    book: Directory,
    lang: str,
) -> pd.DataFrame:
    rows = []
    columns = (
        table["category"],
        found["grid_code"],
        found["community_code"],
        found["township_code"],
    )
    for category, *codes in zip(*columns, strict=True):
        inside = [code for code in codes if isinstance(code, str) and code] if codes[0] else []
        wanted = category if isinstance(category, str) else None
        proposal = routing.propose_unit(duties, inside, wanted) if inside else None
        rows.append(_row(proposal, book, lang))
    return pd.DataFrame(rows, columns=["unit_code", "reason"], index=table.index)


def _row(proposal: routing.Proposal | None, book: Directory, lang: str) -> tuple[str, str]:
    if proposal is None:
        return "", say("routing.none", lang)
    area = book.names.get(proposal.area_code, proposal.area_code)
    return proposal.unit_code, say(proposal.reason, lang, area=area, category=proposal.category)


def _units(proposals: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    known = units.set_index("code")[["name", "duty_phone"]].rename(columns={"name": "unit_name"})
    return proposals.join(known, on="unit_code")
