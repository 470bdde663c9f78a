"""Bodies of requests: JSON of a stated form, without markings of state secrets."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, model_validator

from geo.base import marking
from geo.base.errors import InputError
from geo.base.storable_text import has_only_text
from geo.base.words import say

JSON = "application/json"
STATES = "/api/camera-status"
SHOWN_FAULTS = 3


class Part(BaseModel):
    """A part of a JSON body: other keys and other kinds than those of its form are refused.

    A number is no truth value and a text no number, whatever could be made of it.
    """

    model_config = ConfigDict(extra="forbid", strict=True)


class RowsBody(Part):
    """A JSON body of rows as of a file: a cell that is no text is a finding of its row."""

    @model_validator(mode="before")
    @classmethod
    def require_unmarked(cls, value: object) -> object:
        """Refuse a body with a text that carries the marking of a state secret.

        Raises
        ------
        MarkedError
            With the grade, and nothing of the text.
        """
        marking.require_unmarked(marking.resolve_escapes(_texts(value)), "text")
        return value


class Body(RowsBody):
    """A JSON body."""

    @model_validator(mode="before")
    @classmethod
    def require_text(cls, value: object) -> object:
        """Refuse a body with NUL or half of a character, which no table keeps.

        Raises
        ------
        InputError
            Without the text.
        """
        if not has_only_text(value):
            raise InputError("ogc.no_text", name="JSON")
        return value


def describe_fault(
    request: Request, faults: Sequence[Any], lang: str
) -> tuple[HTTPStatus, str] | None:
    """Return status and sentence for a body that cannot be read; None if it is not the body.

    Only ``application/json`` is read: a page of another origin cannot send that without a preflight
    request, which is not answered.

    Parameters
    ----------
    request
        Whose body it is.
    faults
        As FastAPI reports them.
    lang
        Language of the sentence.

    Returns
    -------
    tuple
        415 for another type, 400 where the body is no JSON, 422 where it is not of the form.
    """
    in_body = [fault for fault in faults if fault["loc"][:1] == ("body",)]
    if not in_body:
        return None
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != JSON:
        found = say("push.not_json_type", lang, found=kind[:100])
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, found
    blank = in_body[0]["type"] == "missing" and in_body[0]["loc"] == ("body",)
    if blank or in_body[0]["type"] == "json_invalid":
        return HTTPStatus.BAD_REQUEST, say(_named(request, "json"), lang, reason=_reason(in_body))
    said = say(_named(request, "shape"), lang, reason=_reason(in_body))
    return HTTPStatus.UNPROCESSABLE_ENTITY, said


def _named(request: Request, what: str) -> str:
    """Return the text of a fault: that of states of cameras shows how these are written."""
    states = {"json": "push.not_json", "shape": "push.shape"}
    return states[what] if request.url.path == STATES else f"push.body_{what}"


def _texts(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _reason(faults: Sequence[Any]) -> str:
    said = [f"{'.'.join(map(str, f['loc'][1:]))}: {f['msg']}".removeprefix(": ") for f in faults]
    return "; ".join(said[:SHOWN_FAULTS])
