"""Stored incidents beside those of a file: what is known, and the moves that an import writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.store import frames, tables

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

TIMES: Final = frozenset({"occurred_at", "reported_at", "closed_at", "due_at"})
_KNOWN: Final = (
    "SELECT code, title, category, description, source, state, occurred_at, reported_at, closed_at,"
    " due_at, accuracy_m, address, grade, level, result, outcome, located_code, on_hold,"
    " self_handled, version, imported, geom"
    " FROM govgrid.incident WHERE code = ANY(:codes)"
)
_IMPORTED: Final = text(
    "INSERT INTO govgrid.incident_move"
    " (incident, version, move, to_state, at, account, reason, due_after, facts)"
    " SELECT id, version, 'imported', state, coalesce(reported_at, occurred_at, govgrid.now()),"
    " 'govgrid', state_given, due_at, jsonb_build_object('run', CAST(:run AS bigint))"
    " FROM govgrid.incident WHERE code = ANY(:codes)"
)
_UPDATED: Final = text(
    "WITH raised AS (UPDATE govgrid.incident SET version = version + 1 WHERE code = ANY(:codes)"
    " RETURNING id, version, state, state_given, due_at)"
    " INSERT INTO govgrid.incident_move"
    " (incident, version, move, to_state, at, account, reason, due_after, facts)"
    " SELECT id, version, 'imported', state, govgrid.now(), 'govgrid', state_given, due_at,"
    " jsonb_build_object('run', CAST(:run AS bigint)) FROM raised"
)
_MOVED: Final = text(
    "SELECT DISTINCT i.code FROM govgrid.incident i"
    " JOIN govgrid.incident_move m ON m.incident = i.id AND m.move <> 'imported'"
    " WHERE i.code = ANY(:codes) ORDER BY i.code LIMIT :most"
)


def read_known(connection: Connection, codes: Iterable[str]) -> gpd.GeoDataFrame:
    """Return the stored incidents with these codes, indexed by ``code``, geometry ``geom``.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of a file.
    """
    found = frames.read_layer(connection, _KNOWN, {"codes": list(codes)})
    return found.rename_geometry("geom").set_index("code")


def canonical_texts(values: pd.Series) -> pd.Series:
    """Return values as texts that are equal where the values are; None where there is none."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    if isinstance(values, gpd.GeoSeries):
        texts = [None if g is None or g.is_empty else shapely.to_wkb(g, hex=True) for g in values]
        return pd.Series(texts, index=values.index, dtype=object)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        texts = [None if pd.isna(v) else v.tz_convert("UTC").isoformat() for v in values]
        return pd.Series(texts, index=values.index, dtype=object)
    texts = [None if pd.isna(v) else _plain(v) for v in values]
    return pd.Series(texts, index=values.index, dtype=object)


def _plain(value: object) -> str:
    import pandas as pd

    if hasattr(value, "isoformat"):
        moment = pd.Timestamp(value)  # type: ignore[arg-type]
        return moment.tz_convert("UTC").isoformat() if moment.tzinfo else moment.isoformat()
    return repr(float(value)) if isinstance(value, int | float) else str(value)


def comparable_texts(field: str, values: pd.Series) -> pd.Series:
    """Return canonical texts as they compare: older files kept times in other notations.

    Parameters
    ----------
    field
        What they are of.
    values
        As from :func:`canonical_texts`, or from the ``imported`` of a row.
    """
    import pandas as pd

    if field in TIMES:
        values = canonical_texts(pd.to_datetime(values, utc=True, format="ISO8601"))
    return values.where(values.notna(), "").astype(str)


def write_imported(connection: Connection, codes: Sequence[str], *, run: int) -> None:
    """Give each new incident of a file its first move.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Of the incidents.
    run
        Number of the run.
    """
    if codes:
        connection.execute(_IMPORTED, {"codes": list(codes), "run": run})


def write_updated(connection: Connection, codes: Sequence[str], *, run: int) -> None:
    """Give each incident that a file changed a new version and a move that says so.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Of the incidents.
    run
        Number of the run.
    """
    if codes:
        connection.execute(_UPDATED, {"codes": list(codes), "run": run})


def moved_incidents(connection: Connection, codes: Sequence[str], *, most: int) -> list[str]:
    """Return those incidents of an import that were moved here: an undo would lose that.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Of the incidents that the import wrote.
    most
        Most codes.
    """
    return list(connection.execute(_MOVED, {"codes": list(codes), "most": most}).scalars())


def merge_incidents(connection: Connection, rows: gpd.GeoDataFrame, *, run: int) -> pd.DataFrame:
    """Insert or update incidents by code; return ``code`` and ``is_new`` of those that changed.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Columns of the table.
    run
        Number of the import run.
    """
    return tables.merge_rows(connection, "incident", rows, run=run)
