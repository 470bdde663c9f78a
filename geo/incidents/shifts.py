"""Shifts: taken over and handed over with what is open, as posts; the duty log (值班日志)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock, personal_numbers
from geo.base.errors import InputError, NotFoundError, StateError
from geo.incidents import listing
from geo.incidents.store import shifts as stored
from geo.incidents.store.shifts import Shift as Shift

MOST: Final = 50
LONGEST_POST: Final = 60
LONGEST_NOTE: Final = 2_000


@dataclass(frozen=True)
class TakeOver:
    """Who takes a desk over: the own post, that of the leader on duty, the weather by hand."""

    post: str
    leader_post: str | None = None
    weather: str | None = None


def take_over(engine: Engine, who: Principal, asked: TakeOver) -> Shift:
    """Begin a shift at the own desk with what is open now; the one before must be handed over.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who takes over.
    asked
        Posts and weather.

    Raises
    ------
    InputError
        If the post is missing, or a text holds the number of a person.
    StateError
        If the shift before was not handed over yet.
    """
    who.require("shift")
    _require_post(asked.post)
    _require_plain(asked.post, asked.leader_post, asked.weather)
    with transaction.open_as(engine, who) as connection:
        before = stored.newest_shift(connection, who.unit_code)
        if before is not None and before.ended_at is None:
            raise StateError("shifts.goes_on", post=before.post)
        found = _found(connection, who)
        row = {
            "unit": who.unit_code,
            "by": who.account,
            "post": asked.post.strip(),
            "leader": asked.leader_post,
            "weather": asked.weather,
            "before": None if before is None else before.id,
            "found": found,
        }
        made = stored.begin_shift(connection, row)
        if made is None:
            raise StateError("shifts.goes_on", post=asked.post)
        audit.record(connection, who, "shift.begin", str(made))
        return _require_shift(connection, made)


def hand_over(engine: Engine, who: Principal, shift: UUID, note: str | None) -> Shift:
    """End a shift of the own desk: what is open then is kept with it, with a note for the next.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who hands over.
    shift
        Its id.
    note
        For the next shift; posts, no persons.

    Raises
    ------
    StateError
        If it was handed over before.
    """
    who.require("shift")
    _require_plain(note)
    if note is not None and len(note) > LONGEST_NOTE:
        raise InputError("shifts.note", found=len(note), most=LONGEST_NOTE)
    with transaction.open_as(engine, who) as connection:
        row = _require_shift(connection, shift)
        if (row.unit_code or "") != (who.unit_code or ""):
            raise StateError("shifts.other_desk", desk=row.unit_name or row.unit_code or "–")
        found = _found(connection, who, row)
        ended = {"id": shift, "by": who.account, "note": note, "found": found}
        if not stored.end_shift(connection, ended):
            raise StateError("shifts.ended", at=row.ended_at)
        audit.record(connection, who, "shift.end", str(shift))
        return _require_shift(connection, shift)


@dataclass(frozen=True)
class DeskNow:
    """What is open at this moment, and the newest shift of the desk."""

    now: Mapping[str, Any]
    shift: Shift | None


def look_now(engine: Engine, who: Principal) -> DeskNow:
    """Return what is open at this moment, and the newest shift of the own desk.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    """
    who.require("shift")
    with transaction.open_as(engine, who) as connection:
        newest = stored.newest_shift(connection, who.unit_code)
        goes_on = None if newest is None or newest.ended_at else newest
        return DeskNow(_found(connection, who, goes_on), newest)


def read_shift(engine: Engine, who: Principal, shift: UUID) -> Shift:
    """Return a shift; one that goes on with what is open now as ``at_end``.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    shift
        Its id.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    who.require("shift")
    with transaction.open_as(engine, who) as connection:
        row = _require_shift(connection, shift)
        if row.ended_at is None:
            return replace(row, at_end=_found(connection, who, row))
        return row


def list_shifts(engine: Engine, who: Principal) -> list[Shift]:
    """Return the newest shifts of the own desk, or of all where everything is granted.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    """
    who.require("shift")
    with transaction.open_as(engine, who) as connection:
        return stored.list_shifts(connection, MOST)


def _found(connection: Connection, who: Principal, shift: Shift | None = None) -> Mapping[str, Any]:
    """Return what is open now, as JSON; with a shift, what was done and viewed in it as well."""
    reader = who.cut("shift")
    parameters = listing.seen_by(reader)
    found = asdict(stored.open_work(connection, parameters, MOST))
    now = clock.now()
    if shift is not None:
        times = {"begin": shift.begun_at, "end": now}
        viewed = stored.viewings_during(connection, shift.unit_code, **times)
        done = stored.moves_during(connection, {**parameters, **times})
        found["done"] = {**done, "viewings": len(viewed)}
        found["viewings"] = [asdict(each) for each in viewed[:MOST]]
    plain: Mapping[str, Any] = _plain({**found, "at": now})
    return plain


def _plain(value: Any) -> Any:  # noqa: ANN401 - of JSON
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _require_shift(connection: Connection, shift: UUID) -> Shift:
    row = stored.read_shift(connection, shift)
    if row is None:
        raise NotFoundError("shifts.none", id=str(shift))
    return row


def _require_post(post: str) -> None:
    if not 0 < len(post.strip()) <= LONGEST_POST:
        raise InputError("shifts.post", found=post[:80], most=LONGEST_POST)


def _require_plain(*texts: str | None) -> None:
    """Refuse numbers of persons: a post is no person."""
    for text in texts:
        if text and personal_numbers.find_numbers(text):
            raise InputError("shifts.personal")
