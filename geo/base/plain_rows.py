"""Rows of a table as plain values, for JSON and for templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.base.json_objects import Record

if TYPE_CHECKING:
    import pandas as pd


def plain_rows(table: pd.DataFrame) -> list[Record]:
    """Return the rows of a table, None for what is not known."""
    cells = table.astype(object)
    rows = cells.where(cells.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
