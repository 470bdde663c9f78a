"""Registering a filing: the rows of the sheet that was handed in become what was filed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine

from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.crs import parse_crs
from geo.base.errors import InputError
from geo.cameras.store import codes as stored_codes
from geo.cameras.store import filings as stored
from geo.files import readers
from geo.store import db
from geo.store import import_runs as stored_runs
from geo.store.tables import Change

if TYPE_CHECKING:
    from geo.files.checks.checked_rows import CheckedRows

LAYER: Final = "filings"


@dataclass(frozen=True)
class Registered:
    """What was registered: how many cameras, how many of them `unknown` to the register.

    `run` is the import run as which it can be undone.
    """

    number: str
    unit: str
    filed_on: date
    cameras: int
    unknown: int
    run: int


def register_filing(
    engine: Engine,
    path: Path,
    *,
    number: str,
    filed_on: date,
    who: Principal,
    timezone: str,
    unit: str = "",
    crs: str | None = None,
) -> Registered:
    """Register that a sheet was filed under a number; what changes later is held against it.

    The cameras of the sheet get the number; a filing of the same number is replaced. All of it is
    one import run, which can be undone.

    Parameters
    ----------
    path
        A sheet of :mod:`geo.cameras.law.filing_sheet`, or a table with a row a camera and its code,
        name, longitude and latitude. Of a column that it lacks nothing was filed.
    unit
        Who filed; "": as the sheet says.
    crs
        Of the positions, where no column of the sheet tells it.

    Raises
    ------
    ForbiddenError
        If `who` may not bring files in.
    InputError
        If the number is blank, the day lies in the future or before that of the filing which this
        one replaces, or the sheet is empty, names several units or holds rows that cannot be read.
    """
    who.require("import")
    number = number.strip()
    _require(number, filed_on, clock.today(timezone))
    readers.require_readable(path)
    declared = parse_crs(crs) if crs else None
    from geo.cameras.law import filed_sheet

    taken = filed_sheet.read_sheet(path, declared)
    unit = unit.strip() or filed_sheet.unit_of(taken)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with db.open_transaction(engine) as connection:
        db.take_turn(connection, db.IMPORTING)
        _require_newer(connection, number, filed_on)
        done = _written(connection, taken, path.name, sha256, number, unit, filed_on, who)
        facts = {"unit": unit, "on": filed_on, "sha256": sha256, "cameras": done.cameras}
        facts |= {"unknown": done.unknown, "run": done.run}
        audit.record(connection, who, "filing.register", number, facts=facts)
    return done


def _require(number: str, filed_on: date, today: date) -> None:
    if not number:
        raise InputError("filing.number_blank")
    if filed_on > today:
        raise InputError("filing.future", found=filed_on, today=today)


def _require_newer(connection: Connection, number: str, filed_on: date) -> None:
    known = stored.filing_day(connection, number)
    if known is not None and filed_on < known:
        raise InputError("filing.earlier", number=number, known=known, found=filed_on)


def _written(
    connection: Connection,
    taken: CheckedRows,
    source: str,
    sha256: str,
    number: str,
    unit: str,
    filed_on: date,
    who: Principal,
) -> Registered:
    from geo.cameras.law import filed_sheet

    codes = taken.rows["code"].tolist()
    options = {"number": number, "filed_on": filed_on.isoformat(), "unit": unit}
    row = {"layer": LAYER, "source": source, "file_sha256": sha256, "options": options}
    run = stored_runs.insert_run(connection, {**row, "by_whom": who.account})
    stored_runs.remember_changes(connection, run)
    head = {"code": number, "unit_name": unit, "filed_on": filed_on, "sheet_sha256": sha256}
    snapshots = filed_sheet.sheet_snapshots(taken, number)
    done = stored.write_filing(connection, head, snapshots, run=run)
    stored_runs.remember_changes(connection, None)
    stored_runs.finish_run(connection, run, _change(done), read=len(codes), quarantined=0)
    unknown = len(codes) - len(stored_codes.known_codes(connection, codes))
    return Registered(number, unit, filed_on, len(codes), unknown, run)


def _change(done: Change) -> Change:
    """Return a filing that was known as updated, whatever of its head stayed."""
    return Change(done.inserted, done.updated + done.unchanged)
