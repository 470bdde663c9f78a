"""The answer about a camera that was tried: its viewshed, figures and gaps that would change."""

from dataclasses import dataclass

from typing_extensions import TypedDict

from geo.base.json_objects import Geometry


class TrialViewshed(TypedDict):
    """Ground that is seen (EPSG:4326), its square metres and those of them in privacy zones.

    Where it was cut to granted areas there are no measures.
    """

    geometry: Geometry
    area_m2: float | None
    privacy_zone_m2: float | None


class GridFigures(TypedDict):
    """Figures of a grid by their names, without and with the camera; None: a share of nothing."""

    before: dict[str, float | None]
    after: dict[str, float | None]


class GridChange(TypedDict):
    """Figures of a grid that change, by certainty."""

    grid_code: str
    level: str
    certain: GridFigures
    possible: GridFigures


class ClosedGap(TypedDict):
    """A gap that the camera closes, wholly or in part, with a point inside it (EPSG:4326)."""

    grid_code: str
    area_m2: float
    closed_m2: float
    weight: float
    lon: float
    lat: float


@dataclass(frozen=True)
class TrialAnswer:
    """What a camera would see and change; viewsheds and gaps by certainty (certain, possible).

    `placement` and `moved_m` say where it was placed.
    """

    detail: float
    placement: str
    moved_m: float
    viewsheds: dict[str, TrialViewshed]
    grids: list[GridChange]
    gaps: dict[str, list[ClosedGap]]
