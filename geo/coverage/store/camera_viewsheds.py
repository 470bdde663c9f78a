"""Stored viewsheds of one camera, for who may know where it looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.roles import depth_no

_GRANTED: Final = text(
    f"SELECT g.exact FROM {predicates.CAMERAS} g WHERE g.code = :code"
    f" AND g.depth >= {depth_no('direction')} AND g.exact"
)
_OF_CAMERA: Final = text(
    "SELECT view_no, detail, certainty, ST_AsGeoJSON(ST_Transform(geom, 4326), 7) AS shape"
    " FROM govgrid.viewshed WHERE camera_code = :code ORDER BY detail, certainty, view_no"
)


@dataclass(frozen=True)
class StoredViewshed:
    """What one view sees at a detail; `shape` is GeoJSON in EPSG:4326."""

    view_no: int
    detail: float
    certainty: str
    shape: str


def direction_granted(connection: Connection, code: str, parameters: Mapping[str, Any]) -> bool:
    """Return whether the exact direction of a camera is granted.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Code of the camera.
    parameters
        Grants of the principal as SQL parameters.
    """
    return connection.execute(_GRANTED, {**parameters, "code": code}).first() is not None


def read_viewsheds(connection: Connection, code: str) -> list[StoredViewshed]:
    """Return the stored viewsheds of a camera.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Code of the camera.
    """
    rows = connection.execute(_OF_CAMERA, {"code": code})
    return [StoredViewshed(r.view_no, float(r.detail), r.certainty, r.shape) for r in rows]
