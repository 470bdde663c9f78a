"""The service described: OpenAPI 3.0, and a page of it, for who has an account."""

from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import RouteContext

from api.answers.render import page_language, render_page
from api.ogc.links import base_address
from api.ogc.openapi import lower_openapi
from api.ogc.parameters import PAGE, require_known
from api.session.identity import OPEN, Rule, list_routes, rule_of
from geo.base.json_objects import Document
from geo.base.words import say

router = APIRouter()
LEADS_ON: Final = {"description": "On to another page: to the log-in, or behind a form"}
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"


@router.get(
    "/api/api",
    response_class=Response,
    responses={200: {"content": {OPENAPI: {}}}},
    dependencies=[Depends(Rule())],
)
async def description(request: Request) -> Response:
    """Return the description of all endpoints."""
    require_known(request, PAGE)
    return JSONResponse(_described(request), media_type=OPENAPI)


@router.get("/api/docs", response_class=HTMLResponse, dependencies=[Depends(Rule())])
async def description_page(request: Request) -> HTMLResponse:
    """Return the description as a page, which loads nothing from outside."""
    require_known(request, PAGE)
    title = say("ogc_rel.service-doc", page_language(request))
    return render_page(request, "api_docs.html", title=title, paths=_described(request)["paths"])


def _described(request: Request) -> dict[str, Any]:
    """Return the description; it is made once for each address that the service goes by."""
    address = base_address(request)
    kept: tuple[str, dict[str, Any]] | None = getattr(request.app.state, "described", None)
    if kept is None or kept[0] != address:
        kept = request.app.state.described = (address, describe_service(request.app, address))
    return kept[1]


def describe_service(app: FastAPI, address: str) -> Document:
    """Return the description of an application as OpenAPI 3.0.

    Parameters
    ----------
    app
        Its routes are described.
    address
        Where it is.
    """
    described = lower_openapi(app.openapi(), address)
    for route in list_routes(app):
        operations = described["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if method.lower() in operations:
                _complete(operations[method.lower()], route)
    return described


def _complete(operation: dict[str, Any], route: RouteContext) -> None:
    """Say that strangers may ask it, and that of pages one may lead to another."""
    if rule_of(route) is OPEN:
        operation["security"] = []
    if not str(route.path).startswith("/api"):
        operation["responses"].setdefault("303", LEADS_ON)
