"""Incidents of a file as history: the state that it gives, as state and flags."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

SIDE_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "on_hold": ("in_progress", "on_hold"),
        "self_handled": ("done", "self_handled"),
        "referred_up": ("assigned", ""),
    }
)
"""Words of files that are no state of the life cycle: the state and the flag they stand for."""


def split_states(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose ``state`` is one of the life cycle, with the flags beside it.

    A row without a state is closed where it has a time of closure, else reported. Rows without the
    column are returned as they are.
    """
    if "state" not in rows:
        return rows
    closed = rows["closed_at"].notna() if "closed_at" in rows else False
    given = rows["state"].where(rows["state"].notna(), "reported")
    given = given.mask(rows["state"].isna() & closed, "closed")
    sides = {word: state for word, (state, _) in SIDE_STATES.items()}
    flags = {
        flag: given == word
        for word, (_, flag) in SIDE_STATES.items()
        if flag and (given == word).any()
    }
    return rows.assign(state=given.replace(sides), **flags)
