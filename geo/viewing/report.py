"""Viewing register for people: searched, and exported as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.audit import log as audit_log
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import export_register as stored_exports
from geo.base.errors import InputError
from geo.base.words import say
from geo.files import writers
from geo.viewing import register_entry
from geo.viewing.store import register as stored
from geo.viewing.store.register import SHOWN as COLUMNS
from geo.viewing.store.register import RegisterRow as RegisterRow

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS: Final = 50_000


@dataclass(frozen=True)
class Filters:
    """Which rows are wanted; "" and None: any.

    `until` is excluded, `unit` a code or a part of a name.
    """

    camera: str = ""
    account: str = ""
    unit: str = ""
    act: str = ""
    incident: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the query."""
        texts = ("camera", "account", "unit", "act", "incident")
        words = {name: register_entry.one_line(getattr(self, name)) for name in texts}
        return {**words, "since": self.since, "until": self.until}

    def as_query(self) -> dict[str, str]:
        """Return what was asked for, for the audit and the head of a print."""
        return {name: str(value) for name, value in vars(self).items() if value}


def parse_filters(*, timezone: str, since: str = "", until: str = "", **words: str) -> Filters:
    """Return filters from texts, "" for no filter.

    Parameters
    ----------
    timezone
        IANA name: zone of times that state none.
    since, until
        2026-09-30 or 2026-09-30T21:40; a day alone as `until` is that whole day.
    **words
        ``camera``, ``account``, ``unit``, ``act`` and ``incident``.

    Raises
    ------
    InputError
        If a time is none, or there is no such act.
    """
    act = words.get("act", "")
    if act and act not in register_entry.ACTS:
        raise InputError("viewing.act_form", known=", ".join(register_entry.ACTS))
    times = audit_log.parse_filters(timezone=timezone, since=since, until=until)
    return Filters(**words, since=times.since, until=times.until)


def list_page(
    engine: Engine, who: Principal, wanted: Filters, *, limit: int = 100, before: UUID | None = None
) -> list[RegisterRow]:
    """Return a page of the register for cameras in the principal's areas, the newest first.

    Parameters
    ----------
    who
        Needs the permission to read the register.
    wanted
        Filters.
    limit
        Most rows.
    before
        Last row of the page before; None for the first page.

    Raises
    ------
    ForbiddenError
        If the principal may not read the register.
    """
    who.require("register")
    asked = {**who.parameters, **wanted.parameters, "limit": limit, "before": before}
    with transaction.open_as(engine, who) as connection:
        return stored.granted_page(connection, asked)


def own_viewings(
    engine: Engine, who: Principal, wanted: Filters, *, limit: int = 100, before: UUID | None = None
) -> list[RegisterRow]:
    """Return a page of the principal's own viewings, the newest first.

    Parameters
    ----------
    who
        Only rows of its account.
    wanted
        Filters.
    limit
        Most rows.
    before
        Last row of the page before; None for the first page.
    """
    asked = {**wanted.parameters, "me": who.id, "limit": limit, "before": before}
    with transaction.open_as(engine, who) as connection:
        return stored.own_page(connection, asked)


def export_register(
    engine: Engine,
    who: Principal,
    wanted: Filters,
    *,
    reason: str | None,
    timezone: str,
    lang: str,
) -> tuple[bytes, int]:
    """Return the register as a workbook, and its rows; the export is registered before.

    Parameters
    ----------
    who
        Needs the permission to read the register.
    wanted
        Filters.
    reason
        Purpose; None only for the system.
    timezone
        IANA name, for times.
    lang
        "zh" or "en".

    Raises
    ------
    ForbiddenError
        If the principal may not read the register.
    InputError
        If there is no reason, or there are too many rows for one file.
    """
    rows = list_page(engine, who, wanted, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise InputError("viewing.export_much", most=MOST_ROWS)
    insert_export(engine, who, "access-register", len(rows), reason, wanted.as_query())
    title, table = say("viewing.title", lang), display_table(rows, timezone=timezone, lang=lang)
    mark = export_log.watermark_text(who, reason, timezone=timezone, lang=lang)
    return make_workbook({title: table}, mark), len(rows)


def display_table(rows: list[RegisterRow], *, timezone: str, lang: str) -> pd.DataFrame:
    """Return rows of the register as a table for people: words, local times, titles of columns.

    Parameters
    ----------
    rows
        As from :func:`list_page`.
    timezone
        IANA name, for times.
    lang
        "zh" or "en".
    """
    import pandas as pd

    zone = ZoneInfo(timezone)
    cells = [
        {name: display_cell(name, getattr(row, name), zone, lang) for name in COLUMNS}
        for row in rows
    ]
    table = pd.DataFrame(cells, columns=list(COLUMNS), dtype=object)
    return table.rename(columns={n: say(f"viewing_column.{n}", lang) for n in COLUMNS})


def display_cell(name: str, value: object, zone: ZoneInfo, lang: str) -> str:
    """Return a cell of the register as text for people.

    Parameters
    ----------
    name
        Column of the register.
    value
        As stored; None gives "", or "unknown" for the owner kind.
    zone
        Zone for times.
    lang
        "zh" or "en".
    """
    if value is None:
        return say("viewing_kind.unknown", lang) if name == "owner_kind" else ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if name in ("act", "owner_kind"):
        return say(f"viewing_{'act' if name == 'act' else 'kind'}.{value}", lang)
    return audit.one_line(str(value))


def insert_export(
    engine: Engine,
    who: Principal,
    what: str,
    rows: int,
    reason: str | None,
    asked: Mapping[str, str],
) -> None:
    """Register an export; the permission is that of the register, which auditors have.

    Parameters
    ----------
    who
        Who exports.
    what
        "access-register" or "access-report".
    rows
        Number of rows.
    reason
        Purpose; None only for the system.
    asked
        Filters, for the audit.

    Raises
    ------
    ForbiddenError
        If the principal may not read the register.
    InputError
        If there is no reason.
    """
    who.require("register")
    why = export_log.reason_of(who, reason)
    row = {"account": who.id, "name": who.account, "holder": who.holder, "unit": who.unit_name}
    with transaction.open_as(engine, who) as connection:
        written = {"what": what, "form": "xlsx", "area": "", "rows": rows, "reason": why}
        number = stored_exports.insert_export(connection, {**row, **written, "coarsened": False})
        facts = {"form": "xlsx", "rows": rows, "filters": asked, "register": number}
        audit.record(connection, who, "export", what, facts=facts, note=why)


def make_workbook(sheets: Mapping[str, pd.DataFrame], mark: str) -> bytes:
    """Return tables as the bytes of a workbook.

    Parameters
    ----------
    sheets
        Title → table.
    mark
        Footer of each printed page: who exports it and when.
    """
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / "register.xlsx"
        writers.write_workbook(sheets, path, mark=mark)
        return path.read_bytes()
