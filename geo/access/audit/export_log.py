"""Export log: files, maps and bulk reads, each with a reason and a row of its own."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import export_register as stored
from geo.base.errors import DiskFullError, ForbiddenError, InputError
from geo.base.words import say

MOST_REASON: Final = 500
_unwritten: Counter[tuple[str | None, str]] = Counter()
"""Rows read since the disk is full, as this process has seen it, by account and what."""


def reason_of(reader: Principal, given: str | None) -> str:
    """Return the reason of an export on one line; "—" for the system, which needs none.

    Parameters
    ----------
    reader
        Who exports.
    given
        Reason as typed.

    Raises
    ------
    InputError
        If an account gives no reason, or a longer one than `MOST_REASON`.
    """
    reason = " ".join((given or "").split())
    if not reason and reader.system:
        return "—"
    if not reason:
        raise InputError("outgoing.no_reason")
    if len(reason) > MOST_REASON:
        raise InputError("outgoing.long_reason", found=len(reason), most=MOST_REASON)
    return reason


def insert_export(
    connection: Connection,
    reader: Principal,
    *,
    what: str,
    form: str,
    rows: int,
    reason: str | None,
    area: str = "",
    action: str = "export",
) -> str:
    """Write the row of an export, before the file is written, and return its number (uuid).

    Parameters
    ----------
    what
        The layer, the page or the question.
    form
        How it goes out: the ending of the file, ``page``, ``read``.
    area
        Code of the area it was cut to; "": all that the reader may see.
    action
        What permits it: a register is taken out by who reads it.

    Raises
    ------
    ForbiddenError
        If the reader may not do `action`.
    InputError
        If there is no reason; see :func:`reason_of`.
    """
    reader.require(action)
    facts: dict[str, Any] = {"form": form, "area": area, "rows": rows}
    why = reason_of(reader, reason)
    coarsened = reader.coarse
    row = {
        "account": reader.id,
        "name": reader.account,
        "holder": reader.holder,
        "unit": reader.unit_name,
        "what": what,
        "reason": why,
        "coarsened": coarsened,
        **facts,
    }
    number = stored.insert_export(connection, row)
    audit.record(connection, reader, "export", what, facts={**facts, "register": number}, note=why)
    return number


def register_file(
    engine: Engine,
    reader: Principal,
    out: Path,
    *,
    what: str,
    rows: int,
    reason: str | None,
    area: str = "",
    action: str = "export",
) -> str:
    """Register the export of a file before it is written; see :func:`insert_export`.

    Parameters
    ----------
    out
        File that will be written; its ending is the format.
    what
        Layer or document.
    rows
        Number of rows.
    reason
        As typed; None only for the system.
    area
        Code of the area, "" for all.
    action
        Permission that is required.
    """
    facts: dict[str, Any] = {"form": out.suffix.lstrip(".").lower(), "area": area, "rows": rows}
    with transaction.open_as(engine, reader) as connection:
        return insert_export(connection, reader, what=what, reason=reason, action=action, **facts)


@dataclass(frozen=True)
class Counted:
    """How many rows an account read in an hour (its beginning), and whether that is registered."""

    rows: int
    hour: datetime
    registered: bool


def count_bulk_read(
    engine: Engine, reader: Principal, what: str, rows: int, *, most: int, reason: str | None
) -> Counted | None:
    """Count rows that an account reads; beyond a limit it is an export, registered once an hour.

    Parameters
    ----------
    what
        Layer.
    rows
        Rows read now.
    most
        Rows an hour without a reason.
    reason
        As given with the request, None for none.

    Returns
    -------
    Counted | None
        What is counted; None where nothing is: of the system, or while the disk is full.

    Raises
    ------
    ForbiddenError
        If it is too much for reading, and no reason is given or exporting is not permitted.
    DiskFullError
        If it is too much for reading, and the row of the export cannot be written.
    """
    if reader.system:
        return None
    key = (reader.id, what)
    try:
        counted = _count(engine, reader, what, rows, most=most, reason=reason)
        _unwritten.pop(key, None)
    except DiskFullError:
        # who reads in bulk leaves a row, which cannot be written either
        _unwritten[key] += rows
        if _unwritten[key] > most:
            raise
        return None
    return counted


def _count(
    engine: Engine, reader: Principal, what: str, rows: int, *, most: int, reason: str | None
) -> Counted:
    with transaction.open_as(engine, reader) as connection:
        read = stored.count_rows(connection, reader.id, what, rows)
        if read.rows <= most or read.register is not None:
            return Counted(read.rows, read.hour, read.register is not None)
        if not reason or not reader.may("export"):
            raise ForbiddenError("outgoing.bulk", what=what, found=read.rows, most=most)
        number = insert_export(
            connection, reader, what=what, form="read", rows=read.rows, reason=reason
        )
        stored.mark_registered(connection, reader.id, what, read.hour, number)
        return Counted(read.rows, read.hour, True)


@dataclass(frozen=True)
class Layer:
    """A layer that a page shows at once: its name, the part of it ("" all), and how many rows."""

    name: str
    part: str
    rows: int


def within_bulk_limit(engine: Engine, reader: Principal, layer: Layer, *, most: int) -> bool:
    """Return whether a layer may be shown without a reason; nothing is counted.

    Parameters
    ----------
    layer
        Layer with the number of its rows.
    most
        Rows an hour without a reason.
    """
    if reader.system or layer.rows == 0:
        return True
    with transaction.open_as(engine, reader) as connection:
        return _fits(connection, reader, layer, most)


def count_shown_layer(
    engine: Engine, reader: Principal, layer: Layer, *, most: int, reason: str | None
) -> bool:
    """Count a layer that is shown; return whether it may be shown.

    Beyond the limit, all parts together, it is an export: it needs the permission and a reason, and
    is registered once an hour. The same part shown again counts once, and no part does once the
    whole was shown. While the disk is full this process counts, and nothing beyond the limit is
    shown.

    Parameters
    ----------
    layer
        Layer with its part and the number of its rows.
    most
        Rows an hour without a reason.
    reason
        As given with the request, None for none.
    """
    if reader.system or layer.rows == 0:
        return True
    key = (reader.id, _part_name(layer))
    try:
        done = _show(engine, reader, layer, most=most, reason=reason)
        _unwritten.pop(key, None)
    except DiskFullError:
        _unwritten[key] = max(_unwritten[key], layer.rows)
        parts = (
            n for (who, what), n in _unwritten.items() if who == reader.id and _is(layer, what)
        )
        return sum(parts) <= most
    return done


def _show(
    engine: Engine, reader: Principal, layer: Layer, *, most: int, reason: str | None
) -> bool:
    with transaction.open_as(engine, reader) as connection:
        number = None
        if not _fits(connection, reader, layer, most):
            if not (reason or "").strip() or not reader.may("export"):
                return False
            number = insert_export(
                connection,
                reader,
                what=layer.name,
                form="page",
                rows=layer.rows,
                reason=reason,
                area=layer.part,
            )
        stored.count_shown(connection, reader.id, _part_name(layer), layer.rows, number)
        return True


def _is(layer: Layer, what: str) -> bool:
    return what.startswith(f"{layer.name}/")


def _fits(connection: Connection, reader: Principal, layer: Layer, most: int) -> bool:
    known = stored.shown_rows(connection, reader.id, _part_name(layer), layer.name)
    if known.registered:
        return True
    if not layer.part or known.whole:  # whoever saw the whole has seen its parts
        return bool(max(known.own, layer.rows) <= most)
    return bool(known.others + max(known.own, layer.rows) <= most)


def _part_name(layer: Layer) -> str:
    return f"{layer.name}/{layer.part}"


def watermark_text(
    reader: Principal, reason: str | None, *, timezone: str, lang: str = "zh"
) -> str:
    """Return the text of a watermark: who, of which unit, when, for what.

    The account of the operating system, which the audit names, means nothing to readers of a paper.

    Parameters
    ----------
    reason
        Purpose, None for none.
    timezone
        IANA name, for the time.
    lang
        "zh" or "en".
    """
    holder = say("outgoing.server", lang) if reader.system else reader.holder or reader.account
    who = " ".join(part for part in (holder, reader.unit_name) if part)
    now = f"{datetime.now(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
    return say("outgoing.watermark", lang, who=who, when=now, purpose=reason or "").strip()
