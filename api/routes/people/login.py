"""Log-in and log-out, second factor, and the language of pages."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import (
    HOME,
    PAGE,
    FormDep,
    local_path,
    redirect_after_post,
    render_again,
    run_form,
)
from api.server import limits
from api.server.lanes import LOGIN, run_in_lane
from api.session import cookies
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import COOKIE, OPEN, STAGES, address_of, certificate_of
from api.session.own import AnySession, CodeSession
from geo.access import principal
from geo.access.accounts import sessions
from geo.access.accounts.sessions import Session
from geo.access.login import code_card, factors, identity_provider, login
from geo.access.login.login import LoggedIn
from geo.areas import district
from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.words import say

router = APIRouter(default_response_class=HTMLResponse, responses=PAGE)
Stranger = Depends(OPEN)
Next = Annotated[str, Query(alias="next", max_length=2000)]


@router.get("/login", dependencies=[Stranger])
def ask(
    request: Request,
    engine: EngineDep,
    config: SettingsDep,
    to: Next = HOME,
    left: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """Return the page of the log-in."""
    expired = COOKIE in request.cookies and "next" in request.query_params
    ended = "left" if left else "expired" if expired else ""
    values = login_context(request, config, district.district_name(engine), to)
    page = render.render_page(request, "login.html", error="", ended=ended, name="", **values)
    cookies.give_login_token(request, page, values["login_token"])
    return page


@router.post("/login", dependencies=[Stranger])
@run_in_lane(LOGIN)
@limits.allow_body(limits.LOGIN_BYTES)
def enter(
    request: Request, engine: EngineDep, config: SettingsDep, sent: FormDep, to: Next = HOME
) -> Response:
    """Log in by account and password."""
    cookies.require_login_token(request, sent)
    name = sent.text("name")
    found = run_form(
        lambda: login.log_in(
            engine,
            name,
            sent.typed("password"),
            config=config,
            address=address_of(request),
            agent=agent_of(request),
            certificate=certificate_of(request),
        )
    )
    if isinstance(found, GovgridError):
        values = login_context(request, config, district.district_name(engine), to)
        return render_again(request, "login.html", found, ended="", name=name, **values)
    return next_step(request, engine, found, to)


@router.get("/login/code")
def ask_code(request: Request, session: CodeSession, engine: EngineDep) -> HTMLResponse:
    """Return the page of the second factor."""
    return render.render_page(
        request, "code.html", error="", **_code_page(request, engine, session)
    )


@router.post("/login/code")
@limits.allow_body(limits.LOGIN_BYTES)
def enter_code(
    request: Request,
    session: CodeSession,
    engine: EngineDep,
    config: SettingsDep,
    sent: FormDep,
    to: Next = HOME,
) -> Response:
    """Go on with the log-in by the second factor."""
    found = run_form(
        lambda: login.second_factor(
            engine,
            session,
            sent.typed("code"),
            config=config,
            address=address_of(request),
            agent=agent_of(request),
        )
    )
    if isinstance(found, GovgridError):
        return render_again(request, "code.html", found, **_code_page(request, engine, session))
    return next_step(request, engine, found, to)


@router.post("/logout")
def leave(request: Request, engine: EngineDep, session: AnySession) -> Response:
    """End the session, here and in the database."""
    login.log_out(engine, session, request.cookies[COOKIE])
    answer = redirect_after_post("/login?left=1")
    cookies.take_session(request, answer)
    return answer


@router.get("/language/{lang}", dependencies=[Stranger])
def language(request: Request, lang: Literal["zh", "en"], to: Next = HOME) -> Response:
    """Have the pages speak `lang` from now on, and go back."""
    # Back to the log-in as well, which is no place to go on to after one.
    answer = redirect_after_post(to if to.startswith(cookies.LOGIN_PATH) else local_path(to))
    cookies.give_language(request, answer, lang)
    return answer


def next_step(request: Request, engine: EngineDep, found: LoggedIn, to: str) -> Response:
    """Return the redirect after a step of the log-in: to the step that is due next, else to a page.

    The session of the old token ends: the token may be known to others.

    Parameters
    ----------
    found
        Result of the step, with the new token.
    to
        Page to open at the end; only paths of this service are followed.
    """
    sessions.end_session(engine, request.cookies.get(COOKIE, ""))
    begun = sessions.find_session(engine, found.token)
    who = begun.reader if begun else principal.NOBODY
    onward = local_path(to)
    query = _query(onward)
    if found.stage in STAGES:
        answer = redirect_after_post(STAGES[found.stage] + query)
    else:
        answer = redirect_after_post(render.first_page(who) if onward == HOME else onward)
    lasts = sessions.DISPLAY_LASTS if who.kind == "display" else None
    cookies.give_session(request, answer, found.token, lasts=lasts)
    return answer


def login_context(request: Request, config: Settings, name: str, to: str) -> dict[str, Any]:
    """Return what the log-in page shows.

    Parameters
    ----------
    config
        Says whether log-in by an identity provider is set up.
    name
        Name of the district, "" if unknown.
    to
        Page to open after the log-in.
    """
    lang = render.page_language(request)
    query = _query(local_path(to))
    label = config.oidc_label or say("page_login.sso_label", lang)
    return {
        "title": " · ".join(filter(None, (title_of(request, "page_login"), name))),
        "district": name,
        "query": query,
        "back": cookies.LOGIN_PATH + query,
        "sso": label if identity_provider.set_up(config) else "",
        "login_token": cookies.login_token(request),
    }


def _code_page(request: Request, engine: EngineDep, session: Session) -> dict[str, Any]:
    found = factors.asked_factors(engine, session)
    title = title_of(request, "page_code")
    return {"title": title, "factors": found, "few": code_card.FEW}


def agent_of(request: Request) -> str:
    """Return what the browser says of itself."""
    return request.headers.get("user-agent", "")


def title_of(request: Request, page: str) -> str:
    """Return the title of a page in the language of the request.

    Parameters
    ----------
    request
        Says the language.
    page
        Section of the catalogue, as "page_login".
    """
    return say(f"{page}.title", render.page_language(request))


def _query(onward: str) -> str:
    return "" if onward == HOME else f"?{urlencode({'next': onward})}"
