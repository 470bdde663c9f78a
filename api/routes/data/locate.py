"""Which grid a place belongs to."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.session.deps import EngineDep, MayMap
from geo.areas import lookup

router = APIRouter()


@router.get("/api/locate")
def locate(
    engine: EngineDep,
    who: MayMap,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    crs: Annotated[str, Query(max_length=40)] = "wgs84",
    accuracy_m: Annotated[float, Query(ge=0, le=100_000, allow_inf_nan=False)] = 0.0,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Return status, grid, candidates, community, township and the nearest grid."""
    return lookup.locate_one(
        engine,
        who,
        lon,
        lat,
        system=crs,
        accuracy_m=accuracy_m,
        at=at.date() if at else None,
    )
