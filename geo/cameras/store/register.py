"""The register of cameras as completeness counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from geo.cameras.rules.completeness import OF_CAMERAS, OF_VIEWS
from geo.store import frames

if TYPE_CHECKING:
    import pandas as pd

_REGISTER: Final = (
    f"SELECT code, name, grid_code, position_source, {', '.join(OF_CAMERAS)}"
    " FROM govgrid.camera ORDER BY code"
)
_REGISTER_VIEWS: Final = f"SELECT camera_code, {', '.join(OF_VIEWS)} FROM govgrid.camera_view"


def read_register(connection: Connection) -> pd.DataFrame:
    """Return all cameras with the columns that completeness counts."""
    return frames.read_frame(connection, _REGISTER)


def read_register_views(connection: Connection) -> pd.DataFrame:
    """Return all views with the columns that completeness counts."""
    return frames.read_frame(connection, _REGISTER_VIEWS)
