"""Workbook of a filing sheet: facts about a unit and its cameras, in the form for the police."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
from openpyxl.styles import PatternFill
from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.base.words import say
from geo.cameras.law import filing as filings
from geo.cameras.rules import filing
from geo.cameras.rules.filing import CAMERA
from geo.cameras.store import filings as stored
from geo.files import writers
from geo.files.schema.view_format import cells_of_views

COLUMNS: Final = (
    *("no", "code", "name", "lon", "lat", "crs", "address", "owner_kind", "point_class", "form"),
    *("mount_height_m", "heading_deg", "hfov_deg", "range_m", "retention_days", "installed_on"),
    *("management_unit", "filing_no"),
)
REQUIRED: Final = ("name", "address", "form", "retention_days", "installed_on")
"""What the police want of each camera beside its place: kind, retention, since when it works."""

MOST_NUMBERS: Final = 3  # in the head: those of all cameras stand with them
CHANGES: Final = ("code", "filing_no", "filed_on", "field", "filed", "now")
_YELLOW: Final = PatternFill("solid", fgColor="FFFF00")


@dataclass(frozen=True)
class Facts:
    """Facts about a unit: its cameras, what changed, and the entries of the first sheet."""

    unit: str
    cameras: pd.DataFrame
    changes: pd.DataFrame
    districts: str
    phone: str
    partial: bool


def unit_facts(connection: Connection, reader: Principal, units: Sequence[str]) -> list[Facts]:
    """Return the facts about units, all read in one transaction.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    reader
        Principal whose grants apply.
    units
        Names of managing units.
    """
    changes = filings.with_units(connection, reader)
    return [_facts(connection, reader, unit, changes) for unit in units]


def make_filing_book(found: Facts, *, today: str, mark: str) -> tuple[bytes, int]:
    """Return the workbook of a unit, and how much is blank in it that the law wants.

    Parameters
    ----------
    today
        The day that stands at its head.
    mark
        Who takes it out and what for, at the foot of each printed sheet.
    """
    head, cameras = _head(found, today), _cameras(found.cameras)
    tables = {
        _title("head"): _named(head, "filing_sheet"),
        _title("cameras"): _named(cameras, "filing_column"),
    }
    if found.cameras["filed"].any() or len(found.changes):
        tables[_title("changes")] = _named(_changes(found.changes), "filing_column")
    tables[_title("lacking")] = _named(_lacking(head, cameras), "filing_column")
    count = int(cameras[list(REQUIRED)].isna().to_numpy().sum() + head["content"].isna().sum())
    return _book(tables, mark), count


def _facts(connection: Connection, reader: Principal, unit: str, changes: pd.DataFrame) -> Facts:
    cameras = stored.cameras_of_unit(connection, unit, reader.parameters)
    codes = cameras["code"].tolist()
    phones = stored.office_phones(connection, unit)
    own = cameras["duty_phone"].dropna().unique().tolist()
    return Facts(
        unit,
        _with_sight(cameras, stored.views_of(connection, codes)),
        changes[changes["unit"] == unit],
        "、".join(stored.districts_of(connection, codes)),
        "、".join(map(str, phones or own)) if len(phones or own) == 1 else "",
        not reader.everything,
    )


def _with_sight(cameras: pd.DataFrame, views: pd.DataFrame) -> pd.DataFrame:
    """Give cameras the headings of all their views, where the reader sees so deep."""
    deep = cameras.loc[cameras["depth"] >= depth_no("direction"), "code"]
    seen = views[views["camera_code"].isin(deep)]
    ranges = seen.groupby("camera_code")["range_m"].max()
    cells = cells_of_views(seen).assign(range_m=ranges)
    return cameras.join(cells, on="code")


def _head(found: Facts, today: str) -> pd.DataFrame:
    """Return what stands at the head; None where the unit itself has to fill it in."""
    cameras = found.cameras
    filed = cameras["filing_no"].dropna().unique()
    cells: dict[str, str | None] = {
        "form": _say("filing.title"),
        "unit": found.unit,
        "credit_code": None,
        "unit_address": None,
        "phone": found.phone or None,
        "district": found.districts or None,
        "made_on": today,
        "devices": _say("filing.count", count=len(cameras)),
        "kinds": _kinds(cameras["form"]),
        "retention": _retention(cameras["retention_days"].dropna()),
        "in_use_since": _first(cameras["installed_on"].dropna()),
    }
    if len(filed):
        cells["filings"] = _numbers(sorted(map(str, filed)))
    if found.partial:
        cells["scope"] = _say("filing.partial")
    items = [_say(f"filing_head.{name}") for name in cells]
    return pd.DataFrame({"item": items, "content": list(cells.values())}, dtype=object)


def _numbers(filed: Sequence[str]) -> str:
    """Return filing numbers; where a line cannot hold them, the first and how many there are."""
    first = "、".join(filed[:MOST_NUMBERS])
    if len(filed) <= MOST_NUMBERS:
        return first
    return _say("filing.numbers", first=first, count=len(filed))


def _kinds(forms: pd.Series) -> str:
    counts = forms.fillna("").value_counts()
    return "、".join(
        (filing.spell_value("form", str(form)) or _say("filing.none"))
        + " "
        + _say("filing.count", count=count)
        for form, count in counts.items()
    )


def _retention(days: pd.Series) -> str | None:
    if days.empty:
        return None
    low, high = int(days.min()), int(days.max())
    if low == high:
        return _say("filing.days", days=low)
    return _say("filing.days_between", low=low, high=high)


def _first(days: pd.Series) -> str | None:
    return None if days.empty else str(days.min())


def _cameras(found: pd.DataFrame) -> pd.DataFrame:
    table = found.assign(no=range(1, len(found) + 1), crs="WGS-84")[list(COLUMNS)].astype(object)
    table = table.where(table.notna() & (table != ""), None)
    for name in ("owner_kind", "form", "point_class"):
        table[name] = [filing.spell_value(name, value) or None for value in table[name]]
    whole = table["retention_days"].map(lambda days: None if days is None else int(days))
    return table.assign(retention_days=whole.astype(object).where(whole.notna(), None))


def _changes(found: pd.DataFrame) -> pd.DataFrame:
    rows = found.rename(columns={"camera_code": "code", "filing_code": "filing_no"})
    table = rows[list(CHANGES)].astype(object).reset_index(drop=True)
    whole = table["field"] == CAMERA
    for side, word in (("filed", "filing.come"), ("now", "filing.gone")):
        blank = [_say(word) if of_camera else _say("filing.none") for of_camera in whole]
        cells = zip(table["field"], table[side], blank, strict=True)
        table[side] = [filing.spell_value(field, value) or other for field, value, other in cells]
    table["field"] = [_say(f"filing_field.{field}") for field in table["field"]]
    return table


def _lacking(head: pd.DataFrame, cameras: pd.DataFrame) -> pd.DataFrame:
    """Return what is blank though the law wants it: of the unit first, then camera by camera."""
    of_unit = head.loc[head["content"].isna(), "item"]
    rows = [(_title("head"), "", item) for item in of_unit]
    blank = cameras[list(REQUIRED)].isna()
    names = [_say(f"filing_column.{name}") for name in REQUIRED]
    for at in blank.index[blank.any(axis=1)]:
        items = "、".join(n for n, lacks in zip(names, blank.loc[at], strict=True) if lacks)
        rows.append((str(cameras.at[at, "code"]), str(cameras.at[at, "name"] or ""), items))
    return pd.DataFrame(rows, columns=["where", "name", "lacking"], dtype=object)


def _book(tables: Mapping[str, pd.DataFrame], mark: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="govgrid-") as folder:
        path = Path(folder) / "filing.xlsx"
        writers.write_workbook(tables, path, mark=mark)
        book = openpyxl.load_workbook(path)
        _paint(book[_title("head")], [_say("filing_sheet.content")])
        _paint(book[_title("cameras")], [_say(f"filing_column.{name}") for name in REQUIRED])
        book.save(path)
        return path.read_bytes()


def _paint(sheet_: Any, headers: Iterable[str]) -> None:  # noqa: ANN401 - openpyxl's own sheet
    """Make the blank cells below these headers yellow."""
    wanted = set(headers)
    columns = [cell.column for cell in sheet_[1] if cell.value in wanted]
    for row in sheet_.iter_rows(min_row=2):
        for column in columns:
            if row[column - 1].value in (None, ""):
                row[column - 1].fill = _YELLOW


def _named(table: pd.DataFrame, topic: str) -> pd.DataFrame:
    return table.rename(columns={name: _say(f"{topic}.{name}") for name in table.columns})


def _title(name: str) -> str:
    return _say(f"filing_sheet.{name}")


def _say(key: str, **facts: object) -> str:
    return say(key, "zh", **facts)
