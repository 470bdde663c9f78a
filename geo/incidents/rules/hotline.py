"""The hotline 12345: the columns of a reply, and what differs from the hotline's own list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = (
    *("number", "code", "state", "unit_name", "outcome", "result", "done_at", "closed_at"),
    *("on_time", "satisfaction"),
)
"""What a reply can say of an order."""

FINISHED: Final = frozenset({"done", "checked", "closed", "not_accepted"})
FINISHED_WORDS: Final = ("办结", "结案", "归档", "完结", "closed", "done", "finished")
NUMBER_HEADERS: Final = ("工单编号", "工单号", "事项编号", "编号", "number")
STATE_HEADERS: Final = ("工单状态", "办理状态", "状态", "state")
MARK: Final = "补充诉求："


@dataclass(frozen=True)
class Difference:
    """An order that stands otherwise here than at the hotline; `kind` is a word of the catalogue.

    `here` is the state here, `there` that of the hotline's list as written.
    """

    kind: str
    number: str
    code: str
    here: str
    there: str


@dataclass(frozen=True)
class OrderState:
    """A work order by its number, with code and state of its incident."""

    number: str
    code: str
    state: str


def list_differences(
    orders: Iterable[OrderState], theirs: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Return what differs, by number.

    Parameters
    ----------
    orders
        Orders here.
    theirs
        The hotline's list: number → state as written.

    Examples
    --------
    >>> here = [OrderState("1", "A", "closed")]
    >>> [(d.kind, d.number) for d in list_differences(here, {"1": "办理中", "2": "已办结"})]
    [('finished_here', '1'), ('unknown_here', '2')]
    """
    known = {row.number: row for row in orders}
    found = [
        Difference("unknown_here", number, "", "", state)
        for number, state in theirs.items()
        if number not in known
    ]
    for number, row in known.items():
        kind = _difference(row.state in FINISHED, theirs.get(number))
        if kind:
            there = theirs.get(number, "")
            found.append(Difference(kind, number, row.code, row.state, there))
    return tuple(sorted(found, key=lambda each: each.number))


def _difference(finished: bool, there: str | None) -> str | None:
    if there is None:
        return None if finished else "absent_there"
    over = any(word in there.lower() for word in FINISHED_WORDS) and "未" not in there
    if over == finished:
        return None
    return "finished_here" if finished else "finished_there"


def add_supplement(known: str | None, new: str) -> str:
    """Return a description with a further wish of the same order; a text that stands in it is none.

    Parameters
    ----------
    known
        As stored.
    new
        As it comes now.
    """
    text, before = new.strip(), (known or "").strip()
    if not text or text in before:
        return before
    return f"{before}\n{MARK}{text}" if before else text


def find_header(headers: Sequence[str], known: Sequence[str]) -> str | None:
    """Return the first header that is one of the known ones, None if none is.

    Parameters
    ----------
    headers
        Of a file, as written.
    known
        Those that are looked for, the best first.
    """
    plain = {header.strip(): header for header in reversed(headers)}
    return next((plain[name] for name in known if name in plain), None)
