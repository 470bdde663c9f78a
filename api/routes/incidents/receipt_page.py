"""The page for receipts: a field for the scanner, and what stands on the paper below it."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.answers import render
from api.answers.forms import PAGE, Form, FormDep, redirect_after_post, run_form
from api.routes.incidents import plain_pages as pages
from api.session.deps import EngineDep, MayHandle, SettingsDep
from geo.access.principal import Principal
from geo.base.errors import GovgridError, InputError, PersonalDataError
from geo.base.local_time import with_zone
from geo.base.words import say
from geo.incidents import receipts
from geo.incidents.lifecycle_table import describe_lifecycle
from geo.incidents.receipts import Receipt
from geo.incidents.rules.receipt_number import MOST
from geo.operations.database import Engine

router = APIRouter(prefix="/forms/receipt", default_response_class=HTMLResponse, responses=PAGE)
TIMES: Final = ("signed_at", "arrived_at", "done_at")
_TEXTS: Final = ("unit", "post", "result", "return_kind", "reason")


@router.get("")
def scan_page(
    request: Request,
    engine: EngineDep,
    who: MayHandle,
    number: Annotated[str, Query(max_length=MOST)] = "",
    saved: Annotated[str, Query(max_length=MOST)] = "",
) -> HTMLResponse:
    """Return the page: the field for the number, with what the receipt of that number is of."""
    return _page(request, engine, who, number, saved=saved)


@router.post("")
def save_receipt(
    request: Request, engine: EngineDep, settings: SettingsDep, who: MayHandle, sent: FormDep
) -> Response:
    """Write down what was typed; then the field is empty for the next receipt."""
    lang = render.page_language(request)
    done = run_form(
        lambda: receipts.register_receipt(
            engine,
            who,
            _receipt(sent, settings.timezone),
            timezone=settings.timezone,
            whistle_level=settings.whistle_level,
            lang=lang,
        )
    )
    if isinstance(done, GovgridError):
        return _page(request, engine, who, sent.text("number"), sent=sent, error=done)
    return redirect_after_post(f"/forms/receipt?saved={done.incident}")


def _receipt(sent: Form, timezone: str) -> Receipt:
    way = sent.text("way")
    number = sent.text("client_id")
    given: dict[str, Any] = pages.filled_fields(sent, _TEXTS)
    given |= {n: _moment(sent.text(n), timezone) for n in TIMES if sent.text(n)}
    return Receipt(
        number=sent.text("number"),
        version=pages.version_of(sent),
        **given,
        client_id=UUID(number) if _is_uuid(number) else None,
        redact=way == "redact",
        not_personal=way == "not_personal",
    )


def _is_uuid(written: str) -> bool:
    try:
        UUID(written)
    except ValueError:
        return False
    return True


def _moment(written: str, timezone: str) -> datetime:
    try:
        return with_zone(datetime.fromisoformat(written), timezone)
    except (ValueError, OverflowError) as error:
        raise InputError("time.unreadable", text=written[:40]) from error


def _page(
    request: Request,
    engine: Engine,
    who: Principal,
    number: str,
    *,
    sent: Form | None = None,
    saved: str = "",
    error: GovgridError | None = None,
) -> HTMLResponse:
    lang = render.page_language(request)
    found = run_form(lambda: receipts.read_receipt(engine, who, number)) if number.strip() else None
    if isinstance(found, GovgridError):
        error, found = error or found, None
    filled = {} if sent is None else sent.shown
    unit = filled.get("unit") or (found.unit if found else None)
    return pages.render_plain(
        request,
        "plain_receipt.html",
        "receipt",
        error=error,
        number=number,
        found=found,
        chosen=_chosen(found, unit),
        filled=filled,
        saved=_saved(engine, who, saved, lang),
        client_id=filled.get("client_id") or str(uuid4()),
        table=describe_lifecycle(lang),
        personal=isinstance(error, PersonalDataError),
    )


def _chosen(found: object, unit: str | None) -> object:
    """Return the unit that the form is of: the one that was named, or the only one."""
    units = getattr(found, "units", [])
    named = [each for each in units if each.unit_code == unit]
    return named[0] if named else units[0] if len(units) == 1 else None


def _saved(engine: Engine, who: Principal, incident: str, lang: str) -> str:
    """Return a sentence on the receipt that was written down last, as far as it is still seen."""
    if not _is_uuid(incident):
        return ""
    found = run_form(lambda: receipts.read_receipt(engine, who, incident))
    if isinstance(found, GovgridError):
        return say("receipt.saved", lang, code="")
    return say("receipt.saved", lang, code=found.code)
