"""The door of the OGC service: where everything is, and what it conforms to."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.answers.problems import request_language
from api.answers.render import page_language
from api.ogc import pages
from api.ogc.links import make_link, same_in_formats
from api.ogc.negotiation import HTML, JSON, PAGES, choose_format
from api.ogc.parameters import PAGE, PageFormat, require_known
from api.routes.service.description import OPENAPI
from api.session.deps import AnyReader
from geo.base.words import say

router = APIRouter()
_FEATURES: Final = "http://www.opengis.net/spec/ogcapi-features-{}/1.0/conf/{}"
_TILES: Final = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{}"
_MATRIX: Final = "http://www.opengis.net/spec/tms/2.0/conf/{}"
_CQL2: Final = "http://www.opengis.net/spec/cql2/1.0/conf/{}"
CONFORMS_TO: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(_FEATURES.format(1, name) for name in ("core", "oas30", "html", "geojson")),
    _FEATURES.format(2, "crs"),
    *(_FEATURES.format(3, name) for name in ("queryables", "filter", "features-filter")),
    *(_FEATURES.format(4, name) for name in ("update", "optimistic-locking-etags")),
    *(_TILES.format(name) for name in ("core", "tileset", "tilesets-list", "mvt", "oas30")),
    *(_MATRIX.format(name) for name in ("tilematrixset", "json-tilematrixset")),
    *(
        _CQL2.format(name)
        for name in (
            *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
            *("case-insensitive-comparison", "basic-spatial-functions", "property-property"),
            *("basic-spatial-functions-plus", "spatial-functions", "temporal-functions"),
        )
    ),
)
TILING_SCHEMES: Final = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
BOTH: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {JSON: {}, HTML: {}}}}


@router.get("/api/", response_class=Response, include_in_schema=False)
@router.get("/api", response_class=Response, responses=BOTH)
async def landing(request: Request, who: AnyReader, f: PageFormat = "") -> Response:  # noqa: ARG001
    """Return where everything of the service is."""
    require_known(request, PAGE)
    form = choose_format(f, request.headers.get("accept", ""), PAGES)
    lang = page_language(request) if form == "html" else request_language(request)
    links = same_in_formats(request, "/api", PAGES, form, {})
    for rel, kind, path in (
        ("service-desc", OPENAPI, "/api/api"),
        ("service-doc", HTML, "/api/docs"),
        ("conformance", JSON, "/api/conformance"),
        ("data", JSON, "/api/collections"),
        (TILING_SCHEMES, JSON, "/api/tileMatrixSets"),
    ):
        links.append(make_link(request, rel, kind, path, say(f"ogc_rel.{rel}", lang)))
    title, said = say("ogc.title", lang), say("ogc.description", lang)
    if form == "html":
        return pages.links_page(request, title, links, rows=[[said]])
    return JSONResponse({"title": title, "description": said, "links": links})


@router.get("/api/conformance", response_class=Response, responses=BOTH)
async def conformance(request: Request, who: AnyReader, f: PageFormat = "") -> Response:  # noqa: ARG001
    """Return the requirements of OGC that the service meets."""
    require_known(request, PAGE)
    form = choose_format(f, request.headers.get("accept", ""), PAGES)
    if form == "html":
        title = say("ogc_rel.conformance", page_language(request))
        links = same_in_formats(request, "/api/conformance", PAGES, form, {})
        return pages.links_page(request, title, links, rows=[[each] for each in CONFORMS_TO])
    return JSONResponse({"conformsTo": list(CONFORMS_TO)})
