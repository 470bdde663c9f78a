"""Text files: encoding, separator, lines and cells of CSV."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from geo.errors import SourceError
from geo.sources.table import SourceNote, Table, frame, unique_headers

TRIED: Final = ("utf-8-sig", "gb18030")
SEPARATORS: Final = ",;\t|"


def read_text(path: Path, *, encoding: str | None = None) -> Table:
    """Return a CSV file: first line with content is the header, blank lines are left out."""
    text, used = _decode(path, encoding)
    lines = list(_lines(text, path.name))
    if not lines:
        raise SourceError("source.empty", path=path.name)
    header_row, written = lines[0]
    width = _width(written, lines[1:])
    headers = unique_headers(written + [""] * (width - len(written)))
    long = [(at, cells) for at, cells in lines[1:] if any(map(str.strip, cells[width:]))]
    return Table(
        headers,
        frame(headers, [_fit(cells, width) for _, cells in lines[1:]], [at for at, _ in lines[1:]]),
        encoding=used,
        notes=tuple(SourceNote("ROW_LONG", at, headers[-1], str(len(c))) for at, c in long),
        header_row=header_row,
    )


def _decode(path: Path, encoding: str | None) -> tuple[str, str]:
    raw = path.read_bytes()
    tried = (encoding,) if encoding else TRIED
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not encoding:
        tried = ("utf-16",)
    for each in tried:
        try:
            return raw.decode(each), each
        except UnicodeError:
            continue
        except LookupError as error:
            raise SourceError("source.encoding_unknown", encoding=each) from error
    raise SourceError("source.encoding", path=path.name, tried=", ".join(tried))


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (file line, cells) of each line that holds anything."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SourceError("source.csv", path=name, line=begins, reason=str(error)) from error


def _separator(text: str) -> str:
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip()), "")
    outside_quotes = "".join(first.split('"')[::2])
    counts = Counter(sign for sign in outside_quotes if sign in SEPARATORS)
    return counts.most_common(1)[0][0] if counts else ","


def _width(written: list[str], lines: list[tuple[int, list[str]]]) -> int:
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
    """Cut or fill a line to the width; blank cells become None, Excel's ="…" its text."""
    fitted: list[object] = [
        cell if cell and cell[0] != "=" and not cell.isspace() else _cell(cell)
        for cell in cells[:width]
    ]
    return fitted + [None] * (width - len(fitted))


def _cell(cell: str) -> str | None:
    if not cell.strip():
        return None
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    return cell
