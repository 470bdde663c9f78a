"""Returned: a file of findings that comes back corrected, without what was added to it."""

import re
from dataclasses import replace
from typing import Final

from geo.base.words import LANGUAGES, say
from geo.files.annotated.row_status import status_words
from geo.files.readers import Table

# Headers met twice carry their column's number.
_NUMBERED: Final = re.compile(r"#\d+$")
_MARK: Final = "\0"


def drop_marks(table: Table) -> Table:
    """Return the table without the columns that a file of findings has beside its own.

    These are the last two, headed 状态 and 说明 (Status, Remarks), if the first of them holds our
    words and no other; before them the number of the row, where it was given; and the blank columns
    left of those with persons. A register's own columns of these names stay.
    """
    added = _added(table)
    if not added:
        return table
    left = tuple(header for header in table.headers if header not in added)
    notes = tuple(note for note in table.notes if note.column not in added)
    return replace(table, headers=left, rows=table.rows[list(left)], notes=notes)


def _added(table: Table) -> frozenset[str]:
    last = [_NUMBERED.sub("", header) for header in table.headers[-3:]]
    pairs = [(say("marked.status", lang), say("marked.remark", lang)) for lang in LANGUAGES]
    if len(last) < 2 or (last[-2], last[-1]) not in pairs:
        return frozenset()
    status = table.rows[table.headers[-2]].dropna()
    if status.empty or not set(status) <= status_words():
        return frozenset()
    numbers = [say("marked.row", lang) for lang in LANGUAGES]
    numbered = table.headers[-3:-2] if last[0] in numbers else ()
    return frozenset((*table.headers[-2:], *numbered, *_refused(table)))


def _refused(table: Table) -> list[str]:
    tails = tuple(
        say("marked.refused", lang, header=_MARK).partition(_MARK)[2] for lang in LANGUAGES
    )
    return [h for h in table.headers if h.endswith(tails) and table.rows[h].isna().all()]
