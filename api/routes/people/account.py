"""The own account: password, authenticator, what is granted, where it is logged in, its keys."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import HOME, PAGE, Form, FormDep, redirect_after_post, render_again, run_form
from api.routes.people.login import Next, agent_of, next_step, title_of
from api.server.lanes import LOGIN, run_in_lane
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import address_of
from api.session.own import FullSession, PasswordSession, TotpSession
from geo.access.accounts import api_keys, self_service
from geo.access.accounts.sessions import Session
from geo.access.login import code_card, login, totp_enrolment
from geo.access.login.second_factor import Enrolment
from geo.access.roles import PERMISSIONS
from geo.base.errors import GovgridError, InputError

router = APIRouter(default_response_class=HTMLResponse, responses=PAGE)
HERE: Final = "/account"
DONE: Final = {
    "password": "page_password.done",
    "totp": "page_totp.done",
    "logins": "page_account.ended_others",
    "revoked": "page_account.key_revoked",
}
"""What the page can be asked to confirm."""

BASE32: Final = re.compile("[A-Z2-7]+")
GROUP: Final = 4
"""Letters of a key that are shown together, so that it can be typed."""


@router.get("/account/password")
def ask_password(request: Request, session: PasswordSession) -> HTMLResponse:  # noqa: ARG001 - the rule
    """Return the page of a new password."""
    return render.render_page(
        request, "password.html", error="", title=title_of(request, "page_password")
    )


@router.post("/account/password")
@run_in_lane(LOGIN)
def change_password(
    request: Request,
    session: PasswordSession,
    engine: EngineDep,
    config: SettingsDep,
    sent: FormDep,
    to: Next = HOME,
) -> Response:
    """Change the password: the first one, which somebody else chose, or the own one."""
    found = run_form(
        lambda: login.change_password(
            engine,
            session,
            sent.typed("password_old"),
            _twice(sent),
            config=config,
            address=address_of(request),
            agent=agent_of(request),
        )
    )
    if isinstance(found, GovgridError):
        return render_again(
            request, "password.html", found, title=title_of(request, "page_password")
        )
    return next_step(request, engine, found, _onward(session, "password", to))


@router.get("/account/totp")
def ask_totp(request: Request, session: TotpSession) -> HTMLResponse:
    """Return the page of a new authenticator, with a new key."""
    begun = totp_enrolment.begin_enrolment(session)
    return render.render_page(request, "totp.html", error="", **_pictured(request, begun, session))


@router.post("/account/totp")
@run_in_lane(LOGIN)
def set_up_totp(
    request: Request,
    session: TotpSession,
    engine: EngineDep,
    config: SettingsDep,
    sent: FormDep,
    to: Next = HOME,
) -> Response:
    """Set the authenticator up, once it shows the right code."""
    found = run_form(
        lambda: totp_enrolment.confirm_enrolment(
            engine,
            session,
            sent.typed("secret"),
            sent.typed("code"),
            config=config,
            password=sent.typed("password"),
            address=address_of(request),
            agent=agent_of(request),
        )
    )
    if isinstance(found, GovgridError):
        begun = _kept(totp_enrolment.begin_enrolment(session), sent.typed("secret"))
        return render_again(request, "totp.html", found, **_pictured(request, begun, session))
    return next_step(request, engine, found, _onward(session, "totp", to))


@router.get("/account")
def own(
    request: Request,
    session: FullSession,
    engine: EngineDep,
    config: SettingsDep,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Return the page of the own account."""
    values = _shown(request, session, engine, config)
    return render.render_page(request, "account.html", error="", done=DONE.get(done, ""), **values)


@router.post("/account/logins")
def end_others(session: FullSession, engine: EngineDep) -> Response:
    """End the own log-ins elsewhere."""
    self_service.end_others(engine, session.reader, session.id)
    return redirect_after_post(f"{HERE}?done=logins")


@router.post("/account/keys")
def make_key(
    request: Request, session: FullSession, engine: EngineDep, config: SettingsDep, sent: FormDep
) -> Response:
    """Make a key of a program, and show it this once."""
    scopes = sent.several("scopes")
    made = run_form(
        lambda: api_keys.make_key(
            engine, session.reader, sent.text("name"), scopes=scopes, days=_days(sent.text("days"))
        )
    )
    values = _shown(request, session, engine, config)
    if isinstance(made, GovgridError):
        typed = {"typed": sent.shown, "chosen": scopes}
        return render_again(request, "account.html", made, **{**values, **typed})
    return render.render_page(
        request, "account.html", error="", done="", **{**values, "made": made}
    )


@router.post("/account/keys/{key}/revoke")
def revoke_key(session: FullSession, engine: EngineDep, key: UUID) -> Response:
    """Revoke an own key."""
    api_keys.revoke(engine, session.reader, str(key))
    return redirect_after_post(f"{HERE}?done=revoked")


@router.get("/account/{rest:path}")
def back(session: FullSession, rest: str) -> Response:  # noqa: ARG001 - the rule, and where from
    """Go to the page of a form that was sent after the log-in had expired."""
    return redirect_after_post(HERE)


def _shown(
    request: Request, session: Session, engine: EngineDep, config: SettingsDep
) -> dict[str, Any]:
    who = session.reader
    grants = self_service.own_grants(engine, who)
    return {
        "title": title_of(request, "page_account"),
        "session": session,
        "factors": self_service.own_factors(engine, who),
        "few": code_card.FEW,
        "grants": [{**vars(g), "actions": sorted(PERMISSIONS.get(g.role, ()))} for g in grants],
        "logins": self_service.own_sessions(
            engine, who, session.id, idle_min=config.session_idle_min
        ),
        "keys": api_keys.list_keys(engine, who),
        "scopes": sorted(who.actions),
        "made": "",
        "typed": {},
        "chosen": [],
    }


def _pictured(request: Request, begun: Enrolment, session: Session) -> dict[str, Any]:
    """Return what the page of an authenticator shows: its key as a picture, and to be typed."""
    secret = begun.secret
    groups = [secret[i : i + GROUP] for i in range(0, len(secret), GROUP)]
    return {
        "title": title_of(request, "page_totp"),
        "picture": segno.make_qr(begun.uri, error="m").svg_data_uri(border=2, scale=4),
        "secret": secret,
        "spelled": " ".join(groups),
        "ask_password": session.stage == "full",
    }


def _kept(begun: Enrolment, secret: str) -> Enrolment:
    """Return what was begun with the key that the app took already, if it is such a key.

    Another one would have to be scanned once more for every mistyped code.
    """
    whole = len(secret) == len(begun.secret) and BASE32.fullmatch(secret)
    return Enrolment(secret, begun.uri.replace(begun.secret, secret)) if whole else begun


def _twice(sent: Form) -> str:
    """Return the new password, if it was typed the same twice."""
    new = sent.typed("password_new")
    if new != sent.typed("password_again"):
        raise InputError("page_password.mismatch")
    return new


def _days(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 6):
        raise InputError("page_account.days_wrong", found=written)
    return int(written)


def _onward(session: Session, done: str, to: str) -> str:
    """Return where to go on: back to the account, if one came from it, else on with the log-in."""
    return f"{HERE}?done={done}" if session.stage == "full" else to
