"""Marked files: the original file with what was noticed beside each row, and taken back again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from geo.base.errors import InputError
from geo.files import readers
from geo.files.annotated.corrected import drop_marks
from geo.files.annotated.delimited import write_text
from geo.files.annotated.flat import Rows, collect_rows, write_workbook
from geo.files.annotated.row_status import Verdict
from geo.files.annotated.workbook import write_book
from geo.files.checks.cells.finding import Finding
from geo.files.writers import draft_of

__all__ = ["ENDINGS", "MOST_ROWS", "drop_marks", "write_annotated"]

ENDINGS: Final = (".xlsx", ".csv")
MOST_ROWS: Final = 100_000  # of a longer file only the rows with findings are written
_BOOKS: Final = (".xlsx", ".xlsm")


def write_annotated(
    source: Path,
    out: Path,
    findings: Sequence[Finding],
    *,
    lang: str,
    wish: readers.ReadOptions = readers.NO_WISH,
    refused: frozenset[str] = frozenset(),
    taken: bool = True,
) -> None:
    """Write `source` with two more columns, 状态 and 说明, to `out`; bad cells are coloured.

    A workbook keeps its sheets and their looks; values stand in place of formulas. A text file
    keeps its separator and encoding, if `out` is one too. Of a geographic file the attributes are
    written, with geometry as WKT. A workbook gets a sheet of all findings, those about whole
    columns included. Rows stand where they stood in the file; where they cannot, a column tells
    their number.

    Parameters
    ----------
    out
        XLSX, or CSV without colours.
    findings
        Of the whole file, with the row numbers of :mod:`geo.files.readers`.
    wish
        How the file was read.
    refused
        Headers of columns with persons: their cells are left blank.
    taken
        Whether the rows were brought in, or only checked.

    Raises
    ------
    InputError
        If `out` ends otherwise or cannot be written.
    SourceError
        If `source` cannot be read any more.
    """
    ending = out.suffix.lower()
    if ending not in ENDINGS:
        raise InputError("export.ending", file=out.name, known=" ".join(ENDINGS))
    verdict = Verdict.of(findings, lang=lang, taken=taken)
    if source.suffix.lower() in _BOOKS and ending == ".xlsx":
        tables = list(readers.read_parts(source, wish))
        with draft_of(out) as draft:
            write_book(source, draft, tables, verdict, refused=refused)
        return
    rows = collect_rows(readers.read_parts(source, wish), verdict, MOST_ROWS)
    rows = rows.without(refused, lang)
    with draft_of(out) as draft:
        _write_rows(source, draft, ending, rows, verdict)


def _write_rows(source: Path, draft: Path, ending: str, rows: Rows, verdict: Verdict) -> None:
    if ending == ".csv":
        write_text(draft, rows, verdict, like=source)
    else:
        write_workbook(draft, rows, verdict, limit=MOST_ROWS)
