"""Receipts of orders (交办单回执): found by number or bars, written down for the unit."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.answers.times import Id, Moment
from api.routes.incidents.written import IfMatch, Text, Word, answer_written, parse_version
from api.session.deps import EngineDep, MayMove, SettingsDep
from geo.incidents import receipts
from geo.incidents.receipts import Receipt
from geo.incidents.rules.receipt_number import MOST
from geo.incidents.whistle_answer import ReceiptSheet

router = APIRouter(prefix="/api/receipts")


class NewReceipt(Body):
    """What stands on a receipt: posts and times, never names; `unit` where several were sent."""

    number: str = Field(max_length=MOST, examples=["20260930-0001"])
    unit: Word = Field(None, examples=["U2"])
    post: Word = Field(None, examples=["值班岗"])
    signed_at: Moment | None = None
    arrived_at: Moment | None = None
    done_at: Moment | None = None
    result: Text = None
    return_kind: Word = Field(None, examples=["duty"])
    reason: Text = None
    client_id: Id | None = None
    redact: bool = False
    not_personal: bool = False


@router.get("")
def read_receipt(
    engine: EngineDep, who: MayMove, number: Annotated[str, Query(max_length=MOST)]
) -> ReceiptSheet:
    """Return the incident and units of a receipt, and what of each can still be written down."""
    return receipts.read_receipt(engine, who, number)


@router.post("", status_code=201)
def register_receipt(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMove,
    asked: NewReceipt,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Write a receipt down for its unit (代登记) at the version of the dispatch (If-Match).

    All of it or nothing; what was known already stays. The same `client_id` once more changes
    nothing.
    """
    done = receipts.register_receipt(
        engine,
        who,
        Receipt(version=parse_version(if_match), **asked.model_dump()),
        timezone=settings.timezone,
        whistle_level=settings.whistle_level,
        lang=request_language(request),
    )
    answer = {k: v for k, v in asdict(done).items() if k != "again"}
    return answer_written(jsonable_encoder(answer), done.version, again=done.again)
