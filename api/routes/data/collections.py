"""Layers as collections of features."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.server.memory_lane import AtHand, Parts
from api.session.deps import EngineDep, MayMap, SettingsDep
from api.session.identity import Rule
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.errors import NotFoundError
from geo.exchange import edits
from geo.exchange.publish import collections as publish_collections
from geo.exchange.publish import items as publish_items

if TYPE_CHECKING:
    import geopandas as gpd

router = APIRouter(prefix="/api/collections")
GEOJSON: Final = "application/geo+json"
MOST_ROWS: Final = 10_000
MOST_AFTER: Final = 200
AT_HAND: Final = frozenset(publish_collections.COLLECTIONS) & frozenset(publish_items.NAMES)


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
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100,
    after: Annotated[str, Query(max_length=MOST_AFTER)] = "",
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> Response:
    """Return a page of features (EPSG:4326, lon/lat) and the link to the next one.

    Reading protected layers in bulk is an export: it needs the permission and a `reason`, and is
    registered.
    """
    _require_known(layer)
    if layer in publish_items.NAMES:
        return _from_memory(request, who, layer, after=after, limit=limit, reason=reason)
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


@router.get(
    "/{layer}/items/{item:path}",
    response_class=Response,
    responses={200: {"content": {GEOJSON: {}}}},
)
def item(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    layer: str,
    item: str,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> Response:
    """Return one feature (EPSG:4326, lon/lat), as it stands in the pages of its layer.

    Who may edit it gets its version as `ETag`.
    """
    _require_known(layer)
    version = edits.read_version(engine, request.state.reader, layer, item)
    head = {} if version is None else {"ETag": f'"{version}"'}
    if layer in publish_items.NAMES:
        state = request.app.state
        feature = state.items.view(layer, who, request.state.revisions).one(item)
        if feature is None:
            raise NotFoundError("layer.no_item", name=layer, code=item)
        if layer in publish_collections.PROTECTED:
            state.leases.count(who, layer, 1, reason=reason)
        return Response(feature, media_type=GEOJSON, headers=head)
    found = publish_collections.read_one(engine, who, layer, item)
    if layer in publish_collections.PROTECTED:
        most = settings.bulk_rows
        export_log.count_bulk_read(engine, who, layer, 1, most=most, reason=reason)
    told = _feature_collection(found)["features"][0]
    body = json.dumps(told, ensure_ascii=False, default=str)
    return Response(body, media_type=GEOJSON, headers=head)


def _require_known(layer: str) -> None:
    if layer not in publish_collections.COLLECTIONS:
        known = ", ".join(publish_collections.COLLECTIONS)
        raise NotFoundError("layer.unknown", name=layer, known=known)


def _from_memory(
    request: Request, who: Principal, layer: str, *, after: str, limit: int, reason: str | None
) -> Response:
    state = request.app.state
    view = state.items.view(layer, who, request.state.revisions)
    features, count, last = view.page(after.replace("\x00", ""), limit)
    if layer in publish_collections.PROTECTED:
        state.leases.count(who, layer, count, reason=reason)
    told = _told(request.url.path, features, count, last if count == limit else None, limit, reason)
    return Response(told, media_type=GEOJSON)


def _told(
    path: str, features: bytes, count: int, last: str | None, limit: int, reason: str | None
) -> bytes:
    """Return a page of features as a collection, with the link behind the last one."""
    link = b""
    if last is not None:
        asked = {"limit": limit, "after": last, **({"reason": reason} if reason else {})}
        next_ = {"rel": "next", "type": GEOJSON, "href": f"{path}?{urlencode(asked)}"}
        link = b',"links":' + json.dumps([next_], ensure_ascii=False).encode()
    return b'{"type":"FeatureCollection","features":[%b],"numberReturned":%d%b}' % (
        features,
        count,
        link,
    )


def page_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return a page of features if in memory and within the counted limit of reads, else None.

    Parameters
    ----------
    request
        With the present revisions of all layers: older content in memory is not used.
    who
        Principal whose grants apply.
    asked
        Parts of the path and the query: ``layer``, ``limit``, ``after``, ``reason``; with any other
        the page is not answered from memory.
    """
    layer, limit, reason = asked["layer"], asked.get("limit", "100"), asked.get("reason") or None
    strange = asked.keys() - {"layer", "limit", "after", "reason"}
    if strange or layer not in AT_HAND or not (limit.isascii() and limit.isdecimal()):
        return None
    rows, after = int(limit[:6]), asked.get("after", "")
    long = len(after) > MOST_AFTER or len(reason or "") > export_log.MOST_REASON
    if not 1 <= rows <= MOST_ROWS or long or "\x00" in after:
        return None
    state = request.app.state
    view = state.items.kept(layer, who, request.state.revisions)
    if view is None:
        return None
    features, count, last = view.page(after, rows)
    if layer in publish_collections.PROTECTED and not state.leases.spend(who, layer, count):
        return None
    path = f"/api/collections/{layer}/items"
    return AtHand(
        _told(path, features, count, last if count == rows else None, rows, reason), GEOJSON
    )


def item_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return one feature if it is in memory and within the counted limit of reads, else None.

    Parameters
    ----------
    request, who
        As for :func:`page_at_hand`.
    asked
        Parts of the path and the query: ``layer``, ``item``, ``reason``.
    """
    layer = asked["layer"]
    if asked.keys() - {"layer", "item", "reason"} or layer not in AT_HAND:
        return None
    if edits.is_editor(who, layer):  # who is told the version as well
        return None
    if len(asked.get("reason", "")) > export_log.MOST_REASON:
        return None
    state = request.app.state
    view = state.items.kept(layer, who, request.state.revisions)
    feature = None if view is None else view.one(asked["item"])
    protected = layer in publish_collections.PROTECTED
    if feature is None or (protected and not state.leases.spend(who, layer, 1)):
        return None
    return AtHand(feature, GEOJSON)


def _feature_collection(frame: "gpd.GeoDataFrame") -> dict[str, Any]:
    ids = frame.iloc[:, 0].astype("str").to_numpy()
    body: dict[str, Any] = frame.set_index(ids).to_geo_dict(na="null")
    return body
