"""Compliance: the page, its file, and the findings as GeoJSON."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import problems, render
from api.answers.downloads import file_response
from api.answers.forms import FormDep
from api.routes.law.filing import FILE, XLSX, MayComply
from api.server.lanes import FILES, run_in_lane
from api.session.deps import EngineDep, SettingsDep
from geo.access.audit import export_log
from geo.base.crs import WGS84
from geo.base.words import say
from geo.cameras.law import compliance, filing_sheet
from geo.cameras.law.compliance import FindingFilter
from geo.cameras.rules.rulebook import RULES, SEVERITIES

if TYPE_CHECKING:
    import geopandas as gpd

router = APIRouter()
PAGE_ROWS: Final = 100
MOST_UNITS: Final = 10
GEOJSON: Final = "application/geo+json"
Word = Annotated[str, Query(max_length=100)]


def read_filter(
    area: Word = "", kind: Word = "", unit: Word = "", severity: Word = ""
) -> FindingFilter:
    """Return the filters of a request; "" for no filter.

    Parameters
    ----------
    area
        Code of an area.
    kind
        Kind of finding.
    unit
        Managing unit.
    severity
        Severity of findings.
    """
    return FindingFilter(area.strip(), (kind,) if kind else (), unit, severity)


WantedDep = Annotated[FindingFilter, Depends(read_filter)]
Reason = Annotated[str | None, Query(max_length=export_log.MOST_REASON)]


@router.get("/compliance", response_class=HTMLResponse)
@run_in_lane(FILES)
def page(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayComply,
    asked: WantedDep,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    reason: Reason = None,
) -> HTMLResponse:
    """Return the findings of the law as a page: figures, units, rows.

    Who leafs through very many of them takes them out: see :func:`features`.
    """
    lang = render.page_language(request)
    found = compliance.compliance_findings(engine, who, asked, timezone=settings.timezone)
    pages = max(-(-len(found.rows) // PAGE_ROWS), 1)
    shown = found.rows.iloc[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    most = settings.bulk_rows
    export_log.count_bulk_read(engine, who, compliance.WHAT, len(shown), most=most, reason=reason)
    return render.render_page(
        request,
        "compliance.html",
        title=say("compliance.title", lang),
        report=found,
        rows=compliance.describe_findings(shown, lang),
        asked=asked,
        kinds=list(RULES),
        severities=SEVERITIES,
        units=found.units[:MOST_UNITS],
        page=page,
        pages=pages,
        back=_query(asked, page - 1) if page > 1 else "",
        onward=_query(asked, page + 1) if page < pages else "",
        narrowed=lambda **to: _query(replace(asked, **to)),
        filing_units=filing_sheet.managing_units(engine, who) if who.may("export") else [],
    )


@router.post("/compliance/export", response_class=Response, responses=FILE)
@run_in_lane(FILES)
def file(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayComply, filled: FormDep
) -> Response:
    """Return the findings as a workbook; the row of the export is written before it goes out."""
    lang = render.page_language(request)
    kind = filled.text("kind")
    asked = FindingFilter(
        filled.text("area"), (kind,) if kind else (), filled.text("unit"), filled.text("severity")
    )
    reason = filled.text("reason")
    made = compliance.make_workbook(
        engine, who, asked, reason=reason, timezone=settings.timezone, lang=lang
    )
    return file_response(made.content, say("compliance.file", lang), XLSX)


@router.get("/api/compliance", response_class=Response, responses={200: {"content": {GEOJSON: {}}}})
@run_in_lane(FILES)
def features(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayComply,
    asked: WantedDep,
    reason: Reason = None,
) -> Response:
    """Return the findings as GeoJSON: where a view enters a privacy zone, the part that does.

    Reading them in bulk is an export: it needs the permission and a `reason`, and is registered.
    """
    found = compliance.compliance_findings(engine, who, asked, timezone=settings.timezone)
    most = settings.bulk_rows
    export_log.count_bulk_read(
        engine, who, compliance.WHAT, len(found.rows), most=most, reason=reason
    )
    lang = problems.request_language(request)
    shapes = _shapes(found.rows)
    rows = compliance.describe_findings(found.rows, lang)
    body = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": vars(row), "geometry": shape}
            for row, shape in zip(rows, shapes, strict=True)
        ],
        "figures": [vars(figure) for figure in found.figures],
        "cameras": found.cameras,
        "clean": found.clean,
    }
    return Response(json.dumps(body, ensure_ascii=False), media_type=GEOJSON)


def _shapes(rows: "gpd.GeoDataFrame") -> list[Any]:
    """Return the geometries in WGS 84, to a centimetre."""
    import shapely
    from shapely.geometry import mapping

    placed = rows.geometry.to_crs(WGS84).to_numpy()
    shapes = shapely.set_precision(placed, 1e-7)
    return [None if each is None else mapping(each) for each in shapes]


def _query(asked: FindingFilter, page: int = 1) -> str:
    words = {
        "area": asked.area,
        "kind": "".join(asked.kinds),
        "unit": asked.unit,
        "severity": asked.severity,
    }
    return "?" + urlencode({**{k: v for k, v in words.items() if v}, "page": page})
