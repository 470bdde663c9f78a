"""The way in by the identity provider: to it, and back from it."""

import logging
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.answers.forms import HOME, PAGE, local_path, redirect_after_post, render_again, run_form
from api.routes.people.login import Next, Stranger, agent_of, login_context, next_step
from api.session import cookies
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import address_of, certificate_of
from geo.access.login import oidc
from geo.areas import district
from geo.base.errors import GovgridError, InputError, StateError

router = APIRouter(default_response_class=HTMLResponse, responses=PAGE)
COOKIE: Final = "govgrid_oidc"
_log = logging.getLogger(__name__)
PATH: Final = "/login/oidc"


@router.get(PATH, dependencies=[Stranger])
def begin(request: Request, engine: EngineDep, config: SettingsDep, to: Next = HOME) -> Response:
    """Send the browser to the identity provider."""
    found = run_form(
        lambda: oidc.begin_login(config, redirect_uri=_back(request), to=local_path(to)),
    )
    if isinstance(found, GovgridError):
        return _refused(request, engine, config, found)
    answer = redirect_after_post(found.url)
    _keep(request, answer, found.sealed, timedelta(seconds=oidc.JOURNEY_S))
    return answer


@router.get(f"{PATH}/callback", name="oidc_callback", dependencies=[Stranger])
def callback(request: Request, engine: EngineDep, config: SettingsDep) -> Response:
    """Log in whom the identity provider vouches for."""
    found = run_form(
        lambda: oidc.log_in(
            engine,
            request.cookies.get(COOKIE, ""),
            request.query_params,
            config=config,
            redirect_uri=_back(request),
            address=address_of(request),
            agent=agent_of(request),
            certificate=certificate_of(request),
        )
    )
    if isinstance(found, GovgridError):
        answer = _refused(request, engine, config, found)
    else:
        answer = next_step(request, engine, *found)
    _keep(request, answer, "", timedelta())
    return answer


def _back(request: Request) -> str:
    """Return where the provider sends the browser back to; it knows this address beforehand."""
    return str(request.url_for("oidc_callback"))


def _keep(request: Request, answer: Response, sealed: str, lasts: timedelta) -> None:
    cookies.give_passing(request, answer, COOKIE, sealed, path=PATH, lasts=lasts)


def _refused(
    request: Request, engine: EngineDep, config: SettingsDep, error: GovgridError
) -> Response:
    if isinstance(error, InputError) or error.key == "oidc.unreachable":
        # files, addresses and settings are the administrator's to read
        _log.error("%s", error)
        error = StateError("oidc.fails")
    values = login_context(request, config, district.district_name(engine), HOME)
    page = render_again(request, "login.html", error, ended="", name="", **values)
    cookies.give_login_token(request, page, values["login_token"])
    return page
