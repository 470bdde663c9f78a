"""Life of incidents: lists, one with its history, moves at the version that was seen."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.answers.bodies import Part
from api.answers.problems import request_language
from api.answers.times import Moment
from api.routes.incidents.desk import DeskDep
from api.routes.incidents.written import (
    IfMatch,
    Text,
    Word,
    WrittenBody,
    answer_written,
    parse_version,
)
from api.session.deps import AnyReader, EngineDep, MayMap, MayMove, SettingsDep, ShownMap
from geo.base.errors import InputError
from geo.incidents import listing, moves, show
from geo.incidents.lifecycle_table import Lifecycle, describe_lifecycle
from geo.incidents.listing import MOST, IncidentFilter
from geo.incidents.move_request import MoveRequest
from geo.incidents.rules import whistle
from geo.incidents.rules.whistle import MOST_UNITS

router = APIRouter(prefix="/api")


class CalledUnit(Part):
    """A unit that a whistle calls; one of them is the lead."""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(max_length=100, examples=["U2"])
    role: str = Field("joint", max_length=10, examples=["lead"])
    notified: Word = Field(None, examples=["system"])


class UnitRating(Part):
    """How a unit is judged at the end of a whistle: 到位, 解决."""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(max_length=100, examples=["U2"])
    present: bool
    solved: bool


class NewMove(WrittenBody):
    """A move with its fields: which it needs and takes says ``GET /api/lifecycle``."""

    move: str = Field(max_length=40, examples=["assign"])
    unit: Word = Field(None, examples=["U2"])
    reason: Text = None
    result: Text = None
    outcome: Word = None
    kind: Word = None
    basis: Text = None
    routing_row: bool | None = None
    until: Moment | None = None
    telephone_post: Word = None
    area: Word = None
    target: Word = None
    call: Word = None
    at: Moment | None = None
    whistle_kind: Word = None
    units: list[CalledUnit] | None = Field(None, max_length=MOST_UNITS)
    ratings: list[UnitRating] | None = Field(None, max_length=2 * MOST_UNITS)
    report_at: Moment | None = None
    within_minutes: int | None = None
    place: Text = None
    paired: bool | None = None
    level: Word = None
    hotline_number: Word = None
    hotline_due: Moment | None = None
    hotline_return_by: Moment | None = None
    satisfaction: int | None = None

    def request(self) -> MoveRequest:
        """Return it as a use case takes it."""
        given = self.model_dump()
        called = [whistle.CalledUnit(**each) for each in given["units"] or ()]
        rated = [whistle.Rating(**each) for each in given["ratings"] or ()]
        return MoveRequest(**{**given, "units": tuple(called), "ratings": tuple(rated)})


class Listed(BaseModel):
    """Which incidents are listed: each condition that is given holds."""

    model_config = ConfigDict(extra="forbid")

    code: Word = None
    state: list[str] = Field([], max_length=20)
    light: list[str] = Field([], max_length=3)
    category: Word = None
    unit: Word = None
    grid: Word = None
    community: Word = None
    township: Word = None
    source: Word = None
    since: Moment | None = None
    until: Moment | None = None
    open: bool = False
    unplaced: bool = False
    mine: bool = False
    next: str | None = Field(None, max_length=200)
    limit: int = Field(100, ge=1, le=MOST)


@router.get("/lifecycle")
def lifecycle(request: Request, who: AnyReader) -> Lifecycle:  # noqa: ARG001 - the rule
    """Return the table of moves, states and their words: what the program itself goes by."""
    return describe_lifecycle(request_language(request))


@router.get("/incidents")
def list_incidents(
    engine: EngineDep, who: ShownMap, asked: Annotated[Listed, Query()]
) -> dict[str, Any]:
    """Return incidents, the newest first, each with its light; pages go on by `next`.

    `visitors`: incidents come without texts and addresses (参观模式).
    """
    given = asked.model_dump()
    for name in ("since", "until"):
        if given[name] is not None and given[name].tzinfo is None:
            found = given[name].isoformat()
            raise InputError("lifecycle.filter", name=name, found=found, known="ISO 8601 + zone")
    given |= {name: tuple(given[name]) for name in ("state", "light")}
    found = listing.list_incidents(engine, who, IncidentFilter(**given))
    return {**found, "visitors": True} if who.visitors else found


@router.get("/incidents/{incident}")
def read_incident(request: Request, who: MayMap, desk: DeskDep, incident: UUID) -> JSONResponse:
    """Return an incident with its history, dispatches, approvals, and the moves legal for you.

    ETag is its version: send it back as If-Match with a move.
    """
    found = show.show_incident(desk, who, str(incident), lang=request_language(request))
    headers = {"ETag": f'"{found["version"]}"', "Cache-Control": "private, no-cache"}
    return JSONResponse(jsonable_encoder(found), headers=headers)


@router.get("/incidents/{incident}/moves")
def list_moves(engine: EngineDep, who: MayMap, incident: UUID) -> dict[str, Any]:
    """Return the history of an incident, the oldest move first."""
    return {"moves": listing.read_moves(engine, who, str(incident))}


@router.get("/incidents/{incident}/dispatches")
def list_dispatches(engine: EngineDep, who: MayMap, incident: UUID) -> dict[str, Any]:
    """Return the units that an incident was sent to, each with its own state."""
    return {"dispatches": listing.read_dispatches(engine, who, str(incident))}


@router.post("/incidents/{incident}/moves", status_code=HTTPStatus.CREATED)
def move(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMove,
    incident: UUID,
    asked: NewMove,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Make a move at the version that was seen (If-Match).

    409 names the moves that are legal, 412 the move that somebody else made meanwhile, 428 asks for
    If-Match. The same `client_id` once more makes no second move.
    """
    moved = moves.move_incident(
        engine,
        who,
        incident,
        asked.request(),
        version=parse_version(if_match),
        timezone=settings.timezone,
        lang=request_language(request),
        whistle_level=settings.whistle_level,
    )
    answer = {
        "id": str(moved.id),
        "code": moved.code,
        "state": moved.state,
        "version": moved.version,
        "move": moved.move,
    }
    return answer_written(answer, moved.version, again=moved.again)
