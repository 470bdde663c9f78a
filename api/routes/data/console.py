"""The console: its page, and the areas that it names."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.answers import browsers, render
from api.session.deps import EngineDep, SettingsDep, ShownMap, ShownReader
from api.session.own import ScreenSession
from geo.access.accounts import self_service
from geo.access.principal import Principal
from geo.areas import known
from geo.areas.district import export_remark
from geo.base import clock, local_words, notice
from geo.base.settings import Settings
from geo.base.words import say
from geo.operations import readiness
from maps.console_files import console_files

router = APIRouter()
PSEUDO: Final = "qps"
AreaRow = list[str | list[float] | None]
"""Without names, as there are many: level, code, name, parent, bounding box, point inside."""


@dataclass(frozen=True)
class ConsoleAreas:
    """The granted areas, and what every map of the district must say of itself."""

    remark: str
    areas: list[AreaRow]


@router.get("/", response_class=HTMLResponse)
async def console(request: Request, settings: SettingsDep, who: ShownReader) -> Response:
    """Return the console; who sees no map goes on to the first page that is theirs."""
    if not who.may("map"):
        return RedirectResponse(render.first_page(who), HTTPStatus.SEE_OTHER)
    if browsers.is_too_old(request) and "full" not in request.query_params:
        return RedirectResponse("/forms?why=old", HTTPStatus.SEE_OTHER)
    lang = render.page_language(request)
    request.state.console = True
    return render.render_page(
        request,
        "console.html",
        title=say("console.title", lang),
        files=console_files(),
        shell=_shell(request, settings, who, lang),
    )


@router.get("/api/console/areas")
def areas(engine: EngineDep, who: ShownMap) -> ConsoleAreas:
    """Return the granted areas of today: level, code, name, parent, bounding box, point inside.

    `remark` is what every map of the district must say of itself, as that its data are fictitious.
    """
    rows: list[AreaRow] = [
        [a.level, a.code, a.name, a.parent_code, _degrees(a.box), _degrees(a.spot)]
        for a in known.granted_areas(engine, who)
    ]
    return ConsoleAreas(export_remark(engine), rows)


@router.post("/api/console/visitors")
def hide_from_visitors(engine: EngineDep, session: ScreenSession) -> dict[str, int]:
    """Hide cameras, gaps, texts and addresses on all screens of the account (参观模式).

    Until it logs in again its sessions are answered areas, lights and counts, and nothing else;
    the event stream tells open pages.
    """
    return {"sessions": self_service.hide_from_visitors(engine, session.reader)}


def _degrees(sides: tuple[float, ...]) -> list[float]:
    return [round(side, 6) for side in sides]


def _shell(request: Request, settings: Settings, who: Principal, lang: str) -> dict[str, Any]:
    """Return what the console knows before it asks for anything."""
    session = getattr(request.state, "session", None)
    pseudo = request.query_params.get("lang") == PSEUDO
    return {
        "account": who.account,
        "holder": who.holder or who.account,
        "unit": who.unit_name,
        "unitCode": who.unit_code or "",
        "post": who.kind == "post",
        "visitors": who.visitors,
        "actions": sorted(who.actions),
        "classes": sorted(who.classes),
        "depth": who.depth,
        "exact": any(grant.exact for grant in who.grants) or who.system,
        "csrf": session.csrf if session else "",
        "lang": lang,
        "words": console_files().words[PSEUDO if pseudo else lang],
        "localWords": local_words.chosen_words(),
        "timezone": settings.timezone,
        "mark": settings.mark,
        "notice": notice.notice_line(lang, own=settings.notice),
        "now": clock.now().isoformat(),
        "testClock": clock.set_time() is not None,
        "warnings": readiness.list_warnings(request.app.state.engine, settings),
        "warningTexts": {name: say(f"warning.{name}", lang) for name in readiness.WARNINGS},
        "basemaps": ["tianditu"] if settings.tianditu_key and not who.visitors else [],
        "pages": [] if who.visitors else _pages(who, lang),
    }


def _pages(who: Principal, lang: str) -> list[list[str]]:
    """Return the other pages that the account may open."""
    return [list(place) for place in render.list_places(who, lang) if place[0] != "/"]
