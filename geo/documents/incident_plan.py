"""The map of an evidence sheet: the place of an incident, the ground and the cameras around it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from geo.incidents.cameras import CameraInWords
from geo.store import installation

if TYPE_CHECKING:
    from maps.plan import Plan

WIDTH_MM, HEIGHT_MM = 186.0, 96.0
FARTHEST_M: Final = 300.0
"""Cameras farther away stand in the table only: the ground near the place would be too small."""
ROUND_M: Final = 700.0
"""How far the ground is read: more than the map shows."""


def number_cameras(lines: Sequence[CameraInWords]) -> dict[str, int]:
    """Return code → number on the map, of the cameras that are drawn.

    Parameters
    ----------
    lines
        As answered; without a bearing the exact place of a camera is not granted.
    """
    drawn = [
        str(line["code"])
        for line in lines
        if line["bearing_deg"] is not None and line["distance_m"] <= FARTHEST_M
    ]
    return {code: number for number, code in enumerate(drawn, 1)}


def plan_incident(
    connection: Connection, lon: float, lat: float, lines: Sequence[CameraInWords]
) -> "Plan":
    """Return the map of a place; its first mark is the place, others are the cameras.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    lon, lat
        Degrees, EPSG:4326.
    lines
        Cameras as answered.
    """
    import numpy as np
    import shapely

    from geo.base.crs import WGS84, project
    from maps.ground import index_surroundings
    from maps.plan import draw_plan

    srid = installation.metric_srid(connection)
    point = np.array([shapely.Point(lon, lat)], dtype=object)
    at = shapely.get_coordinates(project(point, source=WGS84, target=srid))[0]
    numbers = number_cameras(lines)
    drawn = [line for line in lines if line["code"] in numbers]
    points = np.array([at, *(_placed(at, line) for line in drawn)])
    layers = _ground(connection, lon, lat, srid)
    return draw_plan(
        None,
        points,
        [0, *numbers.values()],
        index_surroundings(*layers),
        width_mm=WIDTH_MM,
        height_mm=HEIGHT_MM,
    )


def _placed(at: Any, line: CameraInWords) -> tuple[float, float]:  # noqa: ANN401 - an array
    """Return where a camera stands: by its distance and the bearing from it to the place."""
    angle, away_m = math.radians(line["bearing_deg"] or 0.0), line["distance_m"]
    return at[0] - away_m * math.sin(angle), at[1] - away_m * math.cos(angle)


def _ground(connection: Connection, lon: float, lat: float, srid: int) -> tuple[Any, Any, Any]:
    from geo.coverage.store import scene  # a process of the service starts without it

    north = ROUND_M / 110_000
    east = north / max(math.cos(math.radians(lat)), 0.01)
    box = (lon - east, lat - north, lon + east, lat + north)
    roads, water, buildings = (
        scene.read_ground(connection, name, srid, around=box)
        for name in ("named_roads", "water", "buildings")
    )
    return roads, water[["geometry"]], buildings[["geometry"]]
