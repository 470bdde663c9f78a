"""Filing sheet: what a unit declares about its cameras (Decree 799, Art. 14), as a workbook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.base import clock
from geo.base.errors import ForbiddenError, NotFoundError
from geo.cameras.law import filing_units

if TYPE_CHECKING:
    from geo.cameras.law.filing_book import Facts

WHAT: Final = "filing-sheet"
SHOWN_UNITS: Final = 8


@dataclass(frozen=True)
class FilingSheet:
    """The sheet of one unit: the workbook, and how many cameras, blanks and changes it holds."""

    unit: str
    content: bytes
    cameras: int
    lacking: int
    changes: int


def managing_units(engine: Engine, reader: Principal) -> list[str]:
    """Return the managing units of the cameras in use that a principal may see.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    """
    with transaction.open_read_only(engine, reader) as connection:
        return filing_units.list_units(connection, reader)


def make_sheet(
    engine: Engine, reader: Principal, unit: str, *, reason: str | None, timezone: str
) -> FilingSheet:
    """Return the filing sheet of a managing unit; the export is registered before.

    Sheets 基本信息 (the unit), 采集设备 (a row per camera, which ``compliance filed`` reads
    back), 变更 where it was filed before, 待补 with missing values; blanks are yellow. For a
    principal limited to some areas it holds the cameras there, and says so.

    Parameters
    ----------
    reader
        Needs the permission to export, and exact positions.
    unit
        Name of the unit.
    reason
        Purpose; None only for the system.
    timezone
        IANA name, for times.

    Raises
    ------
    ForbiddenError
        If the reader may not export, or sees no exact positions.
    NotFoundError
        If no camera in use that the reader may see is managed by that unit.
    InputError
        If there is no reason.
    """
    _require(reader)
    asked = unit.strip()
    with transaction.open_read_only(engine, reader) as connection:
        if not filing_units.is_managing_unit(connection, reader, asked):
            raise _unknown(asked, filing_units.list_units(connection, reader))
        from geo.cameras.law import filing_book

        found = filing_book.unit_facts(connection, reader, [asked])[0]
    return _made(engine, reader, found, reason, timezone)


def make_sheets(
    engine: Engine, reader: Principal, *, reason: str | None, timezone: str
) -> Iterable[FilingSheet]:
    """Yield the sheets of all managing units, each registered as an export; see :func:`make_sheet`.

    Parameters
    ----------
    reader
        Needs the permission to export, and exact positions.
    reason
        Purpose; None only for the system.
    timezone
        IANA name, for times.

    Raises
    ------
    ForbiddenError, InputError
        As :func:`make_sheet`.
    NotFoundError
        If no camera that the reader may see has a managing unit.
    """
    _require(reader)
    with transaction.open_read_only(engine, reader) as connection:
        units = filing_units.list_units(connection, reader)
        if not units:
            raise NotFoundError("filing.no_units")
        from geo.cameras.law import filing_book

        facts = filing_book.unit_facts(connection, reader, units)
    for found in facts:
        yield _made(engine, reader, found, reason, timezone)


def _require(reader: Principal) -> None:
    reader.require("export")
    reader.require_depth("position")
    if not depth_no(reader.exact().depth):
        raise ForbiddenError("filing.exact_only", account=reader.account)


def _unknown(unit: str, units: list[str]) -> NotFoundError:
    named = "、".join(units[:SHOWN_UNITS]) + ("…" if len(units) > SHOWN_UNITS else "")
    return NotFoundError("filing.unit_unknown", unit=unit, known=named or "—")


def _made(
    engine: Engine, reader: Principal, found: Facts, reason: str | None, timezone: str
) -> FilingSheet:
    from geo.cameras.law import filing_book

    with transaction.open_as(engine, reader) as connection:
        export_log.insert_export(
            connection, reader, what=WHAT, form="xlsx", rows=len(found.cameras), reason=reason
        )
    today = clock.today(timezone).isoformat()
    mark = export_log.watermark_text(reader, reason, timezone=timezone)
    content, lacking = filing_book.make_filing_book(found, today=today, mark=mark)
    return FilingSheet(found.unit, content, len(found.cameras), lacking, len(found.changes))
