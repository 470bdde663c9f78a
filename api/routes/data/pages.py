"""The map without WebGL2: a self-contained page in a frame, and the page around it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.server.lanes import DRAWING
from api.session.deps import EngineDep, MapPagesDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.access.audit.export_log import Layer
from geo.access.principal import Principal
from geo.areas import known
from geo.base.words import say
from geo.documents.map_pages import MapPages, MapRequest, Sizes
from geo.operations.database import Engine
from maps import watermark

router = APIRouter()
Area = Annotated[str, Query(max_length=100)]
Reason = Annotated[str | None, Query(max_length=export_log.MOST_REASON)]
# The map carries its own policy, by the hashes of its scripts, and runs in a frame that is closed
# to everything else of the site.
CLOSED = "sandbox allow-scripts allow-modals allow-popups; frame-ancestors 'self'"


@router.get("/basic", response_class=HTMLResponse)
async def frame_page(
    request: Request,
    engine: EngineDep,
    pages: MapPagesDep,
    settings: SettingsDep,
    who: MayMap,
    area: Area = "",
    reason: Reason = None,
    why: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Return the page around the map, for browsers that cannot draw the console's.

    Where the map would be a bulk read there is a form for a smaller area and for a reason.
    """
    sizes = await _sizes(pages, who, area)
    large = await to_thread.run_sync(_large, engine, who, sizes, area, settings.bulk_rows)
    lang = render.page_language(request)
    query = {"lang": lang, "area": area, "reason": reason}
    return render.render_page(
        request,
        "map.html",
        title=say("nav.district_map", lang),
        source="/map?" + urlencode({name: value for name, value in query.items() if value}),
        large=large,
        sizes=sizes,
        most=settings.bulk_rows,
        areas=await to_thread.run_sync(known.granted_names, engine, who) if large else [],
        area=area,
        reason=reason or "",
        why=why,
    )


@router.get("/map", response_class=HTMLResponse)
async def map_page(
    request: Request,
    engine: EngineDep,
    pages: MapPagesDep,
    settings: SettingsDep,
    who: MayMap,
    lang: Annotated[Literal["zh", "en"] | None, Query()] = None,
    area: Area = "",
    reason: Reason = None,
) -> HTMLResponse:
    """Return the map of what the reader may see, or of an `area` of it.

    Cameras and gaps are counted, those of an area once an hour. Beyond the limit they are drawn for
    a `reason` and with the permission to export, which is registered; else only their numbers are
    shown.
    """
    chosen = lang or render.page_language(request)
    sizes = await _sizes(pages, who, area)
    counting = partial(_counted, engine, who, sizes, area, settings.bulk_rows, reason)
    asked = MapRequest(who, chosen, area or None, await to_thread.run_sync(counting))
    mark = export_log.watermark_text(who, reason, timezone=settings.timezone, lang=chosen)
    page = await to_thread.run_sync(_stamped, pages.kept, asked, mark)
    if page is None:
        page = await to_thread.run_sync(_stamped, pages.page, asked, mark, limiter=DRAWING)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": CLOSED}
    return HTMLResponse(page, headers=headers)


async def _sizes(pages: MapPages, who: Principal, area: str) -> Sizes:
    found = await to_thread.run_sync(pages.kept_sizes, who, area or None)
    if found is None:
        found = await to_thread.run_sync(pages.sizes, who, area or None, limiter=DRAWING)
    return found


def _large(engine: Engine, who: Principal, sizes: Sizes, area: str, most: int) -> bool:
    layers = [Layer(f"map/{name}", area, rows) for name, rows in sizes.items()]
    return not all(export_log.within_bulk_limit(engine, who, layer, most=most) for layer in layers)


def _counted(
    engine: Engine, who: Principal, sizes: Sizes, area: str, most: int, reason: str | None
) -> frozenset[str]:
    """Return which layers are drawn, and count them."""
    return frozenset(
        name
        for name, rows in sizes.items()
        if export_log.count_shown_layer(
            engine, who, Layer(f"map/{name}", area, rows), most=most, reason=reason
        )
    )


def _stamped(drawn: Callable[[MapRequest], str | None], asked: MapRequest, mark: str) -> str | None:
    page = drawn(asked)
    return None if page is None else watermark.add_watermark(page, mark)
