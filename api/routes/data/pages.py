"""The map: a page with its frame."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.answers import render
from api.server.lanes import DRAWING
from api.session.deps import AnyReader, MapPagesDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.access.principal import Reader
from geo.base.words import say
from maps import watermark

router = APIRouter()
# The map carries its own policy, by the hashes of its scripts, and runs in a frame that is closed
# to everything else of the site.
CLOSED = "sandbox allow-scripts allow-modals allow-popups; frame-ancestors 'self'"


@router.get("/", response_class=HTMLResponse)
def home(request: Request, who: AnyReader) -> Response:
    """Return the page around the map; who sees no map goes on to the first page that is theirs."""
    if not who.may("map"):
        return RedirectResponse(render.first_page(who), HTTPStatus.SEE_OTHER)
    title = say("nav.district_map", render.language(request))
    return render.page(request, "map.html", title=title)


@router.get("/map", response_class=HTMLResponse)
async def map_page(
    request: Request,
    pages: MapPagesDep,
    settings: SettingsDep,
    who: MayMap,
    lang: Annotated[Literal["zh", "en"] | None, Query()] = None,
) -> HTMLResponse:
    """Return the map of what the reader may see."""
    chosen = lang or render.language(request)
    mark = export_log.stamp(who, None, timezone=settings.timezone, lang=chosen)
    page = await to_thread.run_sync(_stamped, pages.kept, who, chosen, mark)
    if page is None:
        page = await to_thread.run_sync(_stamped, pages.page, who, chosen, mark, limiter=DRAWING)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": CLOSED}
    return HTMLResponse(page, headers=headers)


def _stamped(
    drawn: Callable[[Reader, str], str | None], who: Reader, lang: str, mark: str
) -> str | None:
    page = drawn(who, lang)
    return None if page is None else watermark.stamped(page, mark)
