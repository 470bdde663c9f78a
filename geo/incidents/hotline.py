"""12345 both ways: orders that come, what is replied, what differs from the hotline's list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.errors import InputError, NotFoundError
from geo.base.json_objects import Cells
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.incidents import clocks, listing, moves
from geo.incidents.move_request import MoveRequest
from geo.incidents.rules.hotline import (
    COLUMNS,
    NUMBER_HEADERS,
    STATE_HEADERS,
    Difference,
    find_header,
    list_differences,
)
from geo.incidents.store import answers
from geo.incidents.store import hotline as stored
from geo.incidents.store import moves as stored_moves
from geo.incidents.store.hotline import SeenOrder
from geo.incidents.store.intake import Created
from geo.store import db, installation

if TYPE_CHECKING:
    from pathlib import Path

    from geo.base.settings import Settings
    from geo.incidents.personal_data import CheckedTexts
    from geo.incidents.report import Report

REMEMBERED: Final = "reply_columns:12345"
TIMES: Final = ("done_at", "closed_at")


def supplement_order(
    engine: Engine, config: Settings, who: Principal, report: Report, checked: CheckedTexts
) -> Created | None:
    """Return the incident that a work order was taken as before, None where it is new.

    A text that is not known of it yet is written into its history as 补充诉求.

    Parameters
    ----------
    engine
        A database with current tables.
    config
        Settings of the process.
    who
        Who takes it.
    report
        As typed, with the number of the order.
    checked
        Its texts as they may be kept.
    """
    with transaction.open_as(engine, who) as connection:
        known = stored.find_order(connection, str(report.source_ref))
        done = stored_moves.read_moves(connection, known.incident) if known else []
    if known is None:
        return None
    texts = (checked.texts["text"], checked.texts["description"])
    known_texts = {known.title, known.description, *(m["note"] for m in done)}
    new = "\n".join(text for text in texts if text and text not in known_texts)
    if new:
        asked = MoveRequest("supplement", note=new, not_personal=report.not_personal)
        version, zone = known.version, config.timezone
        moves.move_incident(engine, who, known.incident, asked, version=version, timezone=zone)
    with transaction.open_as(engine, who) as connection:
        row = answers.read_row(connection, known.incident)
    if row is None:
        raise NotFoundError("intake.unknown", code=known.code)
    return Created(row.id, row.code, row, created_account=known.created_account, again=True)


def register_order(
    connection: Connection, incident: UUID, number: str | None, report: Report
) -> None:
    """Write the work order of a new incident, and what is due of it.

    Parameters
    ----------
    connection
        Transaction in which it was taken.
    incident
        Its id.
    number
        Of the hotline; none is no order.
    report
        As typed.

    Raises
    ------
    InputError
        If the number is that of an incident elsewhere.
    """
    if not number:
        return
    given = (number, report.hotline_due, report.hotline_return_by)
    if not stored.write_order(connection, incident, *given):
        raise InputError("hotline.taken", number=number[:60])
    clocks.write_alarms(connection, incident)


def list_replies(
    engine: Engine, who: Principal, *, again: bool, timezone: str, lang: str
) -> list[Cells]:
    """Return what is to be replied to the hotline: orders that are done, by `COLUMNS`.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    again
        Whether orders come as well whose present state was replied before.
    timezone
        IANA name of the times.
    lang
        Language of states and outcomes.
    """
    asked = listing.seen_by(who)
    with transaction.open_as(engine, who) as connection:
        rows = stored.orders_to_reply(connection, asked, again=again)
    return [_reply(row, timezone, lang) for row in rows]


def _reply(row: SeenOrder, timezone: str, lang: str) -> Cells:
    cells: Cells = {name: getattr(row, name) for name in COLUMNS}
    cells["state"] = say(f"map.state.{row.state}", lang)
    if row.outcome:
        cells["outcome"] = say(f"lifecycle.outcome.{row.outcome}", lang)
    for name in TIMES:
        cells[name] = local_minute(cells[name], timezone) if cells[name] else None
    if row.on_time is not None:
        cells["on_time"] = say(f"hotline.on_time.{'yes' if row.on_time else 'no'}", lang)
    return cells


def mark_replied(engine: Engine, who: Principal, numbers: Sequence[str]) -> None:
    """Write down that the present states of some orders were replied.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal.
    numbers
        Of the hotline.
    """
    with transaction.open_as(engine, who) as connection:
        stored.mark_replied(connection, numbers)


def choose_columns(
    engine: Engine, given: Sequence[str], *, remember: bool, lang: str
) -> dict[str, str]:
    """Return the columns of a reply: field → header, as given, as remembered, else all.

    Parameters
    ----------
    engine
        A database with current tables.
    given
        FIELD=HEADER each, in the order of the file; none: as remembered.
    remember
        Whether they count from now on.
    lang
        Language of the headers where none were chosen.

    Raises
    ------
    InputError
        If one is no FIELD=HEADER, or there is no such field; those there are, are named.
    """
    chosen: dict[str, str] = {}
    for each in given:
        name, mark, header = each.partition("=")
        if name not in COLUMNS or not mark or not header.strip():
            raise InputError("hotline.column", found=each[:60], known=", ".join(COLUMNS))
        chosen[name] = header.strip()
    with db.open_transaction(engine) as connection:
        if chosen and remember:
            installation.store_value(connection, REMEMBERED, chosen)
        known = chosen or installation.read_value(connection, REMEMBERED)
    return dict(known or {name: say(f"hotline.head.{name}", lang) for name in COLUMNS})


def compare_list(engine: Engine, who: Principal, file: Path) -> tuple[Difference, ...]:
    """Return what differs between the orders here and the hotline's list of them.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    file
        The hotline's list: a table with the numbers of orders and their states.

    Raises
    ------
    InputError
        If it has no column of numbers or of states.
    """
    from geo.files import readers

    rows = readers.read_file(file).rows
    headers = [str(name) for name in rows.columns]
    number, state = (find_header(headers, known) for known in (NUMBER_HEADERS, STATE_HEADERS))
    if number is None or state is None:
        known = "、".join((*NUMBER_HEADERS, *STATE_HEADERS))
        raise InputError("hotline.list", found=", ".join(headers)[:200], known=known)
    cells = zip(rows[number].fillna(""), rows[state].fillna(""), strict=True)
    theirs = {str(n).strip(): str(s).strip() for n, s in cells if str(n).strip()}
    with transaction.open_as(engine, who) as connection:
        orders = stored.read_orders(connection, listing.seen_by(who))
    return list_differences(orders, theirs)
