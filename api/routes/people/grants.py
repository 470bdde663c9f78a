"""Grants, for the security administrator: given and taken back."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import PAGE, Form, FormDep, redirect_after_post, render_again, run_form
from api.routes.people.login import title_of
from api.session.deps import EngineDep
from api.session.identity import Rule
from geo.access.accounts import grants
from geo.access.principal import Principal
from geo.access.roles import CLASSES, DEPTHS, PERMISSIONS
from geo.base.errors import GovgridError, InputError

router = APIRouter(default_response_class=HTMLResponse, responses=PAGE)
MayGrants = Annotated[Principal, Depends(Rule("grants"))]
HERE: Final = "/grants"
DONE: Final = {"give": "page_grants.given", "take": "page_grants.taken"}
"""What the page can be asked to confirm."""


@router.get("/grants")
def page(
    request: Request,
    who: MayGrants,
    engine: EngineDep,
    account: Annotated[str, Query(max_length=64)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Return the page of grants, those of one account where it is named."""
    values = _shown(request, engine, who, account=account)
    return render.render_page(request, "grants.html", error="", done=DONE.get(done, ""), **values)


@router.post("/grants")
def give(request: Request, who: MayGrants, engine: EngineDep, sent: FormDep) -> Response:
    """Give an account a role in an area."""
    given = run_form(
        lambda: grants.give_grant(
            engine,
            who,
            sent.text("account"),
            sent.text("role"),
            sent.text("area") or None,
            classes=sent.several("classes") or None,
            depth=sent.text("depth") or None,
            until=_until(sent),
        )
    )
    if isinstance(given, GovgridError):
        typed = {"typed": sent.shown, "chosen": sent.several("classes")}
        return render_again(
            request, "grants.html", given, **{**_shown(request, engine, who), **typed}
        )
    return redirect_after_post(f"{HERE}?done=give")


@router.post("/grants/{grant}/take")
def take(request: Request, who: MayGrants, engine: EngineDep, grant: UUID) -> Response:
    """Take a grant back."""
    taken = run_form(lambda: grants.revoke_grant(engine, who, str(grant)))
    if isinstance(taken, GovgridError):
        return render_again(request, "grants.html", taken, **_shown(request, engine, who))
    return redirect_after_post(f"{HERE}?done=take")


@router.get("/grants/{rest:path}")
def back(who: MayGrants, rest: str) -> Response:  # noqa: ARG001 - the rule, and where from
    """Go to the page of a form that was sent after the log-in had expired."""
    return redirect_after_post(HERE)


def _shown(
    request: Request, engine: EngineDep, who: Principal, *, account: str = ""
) -> dict[str, Any]:
    return {
        "title": title_of(request, "page_grants"),
        "rows": grants.list_grants(engine, who, account=account.strip().lower() or None),
        "asked": account,
        "roles": list(PERMISSIONS),
        "classes": CLASSES,
        "depths": DEPTHS,
        "typed": {},
        "chosen": [],
    }


def _until(sent: Form) -> date | None:
    written = sent.text("until")
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise InputError("page_grants.date_wrong", found=written) from error
