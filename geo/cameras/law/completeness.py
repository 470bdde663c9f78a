"""Completeness of the camera register: in total, by owner, by area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.areas.district import export_remark
from geo.areas.store import versions as area_versions
from geo.base.json_objects import Record
from geo.base.plain_rows import plain_rows
from geo.base.words import say
from geo.cameras.law import counted_levels
from geo.cameras.law.counted_levels import LEVELS
from geo.cameras.rules import completeness
from geo.cameras.rules.completeness import Register
from geo.cameras.store import register as stored
from geo.files import writers
from geo.store import db

OWNER_KINDS = ("skynet", "social")
COUNTS = ("cameras", "filled", "applicable", "share")
FIELDS = ("field", "group", "filled", "applicable", "share", "first_class_filled", "first_class")


class CompletenessAnswer(TypedDict):
    """The figures as answers state them; `fields` have the columns `FIELDS`."""

    share: float | None
    filled: int
    applicable: int
    cameras: int
    fields: list[Record]
    groups: list[Record]
    by_owner_kind: list[Record]
    by_area: list[Record]


@dataclass(frozen=True)
class Completeness:
    """The figures of one moment.

    Attributes
    ----------
    cameras
        `code`, `name`, `owner_kind`, `grid_code` of the cameras that count, in order of codes.
    register
        What applies to each of them and what is known, indexed by code.
    by_owner_kind
        `owner_kind` (None: not known) and `cameras`, `filled`, `applicable`, `share`.
    by_area
        `level`, `code`, `name` and the same; a row without code for cameras that stand in no
        area of the level, or were not located yet.
    """

    cameras: pd.DataFrame
    register: Register
    by_owner_kind: pd.DataFrame
    by_area: pd.DataFrame

    @property
    def filled(self) -> int:
        """How many fields are known."""
        return int(self.register.known.to_numpy().sum())

    @property
    def applicable(self) -> int:
        """How many fields apply."""
        return int(self.register.applies.to_numpy().sum())

    @property
    def share(self) -> float | None:
        """The share of fields that are known; None where there are no cameras."""
        return self.filled / self.applicable if self.applicable else None


def read_completeness(connection: Connection, *, level: str | None = None) -> Completeness:
    """Return the completeness of the register.

    Parameters
    ----------
    level
        Level of the areas: one of `LEVELS`; None: the highest of them that is loaded.

    Raises
    ------
    InputError
        If `level` is none of them.
    """
    counted_levels.require_level(level)
    cameras = _blank(stored.read_register(connection))
    found = completeness.measure_completeness(cameras, stored.read_register_views(connection))
    held = cameras.set_index("code").loc[found.known.index]
    known = pd.DataFrame(area_versions.valid_areas(connection).drop(columns="geometry"))
    kinds = _rows_of(completeness.by_label(found, held["owner_kind"]), OWNER_KINDS)
    return Completeness(
        cameras=held[["name", "owner_kind", "grid_code"]].reset_index(),
        register=found,
        by_owner_kind=kinds.rename(columns={"label": "owner_kind"}),
        by_area=_by_area(found, held["grid_code"], known, level or _highest(known)),
    )


def open_completeness(engine: Engine, *, level: str | None = None) -> Completeness:
    """Return :func:`read_completeness` in a transaction of its own.

    Parameters
    ----------
    level
        Level of the areas, as there.
    """
    with db.open_transaction(engine) as connection:
        return read_completeness(connection, level=level)


def _highest(known: pd.DataFrame) -> str:
    loaded = set(known["level"])
    return next((level for level in LEVELS if level in loaded), LEVELS[-1])


def _by_area(
    found: Register, grid_codes: pd.Series, known: pd.DataFrame, level: str
) -> pd.DataFrame:
    """Return a row for each area of `level`, those without a camera too, the unlocated last."""
    own = known[known["level"] == level].sort_values("code")
    names = dict(zip(own["code"], own["name"], strict=True))
    labels = grid_codes.map(upper(known, level))
    rows = _rows_of(completeness.by_label(found, labels), own["code"].tolist())
    table = rows.rename(columns={"label": "code"}).assign(level=level)
    table["name"] = [names.get(code) for code in table["code"]]
    return _blank(table[["level", "code", "name"]]).join(table[list(COUNTS)])


def _rows_of(counted: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return the counts of `labels` in their order, nought where there are none, then the rest."""
    counts = {row["label"]: row for row in plain_rows(counted)}
    nothing = {"cameras": 0, "filled": 0, "applicable": 0, "share": None}
    rest = [label for label in counts if label not in labels]
    rows = [{"label": label, **counts.get(label, nothing)} for label in [*labels, *rest]]
    table = pd.DataFrame(rows, columns=["label", *COUNTS], dtype=object)
    kinds = {"cameras": "int64", "filled": "int64", "applicable": "int64", "share": "float64"}
    return _blank(table[["label"]]).join(table[list(COUNTS)].astype(kinds))


def upper(known: pd.DataFrame, level: str) -> dict[str, str]:
    """Return grid code → code of the area above it (or of itself).

    Parameters
    ----------
    known
        Areas with ``level``, ``code`` and ``parent_unit_id``, indexed by ``unit_id``.
    level
        Level of the result; grids without such an area are left out.
    """
    at = known[["level", "code", "parent_unit_id"]]
    found: dict[str, str] = {}
    for grid in at[at["level"] == "grid"].itertuples():
        unit: Any = grid.Index
        while pd.notna(unit) and unit in at.index:
            if at.at[unit, "level"] == level:
                found[str(grid.code)] = str(at.at[unit, "code"])
                break
            unit = at.at[unit, "parent_unit_id"]
    return found


def describe_completeness(found: Completeness) -> CompletenessAnswer:
    """Return the figures for an answer, None for a share of nothing."""
    return {
        "share": found.share,
        "filled": found.filled,
        "applicable": found.applicable,
        "cameras": len(found.cameras),
        "fields": plain_rows(completeness.by_field(found.register)[list(FIELDS)]),
        "groups": plain_rows(completeness.by_group(found.register)),
        "by_owner_kind": plain_rows(found.by_owner_kind),
        "by_area": plain_rows(found.by_area),
    }


def _blank(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of plain values, None for whatever stands for nothing."""
    cells = table.astype(object)
    return cells.where(cells.notna(), None)


def write_completeness(
    engine: Engine, path: Path, *, level: str | None, mark: str, lang: str, stamp: str = ""
) -> Completeness:
    """Write the completeness of the register to a workbook and return it.

    Its sheets: figures by area and owner, figures by field, cameras with what each lacks (the
    emptiest first), and notes on the figures.

    Parameters
    ----------
    path
        XLSX file to write.
    level
        Level of the areas; None for the highest.
    mark
        Marking of the paper, "" for none.
    lang
        "zh" or "en".
    stamp
        Who exports it and for what; "" for none.

    Raises
    ------
    InputError
        If `path` is no .xlsx or cannot be written, or `level` is no level.
    """
    writers.require_ending(path, known=(".xlsx",))
    found = open_completeness(engine, level=level)
    lines = [mark, stamp, export_remark(engine), *(say(f"setup.rule.{n}", lang) for n in RULES)]
    notes = pd.DataFrame({say("setup.sheet.rules", lang): [line for line in lines if line]})
    writers.write_workbook(
        {**sheets(found, lang), say("setup.sheet.rules", lang): notes},
        path,
        mark=stamp,
        percent=[say("setup.header.share", lang)],
    )
    return found


RULES = ("share", "minimum", "spared", "views", "removed", "first_class", "groups")


def sheets(found: Completeness, lang: str) -> Mapping[str, pd.DataFrame]:
    """Return the sheets of figures by title.

    Parameters
    ----------
    found
        As from :func:`read_completeness`.
    lang
        Language of titles and headings, "zh" or "en".
    """
    level = str(found.by_area["level"].iloc[0]) if len(found.by_area) else LEVELS[-1]
    return {
        say("setup.sheet.areas", lang, level=say(f"level.{level}", lang)): _areas(found, lang),
        say("setup.sheet.fields", lang): _fields(found, lang),
        say("setup.sheet.cameras", lang): _cameras(found, lang),
    }


def _areas(found: Completeness, lang: str) -> pd.DataFrame:
    total = {"name": say("setup.total", lang), "cameras": len(found.cameras)}
    total |= {"filled": found.filled, "applicable": found.applicable, "share": found.share}
    kinds = found.by_owner_kind.assign(
        name=[
            say(f"device_set.{kind or 'none'}", lang) for kind in found.by_owner_kind["owner_kind"]
        ]
    )
    own = found.by_area.copy()
    own["name"] = own["name"].where(own["code"].notna(), say("setup.unlocated", lang))
    rows = [total, *plain_rows(kinds), *plain_rows(own)]
    return _headed(pd.DataFrame(rows, columns=["code", "name", *COUNTS], dtype=object), lang)


def _fields(found: Completeness, lang: str) -> pd.DataFrame:
    table = completeness.by_field(found.register)[list(FIELDS)]
    table["group"] = [say(f"setup.group.{group}", lang) for group in table["group"]]
    table["field"] = [say(f"setup.field.{name}", lang) for name in table["field"]]
    return _headed(table, lang)


def _cameras(found: Completeness, lang: str) -> pd.DataFrame:
    known = found.register.known.sum(axis=1).to_numpy()
    applies = found.register.applies.sum(axis=1).to_numpy()
    words = {name: say(f"setup.field.{name}", lang) for name in completeness.NAMES}
    missing = completeness.missing_fields(found.register)
    table = found.cameras.assign(
        owner_kind=[
            say(f"device_set.{kind or 'none'}", lang) for kind in found.cameras["owner_kind"]
        ],
        filled=known,
        applicable=applies,
        share=known / applies,
        lacking=["、".join(words[name] for name in names) for names in missing],
    )
    return _headed(table.sort_values(["share", "code"]), lang)


def _headed(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    shares = pd.to_numeric(table["share"]).round(4)
    return table.assign(share=shares).rename(columns=lambda n: say(f"setup.header.{n}", lang))
