"""Cameras that see a place."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request

from api.answers.problems import request_language
from api.session.deps import EngineDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.areas import lookup
from geo.coverage import who_sees

router = APIRouter(prefix="/api/cameras")


def asked_place(
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    crs: Annotated[str, Query(max_length=40)] = "wgs84",
) -> tuple[float, float]:
    """Return the place of a request in EPSG:4326, as ``lon, lat``.

    Parameters
    ----------
    lon, lat
        Degrees in `crs`.
    crs
        Name of a coordinate system in degrees.
    """
    lons, lats = lookup.one_place(lon, lat, crs)
    return float(lons[0]), float(lats[0])


@router.get("/seeing")
def cameras_seeing(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    asked: Annotated[tuple[float, float], Depends(asked_place)],
    at: datetime | None = None,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> dict[str, Any]:
    """Return the cameras that see a place, may see it, or stand near and do not, and why.

    `withheld` says how many more may see it that are not granted, `ask` how to ask for them. A
    camera that is granted only coarsely, or that only looks in, is answered by squares of 50 m.

    Asking for many places is an export: it needs the permission and a `reason`, and is registered.
    """
    most = settings.bulk_questions
    export_log.count_bulk_read(engine, who, "seeing", 1, most=most, reason=reason)
    return who_sees.seeing_one(
        engine,
        who,
        *asked,
        at=at if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.timezone)),
        timezone=settings.timezone,
        detail=settings.detail_px_per_m,
        lang=request_language(request),
    )
