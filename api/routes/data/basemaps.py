"""A foreign basemap through this server, where an administrator has switched it on."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.server.lanes import OUTSIDE, run_in_lane
from api.session.deps import MayMap
from geo.base.errors import NotFoundError
from geo.exchange.basemap import Basemap

router = APIRouter()
A_DAY: Final = "private, max-age=86400"
Number = Annotated[int, Path(ge=0, le=2**22)]


@router.get(
    "/api/basemaps/tianditu/{kind}/{z}/{y}/{x}",
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/jpeg": {}}}},
)
@run_in_lane(OUTSIDE)
def tianditu(
    request: Request,
    who: MayMap,  # noqa: ARG001 - lets in who may see the map
    kind: Literal["vec", "cva", "img", "cia"],
    z: Number,
    y: Number,
    x: Number,
) -> Response:
    """Return a tile of 天地图; the server asks for it with its own key, which no page learns."""
    found: Basemap | None = request.app.state.basemap
    if found is None:
        raise NotFoundError("basemap.off")
    tile = found.tile(kind, z, x, y)
    return Response(tile.content, media_type=tile.media_type, headers={"Cache-Control": A_DAY})
