"""Printed forms as HTML for A4: the order in two halves, the ledger."""

from dataclasses import dataclass
from typing import Final, Literal

from maps.papers import PAGES

LEDGER_WIDTHS_MM: Final = (8, 20, 15, 40, 18, 17, 10, 12, 23, 20, 36, 14, 20, 9, 15)


@dataclass(frozen=True)
class Cell:
    """A label and what stands beside it; `kind` makes room to write or to stamp."""

    label: str
    text: str = ""
    kind: Literal["", "blank", "tall", "tall stamp"] = ""


@dataclass(frozen=True)
class Half:
    """Half a sheet: a title, the number with its picture for a scanner (SVG), rows of cells."""

    title: str
    code: str
    bars: str
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class OrderPaper:
    """A sheet of halves, the lower ones to be torn off."""

    title: str
    mark: str
    lang: str
    halves: tuple[Half, ...]
    tear: str


@dataclass(frozen=True)
class LedgerPaper:
    """A ledger with its heads, rows and the places to sign."""

    title: str
    number: str
    heads: tuple[str, str]
    mark: str
    lang: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str
    feet: tuple[str, ...]
    signatures: tuple[str, ...]
    widths: tuple[int, ...] = LEDGER_WIDTHS_MM


def render_order(paper: OrderPaper) -> str:
    """Return an order, or a notice, as HTML."""
    return PAGES.get_template("order.html").render(paper=paper)


def render_ledger(paper: LedgerPaper) -> str:
    """Return a ledger as HTML."""
    return PAGES.get_template("ledger.html").render(paper=paper)
