"""Verdicts: what the findings of a file say of each row and of each cell."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl.styles import PatternFill

from geo.base.words import LANGUAGES, say
from geo.files.checks.cells.finding import Finding, Severity
from geo.files.checks.cells.personal_data import redact_numbers
from geo.files.formulas import escape_formula

GRAVITY: Final[tuple[Severity, ...]] = ("note", "warning", "error")
COLOURS: Final[Mapping[str, PatternFill]] = {
    "error": PatternFill("solid", fgColor="F8B4B4"),
    "warning": PatternFill("solid", fgColor="FBD38D"),
    "note": PatternFill("solid", fgColor="D6E9F8"),
}
HEADS: Final = ("row", "column", "code", "severity", "value", "suggested", "advice")
_STATES: Final = ("error", "warning", "note", "fine")
# A sentence about a person's number in a text: the cell goes out without it.
_PERSONAL: Final = "VALUE_PERSONAL"


@dataclass(frozen=True)
class Verdict:
    """Findings by row, in the reader's language."""

    findings: tuple[Finding, ...]
    by_row: Mapping[int, tuple[Finding, ...]]
    lang: str
    taken: bool

    @classmethod
    def of(cls, findings: Sequence[Finding], *, lang: str, taken: bool) -> "Verdict":
        """Return the verdict that these findings make."""
        by_row: dict[int, list[Finding]] = defaultdict(list)
        for finding in findings:
            by_row[finding.row].append(finding)
        rows = {row: tuple(found) for row, found in by_row.items()}
        return cls(tuple(findings), rows, lang, taken)

    def status(self, row: int) -> str:
        """Return the word for what became of a row."""
        return _word(self.gravest(self.by_row.get(row, ())) or "fine", self.lang, self.taken)

    def remark(self, row: int) -> str:
        """Return what is to be said about a row, one finding a line."""
        return "\n".join(dict.fromkeys(map(self._sentence, self.by_row.get(row, ()))))

    def cells(self, row: int) -> dict[str, Severity]:
        """Return column → gravest severity for the cells of a row about which there is a word."""
        of_column: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.by_row.get(row, ()):
            of_column[finding.column].append(finding)
        found = {column: self.gravest(each) for column, each in of_column.items()}
        return {column: severity for column, severity in found.items() if severity is not None}

    def shown(self, row: int, column: str, cell: object) -> object:
        """Return a cell without the numbers of persons that were found in it."""
        if not isinstance(cell, str):
            return cell
        personal = any(f.code == _PERSONAL and f.column == column for f in self.by_row.get(row, ()))
        return redact_numbers(cell) if personal else cell

    def table(self, most: int) -> Iterator[list[str | int | None]]:
        """Yield the findings, at most so many, as rows under `HEADS`."""
        for f in self.findings[:most]:
            severity = say(f"severity.{f.severity}", self.lang)
            advice = f.advice(self.lang)
            texts = (f.column, f.code, severity, f.value, f.suggested, advice)
            yield [f.row or None, *(str(escape_formula(text)) for text in texts)]

    @staticmethod
    def gravest(findings: Sequence[Finding]) -> Severity | None:
        """Return the gravest severity, None where there is none."""
        severities = {finding.severity for finding in findings}
        return next((each for each in reversed(GRAVITY) if each in severities), None)

    def _sentence(self, finding: Finding) -> str:
        advice = finding.advice(self.lang)
        if not finding.column:
            return advice
        return say("marked.about", self.lang, column=finding.column, advice=advice)


def status_words() -> frozenset[str]:
    """Return every word of the column 状态 of annotated files, in all languages."""
    return frozenset(
        _word(state, lang, taken)
        for state in _STATES
        for lang in LANGUAGES
        for taken in (True, False)
    )


def _word(state: str, lang: str, taken: bool) -> str:
    return say(f"marked.{'taken' if taken else 'checked'}.{state}", lang)
