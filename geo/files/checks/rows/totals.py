"""Totals: the last line of a list, which is no row of it."""

from dataclasses import replace
from typing import Final

from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.readers import Table

_WORDS: Final = frozenset({"合计", "总计", "小计", "共计", "总数", "total", "sum", "subtotal"})
_SHARE: Final = 0.5


def without_totals(table: Table) -> tuple[Table, list[Finding]]:
    """Return a table without lines that begin with 合计 or the like, with a note on each.

    Only such as are mostly blank: a thing may well be called so.
    """
    if table.geometry is not None or table.rows.empty:
        return table, []
    first = table.rows.bfill(axis=1).iloc[:, 0]
    named = [_bare(cell) in _WORDS for cell in first]
    if not any(named):
        return table, []
    sparse = table.rows.notna().sum(axis=1) <= _SHARE * len(table.headers)
    totals = sparse.to_numpy() & named
    found = [
        Defect("ROW_TOTAL").at(int(row), "", text_of(first[row]).strip())
        for row in table.rows.index[totals]
    ]
    return replace(table, rows=table.rows[~totals]), found


def _bare(cell: object) -> str:
    return "".join(text_of(cell).split()).strip(":：").casefold()
