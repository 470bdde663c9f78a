"""Several sheets of a workbook: notes on those left unread, or all of them as one table."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from geo.files.readers.rows import row_index
from geo.files.readers.table import SourceNote, Table


def passed_over(table: Table, hidden: str, unread: Sequence[str]) -> tuple[SourceNote, ...]:
    """Return notes on the sheets of a workbook that were not read.

    Parameters
    ----------
    table
        Sheet that was read.
    hidden
        Names of hidden sheets, "" for none.
    unread
        Names of visible sheets that were not asked for.
    """
    passed = [SourceNote("SHEET_HIDDEN", table.header_row, "", hidden, table.sheet)]
    left = [SourceNote("SHEETS_UNREAD", table.header_row, "", "、".join(unread), table.sheet)]
    return (*(passed if hidden else ()), *(left if unread else ()))


def one_below_the_other(tables: Sequence[Table]) -> Iterator[Table]:
    """Yield tables with the same headers, whose rows count on from one to the next."""
    first = tables[0]
    alike = [table for table in tables if _is_like(table, first)]
    other = [table.sheet for table in tables if not _is_like(table, first)]
    headers = tuple(dict.fromkeys(header for table in alike for header in table.headers))
    ahead = 0
    for number, table in enumerate(alike):
        rows = table.rows.reindex(columns=pd.Index(list(headers))).astype(object)
        rows = rows.where(rows.notna(), None)
        rows.index = row_index(table.rows.index.to_numpy() + ahead)
        notes = [replace(note, row=note.row + ahead) for note in table.notes]
        if number:
            begin = SourceNote("SHEET_ROWS", table.header_row + ahead, "", table.sheet, str(ahead))
            notes.insert(0, begin)
        else:
            notes = [*passed_over(table, "", other), *notes]
        yield replace(table, headers=headers, rows=rows, notes=tuple(notes), rows_ahead=ahead)
        ahead += _round_up(int(table.rows.index.max()) if len(table.rows) else table.header_row)


def _is_like(table: Table, first: Table) -> bool:
    shared = set(table.headers) & set(first.headers)
    return 2 * len(shared) >= len(first.headers)


def _round_up(count: int) -> int:
    """Return a number of rows to count on from, which people can take off in their heads."""
    step = int(10 ** max(len(str(count)) - 1, 3))
    return -(-count // step) * step
