"""States of cameras: rows of ``camera_status``, and the newest as the camera's connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.store import frames, tables

if TYPE_CHECKING:
    import pandas as pd

_NEWEST: Final = (
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_status"
    " WHERE camera_code = ANY(:codes) ORDER BY camera_code, since DESC"
)
_SWITCH: Final = text(
    f"WITH s AS ({_NEWEST})"
    " UPDATE govgrid.camera c SET connection = s.status FROM s"
    " WHERE c.code = s.camera_code AND c.connection IS DISTINCT FROM s.status RETURNING c.code"
)


def newest_states(connection: Connection, codes: Sequence[str]) -> pd.Series:
    """Return the newest state of each camera, by code.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    found = frames.read_frame(connection, _NEWEST, {"codes": list(codes)})
    return found.set_index("camera_code")["status"]


def merge_states(connection: Connection, states: pd.DataFrame, run: int | None) -> pd.DataFrame:
    """Insert or update states; return the keys of those that changed.

    Parameters
    ----------
    connection
        Open transaction.
    states
        ``camera_code``, ``since`` (with zone) and ``status``.
    run
        Import run that changed rows are marked with; None for a message.
    """
    return tables.merge_rows(
        connection, "camera_status", states, key=("camera_code", "since"), run=run
    )


def switch_connections(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Store the newest states as the connection of their cameras; return the codes that changed.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    return sorted(connection.execute(_SWITCH, {"codes": list(codes)}).scalars())
