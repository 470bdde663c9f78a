"""What leaves the system: files, maps, bulk reads, each with a reason and a row of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from geo.errors import ForbiddenError, InputError
from geo.services import access, audit
from geo.services.access import Reader

MOST_REASON: Final = 500
_WRITE = text(
    "INSERT INTO govgrid.export_register"
    " (account, account_name, holder, unit_name, what, form, area, rows, reason, coarsened)"
    " VALUES (:account, :name, :holder, :unit, :what, :form, :area, :rows, :reason, :coarsened)"
    " RETURNING id"
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


def registered(
    connection: Connection,
    reader: Reader,
    *,
    what: str,
    form: str,
    rows: int,
    reason: str | None,
    area: str = "",
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

    Raises
    ------
    ForbiddenError
        If the reader may not export.
    InputError
        If there is no reason; see :func:`reason_of`.
    """
    reader.require("export")
    facts: dict[str, Any] = {"form": form, "area": area, "rows": rows}
    why = reason_of(reader, reason)
    coarsened = reader.decimals is not None
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


def register(
    engine: Engine,
    reader: Reader,
    out: Path,
    *,
    what: str,
    rows: int,
    reason: str | None,
    area: str = "",
) -> str:
    """Write the row of a file that will be written to `out`; see :func:`registered`."""
    form = out.suffix.lstrip(".").lower()
    with access.opened(engine, reader) as connection:
        return registered(
            connection, reader, what=what, form=form, rows=rows, reason=reason, area=area
        )


def mark_of(reader: Reader, reason: str, moment: str) -> Mapping[str, str]:
    """Return what a watermark says: who, of which unit, when, what for."""
    who = " ".join(part for part in (reader.holder or reader.account, reader.unit_name) if part)
    return {"who": who, "when": moment, "purpose": reason}


def require_exact(reader: Reader) -> None:
    """Refuse who has rounded coordinates only: for files that make no sense with such.

    Raises
    ------
    ForbiddenError
        If the reader's coordinates are rounded.
    """
    if reader.decimals is not None:
        raise ForbiddenError("outgoing.coarse")
