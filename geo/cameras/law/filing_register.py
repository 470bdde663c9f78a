"""Registering a filing: the rows of the sheet that was handed in become what was filed."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine, text

from geo.access.audit import record as audit
from geo.access.principal import Reader
from geo.base import crs as crs_module
from geo.base.errors import InputError, SourceError
from geo.base.words import say
from geo.cameras.rules import filing
from geo.cameras.rules.filing import SNAPSHOT
from geo.files import checks, readers
from geo.files.checks import Intake
from geo.files.checks.cells.cells import text_of
from geo.files.readers import Table
from geo.files.schema.layers import LAYERS
from geo.store import db, frames, tables
from geo.store import import_runs as stored_runs
from geo.store.tables import Change

LAYER: Final = "filings"
_PLACE: Final = ("lon", "lat")
_KNOWN: Final = text("SELECT filed_on FROM govgrid.filing WHERE code = :number")
# What the table's own trigger took from the register gives way to what was handed in.
_BY_SHEET: Final = text("UPDATE govgrid.filing SET sheet_sha256 = :sha256 WHERE code = :number")
_CLEARED: Final = text("DELETE FROM govgrid.filed_camera WHERE filing_code = :number")
_NUMBERED: Final = text(
    "UPDATE govgrid.camera SET filing_no = :number, import_run = :run"
    " WHERE code = ANY(CAST(:codes AS text[])) AND filing_no IS DISTINCT FROM :number"
)
_THERE: Final = text("SELECT count(*) FROM govgrid.camera WHERE code = ANY(CAST(:codes AS text[]))")


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


def register(
    engine: Engine,
    path: Path,
    *,
    number: str,
    filed_on: date,
    who: Reader,
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
    _require(number, filed_on, datetime.now(ZoneInfo(timezone)).date())
    taken = _read(path, crs)
    unit = unit.strip() or _unit(taken)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with db.transaction(engine) as connection:
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
    known = connection.execute(_KNOWN, {"number": number}).scalar_one_or_none()
    if known is not None and filed_on < known:
        raise InputError("filing.earlier", number=number, known=known, found=filed_on)


def _read(path: Path, crs: str | None) -> Intake:
    """Return the rows of a sheet, all of which can be read and have a code."""
    readers.require(path)
    table = _table(path)
    declared = crs_module.parse_crs(crs) if crs else None
    taken = checks.check(table, LAYERS["cameras"], crs=declared)
    bad = [each for each in taken.findings if each.severity == "error"]
    if bad:
        first, count = bad[0], len({each.row for each in bad})
        facts = {"row": first.row, "column": first.column, "file": path.name}
        raise InputError("filing.sheet_rows", count=count, **facts)
    if taken.rows.empty:
        raise InputError("filing.sheet_empty", file=path.name)
    _require_codes(table, taken)
    return taken


def _table(path: Path) -> Table:
    try:
        return readers.read(path, sheet=say("filing_sheet.cameras", "zh"))
    except SourceError as error:
        if error.key != "source.sheet":
            raise
        return readers.read(path)


def _require_codes(table: Table, taken: Intake) -> None:
    column = taken.mapping.get("code")
    for row in taken.rows.index:
        if column is None or not text_of(table.rows.at[row, column]).strip():
            raise InputError("filing.sheet_code", row=row)


def _unit(taken: Intake) -> str:
    named = sorted({str(unit) for unit in taken.rows["management_unit"] if unit})
    if len(named) != 1:
        found = "、".join(named) or say("filing.none", "zh")
        raise InputError("filing.sheet_units", count=len(named), found=found)
    return named[0]


def _written(
    connection: Connection,
    taken: Intake,
    source: str,
    sha256: str,
    number: str,
    unit: str,
    filed_on: date,
    who: Reader,
) -> Registered:
    codes = taken.rows["code"].tolist()
    options = {"number": number, "filed_on": filed_on.isoformat(), "unit": unit}
    row = {"layer": LAYER, "source": source, "file_sha256": sha256, "options": options}
    run = stored_runs.begin(connection, {**row, "by_whom": who.account})
    asked = {"number": number, "sha256": sha256, "codes": codes, "run": run}
    stored_runs.remember(connection, run)
    head = {"code": number, "unit_name": unit, "filed_on": filed_on, "sheet_sha256": sha256}
    done = tables.upsert(connection, "filing", pd.DataFrame([head]), run=run)
    connection.execute(_BY_SHEET, asked)
    connection.execute(_CLEARED, asked)
    frames.copy_in(connection, "filed_camera", _snapshots(taken, number))
    connection.execute(_NUMBERED, asked)
    stored_runs.remember(connection, None)
    stored_runs.finish(connection, run, _change(done), read=len(codes), quarantined=0)
    unknown = len(codes) - int(connection.execute(_THERE, asked).scalar_one())
    return Registered(number, unit, filed_on, len(codes), unknown, run)


def _change(done: Change) -> Change:
    """Return a filing that was known as updated, whatever of its head stayed."""
    return Change(done.inserted, done.updated + done.unchanged)


def _snapshots(taken: Intake, number: str) -> pd.DataFrame:
    rows = taken.rows
    stated = [name for name in SNAPSHOT if name in taken.mapping and name not in _PLACE]
    cells: dict[str, Any] = {name: rows[name] for name in stated}
    cells |= {"lon": rows.geometry.x, "lat": rows.geometry.y}
    states = pd.DataFrame(cells, dtype=object).to_dict("records")
    snapshots = [filing.snapshot({str(n): v for n, v in row.items()}) for row in states]
    return pd.DataFrame(
        {
            "filing_code": number,
            "camera_code": rows["code"].to_numpy(),
            "snapshot": pd.Series(snapshots, dtype=object).to_numpy(),
        }
    )
