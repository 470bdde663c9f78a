"""Errors over HTTP: one table from ours to a status, one shape (RFC 9457 problem+json)."""

import errno
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.answers import bodies, render
from api.answers.allowed_methods import list_methods
from geo.access.audit import record as audit
from geo.base.errors import (
    ConditionError,
    DiskFullError,
    ForbiddenError,
    GovgridError,
    InputError,
    KeyBusyError,
    LayerError,
    NotFoundError,
    PersonalDataError,
    ReusedKeyError,
    RowError,
    StaleError,
    StateError,
    StoreError,
    TooManyError,
    UnavailableError,
    UncertainError,
    UnknownReaderError,
)
from geo.base.words import LANGUAGES, say

# The first class that fits decides, so the special ones stand first.
STATUSES: Mapping[type[GovgridError], HTTPStatus] = {
    UnknownReaderError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    NotFoundError: HTTPStatus.NOT_FOUND,
    LayerError: HTTPStatus.NOT_FOUND,
    PersonalDataError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ReusedKeyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RowError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InputError: HTTPStatus.BAD_REQUEST,
    StaleError: HTTPStatus.PRECONDITION_FAILED,
    ConditionError: HTTPStatus.PRECONDITION_REQUIRED,
    StateError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    DiskFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    StoreError: HTTPStatus.INTERNAL_SERVER_ERROR,
    GovgridError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER_S = "5"
PROBLEM: Final = "application/problem+json"
_SHAPE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": said, "content": {PROBLEM: {"schema": _SHAPE}}}
    for status, said in {"4XX": "Refused (RFC 9457)", "5XX": "Failed (RFC 9457)"}.items()
}
"""How the answers of errors are described, for every route."""
_log = logging.getLogger(__name__)


def add_error_handlers(app: FastAPI) -> None:
    """Give `app` the handlers of errors, invalid requests apart; none shows a stack trace."""
    app.add_exception_handler(GovgridError, error_response)
    app.add_exception_handler(HTTPException, error_response)
    app.add_exception_handler(OSError, _no_room)
    app.add_exception_handler(Exception, internal_error)


def request_language(request: Request) -> str:
    """Return the language a client asks for, Chinese if it asks for none of ours."""
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return wanted if wanted in LANGUAGES else "zh"


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


def problem_document(
    status: int, detail: str, *, kind: str = "about:blank", **more: object
) -> JSONResponse:
    """Return one problem document (RFC 9457).

    Parameters
    ----------
    status
        HTTP status; 503 and 401 get the headers that belong to them.
    detail
        Sentence for people.
    kind
        URI of the type of problem.
    **more
        Further members of the document.
    """
    body = {
        **more,
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    headers = {"Retry-After": RETRY_AFTER_S} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(body, status_code=status, media_type=PROBLEM, headers=headers)


def error_response(request: Request, error: Exception) -> Response:
    """Return the response to one of our errors or of the protocol: problem document or page.

    Parameters
    ----------
    request
        Says whether a page or a program asks, and the language.
    error
        Any other error is raised again.
    """
    if isinstance(error, HTTPException):
        return _http(request, error)
    if not isinstance(error, GovgridError):
        raise error
    found = _ours(request, error)
    if isinstance(error, TooManyError | KeyBusyError):
        found.headers["Retry-After"] = str(error.facts.get("retry_after_s", RETRY_AFTER_S))
    return found


def internal_error(_: Request, __: Exception) -> JSONResponse:
    """Return the response to a defect of the program, without any detail of it.

    Parameters
    ----------
    _, __
        Request and error, which are not used.
    """
    return problem_document(
        HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR.phrase
    )


def _no_room(request: Request, error: Exception) -> Response:
    """Return the answer where a file of the service itself finds no room on the disk."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return error_response(request, DiskFullError("store.disk_full"))
    raise error


def _ours(request: Request, error: GovgridError) -> Response:
    status = next(s for kind, s in STATUSES.items() if isinstance(error, kind))
    if isinstance(error, ForbiddenError):
        _noted(request, error)
    if _wants_page(request):
        if isinstance(error, UnknownReaderError):
            return RedirectResponse(_way_in(request, error), HTTPStatus.SEE_OTHER)
        return _page(request, status, _sentence(error, render.page_language(request)))
    said = _sentence(error, request_language(request))
    more = dict(error.members)
    if isinstance(error, PersonalDataError):
        more["spans"] = error.spans
    if isinstance(error, RowError):
        lang = request_language(request)
        more["findings"] = [each.cell_answer(lang) for each in error.findings]
    return problem_document(status, said, kind=f"govgrid:{error.key}", **more)


def _page(request: Request, status: int, detail: str) -> Response:
    title = say("nav.refused", render.page_language(request))
    return render.render_page(request, "error.html", status=status, title=title, detail=detail)


def _sentence(error: GovgridError, lang: str) -> str:
    """Return what is said of an error; what the database said of itself goes into the log only."""
    reason = str(error.facts.get("reason", ""))
    if isinstance(error, UnavailableError) and reason:
        _log.error("%s", error)
        uncertain = isinstance(error, UncertainError)
        return say("limits.uncertain" if uncertain else "limits.unavailable", lang)
    if isinstance(error, StoreError) and reason and reason in error.text(lang):
        _log.error("%s", error)
        return say("limits.store", lang)
    return error.text(lang)


def _wants_page(request: Request) -> bool:
    page = not request.url.path.startswith("/api")
    return page and "text/html" in request.headers.get("accept", "")


def _way_in(request: Request, error: GovgridError) -> str:
    """Return where a stranger goes: on with the log-in, or to its beginning and back."""
    if "to" in error.facts:
        return str(error.facts["to"])
    # What was asked is asked again after the log-in; what a form sent is not.
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    return f"/login?next={quote(request.url.path + query)}"


def _noted(request: Request, error: GovgridError) -> None:
    """Write the refusal into the audit: who tried what."""
    reader = getattr(request.state, "reader", None)
    if reader is not None:
        target = f"{request.method} {request.url.path}"
        facts = {"reason": error.key, **{k: str(v) for k, v in error.facts.items()}}
        try:
            engine = request.app.state.engine
            audit.note_apart(engine, reader, "access", target, outcome="refused", facts=facts)
        except (DiskFullError, UnavailableError) as lost:
            # refused is refused, whether it can be written down or not
            _log.error("%s was refused (%s): %s", reader.account, error.key, lost)


def invalid_response(request: Request, error: Exception) -> Response:
    """Return the problem document or page of a request that does not fit its description.

    Parameters
    ----------
    request
        Says the language, and whether a page is wanted.
    error
        What the validation found; anything else is raised again.
    """
    if not isinstance(error, RequestValidationError):
        raise error
    body = bodies.describe_fault(request, error.errors(), request_language(request))
    if body is not None:
        return problem_document(*body)
    # The value itself stays out: it may be no JSON at all (1e999), and it is the client's anyway.
    said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
    if _wants_page(request):
        return _page(request, HTTPStatus.BAD_REQUEST, said)
    return problem_document(HTTPStatus.BAD_REQUEST, said)


def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND and _wants_page(request):
        return _page(request, error.status_code, say("nav.no_page", render.page_language(request)))
    found = problem_document(error.status_code, str(error.detail))
    found.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = list_methods(request.app.routes, request.url.path)
        found.headers["Allow"] = ", ".join(methods) or found.headers.get("Allow", "")
    return found
