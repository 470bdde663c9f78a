"""Filings: what has changed since a unit filed its cameras with the police (Art. 14)."""

from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.cameras.rules import filing
from geo.cameras.rules.filing import CAMERA, POSITION, SNAPSHOT
from geo.cameras.store import filings as stored

OF_PLACE: Final = (POSITION, "name", "address")
COLUMNS: Final = ("camera_code", "filing_code", "filed_on", "field", "filed", "now")


def filing_changes(
    connection: Connection, reader: Principal, *, depth: str = "position"
) -> pd.DataFrame:
    """Return what has changed since the filing of the cameras that a principal may see.

    Parameters
    ----------
    connection
        Of :func:`geo.access.transaction.open_read_only`: with row-level security the hidden
        cameras would look like removed ones.
    depth
        How deep a grant must reach for its cameras to be among them; "count" is for figures only.

    Returns
    -------
    DataFrame
        `camera_code`, `filing_code`, `filed_on`, `field`, `filed`, `now`; see
        :func:`geo.cameras.rules.filing.changed_fields`. Of a camera that is not granted
        exactly: that its place, name or address changed, not from what to what.
    """
    return with_units(connection, reader, depth=depth)[list(COLUMNS)]


def with_units(
    connection: Connection, reader: Principal, *, depth: str = "position"
) -> pd.DataFrame:
    """Return :func:`filing_changes` with ``unit``: the managing unit now, or when filed.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Principal whose grants apply.
    depth
        Least access level of the cameras; "count" is for figures only.
    """
    asked = {**reader.parameters, "depth": depth_no(depth)}
    filed = stored.filed_cameras(connection, asked)
    now = stored.present_snapshots(connection, filed["camera_code"].tolist())
    come = stored.added_cameras(connection, asked)
    found = pd.concat(
        [_compared(filed, now), filing.changed_fields(_stated(come[:0]), _stated(come))]
    )
    of_camera = pd.concat([filed, come]).set_index("camera_code")
    found = found.join(of_camera[["filing_code", "filed_on"]], on="camera_code")
    found["unit"] = found["camera_code"].map(_units(of_camera["snapshot"]) | _units(_by_code(now)))
    found = _blank_places(found, of_camera["exact"])
    return found.sort_values("camera_code", kind="stable", ignore_index=True)


def _compared(filed: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Compare each filing in what it states: a sheet may lack a column, and says nothing of it."""
    keys = filed["snapshot"].map(lambda cells: tuple(n for n in SNAPSHOT if n in cells))
    parts = [filing.changed_fields(_stated(filed[:0]), _stated(now[:0]))]
    for _, part in filed.groupby(keys):
        there = now[now["camera_code"].isin(part["camera_code"])]
        parts.append(filing.changed_fields(_stated(part), _stated(there)))
    return pd.concat(parts)


def _stated(rows: pd.DataFrame) -> pd.DataFrame:
    """Spread snapshots into columns, those only that they have."""
    names = [n for n in SNAPSHOT if len(rows) and n in rows["snapshot"].iloc[0]]
    cells = {name: [cell[name] for cell in rows["snapshot"]] for name in names}
    codes = rows["camera_code"].to_numpy(dtype=object)
    return pd.DataFrame({"camera_code": codes, **cells}, dtype=object)


def _by_code(rows: pd.DataFrame) -> "pd.Series[Any]":
    return rows.set_index("camera_code")["snapshot"]


def _units(snapshots: "pd.Series[Any]") -> dict[Any, Any]:
    return {code: cells.get("management_unit") for code, cells in snapshots.items()}


def _blank_places(found: pd.DataFrame, exact: "pd.Series[bool]") -> pd.DataFrame:
    """Blank the columns that reveal the place of cameras that are not granted exactly."""
    coarse = ~found["camera_code"].map(exact).astype(bool)
    placed = coarse & found["field"].isin(OF_PLACE)
    named = coarse & (found["field"] == CAMERA)
    for side in ("filed", "now"):
        found.loc[placed, side] = None
        there = named & found[side].notna()
        found.loc[there, side] = found.loc[there, "camera_code"]
    return found
