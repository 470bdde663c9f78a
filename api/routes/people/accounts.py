"""Accounts, for the administrator: made, disabled, reset, unlocked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import PAGE, FormDep, redirect_after_post, render_again, run_form
from api.routes.people.login import title_of
from api.server.lanes import LOGIN, run_in_lane
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import Rule
from geo.access.accounts import accounts
from geo.access.login import code_card
from geo.access.principal import Principal
from geo.base.errors import GovgridError
from geo.documents import code_card_paper

router = APIRouter(default_response_class=HTMLResponse, responses=PAGE)
MayAccounts = Annotated[Principal, Depends(Rule("accounts"))]
HERE: Final = "/accounts"
KINDS: Final = ("person", "display", "service")
DONE: Final = {
    "disable": "page_accounts.was_disabled",
    "enable": "page_accounts.was_enabled",
    "unlock": "page_accounts.was_unlocked",
    "revoke-card": "page_accounts.card_revoked",
}
"""What the page can be asked to confirm."""

SHEET: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
"""Of the answer that is a sheet to be printed: it holds its own style, and nothing else runs."""

Search = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class OneTimePassword:
    """A one-time password as the page shows it: once, to who made it."""

    said: str
    name: str
    password: str


@router.get("/accounts")
def page(
    request: Request,
    who: MayAccounts,
    engine: EngineDep,
    q: Search = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Return the page of accounts, those that hold `q` in their name, holder or unit."""
    values = _shown(request, engine, who, q=q)
    return render.render_page(request, "accounts.html", error="", done=DONE.get(done, ""), **values)


@router.post("/accounts")
@run_in_lane(LOGIN)
def add(request: Request, who: MayAccounts, engine: EngineDep, sent: FormDep) -> Response:
    """Make an account, and show its one-time password this once."""
    name = sent.text("name")
    made = run_form(
        lambda: accounts.add_account(
            engine,
            who,
            name,
            kind=sent.text("kind"),
            holder=sent.text("holder"),
            unit_code=sent.text("unit_code") or None,
            unit_name=sent.text("unit_name"),
        )
    )
    if isinstance(made, GovgridError):
        values = {**_shown(request, engine, who), "typed": sent.shown}
        return render_again(request, "accounts.html", made, **values)
    return _once(request, engine, who, OneTimePassword("page_accounts.made", name, made))


@router.post("/accounts/{name}/reset")
@run_in_lane(LOGIN)
def reset(request: Request, who: MayAccounts, engine: EngineDep, name: str) -> Response:
    """Give an account a one-time password; whatever it held before holds no more."""
    made = run_form(lambda: accounts.reset_password(engine, who, name))
    if isinstance(made, GovgridError):
        return render_again(request, "accounts.html", made, **_shown(request, engine, who))
    return _once(request, engine, who, OneTimePassword("page_accounts.was_reset", name, made))


@router.post("/accounts/{name}/card")
@run_in_lane(LOGIN)
def issue_card(
    request: Request, who: MayAccounts, engine: EngineDep, config: SettingsDep, name: str
) -> Response:
    """Issue a code card, and show it as a sheet to be printed, this once."""
    made = run_form(lambda: code_card.issue_card(engine, who, name, config=config))
    if isinstance(made, GovgridError):
        return render_again(request, "accounts.html", made, **_shown(request, engine, who))
    lang = render.page_language(request)
    sheet = code_card_paper.card_sheet(
        made, timezone=config.timezone, mark=config.mark, lang=lang, back=HERE
    )
    return HTMLResponse(sheet, headers=SHEET)


@router.post("/accounts/{name}/{what}")
def change(
    request: Request,
    who: MayAccounts,
    engine: EngineDep,
    name: str,
    what: Literal["disable", "enable", "unlock", "revoke-card"],
) -> Response:
    """Disable, enable or unlock an account, or revoke its code card."""
    done = run_form(lambda: CHANGES[what](engine, who, name))
    if isinstance(done, GovgridError):
        return render_again(request, "accounts.html", done, **_shown(request, engine, who))
    return redirect_after_post(f"{HERE}?done={what}")


@router.get("/accounts/{rest:path}")
def back(who: MayAccounts, rest: str) -> Response:  # noqa: ARG001 - the rule, and where from
    """Go to the page of a form that was sent after the log-in had expired."""
    return redirect_after_post(HERE)


CHANGES: Final[dict[str, Callable[..., None]]] = {
    "disable": accounts.disable,
    "enable": accounts.enable,
    "unlock": accounts.unlock,
    "revoke-card": code_card.revoke_card,
}


def _once(
    request: Request, engine: EngineDep, who: Principal, once: OneTimePassword
) -> HTMLResponse:
    values = {**_shown(request, engine, who), "once": once}
    return render.render_page(request, "accounts.html", error="", done="", **values)


def _shown(request: Request, engine: EngineDep, who: Principal, *, q: str = "") -> dict[str, Any]:
    rows = accounts.list_accounts(engine, who)
    return {
        "title": title_of(request, "page_accounts"),
        "rows": [row for row in rows if _holds(row, q.strip().lower())],
        "q": q,
        "few": code_card.FEW,
        "kinds": KINDS,
        "once": None,
        "typed": {},
    }


def _holds(row: accounts.ListedAccount, sought: str) -> bool:
    words = (row.name, row.holder, row.unit_name, row.unit_code or "")
    return any(sought in word.lower() for word in words)
