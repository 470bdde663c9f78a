"""Text files: encoding, separator, lines and cells of CSV, part by part."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

import numpy as np

from geo.base.errors import SourceError
from geo.files.formulas import unescape_formula
from geo.files.readers.delimited_fast_path import cell_of, plain_rows
from geo.files.readers.encoding import Encoding, encoding_of_file
from geo.files.readers.header_row import LOOKED, Known, header_place
from geo.files.readers.limits import check_columns, damaged_error
from geo.files.readers.rows import make_frame
from geo.files.readers.table import SourceNote, Table, unique_headers

csv.field_size_limit(1 << 30)  # a boundary as WKT is one cell
SEPARATORS: Final = ",;\t|"
# characters read at once; a line as long as that is no line of a table
_BLOCK: Final = 1 << 22
# a boundary as text in one cell is longer than the library expects of a cell
csv.field_size_limit(_BLOCK)


@dataclass(frozen=True)
class _Lines:
    """The lines of an open file that are still to come."""

    coming: Iterator[str]
    separator: str
    name: str

    def cells(self, ahead: Sequence[str], begins: int) -> Iterator[tuple[int, list[str], int]]:
        """Yield (line, cells, line behind it) of each line that holds anything.

        Lines `ahead` were taken already; the first of them stands at `begins`.
        """
        at = begins
        text = chain(ahead, self.coming)
        reader = csv.reader(text, delimiter=self.separator, strict=True)
        try:
            for cells in reader:
                after = begins + reader.line_num
                if any(map(str.strip, cells)):
                    yield at, cells, after
                at = after
        except csv.Error as error:
            raise SourceError("source.csv", path=self.name, line=at, reason=str(error)) from error


def read_text(
    path: Path,
    *,
    encoding: str | None = None,
    header_row: int | None = None,
    known: Known | None = None,
    rows: int,
) -> Iterator[Table]:
    """Yield a CSV file in parts, an empty one if there are only headers.

    Blank lines are left out. A header that is shorter than most lines of the first part is filled
    up.

    Parameters
    ----------
    path
        Text file.
    encoding
        As the user says, None to judge by the bytes.
    header_row
        Line of the headers, from 1. None: the first line with content, unless that is a title
        (:func:`geo.files.readers.header_row.header_place`).
    known
        Counts headers of the layer among texts, to find their line.
    rows
        Most lines per part.

    Raises
    ------
    SourceError
        If there is no header, or more columns than allowed.
    """
    used = encoding_of_file(path, encoding)
    separator = _separator(path, used)
    above, wanted = _header_line(path, used, separator, header_row, known)
    with path.open(encoding=used.name, errors=used.errors, newline="") as file:
        lines = _Lines(file, separator, path.name)
        read = (line for line in lines.cells((), 1) if line[0] == wanted)
        at, header, begins = next(read, (0, [], 0))
        check_columns(path.name, len(header))
        header = [str(unescape_formula(cell)) for cell in header]
        if not header:
            raise _no_header(path, header_row)
        like = Table(
            unique_headers(header), make_frame((), (), ()), encoding=used.name, header_row=at
        )
        begun = False
        waiting = used.notes(at)
        if above:
            waiting += (SourceNote("HEADER_ROW", at, "", str(at), str(above)),)
        while block := list(islice(file, rows)):
            part, begins = _part(lines, block, begins, like, header=None if begun else header)
            waiting += part.notes
            if len(part.rows):
                like, begun = part, True
                yield replace(part, notes=waiting)
                waiting = ()
        if not begun:
            yield like


def _header_line(
    path: Path, used: Encoding, separator: str, wanted: int | None, known: Known | None
) -> tuple[int, int]:
    """Return how many filled lines stand above the header that is found, and its line."""
    if wanted is not None:
        return 0, wanted
    with path.open(encoding=used.name, errors=used.errors, newline="") as file:
        first = _first_lines(_Lines(file, separator, path.name))
    place = header_place([[cell.strip() or None for cell in cells] for _, cells in first], known)
    return place, first[place][0] if first else 0


def _first_lines(lines: _Lines) -> list[tuple[int, list[str]]]:
    """Return the first filled lines, up to one that breaks the rules."""
    found = []
    try:
        for at, cells, _ in islice(lines.cells((), 1), LOOKED):
            found.append((at, cells))
    except SourceError:
        pass
    return found


def _no_header(path: Path, wanted: int | None) -> SourceError:
    if wanted is None:
        return SourceError("source.empty", path=path.name)
    return SourceError("source.header_row", path=path.name, row=wanted)


def _separator(path: Path, encoding: Encoding) -> str:
    with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
        head = file.read(_BLOCK)
    if len(head) == _BLOCK and "\n" not in head and "\r" not in head:
        raise damaged_error(path, ValueError())
    filled = (line for line in io.StringIO(head, newline="") if line.strip())
    for line in islice(filled, LOOKED):  # a title has none
        outside_quotes = "".join(line.split('"')[::2])
        counts = Counter(sign for sign in outside_quotes if sign in SEPARATORS)
        if counts:
            return counts.most_common(1)[0][0]
    return ","


def _part(
    lines: _Lines,
    block: Sequence[str],
    begins: int,
    like: Table,
    *,
    header: list[str] | None = None,
) -> tuple[Table, int]:
    """Return the block of lines as a table with the headers of another, and the line behind it.

    A cell in quotes may reach beyond the block: the lines it needs are taken as well. Of the first
    part the `header` is given, which may have to be filled up.
    """
    plain = plain_rows(block, lines.separator, like.headers, begins)
    ends = begins + len(block)
    if plain is not None:
        empty = np.setdiff1d(np.arange(begins, ends), plain.index.to_numpy())
        return replace(like, rows=plain, notes=_blank(empty.tolist())), ends
    found: list[tuple[int, list[str]]] = []
    blank: list[int] = []
    after = begins
    for at, cells, behind in lines.cells(block, begins):
        blank += range(after, at)
        found.append((at, cells))
        after = behind
        if after >= ends:
            break
    blank += range(after, ends)
    width = len(like.headers) if header is None else _width(header, found)
    check_columns(lines.name, width)
    headers = unique_headers(header + [""] * (width - len(header))) if header else like.headers
    part = _ruled(found, replace(like, headers=headers))
    return replace(part, notes=(*part.notes, *_blank(blank))), max(after, ends)


def _blank(lines: Sequence[int]) -> tuple[SourceNote, ...]:
    """Return a note on blank lines, at the first of them, with their number."""
    return (SourceNote("ROWS_BLANK", lines[0], "", str(len(lines))),) if lines else ()


def _ruled(lines: Sequence[tuple[int, list[str]]], like: Table) -> Table:
    """Return lines read by the rules of CSV as a table with the headers of another."""
    width, last = len(like.headers), like.headers[-1]
    long = [(at, cells) for at, cells in lines if any(map(str.strip, cells[width:]))]
    notes = tuple(SourceNote("ROW_LONG", at, last, str(len(cells))) for at, cells in long)
    fitted = [_fit(cells, width) for _, cells in lines]
    return replace(
        like, rows=make_frame(like.headers, fitted, [at for at, _ in lines]), notes=notes
    )


def _width(written: list[str], lines: Sequence[tuple[int, list[str]]]) -> int:
    """Return the number of columns: that of the header, or of most lines where it is shorter."""
    longer = [_filled(cells) for _, cells in lines if len(cells) > len(written)]
    longer = [width for width in longer if width > len(written)]
    if 2 * len(longer) <= len(lines):
        return len(written)
    return Counter(longer).most_common(1)[0][0]


def _filled(cells: list[str]) -> int:
    """Return the number of the last cell that holds anything."""
    return max((n for n, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _fit(cells: list[str], width: int) -> list[object]:
    """Cut or fill a line to the width."""
    fitted: list[object] = [
        cell if cell and cell[0] not in "='" and not cell.isspace() else cell_of(cell)
        for cell in cells[:width]
    ]
    return fitted + [None] * (width - len(fitted))
