"""Replies to the hotline 12345 as a file: what was done since the last one, in chosen columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.files import writers
from geo.incidents import hotline
from geo.incidents.rules.hotline import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = (".csv", ".xlsx")


@dataclass(frozen=True)
class ReplyWish:
    """How a reply is written: FIELD=HEADER each, whether they stay, whether all come again."""

    columns: Sequence[str] = ()
    remember: bool = False
    again: bool = False
    reason: str | None = None


def write_reply(
    engine: Engine, who: Principal, out: Path, wish: ReplyWish, *, timezone: str, lang: str
) -> int:
    """Write the replies to a file, which goes into the register of exports; return how many.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply; may export.
    out
        CSV or XLSX.
    wish
        Columns and reason.
    timezone
        IANA name of the times.
    lang
        Language of states, outcomes and headers.
    """
    import pandas as pd

    heads = hotline.choose_columns(engine, wish.columns, remember=wish.remember, lang=lang)
    rows = hotline.list_replies(engine, who, again=wish.again, timezone=timezone, lang=lang)
    export_log.register_file(
        engine, who, out, what="incidents-reply", rows=len(rows), reason=wish.reason
    )
    mark = export_log.watermark_text(who, wish.reason, timezone=timezone)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))[list(heads)].rename(columns=heads)
    writers.write_file(frame, out, layer="12345", mark=mark)
    hotline.mark_replied(engine, who, [row["number"] for row in rows])
    return len(rows)
