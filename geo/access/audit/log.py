"""Audit log for people: searched, shown, exported, and notes redacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import export_log, seal
from geo.access.audit import record as audit
from geo.access.audit import verify as audit_verification
from geo.access.audit.chain import Head
from geo.access.audit.verify import UnsealedTail
from geo.access.principal import Principal
from geo.access.store import audit as stored
from geo.access.store.audit import AuditRow as AuditRow
from geo.access.store.audit import Verification as Verification
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError
from geo.base.words import load_catalogue, say
from geo.files import writers

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES: Final = ("done", "refused", "failed")
MOST_ROWS: Final[Mapping[str, int]] = {".csv": 500_000, ".xlsx": 100_000}
"""Rows of a file, by its ending."""

LARGEST_ID: Final = 2**63 - 1
DAY: Final = len("2026-09-30")


@dataclass(frozen=True)
class Filters:
    """Which rows are wanted; "" and None: any.

    `action` finds those below it as well: ``import`` finds ``import.cameras``. `until` is excluded.
    """

    account: str = ""
    action: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the query; a text that no row can hold finds none."""
        texts = {
            n: audit.one_line(getattr(self, n).strip()) for n in ("account", "action", "outcome")
        }
        return {**texts, "since": self.since, "until": self.until}


@dataclass(frozen=True)
class State:
    """How the chain stands: its head and so its length, what is not sealed, who proved it when."""

    head: Head | None
    tail: UnsealedTail
    verified: Verification | None


def parse_filters(
    *,
    timezone: str,
    account: str = "",
    action: str = "",
    outcome: str = "",
    since: str = "",
    until: str = "",
) -> Filters:
    """Return filters from texts, "" for no filter.

    Parameters
    ----------
    timezone
        IANA name: zone of times that state none.
    account, action
        Parts of the log to search.
    outcome
        One of `OUTCOMES`.
    since, until
        2026-09-30 or 2026-09-30T21:40; a day alone as `until` is that whole day.

    Raises
    ------
    InputError
        If a time is none, or there is no such outcome.
    """
    if outcome and outcome not in OUTCOMES:
        raise InputError("audit.outcome_form", found=outcome, known=", ".join(OUTCOMES))
    return Filters(
        account,
        action,
        outcome,
        _moment(since, timezone, end=False),
        _moment(until, timezone, end=True),
    )


def list_page(
    engine: Engine, who: Principal, wanted: Filters, *, limit: int = 100, before: int = LARGEST_ID
) -> list[AuditRow]:
    """Return a page of the audit log, the newest first.

    Parameters
    ----------
    who
        Needs the permission to read the audit.
    wanted
        Filters.
    limit
        Most rows.
    before
        Only ids below this one: the last id of the page before.

    Raises
    ------
    ForbiddenError
        If the reader may not read the audit.
    """
    who.require("audit")
    with transaction.open_as(engine, who) as connection:
        asked = {**wanted.parameters, "before": before, "limit": limit}
        return stored.read_page(connection, asked)


def chain_state(engine: Engine, who: Principal) -> State:
    """Return the state of the chain: newest seal, rows without one, last verification.

    Parameters
    ----------
    who
        Needs the permission to read the audit.

    Raises
    ------
    ForbiddenError
        If the principal may not read the audit.
    """
    who.require("audit")
    with transaction.open_as(engine, who) as connection:
        verified = stored.last_verification(connection)
        tail = audit_verification.unsealed_rows(connection)
        return State(seal.newest_seal(connection), tail, verified)


def redact_note(engine: Engine, who: Principal, number: int, *, reason: str) -> None:
    """Take the note of a row away, for good; that this was done, and why, is a row of its own.

    Only the system itself may do it, on the machine: the service cannot change the audit, and who
    reads the log does not write it. The chain holds the note by its hash and so stays whole.

    Parameters
    ----------
    number
        Id of the row.

    Raises
    ------
    ForbiddenError
        If the reader is an account.
    InputError
        If no reason is given.
    NotFoundError
        If there is no such row.
    StateError
        If it has no note, or none any more.
    """
    if not who.system:
        audit.note_apart(engine, who, "audit.redact", str(number), outcome="refused")
        raise ForbiddenError("audit.only_system", account=who.account)
    if not reason.strip():
        raise InputError("audit.no_reason")
    with transaction.open_as(engine, who) as connection:
        _require_note(connection, number)
        stored.delete_note(connection, number)
        audit.record(connection, who, "audit.redact", str(number), note=reason.strip())


def export_rows(
    engine: Engine,
    who: Principal,
    wanted: Filters,
    out: Path,
    *,
    reason: str | None,
    timezone: str,
    lang: str,
) -> int:
    """Write rows with their seals to a file and return their number; registered before.

    Parameters
    ----------
    who
        Needs the permission to read the audit.
    wanted
        Filters.
    out
        CSV or XLSX file to write.
    reason
        Purpose; None only for the system.
    timezone
        IANA name, for times.
    lang
        Language of headings, "zh" or "en".

    Raises
    ------
    ForbiddenError
        If the reader may not read the audit.
    InputError
        If there is no reason, the file cannot be written, or would hold too many rows.
    """
    who.require("audit")
    export_log.reason_of(who, reason)
    ending = writers.require_ending(out, known=tuple(MOST_ROWS))
    most = MOST_ROWS[ending]
    with transaction.open_as(engine, who) as connection:
        rows = stored.read_rows(connection, {**wanted.parameters, "limit": most + 1})
        if len(rows) > most:
            raise InputError("audit.export_much", most=most, ending=ending)
        export_log.insert_export(
            connection,
            who,
            what="audit",
            form=ending.lstrip("."),
            rows=len(rows),
            reason=reason,
            action="audit",
        )
        facts = {"rows": len(rows), "filters": _filter_facts(wanted)}
        audit.record(connection, who, "audit.export", out.name, facts=facts)
    mark = export_log.watermark_text(who, reason, timezone=timezone, lang=lang)
    writers.write_file(
        _titled(rows, timezone, lang), out, layer=say("audit.title", lang), mark=mark
    )
    return len(rows)


def action_name(action: str, lang: str) -> str:
    """Return the name of an action for people; without one, its family and its own word.

    Parameters
    ----------
    action
        As in the log, ``family.word``.
    lang
        "zh" or "en".
    """
    known, (family, _, rest) = action_names(lang), action.partition(".")
    if action in known or family not in known:
        return known.get(action, action)
    return f"{known[family]} · {rest}"


@cache
def action_names(lang: str) -> dict[str, str]:
    """Return all actions that have a name, with it, in the order of the catalogue."""
    start = "audit_action."
    return {
        k.removeprefix(start): t[lang] for k, t in load_catalogue().items() if k.startswith(start)
    }


def _moment(written: str, timezone: str, *, end: bool) -> datetime | None:
    written = written.strip()
    if not written:
        return None
    zone = ZoneInfo(timezone)
    try:
        if len(written) > DAY:
            moment = datetime.fromisoformat(written)
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
        day = datetime.combine(date.fromisoformat(written), time(), zone)
        return day + timedelta(days=1) if end else day
    except (ValueError, OverflowError) as error:
        raise InputError("audit.time_form", found=audit.one_line(written)) from error


def _require_note(connection: Connection, number: int) -> None:
    found = stored.lock_note(connection, number)
    if found is None:
        raise NotFoundError("audit.no_row", id=number)
    (note,) = found
    if not note:
        raise StateError("audit.no_note" if note == "" else "audit.redacted_already", id=number)


def _filter_facts(wanted: Filters) -> dict[str, str]:
    return {name: str(value) for name, value in vars(wanted).items() if value}


def _titled(rows: pd.DataFrame, timezone: str, lang: str) -> pd.DataFrame:
    """Return rows with times of the district and columns named for people."""
    times = [
        at.astimezone(ZoneInfo(timezone)).isoformat(timespec="microseconds") for at in rows["at"]
    ]
    known = rows.assign(at=times, seal_no=rows["seal_no"].astype("Int64"))
    return known.rename(columns={name: say(f"audit_column.{name}", lang) for name in known})
