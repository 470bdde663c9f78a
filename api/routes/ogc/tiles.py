"""Vector tiles, by the paths of OGC API Tiles."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from api.ogc.links import make_link
from api.ogc.negotiation import JSON
from api.ogc.parameters import PAGE, TILE, require_known
from api.ogc.tile_matrix import web_mercator_quad
from api.server.memory_lane import AtHand, Parts
from api.session.deps import SettingsDep, ShownMap
from api.session.identity import Rule
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.json_objects import Document
from geo.exchange import tiles as use_case
from geo.exchange.rules import published_columns

router = APIRouter(prefix="/api")
TILES = "/collections/{layer}/tiles"
TILESET = f"{TILES}/WebMercatorQuad"
SETS = "/tileMatrixSets"
OK, EMPTY, NOT_MODIFIED = 200, 204, 304
_NUMBER = re.compile("[0-9]{1,9}").fullmatch
MVT = "application/vnd.mapbox-vector-tile"
SCHEME = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
SCHEME_LINK = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
GRID = "WebMercatorQuad"
Json = Annotated[Literal["json"], Query()]
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {MVT: {}}},
    204: {"description": "Nothing that may be shown lies in it"},
    304: {"description": "The same as the browser has"},
}
Zoom = Annotated[int, Path(ge=0, le=use_case.LAST_ZOOM)]
Line = Annotated[int, Path(ge=0, lt=2**use_case.LAST_ZOOM)]


@router.get(SETS, dependencies=[Depends(Rule())])
async def tile_matrix_sets(request: Request, f: Json = "json") -> Document:  # noqa: ARG001
    """Return the grids of tiles that are used here."""
    require_known(request, PAGE)
    link = make_link(request, "self", JSON, f"/api{SETS}/WebMercatorQuad")
    matrix_set = {
        "id": "WebMercatorQuad",
        "title": "WebMercatorQuad",
        "uri": SCHEME,
        "links": [link],
    }
    return {"tileMatrixSets": [matrix_set]}


@router.get(f"{SETS}/WebMercatorQuad", dependencies=[Depends(Rule())])
async def tile_matrix_set(request: Request, f: Json = "json") -> Document:  # noqa: ARG001
    """Return the grid of tiles: origin, cells and size by zoom."""
    require_known(request, PAGE)
    return web_mercator_quad(use_case.LAST_ZOOM)


@router.get(TILES, dependencies=[Depends(Rule("map"))])
async def tilesets(request: Request, layer: str, f: Json = "json") -> Document:  # noqa: ARG001
    """Return the sets of tiles of a layer, of which there is one."""
    require_known(request, PAGE)
    use_case.layer_fields(layer)
    path = f"/api/collections/{layer}/tiles"
    tileset = {**_of_tileset(layer), "links": [make_link(request, "self", JSON, f"{path}/{GRID}")]}
    return {"tilesets": [tileset], "links": [make_link(request, "self", JSON, path)]}


@router.get(TILESET, dependencies=[Depends(Rule("map"))])
async def tileset(
    request: Request, layer: str, f: Annotated[Literal["json", "tilejson"], Query()] = "json"
) -> Document:
    """Return where the tiles of a layer are and what their features have, also as TileJSON."""
    require_known(request, PAGE)
    fields = use_case.layer_fields(layer)
    address = f"{request.base_url}{request.url.path.lstrip('/')}/{{z}}/{{y}}/{{x}}"
    if f == "tilejson":
        return {
            "tilejson": "3.0.0",
            "name": layer,
            "tiles": [address],
            "minzoom": 0,
            "maxzoom": use_case.LAST_ZOOM,
            "vector_layers": [{"id": layer, "fields": fields}],
        }
    pattern = address.format(z="{tileMatrix}", y="{tileRow}", x="{tileCol}")
    shape = published_columns.shape_of(layer)
    properties = {name: {"type": kind.lower()} for name, kind in fields.items()}
    drawn = {
        "id": layer,
        "dataType": "vector",
        "geometryDimension": {"point": 0, "line": 1}.get(shape, 2),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
    links = [
        {"rel": "item", "type": MVT, "templated": True, "href": pattern},
        make_link(request, "self", JSON, request.url.path),
        make_link(request, SCHEME_LINK, JSON, f"/api{SETS}/{GRID}"),
    ]
    return {**_of_tileset(layer), "layers": [drawn], "links": links}


def _of_tileset(layer: str) -> dict[str, str]:
    return {"title": layer, "dataType": "vector", "crs": CRS, "tileMatrixSetURI": SCHEME}


@router.get(f"{TILESET}/{{z}}/{{y}}/{{x}}", response_class=Response, responses=ANSWERS)
def tile(
    request: Request,
    settings: SettingsDep,
    who: ShownMap,
    layer: str,
    z: Zoom,
    y: Line,
    x: Line,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> Response:
    """Return a tile (MVT) of what the reader may see.

    Where it leaves rows out, the header ``Govgrid-Tile`` and a layer *summary* say how many: points
    that are too many are numbers in squares, shapes that are too small to be drawn are none.
    """
    require_known(request, TILE)
    found = request.app.state.tiles.read_tile(
        who, layer, (z, x, y), request.state.revisions, bulk=settings.bulk_rows, reason=reason
    )
    body, headers, status = _answer(request, found)
    return Response(body, media_type=MVT if body else None, headers=headers, status_code=status)


def _answer(request: Request, found: use_case.KeptTile) -> tuple[bytes, dict[str, str], int]:
    """Return body, headers and status of a tile."""
    # A browser may keep it, but asks each time: a right may have been taken.
    headers = {"etag": f'W/"{found.tag}"', "cache-control": "private, no-cache"}
    drawn = found.tile
    if drawn.left_out:
        headers["govgrid-tile"] = (
            f"total={drawn.total}, shown={drawn.shown}, left-out={drawn.left_out},"
            f" aggregated={int(drawn.aggregated)}"
        )
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return b"", headers, NOT_MODIFIED
    return drawn.content, headers, OK if drawn.content else EMPTY


def tile_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return a tile if it is in memory and counted within the hour, else None.

    Parameters
    ----------
    request
        With the present revisions of all layers.
    who
        Principal whose grants apply.
    asked
        Parts of the path and the query: ``layer``, ``z``, ``y``, ``x``, ``reason``.
    """
    numbers = [asked[name] for name in ("z", "x", "y")]
    if asked.keys() - {"layer", "z", "y", "x", "reason"} or not all(map(_NUMBER, numbers)):
        return None
    if len(asked.get("reason", "")) > export_log.MOST_REASON:
        return None
    z, x, y = map(int, numbers)
    found = request.app.state.tiles.kept(who, asked["layer"], (z, x, y), request.state.revisions)
    if found is None:
        return None
    body, headers, status = _answer(request, found)
    return AtHand(body, MVT, headers, status)
