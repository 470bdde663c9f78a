"""The service described: OpenAPI 3.0, and a page of it, for who has an account."""

from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.answers.render import page_language, render_page
from api.ogc.links import base_address
from api.ogc.openapi import lower_openapi
from api.ogc.parameters import PAGE, require_known
from api.session.identity import OPEN, Rule, list_routes, rule_of
from geo.base.words import say

router = APIRouter()
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
        described = lower_openapi(request.app.openapi(), address)
        _open_to_strangers(request.app, described["paths"])
        kept = request.app.state.described = (address, described)
    return kept[1]


def _open_to_strangers(app: FastAPI, paths: dict[str, Any]) -> None:
    """Say of the operations that strangers may ask that they need nothing."""
    for route in list_routes(app):
        if rule_of(route) is OPEN and route.path_format in paths:
            for method in route.methods or ():
                paths[route.path_format][method.lower()]["security"] = []
