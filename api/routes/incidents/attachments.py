"""Files of an incident: sent as they are, given out as downloads only."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import quote
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.routes.incidents.written import REPLAYED
from api.server.limits import allow_body
from api.session.deps import EngineDep, MayAttach, SettingsDep
from geo.incidents import attachments
from geo.incidents.attachments import AttachmentAnswer, NewFile
from geo.incidents.rules.file_cleaning import MOST_BYTES

router = APIRouter(prefix="/api/incidents/{incident}/attachments")
SEALED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


class Upload(BaseModel):
    """What is said of a file beside its content."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["before", "after", "approval"]
    has_persons: bool | None = None
    name: str = Field("", max_length=400)
    client_id: UUID | None = None
    keep_reason: str | None = Field(None, max_length=200)


@router.post("", status_code=HTTPStatus.CREATED, response_class=JSONResponse)
@allow_body(MOST_BYTES + 4096)
async def attach(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayAttach,
    incident: UUID,
    asked: Annotated[Upload, Query()],
) -> JSONResponse:
    """Keep a JPEG, PNG or PDF, sent as the body: encoded anew, without what is hidden in it.

    `has_persons` must be answered. The same `client_id` once more makes no second file.
    """
    given = NewFile(await request.body(), **asked.model_dump())
    work = partial(attachments.add_attachment, engine, who, incident, given, settings)
    kept, again = await to_thread.run_sync(work)
    headers = {REPLAYED: "true"} if again else {}
    return JSONResponse(
        attachments.describe_attachment(kept),
        HTTPStatus.OK if again else HTTPStatus.CREATED,
        headers,
    )


@router.get("")
def attached(
    engine: EngineDep, who: MayAttach, incident: UUID
) -> dict[str, list[AttachmentAnswer]]:
    """Return the files of an incident, the oldest first."""
    found = attachments.list_attachments(engine, who, incident)
    return {"attachments": [attachments.describe_attachment(each) for each in found]}


@router.get("/{attachment}", response_class=Response)
def download(
    engine: EngineDep, settings: SettingsDep, who: MayAttach, incident: UUID, attachment: UUID
) -> Response:
    """Return the content of a file, as a download."""
    kept, content = attachments.open_attachment(engine, who, incident, attachment, settings)
    named = f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}"
    headers = {**SEALED, "Content-Disposition": named}
    return Response(content, media_type=kept.media_type, headers=headers)
