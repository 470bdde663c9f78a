"""The filing sheet of Art. 14 as a file, from the form of the page of compliance."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.answers import render
from api.answers.downloads import file_response
from api.answers.forms import FormDep
from api.server.lanes import FILES, run_in_lane
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import Rule
from geo.access.principal import Principal
from geo.base.words import say
from geo.cameras.law import filing_sheet

router = APIRouter()
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {XLSX: {}}}}
MayComply = Annotated[Principal, Depends(Rule("compliance"))]


@router.post("/compliance/filing", response_class=Response, responses=FILE)
@run_in_lane(FILES)
def sheet(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayComply, filled: FormDep
) -> Response:
    """Return the sheet of a managing unit; the row of the export is written before it goes out."""
    made = filing_sheet.make_sheet(
        engine,
        who,
        filled.text("unit"),
        reason=filled.text("reason"),
        timezone=settings.timezone,
    )
    name = say("filing.file", render.page_language(request), unit=made.unit)
    return file_response(made.content, name, XLSX)
