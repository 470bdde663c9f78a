"""Requests whose body could not be read: who may not ask hears that first."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.answers import problems
from api.session.identity import find_rule
from geo.base.errors import GovgridError

_UNREAD: Final = "json_invalid"


def add_body_handler(app: FastAPI) -> None:
    """Give `app` the handler of what cannot be read; :mod:`api.answers.problems` has the others."""
    app.add_exception_handler(RequestValidationError, _answer_invalid)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    """Return the answer; a body is read before the rule of its route is asked."""
    rule = find_rule(request.scope["route"].dependant)
    if rule is not None and _is_unread(error):
        try:
            await rule(request)
        except GovgridError as refused:
            return problems.error_response(request, refused)
    return problems.invalid_response(request, error)


def _is_unread(error: Exception) -> bool:
    return isinstance(error, RequestValidationError) and any(
        each["type"] == _UNREAD for each in error.errors()
    )
