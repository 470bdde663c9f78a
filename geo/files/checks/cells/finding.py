"""Findings: what an import noticed in which cell, how grave it is, what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from typing_extensions import TypedDict

from geo.base.words import say

Severity = Literal["error", "warning", "note"]

# error: the row cannot be used; warning: taken, but look at it; note: taken, for information
SEVERITY: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "CODE_AS_NUMBER": "error",
        "CODE_SCIENTIFIC": "error",
        "CODE_LENGTH": "error",
        "CODE_TYPE": "error",
        "CODE_DUPLICATE": "error",
        "CODE_UNKNOWN": "error",
        "CODE_AREA": "warning",
        "CODE_INDUSTRY": "note",
        "CODE_NETWORK": "note",
        "CODE_DIGITS": "warning",
        "DUPLICATE_ROW": "note",
        "FULLWIDTH_DIGITS": "note",
        "WHITESPACE": "note",
        "CONTROL_CHARACTER": "note",
        "TEXT_BROKEN": "warning",
        "ENCODING_STATED": "warning",
        "LONLAT_SWAPPED": "error",
        "ZERO_COORDINATES": "error",
        "COORDINATES_MISSING": "error",
        "COORDINATES_RANGE": "error",
        "COORDINATE_SPELT": "note",
        "POSITION_REPEATED": "warning",
        "POSITION_FAR": "warning",
        "PLACE_DUPLICATE": "warning",
        "CAMERA_TWIN": "error",
        "CAMERA_MOVED": "error",
        "OUT_OF_DISTRICT": "warning",
        "CRS_GCJ02": "note",
        "CRS_BD09": "note",
        "CRS_SUSPECT": "warning",
        "CRS_MISSING": "error",
        "CRS_UNKNOWN": "error",
        "CRS_OVERRIDDEN": "note",
        "CRS_UNSHIFTED": "error",
        "CRS_UNIDENTIFIED": "warning",
        "AZIMUTH_TEXT": "note",
        "AZIMUTH_MISSING": "warning",
        "AZIMUTH_RANGE": "warning",
        "AZIMUTH_UNREADABLE": "warning",
        "AZIMUTH_CODE": "warning",
        "AZIMUTH_VIEWS": "note",
        "AZIMUTH_TURNING": "warning",
        "VERIFIED_POSITION": "warning",
        "INCIDENT_CHANGED_HERE": "warning",
        "INCIDENT_AREA": "warning",
        "VERIFIED_HEADING": "warning",
        "FOV_RANGE": "warning",
        "RETENTION_BELOW_30": "warning",
        "FIELD_BY_CLASS": "warning",
        "COLUMN_BY_CLASS": "note",
        "ELEMENT_OBSOLETE": "note",
        "FORMULA_CELL": "warning",
        "ERROR_CELL": "warning",
        "NUMBER_SHOWN": "note",
        "MERGED_CELL": "note",
        "DATE_TEXT": "warning",
        "DATE_FUTURE": "warning",
        "DATE_AMBIGUOUS": "warning",
        "DATE_ORDER": "warning",
        "VALUE_REQUIRED": "error",
        "VALUE_CHOICE": "warning",
        "VALUE_NUMBER": "warning",
        "VALUE_RANGE": "warning",
        "VALUE_UNIT": "note",
        "VALUE_PERSONAL": "warning",
        "LABEL_VARIANT": "note",
        "LEVEL_UNKNOWN": "error",
        "AREA_CHANGED": "error",
        "AREA_PARTS": "note",
        "AREA_PARTS_DIFFER": "error",
        "AREA_FAR": "error",
        "AREA_MISMATCH": "warning",
        "AREA_PARENT": "warning",
        "AREA_UNKNOWN": "note",
        "AREA_CLOSED": "note",
        "AREA_INCIDENTS": "note",
        "GEOMETRY_MISSING": "error",
        "GEOMETRY_TEXT": "error",
        "GEOMETRY_TYPE": "error",
        "GEOMETRY_EMPTY": "error",
        "GEOMETRY_HUGE": "warning",
        "GEOMETRY_REPAIRED": "warning",
        "PLACE_FROM_AREA": "note",
        "ROW_LONG": "error",
        "ROWS_BLANK": "note",
        "ROWS_DELETED": "note",
        "ROW_REPEATED": "note",
        "EXAMPLE_ROW": "note",
        "CATALOG_INCOMPLETE": "warning",
        "CATALOG_NODES": "note",
        "CATALOG_EVENT": "error",
        "ELEMENT_TWICE": "warning",
        "ITEM_REPAIRED": "warning",
        "ITEM_BROKEN": "error",
        "ENTITY_SKIPPED": "note",
        "HEADER_ROW": "note",
        "ROW_TOTAL": "note",
        "SHEET_HIDDEN": "note",
        "SHEETS_UNREAD": "note",
        "SHEET_ROWS": "note",
        "OPTION_UNUSED": "note",
        "COLUMN_PERSONAL": "warning",
        "COLUMN_UNMAPPED": "note",
        "COLUMN_UNNAMED": "note",
        "COLUMN_REPEATED": "note",
        "COLUMN_NETWORK": "note",
    }
)


class CellAnswer(TypedDict):
    """A finding as an answer about a single row states it."""

    column: str
    code: str
    severity: Severity
    value: str
    suggested: str
    advice: str


class FindingAnswer(CellAnswer):
    """A finding as answers state it, with the row of the file."""

    row: int


@dataclass(frozen=True)
class Finding:
    """Finding: sheet row or file line, leaf header, stable code, and the cell's value.

    `suggested` is a value that the cell might be meant to hold, "" where there is no such value;
    nothing is corrected by it. `facts` fill the sentence of :meth:`advice`.
    """

    row: int
    column: str
    code: str
    severity: Severity
    value: str = ""
    suggested: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def advice(self, lang: str) -> str:
        """Return what was found, what was expected and what to do, in "zh" or "en"."""
        known = {"column": self.column, "value": self.value, "suggested": self.suggested}
        bare = self.code == "FORMULA_CELL" and not self.suggested
        key = "finding.FORMULA_WITHOUT_RESULT" if bare else f"finding.{self.code}"
        return say(key, lang, **{**known, **self.facts})

    def cell_answer(self, lang: str) -> CellAnswer:
        """Return the finding for an answer about a single row, without its row."""
        return {
            "column": self.column,
            "code": self.code,
            "severity": self.severity,
            "value": self.value,
            "suggested": self.suggested,
            "advice": self.advice(lang),
        }

    def answer(self, lang: str) -> FindingAnswer:
        """Return the finding for an answer."""
        return {"row": self.row, **self.cell_answer(lang)}


@dataclass(frozen=True)
class Defect:
    """What is wrong with a value, wherever it stands."""

    code: str
    suggested: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def at(self, row: int, column: str, value: str, *, severity: Severity | None = None) -> Finding:
        """Return the finding for this defect in a cell; the severity is the code's own."""
        grave = severity or SEVERITY[self.code]
        return Finding(row, column, self.code, grave, value, self.suggested, self.facts)
