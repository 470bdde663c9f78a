"""What is written of an incident over HTTP: fields that moves and steps share, and their answer."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Header
from fastapi.responses import JSONResponse
from pydantic import Field

from api.answers.bodies import Body
from api.answers.times import Id, Moment

REPLAYED: Final = "Idempotency-Replayed"
Word = Annotated[str | None, Field(max_length=100)]
Text = Annotated[str | None, Field(max_length=2_000)]
IfMatch = Annotated[str | None, Header(max_length=40)]


class WrittenBody(Body):
    """A note, how somebody was notified, and how texts with numbers of persons are taken."""

    note: Text = None
    notified: Word = None
    notified_post: Word = None
    notified_at: Moment | None = None
    client_id: Id | None = None
    redact: bool = False
    not_personal: bool = False


def parse_version(if_match: str | None) -> int | None:
    """Return the version that If-Match names, None where it names none."""
    tag = (if_match or "").strip().removeprefix("W/").strip('"')
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) < 10 else None


def answer_written(body: Mapping[str, object], version: int, *, again: bool) -> JSONResponse:
    """Return the answer to what was written, with its version as ETag.

    Parameters
    ----------
    body
        The body of the answer.
    version
        After it.
    again
        Whether it had been written before.
    """
    headers = {"ETag": f'"{version}"'} | ({REPLAYED: "true"} if again else {})
    return JSONResponse(dict(body), HTTPStatus.OK if again else HTTPStatus.CREATED, headers)
