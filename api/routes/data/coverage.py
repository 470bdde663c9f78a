"""Figures of coverage, gaps, and what one camera sees."""

import json
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.session.deps import EngineDep, MayFigures, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.base.json_objects import Record
from geo.base.plain_rows import plain_rows
from geo.coverage import camera_viewshed, report
from geo.coverage.report import CoverageReport

router = APIRouter()
GEOJSON: Final = "application/geo+json"
MOST_GAPS: Final = 20_000
SHOWN_GAPS: Final = 300
Name = Annotated[str | None, Query(max_length=100)]
Detail = Annotated[float | None, Query(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class GapsAnswer:
    """Gaps, the heaviest first; `total` says how many there are."""

    incidents_until: str | None
    total: int
    gaps: list[Record]


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


@router.get("/api/gaps")
def gaps(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    device_set: Annotated[str, Query(max_length=20)] = "all",
    certainty: Annotated[str, Query(max_length=20)] = "certain",
    detail: Detail = None,
    limit: Annotated[int, Query(ge=1, le=MOST_GAPS)] = SHOWN_GAPS,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> GapsAnswer:
    """Return the gaps of the newest run, the heaviest first, each by a point inside it.

    `total` says how many there are. Only for who is granted exact gaps somewhere; those that are
    in the answer count as read, and beyond the limit of an hour they are an export, for a `reason`.
    """
    found = report.read_gaps(engine, who, device_set=device_set, certainty=certainty, detail=detail)
    shown = found.drop(columns="geometry").head(limit)
    most = settings.bulk_rows
    export_log.count_bulk_read(engine, who, "gaps", len(shown), most=most, reason=reason)
    # of what is left of a gap (geo.coverage.coarse_gaps) some numbers are left out
    return GapsAnswer(report.incidents_until(engine, who), len(found), plain_rows(shown))


@router.get("/api/coverage")
def coverage(
    engine: EngineDep,
    who: MayFigures,
    by: Name = None,
    area: Name = None,
    device_set: Name = None,
    detail: Detail = None,
    certainty: Name = None,
) -> CoverageReport:
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
