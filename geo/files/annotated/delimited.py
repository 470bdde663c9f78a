"""Text: the rows of a file with their verdicts as CSV, in the manner of the original."""

import codecs
import csv
import re
from pathlib import Path
from typing import Final

from geo.files.annotated.flat import Rows
from geo.files.annotated.row_status import Verdict
from geo.files.checks.cells.cells import text_of
from geo.files.formulas import escape_formula

_SEPARATORS: Final = ",;\t|"
_TEXTS: Final = (".csv", ".txt", ".tsv")
_UTF_8: Final = "utf-8-sig"
_ENDS: Final = re.compile("\r\n|\r|\n")


def write_text(path: Path, rows: Rows, verdict: Verdict, *, like: Path) -> None:
    """Write rows with their findings as delimited text, in the manner of the original.

    An encoding that cannot hold the words of the findings gives way to UTF-8.

    Parameters
    ----------
    path
        File to write.
    rows
        Rows of the original, as from :func:`geo.files.annotated.flat.collect_rows`.
    verdict
        Findings by row, in the language of the remarks.
    like
        The original: if it is text too, its encoding and separator are kept; else UTF-8 and commas.
    """
    encoding, separator = _UTF_8, ","
    if like.suffix.lower() in _TEXTS and rows.encoding:
        encoding, separator = _encoding(rows, verdict), _separator(like, rows.encoding)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        at = 1
        for row, cells in rows.lines(verdict):
            texts = [str(escape_formula(text_of(cell))) for cell in cells]
            texts[-1] = texts[-1].replace("\n", " ")
            if rows.in_place:  # with the blank lines that the original has
                file.write("\r\n" * (row - at))
            writer.writerow(texts)
            at = row + 1 + sum(len(_ENDS.findall(text)) for text in texts)


def _encoding(rows: Rows, verdict: Verdict) -> str:
    wanted = codecs.lookup(rows.encoding or _UTF_8).name
    if wanted == "utf-8":
        return _UTF_8
    try:
        for _, cells in rows.lines(verdict):
            "".join(map(text_of, cells)).encode(wanted)
    except UnicodeEncodeError:
        return _UTF_8
    return wanted


def _separator(like: Path, encoding: str) -> str:
    with like.open(encoding=encoding, errors="replace", newline="") as file:
        first = next((line for line in file if line.strip()), "")
    return max(_SEPARATORS, key=lambda sign: len(next(csv.reader([first], delimiter=sign))))
