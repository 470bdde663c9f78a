"""A camera tried at a place."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from api.answers.bodies import Body
from api.server.lanes import ENGINE, run_in_lane
from api.session.deps import CoverageEngineDep, EngineDep, MayFigures, SettingsDep
from geo.access.audit import export_log
from geo.areas import lookup
from geo.coverage import what_if
from geo.coverage.engine.asked import Trial
from geo.coverage.what_if import WhatIfAnswer

router = APIRouter()


class WhatIfCamera(Body):
    """A camera that is tried: without `heading_deg` it turns, or sees all around by its form."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, examples=[117.06])
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, examples=[30.52])
    crs: str = Field("wgs84", max_length=40)
    heading_deg: float | None = Field(None, ge=0, le=360, allow_inf_nan=False)
    hfov_deg: float | None = Field(None, ge=1, le=360, allow_inf_nan=False)
    range_m: float | None = Field(None, ge=1, le=2000, allow_inf_nan=False)
    mount_height_m: float | None = Field(None, ge=0.1, le=200, allow_inf_nan=False)
    res_h_px: float | None = Field(None, ge=1, le=100_000, allow_inf_nan=False)
    form: Literal["fixed", "dome", "ptz", "panoramic"] = "fixed"
    reason: str | None = Field(None, max_length=export_log.MOST_REASON)


@router.post("/api/what-if")
@run_in_lane(ENGINE)
def try_camera(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayFigures,
    client: CoverageEngineDep,
    asked: WhatIfCamera,
) -> WhatIfAnswer:
    """Return what a camera would see, figures of grids before and after, gaps it would close.

    Nothing is stored. 503 with Retry-After while the engine is down, loads or computes anew.
    `withheld` grids are those that cameras may see which you are not granted exactly.
    """
    lons, lats = lookup.one_place(asked.lon, asked.lat, asked.crs)
    fields = asked.model_dump(exclude={"lon", "lat", "crs", "reason"})
    trial = Trial(float(lons[0]), float(lats[0]), **fields)
    return what_if.try_camera(
        engine, who, client, trial, most_gaps=settings.bulk_rows, reason=asked.reason
    )
