"""Layers as features (OGC API Features): pages of them, files of them, and single ones."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from api.answers.downloads import content_disposition
from api.ogc import pages
from api.ogc.feature_answers import Features, content_crs, write_collection, write_one
from api.ogc.negotiation import FEATURE, FEATURES, GEOJSON, choose_format
from api.ogc.parameters import (
    ITEM,
    ITEMS,
    LANGUAGES,
    MOST_AFTER,
    MOST_ROWS,
    USUAL_ROWS,
    Crs,
    FeatureFormat,
    ItemsQuery,
    Reason,
    require_known,
)
from api.server.lanes import FILES
from api.server.memory_lane import AtHand, Parts
from api.session.deps import MayMap, SettingsDep
from api.session.identity import Rule
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.crs_uris import CRS84
from geo.base.errors import InputError, NotFoundError
from geo.base.settings import Settings
from geo.exchange import edited_rows
from geo.exchange.publish import asked_features, layer_files, questions
from geo.exchange.publish import collections as publish_collections
from geo.exchange.publish import items as publish_items
from geo.exchange.publish.items import View
from geo.exchange.publish.questions import LayerQuestion

router = APIRouter(prefix="/api/collections")
FILE_FORMATS: Final = frozenset({"csv", "gpkg", "fgb"})
AT_HAND: Final = frozenset(publish_collections.COLLECTIONS) & frozenset(publish_items.NAMES)
_AT_HAND_PARAMETERS: Final = frozenset(
    {"layer", "limit", "after", "reason", "f", "filter", "filter-lang", "bbox", "datetime"}
)
ItemsDep = Annotated[ItemsQuery, Depends()]


def _described(offered: Mapping[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {} for kind in offered.values()}}}


@router.get("/{layer}/items", response_class=Response, responses=_described(FEATURES))
async def items(
    request: Request, settings: SettingsDep, who: MayMap, layer: str, query: ItemsDep
) -> Response:
    """Return rows of a layer that fit, a page of features or all of them as a file.

    Filters (CQL2), orders and counts see what is shown to who asks, and nothing else. Reading
    protected layers in bulk is an export: it needs the permission and a `reason`, and is
    registered.
    """
    require_known(request, ITEMS)
    require_layer(layer)
    form = choose_format(query.f, request.headers.get("accept", ""), FEATURES)
    read = Reading(request, who, layer, settings, query.reason)
    if form in FILE_FORMATS:
        return await to_thread.run_sync(partial(_file, read, query, form), limiter=FILES)
    return await to_thread.run_sync(partial(_page, read, query, form))


class ItemRule(Rule):
    """The rule of single rows: of layers that are only edited, who may edit them reads them."""

    def __init__(self) -> None:
        super().__init__("map")

    async def __call__(self, request: Request) -> Principal:
        """Return who asks, with those grants only that permit it."""
        reader, layer = await self._reader(request), request.path_params["layer"]
        if _is_edited_only(layer) and edited_rows.is_editor(reader, layer):
            return reader
        reader.require("map")
        return reader.cut("map")


def _is_edited_only(layer: str) -> bool:
    return layer in edited_rows.EDITABLE and layer not in publish_collections.COLLECTIONS


@router.get(
    "/{layer}/items/{item:path}",
    response_class=Response,
    responses=_described(FEATURE),
)
def item(
    request: Request,
    settings: SettingsDep,
    who: Annotated[Principal, Depends(ItemRule())],
    layer: str,
    item: str,
    crs: Crs = "",
    reason: Reason = None,
    f: FeatureFormat = "",
) -> Response:
    """Return one feature, as it stands in the pages of its layer.

    Who may edit it gets its version as `ETag`; rows of layers that are only edited (`views`,
    `units`, `duties`, …) are shown to them alone.
    """
    require_known(request, ITEM)
    if _is_edited_only(layer) and edited_rows.is_editor(request.state.reader, layer):
        return _stored(request, layer, item)
    require_layer(layer)
    form = choose_format(f, request.headers.get("accept", ""), FEATURE)
    version = edited_rows.read_version(request.app.state.engine, request.state.reader, layer, item)
    read = Reading(request, who, layer, settings, reason)
    feature, system = _one(read, item, crs)
    read.count(1)
    head = {} if version is None else {"ETag": f'"{version}"'}
    if form == "html":
        return pages.item_page(request, layer, item, feature)
    body = write_one(request, layer, item, feature)
    return Response(body, media_type=GEOJSON, headers={**head, **content_crs(system)})


def _stored(request: Request, layer: str, item: str) -> Response:
    found = edited_rows.read_stored(
        request.app.state.engine, request.state.reader, layer, item.replace("\x00", "")
    )
    body = {
        "type": "Feature",
        "id": found.code,
        "geometry": found.geometry,
        "properties": found.properties,
    }
    return JSONResponse(body, media_type=GEOJSON, headers={"ETag": f'"{found.version}"'})


def require_layer(layer: str) -> None:
    """Refuse the name of a collection that there is not.

    Raises
    ------
    NotFoundError
        With the names of those that there are.
    """
    if layer not in publish_collections.COLLECTIONS:
        known = ", ".join(publish_collections.COLLECTIONS)
        raise NotFoundError("layer.unknown", name=layer, known=known)


@dataclass(frozen=True)
class Reading:
    """Who reads which layer, and why."""

    request: Request
    who: Principal
    layer: str
    settings: Settings
    reason: str | None

    @property
    def state(self) -> Any:  # noqa: ANN401 - what the application holds
        """What the application holds."""
        return self.request.app.state

    def count(self, rows: int) -> None:
        """Count rows that are read; see ``geo.access.audit.export_log.count_bulk_read``."""
        if self.layer not in publish_collections.PROTECTED:
            return
        if self.layer in publish_items.NAMES:
            self.state.leases.count(self.who, self.layer, rows, reason=self.reason)
            return
        most, engine = self.settings.bulk_rows, self.state.engine
        export_log.count_bulk_read(
            engine, self.who, self.layer, rows, most=most, reason=self.reason
        )


def _one(read: Reading, item: str, crs: str) -> tuple[bytes, str]:
    state, layer = read.state, read.layer
    if layer in publish_items.NAMES and not crs:
        found = state.items.view(layer, read.who, read.request.state.revisions).one(item)
        if found is None:
            raise NotFoundError("layer.no_item", name=layer, code=item)
        return found, CRS84
    asked, zone = LayerQuestion(crs=crs), read.settings.timezone
    page = questions.read_one(state.engine, read.who, layer, item, asked, zone=zone)
    return asked_features.write_features(page, asked)[0], page.crs.uri


def _page(read: Reading, query: ItemsQuery, form: str) -> Response:
    asked = query.asked
    found = _found(read, asked, query.after, min(query.limit or USUAL_ROWS, MOST_ROWS))
    # a question about rows is a reading as well, whatever it finds
    read.count(max(found.count, int(asked.selects or bool(asked.sortby))))
    if form == "html":
        return pages.items_page(read.request, read.layer, found)
    body = write_collection(read.request, read.layer, found)
    return Response(body, media_type=GEOJSON, headers=content_crs(found.crs))


def _found(read: Reading, asked: LayerQuestion, after: str, limit: int) -> Features:
    state, layer = read.state, read.layer
    if layer in publish_items.NAMES and not asked.arranges:
        view = state.matches.view(layer, read.who, asked, read.request.state.revisions)
        return _from_view(view, after, limit)
    zone = read.settings.timezone
    page = questions.read_page(
        state.engine, read.who, layer, asked, after=after, limit=limit, zone=zone
    )
    written = asked_features.write_features(page, asked)
    return Features(b",".join(written), len(written), page.matched, page.after, page.crs.uri)


def _from_view(view: View, after: str, limit: int) -> Features:
    features, count, last = view.page(after, limit)
    more = view.rest(after) > count
    return Features(features, count, len(view.visible), last if more else None, CRS84)


def _file(read: Reading, query: ItemsQuery, form: str) -> Response:
    engine, zone = read.state.engine, read.settings.timezone
    wanted = layer_files.FileAsked(read.who, read.layer, query.asked, query.limit or None, zone)
    rows = layer_files.count_rows(engine, wanted)
    read.count(max(rows, 1))
    folder = tempfile.TemporaryDirectory(prefix="govgrid-")
    path = Path(folder.name) / f"{read.layer}.{form}"
    try:
        system = layer_files.write_layer(engine, wanted, form, path)
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Content-Disposition": content_disposition(path.name), **content_crs(system)}
    return FileResponse(
        path,
        media_type=FEATURES[form],
        headers={**headers, "Cache-Control": "no-store"},
        background=BackgroundTask(folder.cleanup),
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
        Parts of the path and the query; with parameters that change the form of the answer it is
        not answered from memory.
    """
    layer, limit, reason = asked["layer"], asked.get("limit", "100"), asked.get("reason") or None
    strange = asked.keys() - _AT_HAND_PARAMETERS
    if strange or layer not in AT_HAND or not (limit.isascii() and limit.isdecimal()):
        return None
    rows, after = min(int(limit[:9]), MOST_ROWS), asked.get("after", "")
    long = len(after) > MOST_AFTER or len(reason or "") > export_log.MOST_REASON
    if rows < 1 or long or "\x00" in after or not _is_json(request, asked, FEATURES):
        return None
    if asked.get("filter-lang", LANGUAGES[0]) not in LANGUAGES:
        return None
    wanted = _selection(asked)
    view = request.app.state.matches.kept(layer, who, wanted, request.state.revisions)
    if view is None:
        return None
    found = _from_view(view, after, rows)
    read = max(found.count, int(wanted.selects))
    protected = layer in publish_collections.PROTECTED
    if protected and not request.app.state.leases.spend(who, layer, read):
        return None
    return AtHand(write_collection(request, layer, found), GEOJSON, content_crs(found.crs))


def _selection(asked: Parts) -> LayerQuestion:
    return LayerQuestion(
        filter=asked.get("filter", ""),
        filter_lang=asked.get("filter-lang", LANGUAGES[0]),  # type: ignore[arg-type]
        bbox=asked.get("bbox", ""),
        datetime=asked.get("datetime", ""),
    )


def _is_json(request: Request, asked: Parts, offered: Mapping[str, str]) -> bool:
    f, accept = asked.get("f"), request.headers.get("accept", "")
    if f == "":  # the route refuses it
        return False
    try:
        return choose_format(f or "", accept, offered) == "json"
    except InputError:
        return False


def item_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return one feature if it is in memory and within the counted limit of reads, else None.

    Parameters
    ----------
    request, who
        As for :func:`page_at_hand`.
    asked
        Parts of the path and the query: ``layer``, ``item``, ``reason``, ``f``.
    """
    layer = asked["layer"]
    if asked.keys() - {"layer", "item", "reason", "f"} or layer not in AT_HAND:
        return None
    if edited_rows.is_editor(who, layer):  # who gets the version as well
        return None
    if len(asked.get("reason", "")) > export_log.MOST_REASON:
        return None
    if not _is_json(request, asked, FEATURE):
        return None
    state = request.app.state
    view = state.items.kept(layer, who, request.state.revisions)
    feature = None if view is None else view.one(asked["item"])
    protected = layer in publish_collections.PROTECTED
    if feature is None or (protected and not state.leases.spend(who, layer, 1)):
        return None
    body = write_one(request, layer, asked["item"], feature)
    return AtHand(body, GEOJSON, content_crs(CRS84))
