"""Control characters and broken characters: removed from texts, and noted by cell."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, cast

import pandas as pd

from geo.files.readers.table import NoteCode, SourceNote, Table, unique_headers

# tabs and the ends of lines are text; half a surrogate pair is no character at all
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_HALF: Final = re.compile("[\ud800-\udfff]")
# bytes that are no character (:mod:`geo.files.readers.encoding`); a text may be cut within one
_BROKEN: Final = re.compile("[\udc80-\udcff]+")
_CUT: Final = re.compile(r"[\udc80-\udcff]+(\s*)\Z")
LOST: Final = "\ufffd"
_PICTURES: Final = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421}


def without_controls(table: Table, *, headers_noted: bool = False) -> Table:
    """Return the table without control characters in headers and cells.

    Each cell and header that held any has a note CONTROL_CHARACTER with the text as written, the
    characters shown by their pictures (␀). A cell of nothing else is blank. A broken character
    (TEXT_BROKEN) is dropped at the end of a text, else replaced by �.

    Parameters
    ----------
    table
        One part of a file.
    headers_noted
        Whether an earlier part has the notes of the headers already.
    """
    rows, found = _rows(table.rows)
    if not found and not any(map(_CONTROL.search, table.headers)):
        return table
    headers = unique_headers([_clean(header) for header in table.headers])
    rows.columns = pd.Index(headers)
    now = dict(zip(table.headers, headers, strict=True))
    found += [
        _note(table.header_row, header, header)
        for header in table.headers
        if _CONTROL.search(header) and not headers_noted
    ]
    notes = [replace(note, value=_clean(note.value)) for note in table.notes] + found
    notes = [replace(note, column=now.get(note.column, note.column)) for note in notes]
    return replace(table, headers=headers, rows=rows, notes=tuple(notes))


def with_broken_marked(table: Table) -> Table:
    """Return a table with broken characters, read by a library as �, noted by cell."""
    rows = table.rows.copy()
    for name in rows.columns:
        cells = [
            cell.replace(LOST, "\udcff") if isinstance(cell, str) else cell for cell in rows[name]
        ]
        rows[name] = pd.Series(cells, index=rows.index, dtype=object)
    return replace(table, rows=rows)


def _rows(written: pd.DataFrame) -> tuple[pd.DataFrame, list[SourceNote]]:
    rows, notes = written.copy(), []
    for name in written.columns:
        cells = written[name].tolist()
        if not _suspect(cells):
            continue
        kept = [_mapped(cell, _clean) for cell in cells]
        blank = [None if each == "" else each for each in kept]
        rows[name] = pd.Series(blank, index=written.index, dtype=object)
        notes += [
            _note(row, str(name), cell)
            for row, cell, clean in zip(written.index.tolist(), cells, kept, strict=True)
            if cell is not clean and cell != clean
        ]
    return rows, notes


def _suspect(cells: Sequence[object]) -> bool:
    """Tell whether a column may hold such characters; one look at all its texts is cheap."""
    kinds = set(map(type, cells))
    if kinds & {list, dict}:
        return True
    only_text = kinds <= {str, type(None)}
    texts = "".join(filter(None, cast("Sequence[str]", cells)) if only_text else _texts(cells))
    return not texts.isprintable() and _CONTROL.search(texts) is not None


def _texts(cells: Sequence[object]) -> list[str]:
    return [cell for cell in cells if isinstance(cell, str)]


def _mapped(cell: object, change: Callable[[str], str]) -> object:
    if isinstance(cell, str):
        return change(cell) if _CONTROL.search(cell) else cell
    if isinstance(cell, list):
        return [_mapped(each, change) for each in cell]
    if isinstance(cell, dict):
        return {change(str(key)): _mapped(each, change) for key, each in cell.items()}
    return cell


def _note(row: int, column: str, written: object) -> SourceNote:
    broken = isinstance(written, str) and _BROKEN.search(written)
    code: NoteCode = "TEXT_BROKEN" if broken else "CONTROL_CHARACTER"
    return SourceNote(code, row, column, str(_mapped(written, _shown)))


def _clean(text: str) -> str:
    return _CONTROL.sub("", _BROKEN.sub(LOST, _CUT.sub(r"\1", text)))


def _shown(text: str) -> str:
    return _HALF.sub(LOST, _BROKEN.sub(LOST, text)).translate(_PICTURES)
