"""Filings: what has changed since a unit filed its cameras with the police (Art. 14)."""

from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection

from geo.access import predicates
from geo.access.principal import Reader
from geo.access.roles import depth_no
from geo.cameras.rules import filing
from geo.cameras.rules.filing import CAMERA, POSITION, SNAPSHOT
from geo.store import frames

OF_PLACE: Final = (POSITION, "name", "address")
COLUMNS: Final = ("camera_code", "filing_code", "filed_on", "field", "filed", "now")

# A camera that is no longer there is judged by where it was filed.
_PLACE: Final = (
    "ST_SetSRID(ST_MakePoint(CAST(x.snapshot ->> 'lon' AS double precision),"
    " CAST(x.snapshot ->> 'lat' AS double precision)), 4326)"
)
_ONCE: Final = {"kind": "x.snapshot ->> 'owner_kind'", "geom": _PLACE}
_GRANTED_ONCE: Final = predicates.STOOD.format(**_ONCE)
_EXACT_ONCE: Final = predicates.STOOD_EXACT.format(**_ONCE)
# A unit that filed later, and to whose old number no camera keeps, has replaced that filing.
_REPLACED: Final = (
    "EXISTS (SELECT FROM govgrid.filing n"
    " WHERE n.unit_name = f.unit_name AND n.filed_on > f.filed_on)"
    " AND NOT EXISTS (SELECT FROM govgrid.camera o"
    " WHERE o.filing_no = f.code AND o.status IS DISTINCT FROM 'removed')"
)
# Of the filings that list a camera the one whose number it bears counts, else the newest.
_FILED: Final = (
    f"WITH granted AS (SELECT g.code, g.exact FROM {predicates.CAMERAS} g WHERE g.depth >= :depth)"
    " SELECT DISTINCT ON (x.camera_code) x.camera_code, x.filing_code, f.filed_on, x.snapshot,"
    " CASE WHEN c.code IS NULL THEN {exact} ELSE"
    " (SELECT g.exact FROM granted g WHERE g.code = c.code) END AS exact"
    " FROM govgrid.filed_camera x JOIN govgrid.filing f ON f.code = x.filing_code"
    " LEFT JOIN govgrid.camera c ON c.code = x.camera_code AND c.status IS DISTINCT FROM 'removed'"
    " WHERE CASE WHEN c.code IS NULL THEN NOT ({replaced}) AND {once}"
    " ELSE coalesce(c.filing_no, f.code) = f.code AND c.code IN (SELECT code FROM granted) END"
    " ORDER BY x.camera_code, f.filed_on DESC, f.code"
).format(replaced=_REPLACED, once=_GRANTED_ONCE, exact=_EXACT_ONCE)
_COME: Final = (
    "SELECT c.code AS camera_code, f.code AS filing_code, f.filed_on,"
    f" govgrid.filed_snapshot(c) AS snapshot, g.exact FROM {predicates.CAMERAS} g"
    " JOIN govgrid.camera c ON c.code = g.code AND g.depth >= :depth"
    " JOIN govgrid.filing f ON f.code = c.filing_no"
    " WHERE c.status IS DISTINCT FROM 'removed' AND NOT EXISTS (SELECT FROM govgrid.filed_camera x"
    " WHERE x.filing_code = f.code AND x.camera_code = c.code)"
)
_NOW: Final = (
    "SELECT c.code AS camera_code, govgrid.filed_snapshot(c) AS snapshot FROM govgrid.camera c"
    " WHERE c.code = ANY(CAST(:codes AS text[])) AND c.status IS DISTINCT FROM 'removed'"
)


def filing_changes(
    connection: Connection, reader: Reader, *, depth: str = "position"
) -> pd.DataFrame:
    """Return what is no longer as it was filed of the cameras that `reader` may see.

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


def with_units(connection: Connection, reader: Reader, *, depth: str = "position") -> pd.DataFrame:
    """Return :func:`filing_changes` with `unit`: who manages the camera, or did when filed."""
    asked = {**reader.parameters, "depth": depth_no(depth)}
    filed = frames.read_frame(connection, _FILED, asked)
    now = frames.read_frame(connection, _NOW, {"codes": filed["camera_code"].tolist()})
    come = frames.read_frame(connection, _COME, asked)
    found = pd.concat(
        [_compared(filed, now), filing.changed_fields(_stated(come[:0]), _stated(come))]
    )
    of_camera = pd.concat([filed, come]).set_index("camera_code")
    found = found.join(of_camera[["filing_code", "filed_on"]], on="camera_code")
    found["unit"] = found["camera_code"].map(_units(of_camera["snapshot"]) | _units(_by_code(now)))
    found = _told(found, of_camera["exact"])
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


def _told(found: pd.DataFrame, exact: "pd.Series[bool]") -> pd.DataFrame:
    """Blank what tells the place of cameras that are not granted exactly."""
    coarse = ~found["camera_code"].map(exact).astype(bool)
    placed = coarse & found["field"].isin(OF_PLACE)
    named = coarse & (found["field"] == CAMERA)
    for side in ("filed", "now"):
        found.loc[placed, side] = None
        there = named & found[side].notna()
        found.loc[there, side] = found.loc[there, "camera_code"]
    return found
