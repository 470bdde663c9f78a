"""Layers as collections of features."""

import json
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.session.deps import EngineDep, MayMap, SettingsDep
from api.session.identity import Rule
from geo.access.audit import export_log
from geo.base.errors import NotFoundError
from geo.exchange.publish import collections as publish_collections

if TYPE_CHECKING:
    import geopandas as gpd

router = APIRouter(prefix="/api/collections")
GEOJSON = "application/geo+json"


@router.get("", dependencies=[Depends(Rule("map"))])
async def collections() -> dict[str, Any]:
    """Return the names of the collections."""
    return {"collections": [{"id": name} for name in publish_collections.COLLECTIONS]}


@router.get("/{layer}/items", response_class=Response, responses={200: {"content": {GEOJSON: {}}}})
def items(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    layer: str,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    after: Annotated[str, Query(max_length=200)] = "",
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> Response:
    """Return a page of features (EPSG:4326, lon/lat) and the link to the next one.

    Reading protected layers in bulk is an export: it needs the permission and a `reason`, and is
    registered.
    """
    if layer not in publish_collections.COLLECTIONS:
        raise NotFoundError(
            "layer.unknown", name=layer, known=", ".join(publish_collections.COLLECTIONS)
        )
    frame = publish_collections.read_page(
        engine, who, layer, after=after.replace("\x00", ""), limit=limit
    )
    if layer in publish_collections.PROTECTED:
        export_log.count_bulk_read(
            engine, who, layer, len(frame), most=settings.bulk_rows, reason=reason
        )
    body = _feature_collection(frame)
    body["numberReturned"] = len(frame)
    if len(frame) == limit:
        last = str(frame.iloc[-1, 0])
        asked = {"limit": limit, "after": last, **({"reason": reason} if reason else {})}
        link = f"{request.url.path}?{urlencode(asked)}"
        body["links"] = [{"rel": "next", "type": GEOJSON, "href": link}]
    return Response(json.dumps(body, ensure_ascii=False, default=str), media_type=GEOJSON)


def _feature_collection(frame: "gpd.GeoDataFrame") -> dict[str, Any]:
    ids = frame.iloc[:, 0].astype("str").to_numpy()
    body: dict[str, Any] = json.loads(frame.set_index(ids).to_json(na="null", default=str))
    return body
