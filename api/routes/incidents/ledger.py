"""The ledger of an area and the monthly bulletin, as figures and as papers."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.bodies import Body
from api.answers.downloads import file_response
from api.answers.problems import request_language
from api.answers.times import Day
from api.session.deps import EngineDep, MayCount, MayPrint, SettingsDep
from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.incidents import bulletin, ledger, ledger_answer
from geo.incidents.bulletin import Bulletin
from geo.incidents.ledger import LedgerQuery
from geo.operations.database import Engine

router = APIRouter(prefix="/api")
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Word = Annotated[str | None, Field(max_length=100)]
Month = Annotated[str, Field(max_length=10, examples=["2026-09"])]


class Listed(BaseModel):
    """Which ledger: an area, a period, the number of the paper."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(max_length=100)
    month: Word = None
    year: Word = None
    since: Day | None = None
    until: Day | None = None
    number: int | None = Field(None, ge=1, le=9999)
    f: Literal["json", "xlsx", "pdf"] = "json"


class Composed(BaseModel):
    """Which bulletin: a statistics month, of an area or of all that is granted."""

    model_config = ConfigDict(extra="forbid")

    month: Month
    area: Word = None
    f: Literal["json", "docx"] = "json"


class EditedBulletin(Body):
    """A bulletin whose text was edited: one paragraph a line, headings behind ``# ``."""

    month: Month
    area: Word = None
    text: str = Field(max_length=20_000)


@router.get(
    "/ledger",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, XLSX: {}, PDF: {}}}},
)
def read_ledger(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayPrint,
    asked: Annotated[Listed, Query()],
) -> Response:
    """Return the ledger (民情账本) of a community, grid or township: rows, XLSX or PDF for A4."""
    lang = request_language(request)
    found = ledger.read_ledger(
        engine,
        who,
        LedgerQuery(**asked.model_dump(exclude={"f"})),
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        lang=lang,
    )
    if asked.f == "json":
        return JSONResponse(jsonable_encoder(ledger_answer.describe_ledger(found, lang)))
    from geo.documents import ledger_paper

    make = ledger_paper.ledger_bytes if asked.f == "xlsx" else ledger_paper.ledger_pdf
    content = make(found, mark=settings.mark, lang=lang)
    name = ledger_paper.ledger_name(found, asked.f, lang)
    return file_response(content, name, XLSX if asked.f == "xlsx" else PDF)


@router.get(
    "/bulletin",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, DOCX: {}}}},
)
def read_bulletin(
    engine: EngineDep, settings: SettingsDep, who: MayCount, asked: Annotated[Composed, Query()]
) -> Response:
    """Return the monthly bulletin (月度运行情况通报): text and tables, or a DOCX."""
    found = _compose(engine, settings, who, asked.month, asked.area)
    if asked.f == "docx":
        return _docx(settings, found)
    return JSONResponse(jsonable_encoder(_described(found)))


@router.post("/bulletin", response_class=Response, responses={200: {"content": {DOCX: {}}}})
def write_bulletin(
    engine: EngineDep, settings: SettingsDep, who: MayCount, asked: EditedBulletin
) -> Response:
    """Return the DOCX of a bulletin whose text was edited; its tables stay as counted."""
    found = _compose(engine, settings, who, asked.month, asked.area)
    return _docx(settings, bulletin.replace_text(found, asked.text))


def _compose(
    engine: Engine,
    settings: Settings,
    who: Principal,
    month: str,
    area: str | None,
) -> Bulletin:
    return bulletin.compose_bulletin(
        engine,
        who,
        month,
        timezone=settings.timezone,
        month_starts=settings.statistics_month_day,
        area=area,
    )


def _docx(settings: Settings, found: Bulletin) -> Response:
    from geo.documents import bulletin_paper

    content = bulletin_paper.bulletin_bytes(found, settings.bulletin_template)
    return file_response(content, bulletin_paper.bulletin_name(found), DOCX)


def _described(found: Bulletin) -> dict[str, Any]:
    return {
        "title": found.title,
        "as_of": found.as_of,
        "text": bulletin.write_text(found),
        "tables": [
            {"title": each.title, "heads": each.heads, "rows": each.rows} for each in found.tables
        ],
    }
