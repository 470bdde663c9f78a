"""The code card as HTML for A4, to be cut out along its edge."""

from collections.abc import Mapping
from dataclasses import dataclass

from maps.papers import PAGES


@dataclass(frozen=True)
class CardSheet:
    """What the sheet shows: whose card, when issued, numbers with their codes, words around it."""

    holder: str
    issued: str
    mark: str
    lang: str
    codes: tuple[tuple[str, str], ...]
    words: Mapping[str, str]
    back: str


def render_card(sheet: CardSheet) -> str:
    """Return a code card as HTML."""
    return PAGES.get_template("code_card.html").render(sheet=sheet)
