"""The printed code card: of the size of a bank card, on A4 with what its holder must know."""

import os
from pathlib import Path
from typing import Final

from geo.access.login.code_card import CodeCard
from geo.base.local_time import local_minute
from geo.base.words import say
from maps.code_card import CardSheet, render_card

_WORDS: Final = ("title", "cut", "order", "keep", "lost", "once", "back")


def card_sheet(card: CodeCard, *, timezone: str, mark: str, lang: str, back: str = "") -> str:
    """Return the sheet as HTML that loads nothing and runs nothing.

    Parameters
    ----------
    card
        With its codes.
    timezone
        Of the installation.
    mark
        Printed on every paper.
    lang
        "zh" or "en".
    back
        Page that a link on the screen leads to, "" for none.
    """
    codes = tuple(
        (f"{n:02d}", f"{code[:4]} {code[4:]}") for n, code in enumerate(card.codes, start=1)
    )
    holder = " · ".join(filter(None, (card.account, card.holder, card.unit_name)))
    issued = say("code_card.issued", lang, at=local_minute(card.issued_at, timezone))
    words = {name: say(f"code_card.{name}", lang) for name in _WORDS}
    return render_card(CardSheet(holder, issued, mark, lang, codes, words, back))


def write_card(card: CodeCard, out: Path, *, timezone: str, mark: str, lang: str) -> None:
    """Write the sheet into a file that only its owner can read.

    Parameters
    ----------
    card
        With its codes.
    out
        File, which is replaced if it is there.
    timezone, mark, lang
        As for :func:`card_sheet`.
    """
    sheet = card_sheet(card, timezone=timezone, mark=mark, lang=lang)
    draft = out.with_name(f".{out.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(sheet)
    draft.replace(out)
