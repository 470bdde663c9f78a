"""Bodies of requests: JSON of a stated form and of limited size."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from api.answers.problems import request_language
from geo.base import marking
from geo.base.words import say

MEGABYTE = 1_000_000
LIMIT_BYTES = 2 * MEGABYTE
SHOWN_FAULTS = 3
Body = TypeVar("Body", bound=BaseModel)


async def json_body(request: Request, form: type[Body], *, limit_bytes: int = LIMIT_BYTES) -> Body:
    """Return the body of a request as a validated model.

    Only ``application/json`` is read: a page of another origin cannot send that without a preflight
    request, which is not answered.

    Parameters
    ----------
    request
        Request whose body was not read yet.
    form
        Pydantic model.
    limit_bytes
        Longest body, bytes.

    Raises
    ------
    HTTPException
        415 for another type, 413 for more than `limit_bytes`, 400 where the body is no JSON,
        422 where it is not of the form.
    MarkedError
        If a text in it carries the marking of a state secret.
    """
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise refuse_request(request, 415, "push.not_json_type", found=kind[:100])
    raw = await _read(request, limit_bytes)
    marking.require_unmarked(marking.resolve_escapes(raw.decode("utf-8", "ignore")), "text")
    try:
        return form.model_validate_json(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        broken = faults[0]["type"] == "json_invalid"
        status, key = (400, "push.not_json") if broken else (422, "push.shape")
        raise refuse_request(request, status, key, reason=_reason(faults)) from None


def refuse_request(request: Request, status: int, key: str, **facts: object) -> HTTPException:
    """Return the error that refuses a request, in the language of the request.

    Parameters
    ----------
    request
        Says the language.
    status
        HTTP status.
    key
        Key of the catalogue.
    **facts
        Values of the fields of the text.
    """
    return HTTPException(status, say(key, request_language(request), **facts))


async def _read(request: Request, limit_bytes: int) -> bytes:
    """Return the whole body; reading ends as soon as it is too large, whatever its header says."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise refuse_request(request, 413, "push.too_large", limit_mb=limit_bytes // MEGABYTE)
        parts.append(part)
    return b"".join(parts)


def _reason(faults: list[Any]) -> str:
    said = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}".removeprefix(": ") for f in faults]
    return "; ".join(said[:SHOWN_FAULTS])
