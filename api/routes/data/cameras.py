"""Questions to the cameras: who sees a place."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from api.session.deps import EngineDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.areas import lookup
from geo.coverage import who_sees

router = APIRouter(prefix="/api/cameras")


@router.get("/seeing")
def cameras_seeing(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    crs: Annotated[str, Query(max_length=40)] = "wgs84",
    at: datetime | None = None,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> dict[str, Any]:
    """Return the cameras that see a place, may see it, or stand near and do not, and why.

    Asking for many places is an export: it needs the permission and a `reason`, and is registered.
    """
    most = settings.bulk_questions
    export_log.counted(engine, who, "seeing", 1, most=most, reason=reason)
    lons, lats = lookup.one_place(lon, lat, crs)
    return who_sees.seeing_one(
        engine,
        who,
        float(lons[0]),
        float(lats[0]),
        at=at if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.timezone)),
        timezone=settings.timezone,
        detail=settings.detail_px_per_m,
    )
