"""What leaves the system: files, maps, bulk reads, each with a reason and a row of its own."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Reader
from geo.base.errors import DiskFullError, ForbiddenError, InputError
from geo.base.words import say

MOST_REASON: Final = 500
_WRITE = text(
    "INSERT INTO govgrid.export_register"
    " (account, account_name, holder, unit_name, what, form, area, rows, reason, coarsened)"
    " VALUES (:account, :name, :holder, :unit, :what, :form, :area, :rows, :reason, :coarsened)"
    " RETURNING id"
)

_COUNT = text(
    "INSERT INTO govgrid.bulk_read AS b (account, what, hour, rows)"
    " VALUES (:account, :what, date_trunc('hour', now()), :rows)"
    " ON CONFLICT (account, what, hour) DO UPDATE SET rows = b.rows + :rows"
    " RETURNING rows, hour, register"
)
_unwritten: Counter[tuple[str | None, str]] = Counter()
"""Rows read since the disk is full, as this process has seen it, by account and what."""
_EXPORTED = text(
    "UPDATE govgrid.bulk_read SET register = :number"
    " WHERE account = :account AND what = :what AND hour = :hour"
)
# A page shown again says nothing new: of each part of what is shown the largest number counts.
_SHOWN = text(
    "SELECT coalesce(sum(rows) FILTER (WHERE what NOT IN (:what, :layer || '/')), 0) AS others,"
    " coalesce(max(rows) FILTER (WHERE what = :what), 0) AS own,"
    " coalesce(bool_or(what = :layer || '/'), false) AS whole,"
    " coalesce(bool_or(register IS NOT NULL), false) AS registered FROM govgrid.bulk_read"
    " WHERE account = :account AND hour = date_trunc('hour', now())"
    " AND starts_with(what, :layer || '/')"
)
_SHOW = text(
    "INSERT INTO govgrid.bulk_read AS b (account, what, hour, rows, register)"
    " VALUES (:account, :what, date_trunc('hour', now()), :rows, :number)"
    " ON CONFLICT (account, what, hour) DO UPDATE SET rows = greatest(b.rows, excluded.rows),"
    " register = coalesce(b.register, excluded.register)"
)


def reason_of(reader: Reader, given: str | None) -> str:
    """Return why `reader` takes something out; only the system itself needs to say none.

    Raises
    ------
    InputError
        If an account gives no reason, or one that is no sentence but a text of its own.
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
    reader: Reader,
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
    number = str(connection.execute(_WRITE, row).scalar_one())
    audit.record(connection, reader, "export", what, facts={**facts, "register": number}, note=why)
    return number


def register_file(
    engine: Engine,
    reader: Reader,
    out: Path,
    *,
    what: str,
    rows: int,
    reason: str | None,
    area: str = "",
    action: str = "export",
) -> str:
    """Write the row of a file that will be written to `out`; see :func:`insert_export`."""
    facts: dict[str, Any] = {"form": out.suffix.lstrip(".").lower(), "area": area, "rows": rows}
    with transaction.open_as(engine, reader) as connection:
        return insert_export(connection, reader, what=what, reason=reason, action=action, **facts)


def count_bulk_read(
    engine: Engine, reader: Reader, what: str, rows: int, *, most: int, reason: str | None
) -> None:
    """Count what an account reads; beyond `most` rows an hour it is an export, and registered once.

    Raises
    ------
    ForbiddenError
        If it is too much for reading, and no reason is given or exporting is not permitted.
    DiskFullError
        If it is too much for reading, and the row of the export cannot be written.
    """
    if reader.system:
        return
    key = (reader.id, what)
    try:
        _count(engine, reader, what, rows, most=most, reason=reason)
        _unwritten.pop(key, None)
    except DiskFullError:
        # who reads in bulk leaves a row, which cannot be written either
        _unwritten[key] += rows
        if _unwritten[key] > most:
            raise


def _count(
    engine: Engine, reader: Reader, what: str, rows: int, *, most: int, reason: str | None
) -> None:
    with transaction.open_as(engine, reader) as connection:
        read = connection.execute(_COUNT, {"account": reader.id, "what": what, "rows": rows}).one()
        if read.rows <= most or read.register is not None:
            return
        if not reason or not reader.may("export"):
            raise ForbiddenError("outgoing.bulk", what=what, found=read.rows, most=most)
        number = insert_export(
            connection, reader, what=what, form="read", rows=read.rows, reason=reason
        )
        connection.execute(
            _EXPORTED, {"account": reader.id, "what": what, "hour": read.hour, "number": number}
        )


@dataclass(frozen=True)
class Layer:
    """A layer that a page shows at once: its name, the part of it ("" all), and how many rows."""

    name: str
    part: str
    rows: int


def within_bulk_limit(engine: Engine, reader: Reader, layer: Layer, *, most: int) -> bool:
    """Return whether a layer may be shown without a reason; nothing is counted."""
    if reader.system or layer.rows == 0:
        return True
    with transaction.open_as(engine, reader) as connection:
        return _fits(connection, reader, layer, most)


def count_shown_layer(
    engine: Engine, reader: Reader, layer: Layer, *, most: int, reason: str | None
) -> bool:
    """Count a layer that is shown, and return whether it may be.

    Beyond `most` rows an hour, all parts together, it is an export: it needs the permission and a
    reason, and is registered once an hour. The same part shown again counts once, and no part does
    once the whole was shown. While the disk is full this process counts, and nothing beyond `most`
    is shown.
    """
    if reader.system or layer.rows == 0:
        return True
    key = (reader.id, f"{layer.name}/{layer.part}")
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


def _show(engine: Engine, reader: Reader, layer: Layer, *, most: int, reason: str | None) -> bool:
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
        counted_ = {"rows": layer.rows, "number": number}
        connection.execute(_SHOW, {**_of(reader, layer), **counted_})
        return True


def _is(layer: Layer, what: str) -> bool:
    return what.startswith(f"{layer.name}/")


def _fits(connection: Connection, reader: Reader, layer: Layer, most: int) -> bool:
    known = connection.execute(_SHOWN, {**_of(reader, layer), "layer": layer.name}).one()
    if known.registered:
        return True
    if not layer.part or known.whole:  # whoever saw the whole has seen its parts
        return bool(max(known.own, layer.rows) <= most)
    return bool(known.others + max(known.own, layer.rows) <= most)


def _of(reader: Reader, layer: Layer) -> dict[str, Any]:
    return {"account": reader.id, "what": f"{layer.name}/{layer.part}"}


def watermark_text(reader: Reader, reason: str | None, *, timezone: str, lang: str = "zh") -> str:
    """Return what the watermark of this moment says: who, of which unit, when, what for.

    The account of the operating system, which the audit names, means nothing to who reads a paper.
    """
    holder = say("outgoing.server", lang) if reader.system else reader.holder or reader.account
    who = " ".join(part for part in (holder, reader.unit_name) if part)
    now = f"{datetime.now(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
    return say("outgoing.watermark", lang, who=who, when=now, purpose=reason or "").strip()
