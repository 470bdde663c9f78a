"""Rules beyond one cell: national camera codes, retention, levels and codes of areas."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Final

import pandas as pd

from geo.base.codes import area_code_digits, area_level, camera_code_problem, full_area_code
from geo.base.local_time import with_zone
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.cells.values import Values
from geo.files.checks.rows.duplicate_codes import Codes
from geo.files.readers import Table
from geo.files.schema.heading import Heading
from geo.files.schema.layers import Layer
from geo.files.schema.vocabularies import known_level

RETENTION_MIN_DAYS: Final = 30  # decree 799, article 17
_TURNING_DEG: Final = 180.0  # no picture of a lens that zooms is as wide
# the later time, and what must have come before it
_ORDER: Final = (
    ("reported_at", "occurred_at"),
    ("closed_at", "occurred_at"),
    ("closed_at", "reported_at"),
)
_AREA_CODES: Final = frozenset({"area_code", "parent_code"})


def apply_rules(
    table: Table,
    layer: Layer,
    mapping: Mapping[str, str],
    values: Values,
    *,
    level: str | None,
    seen: Codes,
    timezone: str | None = None,
) -> tuple[Values, list[Finding]]:
    """Return the values with codes completed and unusable ones removed, and the findings.

    Parameters
    ----------
    table
        One part of the file.
    layer
        Says which rules apply: areas, cameras, catalog and incidents have some of their own.
    mapping
        Field → header.
    values
        Field → values as read; not changed.
    level
        Level of areas that the file is declared to hold, None for no declaration.
    seen
        Codes of earlier parts of the file; those of this part are added.
    timezone
        Zone of times without one (IANA name).
    """
    done = dict(values)
    for name in _AREA_CODES & done.keys():
        done[name] = [_full(code) for code in done[name]]
    findings: list[Finding] = []
    if layer.name == "areas":
        findings += _area_digits(table, mapping, values) + _levels(table, mapping, done, level)
    if layer.name in ("cameras", "catalog"):
        findings += _camera_codes(table, mapping, done) + _retention(table, mapping, done)
        findings += _turning(table, mapping, done)
    if layer.name == "incidents":
        findings += _order(table, mapping, done, timezone)
    # of areas several rows of one code may be parts
    if layer.key in mapping and layer.name != "areas":
        codes = pd.Series(done[layer.key], index=table.rows.index, dtype=object)
        moments = None if layer.moment is None else done[layer.moment]
        findings += seen.repeated(codes, mapping[layer.key], moments)
    return done, findings


def _full(code: object) -> object:
    return full_area_code(code) if isinstance(code, str) else code


def _levels(
    table: Table, mapping: Mapping[str, str], done: Values, level: str | None
) -> list[Finding]:
    """Fill in levels: the row's own word, else the user's, else what the official code says."""
    option = known_level(level) if level is not None else None
    codes = done["code"]
    said = [area_level(code) if isinstance(code, str) else None for code in codes]
    done["level"] = [
        own or option or by_code for own, by_code in zip(done["level"], said, strict=True)
    ]
    # a grid's own six or nine digits are no district and no township
    done["code"] = [
        code if own == "grid" else _full(code)
        for code, own in zip(codes, done["level"], strict=True)
    ]
    column = mapping.get("level", mapping.get("code", ""))
    return _each(
        table, column, done["level"], lambda own: Defect("LEVEL_UNKNOWN") if own is None else None
    )


def _area_digits(table: Table, mapping: Mapping[str, str], values: Values) -> list[Finding]:
    """Report codes that look official but have too many digits or too few."""

    def judge(code: object) -> Defect | None:
        digits = area_code_digits(code) if isinstance(code, str) else None
        return Defect("CODE_DIGITS", facts={"digits": digits}) if digits else None

    return _each(table, mapping.get("code", ""), values["code"], judge)


def _camera_codes(table: Table, mapping: Mapping[str, str], done: Values) -> list[Finding]:
    def judge(code: object) -> Defect | None:
        problem = camera_code_problem(code) if isinstance(code, str) else None
        return Defect(problem, facts={"digits": len(str(code))}) if problem else None

    findings = _each(table, mapping.get("code", ""), done["code"], judge)
    bad = {finding.row for finding in findings}
    rows = table.rows.index
    done["code"] = [
        None if row in bad else code for row, code in zip(rows, done["code"], strict=True)
    ]
    return findings


def _retention(table: Table, mapping: Mapping[str, str], done: Values) -> list[Finding]:
    def judge(days: object) -> Defect | None:
        short = isinstance(days, float) and days < RETENTION_MIN_DAYS
        return Defect("RETENTION_BELOW_30") if short else None

    return _each(table, mapping.get("retention_days", ""), done["retention_days"], judge)


def _turning(table: Table, mapping: Mapping[str, str], done: Values) -> list[Finding]:
    """Take the range in which a camera can turn for what it is: no heading, no angle of view."""
    turning: list[object] = [
        form == "ptz" and isinstance(cell, tuple) and any(map(_turns, cell))
        for form, cell in zip(done["form"], done["heading_deg"], strict=True)
    ]
    done["heading_deg"] = [
        None if turns else cell for turns, cell in zip(turning, done["heading_deg"], strict=True)
    ]
    return _each(
        table,
        mapping.get("heading_deg", ""),
        turning,
        lambda turns: Defect("AZIMUTH_TURNING") if turns else None,
    )


def _turns(heading: Heading) -> bool:
    return heading.hfov_deg is not None and heading.hfov_deg >= _TURNING_DEG


def _order(
    table: Table, mapping: Mapping[str, str], done: Values, timezone: str | None
) -> list[Finding]:
    """Report times that lie before what must have come first; one finding a cell."""
    found: dict[tuple[int, str], Finding] = {}
    for later, earlier in _ORDER:
        if later not in mapping or earlier not in mapping:
            continue
        cells = table.rows[mapping[later]].tolist()
        for row, cell, one, two in zip(
            table.rows.index.tolist(), cells, done[earlier], done[later], strict=True
        ):
            if _is_before(two, one, timezone):
                facts = {"earlier": mapping[earlier], "moment": one}
                defect = Defect("DATE_ORDER", facts=facts)
                found.setdefault((row, later), defect.at(row, mapping[later], text_of(cell)))
    return list(found.values())


def _is_before(moment: object, other: object, timezone: str | None) -> bool:
    """Tell whether a moment is known to lie before another; one at midnight may be a mere day."""
    if not isinstance(moment, str) or not isinstance(other, str):
        return False
    one, two = (datetime.fromisoformat(text) for text in (moment, other))
    if timezone is not None:
        one, two = with_zone(one, timezone), with_zone(two, timezone)
    if (one.tzinfo is None) != (two.tzinfo is None):
        return False
    return one.date() < two.date() if one.time() == time() else one < two


def _each(
    table: Table, column: str, values: list[object], judge: Callable[[object], Defect | None]
) -> list[Finding]:
    """Return the findings of a judgement over a column, with the cells as written."""
    written = table.rows[column].to_numpy() if column in table.rows else [None] * len(values)
    return [
        defect.at(row, column, text_of(cell))
        for row, cell, value in zip(table.rows.index, written, values, strict=True)
        if (defect := judge(value)) is not None
    ]
