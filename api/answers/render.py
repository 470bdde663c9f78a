"""Pages for people: one frame with header, navigation, and the account that is logged in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.answers import browsers
from geo import __version__
from geo.access import principal
from geo.access.principal import Principal
from geo.base import clock, notice
from geo.base.settings import Settings
from geo.base.words import LANGUAGES, say
from geo.operations import readiness

OLD_CORE: Final = "old_core.html"
"""All that a core of Internet Explorer is shown: how to leave it."""

LANGUAGE_COOKIE: Final = "govgrid_lang"
PLACES: Final = (  # path, word, action that opens it (None: everybody with an account)
    ("/", "nav.map", "map"),
    ("/register/mine", "nav.mine", "view"),
    ("/register", "nav.register", "register"),
    ("/requests", "nav.requests", "approve"),
    ("/compliance", "nav.compliance", "compliance"),
    ("/accounts", "nav.accounts", "accounts"),
    ("/grants", "nav.grants", "grants"),
    ("/audit", "nav.audit", "audit"),
    ("/account", "nav.account", None),
)

_pages = Environment(
    loader=PackageLoader("maps", "web/templates/pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    title: str,
    **values: Any,  # noqa: ANN401 - what a template shows
) -> HTMLResponse:
    """Return a page made of ``maps/web/templates/pages/<template>``.

    Every template also knows: ``word`` (a key of the catalogue with its facts), ``moment`` (a time
    in the district's format), ``reader``, ``csrf`` (for each form), ``nonce`` (for each script),
    ``places`` (pages that the principal may open), ``lang``, ``mark``, ``notice``, ``path``,
    ``title``.

    Parameters
    ----------
    request
        Says language, session and settings.
    template
        File name.
    status
        HTTP status.
    title
        Title of the page.
    **values
        What the template shows.
    """
    config: Settings = request.app.state.settings
    lang = page_language(request)
    session = getattr(request.state, "session", None)
    reader = getattr(request.state, "reader", principal.NOBODY)
    template = OLD_CORE if browsers.is_internet_explorer(request) else template
    text = _pages.get_template(template).render(
        **values,
        title=title,
        word=partial(_word, lang),
        moment=moment_writer(config.timezone),
        reader=reader,
        csrf=session.csrf if session else "",
        nonce=request.state.nonce,
        places=list_places(reader, lang),
        lang={"zh": "zh-CN"}.get(lang, lang),
        mark=config.mark,
        notice=notice.notice_line(lang, own=config.notice),
        test_clock=_test_clock(config.timezone, lang),
        warnings=_warnings(request, lang) if session is not None else [],
        path=request.url.path,
        version=__version__,
        complete=session is not None and session.stage == "full",
    )
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def _warnings(request: Request, lang: str) -> list[str]:
    """Return what is to be seen to, so that whoever reads a page can tell an administrator."""
    state = request.app.state
    found = readiness.list_warnings(state.engine, state.settings)
    return [say(f"warning.{name}", lang) for name in found]


def list_places(reader: Principal, lang: str) -> list[tuple[str, str]]:
    """Return path and name of the pages that a principal may open.

    Parameters
    ----------
    reader
        Who is logged in.
    lang
        Language of the names.
    """
    return [(path, say(key, lang)) for path, key, act in PLACES if act is None or reader.may(act)]


def first_page(reader: Principal) -> str:
    """Return the first page that an account may open: not every account may see the map."""
    return next(path for path, _, action in PLACES if action is None or reader.may(action))


def page_language(request: Request) -> str:
    """Return the language of pages: as chosen (``?lang=``, a cookie), else the installation's."""
    config: Settings = request.app.state.settings
    for wanted in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return config.lang


def moment_writer(timezone: str) -> Callable[[datetime | None], str]:
    """Return what writes a time in the district's zone: 2026-09-30 21:40:05; "" for none."""
    zone = ZoneInfo(timezone)
    return lambda time: "" if time is None else f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _test_clock(timezone: str, lang: str) -> str:
    at = clock.set_time()
    return "" if at is None else say("clock.shown", lang, at=moment_writer(timezone)(at))


def _word(lang: str, key: str, **facts: object) -> str:
    return say(key, lang, **facts)
