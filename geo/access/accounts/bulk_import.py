"""Accounts from a table: all of its rows or none, for the centres of a whole district at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from sqlalchemy import Connection, Engine

from geo.access import passwords, transaction
from geo.access.accounts import accounts, grants, managed, separation_of_duties
from geo.access.accounts.accounts import NewAccount
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.roles import CLASSES, DEPTHS, PERMISSIONS
from geo.access.store import accounts as stored
from geo.base.errors import ForbiddenError, GovgridError, InputError
from geo.base.words import LANGUAGES, say
from geo.files import writers
from geo.files.readers import secret_markings

COLUMNS: Final = (
    *("name", "kind", "holder", "unit_code", "unit_name", "role", "area", "classes", "depth"),
    "until",
)
MOST_ROWS: Final = 5000
GRANTING: Final = ("role", "area", "classes", "depth", "until")
_CHOICES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "kind": ("account_kind", accounts.KINDS),
    "role": ("role", tuple(PERMISSIONS)),
    "depth": ("depth", DEPTHS),
    "classes": ("owner_kind", CLASSES),
}


@dataclass(frozen=True)
class Done:
    """How many accounts were made, changed and left as they were, and how many grants given."""

    made: int = 0
    changed: int = 0
    kept: int = 0
    grants: int = 0


@dataclass(frozen=True)
class Row:
    """One row of the table: its number in the sheet, and its values as they are stored."""

    no: int
    values: dict[str, Any]


def bring_in(
    engine: Engine,
    reader: Principal,
    path: Path,
    *,
    passwords: Path | None = None,
    check: bool = False,
) -> Done:
    """Make the accounts of a table and give their grants: all of it, or nothing.

    An account that is there already gets the table's holder and unit, and the grant; its password
    stays. An account may stand in several rows, one for each grant.

    Parameters
    ----------
    passwords
        The workbook to be written with the one-time passwords of new accounts, for its owner alone.
    check
        Only find out what would be done.

    Raises
    ------
    InputError
        With every row that cannot be used: row, column, what was found and expected.
    ForbiddenError
        If the reader makes no accounts, or the table grants roles and the reader gives none.
    """
    if passwords is not None and passwords.exists():
        raise InputError("account_list.exists", file=passwords)
    rows = _read(path)
    _require_allowed(reader, rows)
    new = _new_passwords(engine, reader, rows)
    if new and passwords is None and not check:
        raise InputError("account_list.no_file", count=len(new))
    with transaction.open_as(engine, reader, keep=not check) as connection:
        separation_of_duties.lock_duties(connection)
        done = _written(connection, reader, rows, new)
        audit.record(connection, reader, "account.import", path.name, facts=vars(done))
        # written before the accounts are kept: whoever cannot have the file has no account either
        if passwords is not None and new and not check:
            _write_passwords(passwords, rows, new)
    return done


def write_template(out: Path) -> None:
    """Write an empty table with its header, an example and the allowed words."""
    writers.require_writable(out)
    import pandas as pd

    head = [say(f"account_list.{name}", "zh") for name in COLUMNS]
    example = [
        "wangge.01",
        "个人",
        "张三",
        "",
        "示例街道综治中心",
        "受理员",
        "340802001",
        "",
        "",
        "",
    ]
    words = {
        say(f"account_list.{name}", "zh"): pd.Series(
            [say(f"{section}.{each}", "zh") for each in known], dtype=object
        )
        for name, (section, known) in _CHOICES.items()
    }
    sheets = {
        say("account_list.sheet", "zh"): pd.DataFrame([example], columns=head, dtype=object),
        say("account_list.words", "zh"): pd.DataFrame(words),
    }
    writers.write_workbook(sheets, out)


def _read(path: Path) -> list[Row]:
    """Return the rows of a table.

    Raises
    ------
    InputError
        If it cannot be read, lacks the column of names, or holds what no account can be.
    """
    if path.is_file():
        secret_markings.require_unmarked(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise InputError("account_list.unreadable", file=path) from error
    sheet = book.worksheets[0]
    lines = list(sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2))
    book.close()
    columns = _columns(lines[0] if lines else (), path)
    faults: list[str] = []
    rows = []
    for no, line in enumerate(lines[1:], start=2):
        cells = {name: _cell(line, at) for name, at in columns.items()}
        if any(cells.values()):
            rows.append(Row(no, _checked(no, cells, faults)))
    _require_whole(path, rows, faults)
    return rows


def _columns(head: tuple[Any, ...], path: Path) -> dict[str, int]:
    """Return at which place each known column stands, by its Chinese, English or own name."""
    names = {
        say(f"account_list.{name}", lang).lower(): name for name in COLUMNS for lang in LANGUAGES
    } | {name: name for name in COLUMNS}
    titles = [str(title or "").strip().lower() for title in head]
    found = {names[title]: at for at, title in enumerate(titles) if title in names}
    if "name" not in found:
        column = say("account_list.name", "zh")
        raise InputError("account_list.no_column", file=path, column=column)
    return found


def _cell(line: tuple[Any, ...], at: int) -> str:
    value = line[at] if at < len(line) else None
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return audit.one_line(str(value)).strip() if value is not None else ""


def _checked(no: int, cells: dict[str, str], faults: list[str]) -> dict[str, Any]:
    """Return the values of a row as they are stored; what cannot be goes to `faults`."""
    found: dict[str, Any] = {}
    readers: dict[str, Callable[[str], Any]] = {
        "name": accounts.checked_name,
        "kind": lambda word: _choice("kind", word) or "person",
        "role": lambda word: _choice("role", word),
        "depth": lambda word: _choice("depth", word),
        "classes": _classes,
        "until": _day,
    }
    for name in COLUMNS:
        word = cells.get(name, "")
        try:
            found[name] = readers.get(name, _word)(word)
        except InputError as error:
            column = say(f"account_list.{name}", "zh")
            faults.append(
                say("account_list.fault", "zh", row=no, column=column, reason=error.text("zh"))
            )
    if not found.get("role") and any(found.get(name) for name in GRANTING):
        faults.append(say("account_list.no_role", "zh", row=no))
    return found


def _require_whole(path: Path, rows: list[Row], faults: list[str]) -> None:
    if faults:
        shown = "\n".join(faults[:20])
        raise InputError("account_list.faults", file=path, count=len(faults), faults=shown)
    if not rows:
        raise InputError("account_list.empty", file=path)
    if len(rows) > MOST_ROWS:
        raise InputError("account_list.many", file=path, most=MOST_ROWS)


def _word(word: str) -> str | None:
    return word or None


def _choice(column: str, word: str) -> str | None:
    """Return which of the known words is meant, in either language or by its own name."""
    if not word:
        return None
    section, known = _CHOICES[column]
    for each in known:
        if word.lower() in {each, *(say(f"{section}.{each}", lang).lower() for lang in LANGUAGES)}:
            return each
    names = "、".join(say(f"{section}.{each}", "zh") for each in known)
    raise InputError("account_list.choice", found=word, known=names)


def _classes(written: str) -> list[str] | None:
    words = [word for word in written.replace("、", ",").replace("，", ",").split(",") if word]
    return [str(_choice("classes", word.strip())) for word in words] or None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise InputError("page_grants.date_wrong", found=written) from error


def _require_allowed(reader: Principal, rows: list[Row]) -> None:
    managed.require_manager(reader)
    if not reader.may("grants") and any(row.values["role"] for row in rows):
        raise ForbiddenError("account_list.no_grants", account=reader.account)


def _new_passwords(engine: Engine, reader: Principal, rows: list[Row]) -> dict[str, str]:
    """Return a one-time password for each account of the table that is not there yet."""
    names = [row.values["name"] for row in rows]
    with transaction.open_as(engine, reader) as connection:
        known = {row["name"] for row in stored.find_accounts(connection, names)}
    return {
        row.values["name"]: passwords.one_time()
        for row in rows
        if row.values["name"] not in known and row.values["kind"] != "service"
    }


def _written(
    connection: Connection, reader: Principal, rows: list[Row], new: dict[str, str]
) -> Done:
    """Write all rows in one transaction; the first that cannot be undoes them all."""
    done, seen = Done(), set[str]()
    for row in rows:
        try:
            if row.values["name"] not in seen:
                done = _account(connection, reader, row.values, new, done)
                seen.add(row.values["name"])
            if row.values["role"]:
                _grant(connection, reader, row.values)
                done = replace(done, grants=done.grants + 1)
        except GovgridError as error:
            reason = error.text("zh")
            raise InputError("account_list.row", row=row.no, reason=reason) from error
    return done


def _account(
    connection: Connection,
    reader: Principal,
    values: dict[str, Any],
    new: dict[str, str],
    done: Done,
) -> Done:
    row = stored.find_account(connection, values["name"])
    whose = {
        "holder": values["holder"] or "",
        "unit_code": values["unit_code"],
        "unit_name": values["unit_name"] or "",
    }
    if row is None:
        password = new.get(values["name"])
        kept = passwords.hash_password(password) if password else None
        made = NewAccount(values["name"], values["kind"], **whose, kept=kept, by=reader.account)
        accounts.insert_account(connection, made)
        audit.record(connection, reader, "account.add", values["name"])
        return replace(done, made=done.made + 1)
    if all(row[name] == value for name, value in whose.items()):
        return replace(done, kept=done.kept + 1)
    separation_of_duties.require_apart(connection, reader, str(row["id"]), values["name"])
    stored.replace_holder(connection, row["id"], whose)
    audit.record(connection, reader, "account.change", values["name"])
    return replace(done, changed=done.changed + 1)


def _grant(connection: Connection, reader: Principal, values: dict[str, Any]) -> None:
    grants.insert_grant(
        connection,
        reader,
        values["name"],
        values["role"],
        values["area"],
        classes=values["classes"],
        depth=values["depth"],
        until=values["until"],
    )


def _write_passwords(out: Path, rows: list[Row], new: dict[str, str]) -> None:
    """Write the one-time passwords for their owner alone to read."""
    import pandas as pd

    whose = {row.values["name"]: row.values for row in rows}
    table = pd.DataFrame(
        [
            (name, whose[name]["holder"] or "", whose[name]["unit_name"] or "", password)
            for name, password in new.items()
        ],
        columns=[
            *(say(f"account_list.{name}", "zh") for name in ("name", "holder", "unit_name")),
            say("account_list.password", "zh"),
        ],
        dtype=object,
    )
    before = os.umask(0o077)
    try:
        writers.write_workbook({say("account_list.sheet", "zh"): table}, out)
    finally:
        os.umask(before)
    out.chmod(0o600)
