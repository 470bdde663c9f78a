"""Preview: the first rows of a file as read, and what they were taken for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geo.base.crs import InputCRS
from geo.files.checks.cells.cells import text_of
from geo.files.checks.checked_rows import CheckedRows
from geo.files.readers import Table

ROWS: Final = 5


@dataclass(frozen=True)
class Preview:
    """How a file is read, before anything is written.

    Attributes
    ----------
    encoding
        Of text, None where the format has none to choose.
    crs
        What is declared, by the user or else by the file; "" where each row says its own or nothing
        does, None where the layer has no places.
    crs_column
        The header of the column in which rows say their own.
    mapping
        Field → header.
    unmapped, refused
        Headers kept as free attributes, and those not taken.
    rows
        The first rows: number in the file → header → text, without refused columns.
    """

    encoding: str | None
    crs: str | None
    crs_column: str | None
    header_row: int
    mapping: Mapping[str, str]
    unmapped: tuple[str, ...]
    refused: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]


def preview_file(table: Table, checked: CheckedRows, declared: InputCRS | None) -> Preview:
    """Return the first rows of a file as read, with headers, encoding and coordinate system.

    Parameters
    ----------
    table
        First part of the file.
    checked
        What the check made of it.
    declared
        System declared by the user, None for no declaration.
    """
    used = checked.mapping
    taken = [header for header in table.headers if header not in checked.refused]
    system = declared or table.crs
    first = table.rows[taken].head(ROWS)
    return Preview(
        encoding=table.encoding,
        crs=None if checked.layer.shape == "none" else system.name if system else "",
        crs_column=used.get("crs"),
        header_row=table.header_row,
        mapping=dict(used),
        unmapped=tuple(header for header in taken if header not in used.values()),
        refused=tuple(header for header in table.headers if header in checked.refused),
        rows={
            int(row): {str(header): text_of(cell) for header, cell in cells.items()}
            for row, cells in zip(first.index, first.to_dict("records"), strict=True)
        },
    )
