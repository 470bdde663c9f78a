"""Record an incident: one request, one answer with everything that is known of it."""

from http import HTTPStatus
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.answers.times import Id, Moment
from api.routes.incidents.desk import DeskDep
from api.routes.incidents.written import REPLAYED, parse_version
from api.session.deps import MayTake
from geo.base import clock
from geo.base.errors import InputError
from geo.incidents import answer, intake
from geo.incidents.answer import Shown
from geo.incidents.correct import Correction, correct_incident
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report

router = APIRouter(prefix="/api/incidents")
PLACE: Final = ("lon", "lat", "crs", "accuracy_m", "grid_code", "community_code")
Code = Annotated[str, Field(max_length=100)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


class NewIncident(Body):
    """An incident as typed: five fields by hand at most."""

    model_config = ConfigDict(allow_inf_nan=False)

    category: Code = Field(examples=["井盖缺失"])
    text: str = Field(max_length=2_000, examples=["某路口井盖没了"])
    lon: float | None = Field(None, ge=-1e8, le=1e8)
    lat: float | None = Field(None, ge=-1e8, le=1e8)
    crs: Annotated[str, Field(max_length=40)] = "wgs84"
    accuracy_m: float = 0.0
    located_by: Literal["map", "address", "code", "device", "area"] | None = None
    located_code: Code | None = None
    grid_code: Code | None = None
    community_code: Code | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    description: Annotated[str, Field(max_length=20_000)] = ""
    source: Code = "other"
    source_ref: Code | None = None
    hotline_due: Moment | None = None
    hotline_return_by: Moment | None = None
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    asset_code: Code | None = None
    unit_code: Code | None = None
    override_reason: Annotated[str, Field(max_length=500)] | None = None
    client_id: Id | None = None
    redact: bool = False
    not_personal: bool = False

    def report(self) -> Report:
        """Return it as intake takes it."""
        area = self.grid_code or self.community_code
        asked = TypedPlace(self.lon, self.lat, self.crs, self.accuracy_m, area, self.grid_code)
        return Report(place=asked, **self.model_dump(exclude=set(PLACE)))


class CorrectedIncident(Body):
    """What is corrected of an incident: only what is named changes."""

    model_config = ConfigDict(allow_inf_nan=False)

    category: Code | None = None
    text: Annotated[str, Field(max_length=2_000)] | None = None
    lon: float | None = Field(None, ge=-1e8, le=1e8)
    lat: float | None = Field(None, ge=-1e8, le=1e8)
    crs: Annotated[str, Field(max_length=40)] = "wgs84"
    accuracy_m: float = 0.0
    located_by: Literal["map", "address", "code", "device", "area"] | None = None
    located_code: Code | None = None
    grid_code: Code | None = None
    community_code: Code | None = None
    address: Annotated[str, Field(max_length=500)] | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    source: Code | None = None
    source_ref: Code | None = None
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    asset_code: Code | None = None
    unseen_demand: bool | None = None
    redact: bool = False
    not_personal: bool = False

    def correction(self) -> Correction:
        """Return it as the use case takes it."""
        given = self.model_dump(exclude_unset=True)
        place = {name: given.pop(name, None) for name in PLACE}
        for name in ("redact", "not_personal", "unseen_demand"):
            given.pop(name, None)
        area = self.grid_code or self.community_code
        if place["lon"] is not None or area:
            given["place"] = TypedPlace(
                self.lon, self.lat, self.crs, self.accuracy_m, area, self.grid_code
            )
        if not given and self.unseen_demand is None:
            raise InputError("correction.nothing")
        return Correction(given, self.redact, self.not_personal, self.unseen_demand)


@router.post("", status_code=HTTPStatus.CREATED, response_class=JSONResponse)
def create(
    request: Request, who: MayTake, desk: DeskDep, asked: NewIncident, key: Key = None
) -> JSONResponse:
    """Take an incident: grid, unit with the reason, limit, cameras and duplicates in one answer.

    The same `client_id`, or within a day the same Idempotency-Key, makes one incident however often
    it is sent: the answer comes again, with `Idempotency-Replayed: true`; 409 while a request with
    the key is being done, 422 for another one under it. Numbers of identity cards and mobile
    telephones are refused (422, with where they stand); `redact` leaves them out, `not_personal`
    states that they are none.
    """
    lang = request_language(request)
    taken = intake.take_incident(desk, who, asked.report(), key=key)
    row = taken.created.row
    near = answer.measure_candidates(desk, who, row)
    shown = Shown(taken.seen, taken.hints, taken, near)
    body = answer.describe_incident(
        desk.book(who), row, shown, zone=desk.config.timezone, lang=lang, now=clock.now()
    )
    headers = {"Location": f"/api/incidents/{row.id}", "ETag": f'"{row.version}"'}
    if taken.created.again:
        return JSONResponse(body, HTTPStatus.OK, headers | {REPLAYED: "true"})
    return JSONResponse(body, HTTPStatus.CREATED, headers)


@router.patch("/{incident}", response_class=JSONResponse)
def correct(
    request: Request,
    who: MayTake,
    desk: DeskDep,
    incident: UUID,
    asked: CorrectedIncident,
    if_match: Annotated[str | None, Header(max_length=40)] = None,
) -> JSONResponse:
    """Correct an incident at the version that was seen (If-Match).

    Place, time and category are answered anew, and the old answer stays in the history. 412: it was
    changed meanwhile; 428: If-Match is missing. `unseen_demand` ticks a place that nobody sees.
    """
    version = parse_version(if_match)
    done = correct_incident(desk, who, incident, asked.correction(), version=version)
    row = answer.read_answer(desk, who, incident)
    zone, lang = desk.config.timezone, request_language(request)
    book = desk.book(who)
    shown = Shown(done.seen, candidates_m=answer.measure_candidates(desk, who, row))
    body = answer.describe_incident(book, row, shown, zone=zone, lang=lang, now=clock.now())
    return JSONResponse(body, headers={"ETag": f'"{done.version}"'})
