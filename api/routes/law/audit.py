"""The audit: what was done by whom, as a page and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.answers import render
from api.session.deps import EngineDep, SettingsDep
from api.session.identity import Rule
from geo.access.audit import checkpoints
from geo.access.audit import log as audit_log
from geo.access.audit.log import LARGEST_ID, AuditRow, Verification
from geo.access.principal import Principal
from geo.base.words import say

router = APIRouter()
MayAudit = Annotated[Principal, Depends(Rule("audit"))]
NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
Text = Annotated[str, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[int, Query(ge=1, le=LARGEST_ID, description="Rows with a smaller id")]


class AuditQuery:
    """What a question to the audit may carry; blank: any."""

    def __init__(
        self,
        config: SettingsDep,
        account: Text = "",
        action: Text = "",
        outcome: Text = "",
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        until: Annotated[str, Query(alias="to", max_length=40)] = "",
    ) -> None:
        self.words = {"account": account, "action": action, "outcome": outcome}
        self.words |= {"from": since, "to": until}
        self.filters = audit_log.parse_filters(
            timezone=config.timezone,
            account=account,
            action=action,
            outcome=outcome,
            since=since,
            until=until,
        )

    def next(self, path: str, rows: list[AuditRow], limit: int) -> str | None:
        """Return where the next page is; None after the last row."""
        if len(rows) < limit:
            return None
        asked = {name: word for name, word in self.words.items() if word}
        return f"{path}?{urlencode({**asked, 'limit': limit, 'before': rows[-1].id})}"


AskedDep = Annotated[AuditQuery, Depends()]


@dataclass(frozen=True)
class AuditPage:
    """Rows of the audit, and where the next ones are."""

    rows: list[AuditRow]
    next: str | None


@dataclass(frozen=True)
class ChainHead:
    """The newest seal, in hexadecimal."""

    seal_no: int | None
    hash: str


@dataclass(frozen=True)
class UnsealedRows:
    """Rows that are not sealed yet: the age is that of the oldest, late is what no worker seals."""

    count: int
    oldest: datetime | None
    age_s: float
    late: bool


@dataclass(frozen=True)
class Chain:
    """How the chain stands."""

    head: ChainHead | None
    unsealed: UnsealedRows
    verified: Verification | None


@router.get("/api/audit")
def rows(
    engine: EngineDep,
    who: MayAudit,
    asked: AskedDep,
    limit: Limit = 100,
    before: Before = LARGEST_ID,
) -> AuditPage:
    """Return rows, the newest first, and where the next ones are."""
    found = audit_log.list_page(engine, who, asked.filters, limit=limit, before=before)
    return AuditPage(found, asked.next("/api/audit", found, limit))


@router.get("/api/audit/chain")
def chain(engine: EngineDep, who: MayAudit) -> Chain:
    """Return how the chain stands: its head, what is not sealed, the newest verification."""
    state = audit_log.chain_state(engine, who)
    head, tail = state.head, state.tail
    return Chain(
        None if head is None else ChainHead(head.seal_no, head.seal.hex()),
        UnsealedRows(tail.count, tail.oldest, round(tail.age_s, 1), tail.late),
        state.verified,
    )


@router.get("/audit", response_class=HTMLResponse)
def page(
    request: Request,
    engine: EngineDep,
    config: SettingsDep,
    who: MayAudit,
    asked: AskedDep,
    limit: Limit = 100,
    before: Before = LARGEST_ID,
) -> HTMLResponse:
    """Return the page of the audit."""
    lang = render.page_language(request)
    found = audit_log.list_page(engine, who, asked.filters, limit=limit, before=before)
    return render.render_page(
        request,
        "audit.html",
        title=say("audit.title", lang),
        state=audit_log.chain_state(engine, who),
        written=checkpoints.newest_checkpoint(checkpoints.file_of(config.home)),
        rows=[_shown(row, lang) for row in found],
        asked=asked.words,
        actions=audit_log.action_names(lang),
        outcomes=audit_log.OUTCOMES,
        following=asked.next("/audit", found, limit),
    )


def _shown(row: AuditRow, lang: str) -> dict[str, Any]:
    return {
        **vars(row),
        "action_name": audit_log.action_name(row.action, lang),
        "facts": [(n, _said(v)) for n, v in row.facts.items() if v not in NOTHING],
    }


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "，".join(f"{name}={_said(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "，".join(map(_said, value))
    return "—" if value is None else str(value)
