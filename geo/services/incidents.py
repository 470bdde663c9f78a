"""Matters with their grid, the unit that must go, and why it is that one."""

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from geo import routing
from geo.services.places import Directory, directory
from geo.store import frames
from geo.words import say


def assigned(connection: Connection, *, lang: str) -> gpd.GeoDataFrame:
    """Return all matters (EPSG:4326, geometry may be missing) with grid, unit and reason.

    Columns: code, title, category, state, reported_at, status (inside, border, outside, or
    missing without a position), grid_code, candidates, unit_code, unit_name, duty_phone, reason
    (in `lang`). A matter outside every grid is given to nobody.
    """
    rows = frames.read_layer(
        connection,
        "SELECT code, title, category, state, reported_at, accuracy_m, geom"
        " FROM govgrid.incident ORDER BY code",
    )
    book = directory(connection)
    units = frames.read(
        connection, "SELECT code, name, kind, area_code, duty_phone FROM govgrid.unit"
    )
    duties = frames.read(connection, "SELECT unit_code, area_code, category FROM govgrid.unit_duty")
    place = rows.geometry
    found = book.ask(
        np.asarray(place.x, dtype=float),
        np.asarray(place.y, dtype=float),
        rows.pop("accuracy_m").to_numpy(dtype=float),
    )
    table = rows.join(found[["status", "grid_code", "candidates"]])
    proposals = _proposals(table, found, routing.duties(duties, units), book, lang)
    return table.join(_units(proposals, units))


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
    for category, *areas in zip(*columns, strict=True):
        inside = [code for code in areas if isinstance(code, str) and code] if areas[0] else []
        wanted = category if isinstance(category, str) else None
        proposal = routing.propose(duties, inside, wanted) if inside else None
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
