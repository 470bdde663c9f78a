"""What layers there are, and by which properties each can be filtered and sorted."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.answers.problems import request_language
from api.answers.render import page_language
from api.ogc import pages
from api.ogc.links import Link, make_link, same_in_formats
from api.ogc.negotiation import FEATURES, HTML, JSON, PAGES, choose_format
from api.ogc.parameters import PAGE, PageFormat, require_known
from api.routes.ogc.items import require_layer
from api.routes.ogc.landing import BOTH
from api.session.deps import EngineDep, MayMap
from geo.areas import known
from geo.base.crs_uris import CRS84
from geo.base.json_objects import Document
from geo.base.words import say
from geo.exchange.publish import questions
from geo.exchange.publish.collections import COLLECTIONS
from geo.exchange.rules import published_columns

router = APIRouter(prefix="/api/collections")
SCHEMA: Final = "application/schema+json"
_TYPES: Final[dict[str, dict[str, str]]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
}
_FORMATS: Final = {"json": SCHEMA, "html": HTML}


@router.get("", response_class=Response, responses=BOTH)
def collections(request: Request, engine: EngineDep, who: MayMap, f: PageFormat = "") -> Response:
    """Return the layers, each with its links."""
    require_known(request, PAGE)
    form = choose_format(f, request.headers.get("accept", ""), PAGES)
    links = same_in_formats(request, "/api/collections", PAGES, form, {})
    if form == "html":
        lang = page_language(request)
        here = [
            make_link(
                request, "data", HTML, f"/api/collections/{name}", pages.layer_title(name, lang)
            )
            for name in COLLECTIONS
        ]
        return pages.links_page(request, say("ogc_rel.data", lang), [*here, *links])
    shared = _shared(engine, who)
    lang = request_language(request)
    collections = [_described(request, name, shared, lang, "json") for name in COLLECTIONS]
    return JSONResponse({"links": links, "crs": shared["crs"], "collections": collections})


@router.get("/{layer}", response_class=Response, responses=BOTH)
def collection(
    request: Request, engine: EngineDep, who: MayMap, layer: str, f: PageFormat = ""
) -> Response:
    """Return one layer: what it is, where it lies, in which systems it can be had."""
    require_known(request, PAGE)
    require_layer(layer)
    form = choose_format(f, request.headers.get("accept", ""), PAGES)
    lang = page_language(request) if form == "html" else request_language(request)
    described = _described(request, layer, _shared(engine, who), lang, form)
    if form == "html":
        rows = [[described["id"]], *([each] for each in described["crs"])]
        return pages.links_page(request, described["title"], described["links"], rows=rows)
    return JSONResponse(described)


@router.get(
    "/{layer}/queryables",
    response_class=Response,
    responses={200: {"content": {SCHEMA: {}, HTML: {}}}},
)
async def queryables(
    request: Request,
    who: MayMap,  # noqa: ARG001
    layer: str,
    f: PageFormat = "",
) -> Response:
    """Return the properties that filters and orders may name, as a JSON schema."""
    require_known(request, PAGE)
    require_layer(layer)
    form = choose_format(f, request.headers.get("accept", ""), _FORMATS)
    lang = page_language(request) if form == "html" else request_language(request)
    columns, path = published_columns.columns_of(layer), f"/api/collections/{layer}/queryables"
    if form == "html":
        rows = [[n, published_columns.title_of(layer, n), kind] for n, kind in columns.items()]
        links = same_in_formats(request, path, _FORMATS, form, {})
        return pages.links_page(request, pages.layer_title(layer, lang), links, rows=rows)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": make_link(request, "self", SCHEMA, path)["href"],
        "type": "object",
        "title": pages.layer_title(layer, lang),
        "properties": _properties(layer),
        "additionalProperties": False,
    }
    return JSONResponse(schema, media_type=SCHEMA)


def _properties(layer: str) -> Document:
    columns = published_columns.columns_of(layer)
    found: dict[str, Any] = {
        name: {"title": published_columns.title_of(layer, name), **_TYPES[kind]}
        for name, kind in columns.items()
    }
    found[next(iter(columns))]["x-ogc-role"] = "id"
    shape = published_columns.shape_of(layer)
    found[published_columns.GEOMETRY] = {
        "format": "geometry-point" if shape == "point" else f"geometry-multi{shape}",
        "x-ogc-role": "primary-geometry",
    }
    return found


def _shared(engine: EngineDep, who: MayMap) -> Document:
    """Return what all layers have in common: systems, and the box of what is granted."""
    boxes = [area.box for area in known.granted_areas(engine, who)]
    shared: dict[str, Any] = {
        "itemType": "feature",
        "crs": [each.uri for each in questions.known_systems(engine)],
        "storageCrs": CRS84,
    }
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        box = [min(west), min(south), max(east), max(north)]
        shared["extent"] = {"spatial": {"bbox": [box], "crs": CRS84}}
    return shared


def _described(
    request: Request, layer: str, shared: dict[str, Any], lang: str, form: str
) -> Document:
    path = f"/api/collections/{layer}"
    title = pages.layer_title(layer, lang)
    links: list[Link] = same_in_formats(request, path, PAGES, form, {})
    links += [
        make_link(request, "items", kind, f"{path}/items?f={name}")
        for name, kind in FEATURES.items()
    ]
    rel = "http://www.opengis.net/def/rel/ogc/1.0/{}"
    links.append(make_link(request, rel.format("queryables"), SCHEMA, f"{path}/queryables"))
    tiles = f"{path}/tiles"
    links.append(make_link(request, rel.format("tilesets-vector"), JSON, tiles))
    return {"id": layer, "title": title, "links": links, **shared}
