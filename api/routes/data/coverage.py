"""Figures of coverage, gaps, and what one camera sees."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.session.deps import EngineDep, MayFigures, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.coverage import camera_viewshed, report

router = APIRouter()
GEOJSON: Final = "application/geo+json"
Name = Annotated[str | None, Query(max_length=100)]
Detail = Annotated[float | None, Query(gt=0, allow_inf_nan=False)]


@router.get(
    "/api/cameras/{code:path}/viewshed",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}}},
)
def viewshed(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    code: str,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> Response:
    """Return what a camera sees (EPSG:4326), by view, detail and certainty.

    Only for who is granted its exact direction: an outline gives the place away.
    """
    found = camera_viewshed.read_camera_viewshed(engine, who, code.replace("\x00", ""))
    most = settings.bulk_rows
    export_log.count_bulk_read(engine, who, "viewsheds", 1, most=most, reason=reason)
    features = [
        {
            "type": "Feature",
            "properties": {"view": v.view_no, "detail": v.detail, "certainty": v.certainty},
            "geometry": json.loads(v.shape) if v.shape else None,
        }
        for v in found
    ]
    body = {"type": "FeatureCollection", "features": features}
    return Response(json.dumps(body), media_type=GEOJSON)


@router.get("/api/coverage")
def coverage(
    engine: EngineDep,
    who: MayFigures,
    by: Name = None,
    area: Name = None,
    device_set: Name = None,
    detail: Detail = None,
    certainty: Name = None,
) -> dict[str, Any]:
    """Return the newest figures of coverage, and the numbers of cameras behind them."""
    return report.read_report(
        engine,
        who,
        by=by,
        area=area,
        device_set=device_set,
        detail=detail,
        certainty=certainty,
    )
