"""Papers of an incident: evidence sheet and duty report."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from api.answers.problems import request_language
from api.routes.incidents.desk import DeskDep
from api.session.deps import MayHandle
from geo.documents import incident_paper

router = APIRouter(prefix="/api/incidents/{incident}")
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/evidence", response_class=Response, responses={200: {"content": {PDF: {}, XLSX: {}}}})
def evidence(
    request: Request,
    who: MayHandle,
    desk: DeskDep,
    incident: UUID,
    f: Literal["pdf", "xlsx"] = "pdf",
) -> Response:
    """Return the evidence sheet: map, cameras with the day to ask by, viewings, forms for units.

    It has a row in the register of exports.
    """
    paper = incident_paper.evidence_sheet(desk, who, incident, request_language(request), form=f)
    if f == "xlsx":
        return _download(incident_paper.paper_workbook(paper), XLSX, f"evidence-{incident}.xlsx")
    return _download(incident_paper.paper_pdf(paper), PDF, f"evidence-{incident}.pdf")


@router.get("/report", response_class=Response, responses={200: {"content": {PDF: {}}}})
def report(
    request: Request,
    who: MayHandle,
    desk: DeskDep,
    incident: UUID,
    f: Literal["json", "pdf"] = "json",
) -> Response:
    """Return the duty report (值班快报): short text and rows, or one page; never a camera."""
    paper, text = incident_paper.duty_report(desk, who, incident, request_language(request))
    if f == "pdf":
        return _download(incident_paper.paper_pdf(paper), PDF, f"report-{incident}.pdf")
    rows: list[dict[str, Any]] = [{"label": label, "text": value} for label, value in paper.facts]
    return JSONResponse({"text": text, "rows": rows})


@router.get("/order", response_class=Response, responses={200: {"content": {PDF: {}}}})
def order(
    request: Request,
    who: MayHandle,
    desk: DeskDep,
    incident: UUID,
    unit: Annotated[str | None, Query(max_length=100)] = None,
    f: Literal["json", "pdf"] = "json",
) -> Response:
    """Return the short text of a dispatch, or the order in two halves (交办单) as PDF.

    Of a whistle each `unit` has its own order; without it that of the unit in charge.
    """
    from geo.documents import dispatch_order

    lang = request_language(request)
    paper, text = dispatch_order.order_paper(desk, who, incident, lang, unit=unit)
    if f == "pdf":
        return _download(dispatch_order.order_pdf(paper), PDF, f"order-{incident}.pdf")
    return JSONResponse({"text": text, "length": len(text)})


@router.get("/supervision", response_class=Response, responses={200: {"content": {PDF: {}}}})
def supervision(request: Request, who: MayHandle, desk: DeskDep, incident: UUID) -> Response:
    """Return the notice of a supervised incident (督办单) with its answer to be torn off."""
    from geo.documents import dispatch_order

    paper = dispatch_order.supervision_notice(desk, who, incident, request_language(request))
    return _download(dispatch_order.order_pdf(paper), PDF, f"supervision-{incident}.pdf")


def _download(content: bytes, kind: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=kind, headers=headers)
