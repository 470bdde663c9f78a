"""Statistics of the viewing register by month, verified against the audit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import audit as stored_audit
from geo.access.store.audit import RefusalCount
from geo.base import clock
from geo.base.errors import InputError
from geo.base.words import load_catalogue, say
from geo.viewing import register_entry
from geo.viewing import verify as viewing_verification
from geo.viewing.report import insert_export, make_workbook
from geo.viewing.store import register_counts, requests
from geo.viewing.store.register_counts import CameraCount, KindCount, ReasonCount
from geo.viewing.store.requests import RequestCounts
from geo.viewing.verify import Defect, Proof, ProofAnswer

if TYPE_CHECKING:
    import pandas as pd

MOST_CAMERAS: Final = 20

MonthReport = TypedDict(
    "MonthReport",
    {
        "period": str,
        "from": datetime,
        "to": datetime,
        "rows": int,
        "without_incident": int,
        "counts": list[ReasonCount],
        "by_kind": list[KindCount],
        "most_viewed": list[CameraCount],
        "requests": RequestCounts,
        "refused": list[RefusalCount] | None,
        "proof": ProofAnswer | None,
    },
)
"""Figures of a month; ``refused`` and ``proof`` are None for who may not have them."""


def month_of(written: str, timezone: str) -> tuple[str, datetime, datetime]:
    """Return name, beginning and end of a month.

    Parameters
    ----------
    written
        As 2026-09; "" for the current month.
    timezone
        IANA name: zone in which the month begins.

    Raises
    ------
    InputError
        If it is no such month.
    """
    zone = ZoneInfo(timezone)
    named = written.strip() or f"{clock.now().astimezone(zone):%Y-%m}"
    if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", named, re.ASCII):
        raise InputError("viewing.month_form", found=register_entry.one_line(written)[:40])
    first = date.fromisoformat(f"{named}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    begins, ends = (datetime.combine(day, time(), zone) for day in (first, following))
    return named, begins, ends


def month_report(engine: Engine, who: Principal, month: str, *, timezone: str) -> MonthReport:
    """Return the figures of a month: counts, refusals, requests, and changed rows.

    For a principal limited to some areas ``refused`` is None, and deleted rows are not looked for:
    a refusal has no place.

    Parameters
    ----------
    who
        Needs the permission to read the register.
    month
        As 2026-09; "" for the current month.
    timezone
        IANA name: zone in which the month begins.

    Raises
    ------
    ForbiddenError
        If the principal may not read the register.
    InputError
        If it is no such month.
    """
    who.require("register")
    named, since, until = month_of(month, timezone)
    asked = {**who.parameters, "since": since, "until": until, "most": MOST_CAMERAS}
    with transaction.open_as(engine, who) as connection:
        whole = who.everything and who.may("audit")
        counted = register_counts.count_month(connection, asked)
        return {
            "period": named,
            "from": since,
            "to": until,
            "rows": counted.rows,
            "without_incident": counted.without_incident,
            "counts": counted.counts,
            "by_kind": counted.by_kind,
            "most_viewed": counted.most_viewed,
            "requests": requests.count_requests(connection, asked),
            # refusals name no place: only who sees everything gets them counted
            "refused": stored_audit.count_refusals(connection, asked) if whole else None,
            "proof": viewing_verification.verify_rows(
                connection, who, since=since, until=until
            ).as_plain()
            if who.may("audit")
            else None,
        }


def verify_rows(
    engine: Engine, who: Principal, *, since: datetime | None = None, until: datetime | None = None
) -> Proof:
    """Compare rows of the register with their hashes in the audit; return the differences.

    Parameters
    ----------
    who
        Needs the permissions to read the register and the audit.
    since, until
        Moments with zone; None without bound.

    Raises
    ------
    ForbiddenError
        If the principal may not read the register, or not the audit.
    """
    who.require("register")
    who.require("audit")
    with transaction.open_as(engine, who) as connection:
        proof = viewing_verification.verify_rows(connection, who, since=since, until=until)
        facts = {"rows": proof.rows, "whole": proof.whole}
        audit.record(connection, who, "viewing.verify", facts=facts)
    return proof


def export_report(
    engine: Engine, who: Principal, month: str, *, reason: str | None, timezone: str, lang: str
) -> bytes:
    """Return the figures of a month as a workbook; the export is registered before.

    Parameters
    ----------
    who
        Needs the permission to read the register.
    month
        As 2026-09; "" for the current month.
    reason
        Purpose; None only for the system.
    timezone
        IANA name: zone in which the month begins.
    lang
        "zh" or "en".

    Raises
    ------
    ForbiddenError
        If the principal may not read the register.
    InputError
        If there is no reason, or it is no such month.
    """
    found = month_report(engine, who, month, timezone=timezone)
    sheets = month_tables(found, lang)
    rows = sum(map(len, sheets.values()))
    insert_export(engine, who, "access-report", rows, reason, {"month": found["period"]})
    return make_workbook(
        sheets, export_log.watermark_text(who, reason, timezone=timezone, lang=lang)
    )


def spelled(name: str, value: object, lang: str) -> object:
    """Return a value of the report in words; unchanged where the catalogue has none.

    Parameters
    ----------
    name
        Column: "act", "reason", "refusal", "owner_kind" or "kind".
    value
        As stored.
    lang
        "zh" or "en".
    """
    key = {
        "act": f"viewing_act.{value}",
        "reason": f"viewing_reason.{value}",
        "refusal": f"viewing_refusal.{str(value).removeprefix('viewing.')}",
        "owner_kind": f"viewing_kind.{value}",
        "kind": f"viewing_defect.{value}",
    }.get(name, "")
    return say(key, lang) if key in load_catalogue() else value


def month_tables(found: MonthReport, lang: str) -> dict[str, pd.DataFrame]:
    """Return the figures of a month as tables by title.

    Parameters
    ----------
    found
        As from :func:`month_report`.
    lang
        "zh" or "en".
    """
    lists: dict[str, tuple[type, Sequence[object]]] = {
        "counts": (ReasonCount, found["counts"]),
        "by_kind": (KindCount, found["by_kind"]),
        "most_viewed": (CameraCount, found["most_viewed"]),
        "requests": (RequestCounts, [found["requests"]]),
        "refused": (RefusalCount, found["refused"] or []),
        "defects": (Defect, found["proof"]["defects"] if found["proof"] else []),
    }
    return {
        say(f"viewing_report.{name}", lang): _table(kind, rows, lang)
        for name, (kind, rows) in lists.items()
    }


def _table(kind: type, rows: Sequence[object], lang: str) -> pd.DataFrame:
    import pandas as pd

    columns = [field.name for field in fields(kind)]
    cells = [{name: _cell(name, getattr(row, name), lang) for name in columns} for row in rows]
    table = pd.DataFrame(cells, columns=columns, dtype=object)
    return table.rename(columns={n: say(f"viewing_report.column_{n}", lang) for n in columns})


def _cell(name: str, value: object, lang: str) -> object:
    said = spelled(name, value, lang)
    if isinstance(said, datetime):
        return f"{said:%Y-%m-%d %H:%M:%S%z}"
    return audit.one_line(said) if isinstance(said, str) else said
