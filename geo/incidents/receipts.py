"""Receipts of orders (交办单回执): found by their number, written down for the unit (代登记)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.errors import ConditionError, InputError, NotFoundError, StaleError, StateError
from geo.incidents import case_reading, listing, moves, personal_data, unit_steps
from geo.incidents.move_request import MoveRequest
from geo.incidents.rules import lifecycle
from geo.incidents.rules.lifecycle import MOVES
from geo.incidents.rules.receipt_number import normalize_number, possible_readings
from geo.incidents.rules.whistle import legal_steps
from geo.incidents.step_request import StepRequest
from geo.incidents.store import listing as stored_listing
from geo.incidents.store import moves as stored_moves
from geo.incidents.store import whistles as stored
from geo.incidents.whistle_answer import ReceiptSheet, ReceiptUnit

PAPER: Final = "paper"
PARTS: Final = ("sign_for", "report_in", "unit_done", "return")
_ENDED: Final = ("returned", "recalled")
_TEXTS: Final = ("post", "result", "reason")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What stands on a receipt that came back: only posts, no names.

    `version` is that of the dispatch that was seen; None is refused. Of one `client_id` a receipt
    is written down once.
    """

    number: str
    version: int | None = None
    unit: str | None = None
    post: str | None = None
    signed_at: datetime | None = None
    arrived_at: datetime | None = None
    done_at: datetime | None = None
    result: str | None = None
    return_kind: str | None = None
    reason: str | None = None
    client_id: UUID | None = None
    redact: bool = False
    not_personal: bool = False


@dataclass(frozen=True)
class Registered:
    """A receipt that was written down: what of it was new, and where the dispatch stands."""

    incident: UUID
    code: str
    unit: str
    dispatch: UUID
    state: str
    version: int
    registered: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True)
class _Found:
    """An incident with its row and the dispatches that are out."""

    id: UUID
    row: Mapping[str, Any]
    out: Sequence[Mapping[str, Any]]
    unit: str | None


def read_receipt(engine: Engine, who: Principal, number: str) -> ReceiptSheet:
    """Return what can be written down by the receipt with a number.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who holds the paper: it must see the incident, and where it is.
    number
        As scanned or typed.

    Raises
    ------
    NotFoundError
        If no incident has the number, or it is not seen.
    StateError
        If nobody was sent.
    """
    with transaction.open_as(engine, who) as connection:
        found = _find(connection, who, number)
        case = case_reading.make_case(connection, who, found.row)
        actor = moves.actor_of(connection, who, found.row)
        may_return = lifecycle.find_refusal(
            MOVES["return"], moves.situation_of(case), actor, case.now
        )
        units = []
        for sent in found.out:
            at = unit_steps.called_state(_with_whistle(connection, sent), found.row, case.now)
            steps = [s for s in legal_steps(at, actor.actions, actor.unit) if s in PARTS]
            if sent["lead"] and may_return is None:
                steps.append("return")
            units.append(_unit(sent, steps))
    row = found.row
    facts = {name: row[name] for name in ("code", "title", "category", "state", "due_at")}
    return ReceiptSheet(found.id, **facts, unit=found.unit, units=units)


def register_receipt(
    engine: Engine,
    who: Principal,
    receipt: Receipt,
    *,
    timezone: str,
    whistle_level: str = moves.WHISTLE_LEVEL,
    lang: str = "zh",
) -> Registered:
    """Write a receipt down for its unit, all of it or nothing, and return what was new.

    What was known already (it was signed for at the console, say) stays as it is.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who writes it down.
    receipt
        What stands on it.
    timezone
        IANA name, for times in refusals.
    whistle_level
        Lowest level whose dispatchers blow a whistle.
    lang
        Language of what a refusal names.

    Raises
    ------
    NotFoundError
        If no incident has the number, or it is not seen.
    InputError
        If it says nothing, contradicts itself, or does not say of which unit it is; a
        PersonalDataError where a text holds numbers of persons.
    StateError
        If nobody was sent, or all of it is known.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    MoveRefusedError
        If the incident does not allow it now.
    """
    receipt = _checked(engine, who, receipt)
    with transaction.open_as(engine, who) as connection:
        found = _find(connection, who, receipt.number)
        sent = _choose(found, receipt.unit or found.unit)
        if _known(connection, receipt):
            return _registered(found, sent, (), again=True)
        _require_version(sent, receipt.version)
        parts = tuple(_parts(receipt, sent))
        if not parts:
            raise StateError("receipt.known", code=found.row["code"], unit=sent["unit_code"])
        for part in parts:
            if isinstance(part, MoveRequest):
                version = _newest(connection, who, found.id)["version"]
                moves.move_within(
                    connection, who, found.id, part, version=version, timezone=timezone, lang=lang,
                    whistle_level=whistle_level,
                )  # fmt: skip
            else:
                version = _again(connection, sent)["version"]
                unit_steps.take_step_within(
                    connection, who, sent["id"], part, version=version, timezone=timezone, lang=lang
                )
        names = tuple(p.move if isinstance(p, MoveRequest) else p.step for p in parts)
        return _registered(found, _again(connection, sent), names)


def _checked(engine: Engine, who: Principal, receipt: Receipt) -> Receipt:
    """Return a receipt whose texts can be kept, once it says something without contradiction."""
    _require_something(receipt)
    texts = {name: text for name in _TEXTS if (text := getattr(receipt, name))}
    checked = personal_data.check_texts(
        engine, who, texts, redact=receipt.redact, not_personal=receipt.not_personal
    )
    kept: dict[str, Any] = dict(checked.texts)
    return replace(receipt, **kept)


def _require_something(receipt: Receipt) -> None:
    done = receipt.done_at is not None or bool(receipt.result)
    times = [receipt.signed_at, receipt.arrived_at, receipt.done_at]
    given = [at for at in times if at is not None]
    if not given and not done and receipt.return_kind is None:
        raise InputError("receipt.nothing")
    if done and not receipt.result:
        raise InputError("receipt.no_result")
    if done and receipt.return_kind is not None:
        raise InputError("receipt.both")
    if receipt.return_kind is not None and not receipt.reason:
        raise InputError("receipt.no_reason")
    if any(at.tzinfo is None for at in given):
        raise InputError("receipt.zone")
    if given != sorted(given):
        raise InputError("receipt.order")


def _find(connection: Connection, who: Principal, number: str) -> _Found:
    typed = normalize_number(number)
    if not typed:
        raise InputError("receipt.no_number")
    for code, unit in possible_readings(typed):
        try:
            incident = case_reading.find_incident(connection, who, code)
        except NotFoundError:
            continue
        return _out(connection, who, incident, unit)
    raise NotFoundError("receipt.none", number=typed[:60])


def _out(connection: Connection, who: Principal, incident: UUID, unit: str | None) -> _Found:
    row = _newest(connection, who, incident)
    shown = stored_listing.read_shown(connection, listing.seen_by(who), incident)
    if shown is None or not shown["exact"]:
        raise NotFoundError("receipt.none", number=row["code"])
    sent = stored_moves.read_dispatches(connection, row["code"])
    out = [each for each in sent if each["state"] not in _ENDED]
    if not out:
        raise StateError("receipt.nobody", code=row["code"])
    return _Found(incident, row, out, unit)


def _newest(connection: Connection, who: Principal, incident: UUID) -> Mapping[str, Any]:
    row = stored_moves.read_incident(connection, case_reading.seen_parameters(who), incident)
    if row is None:
        raise NotFoundError("receipt.none", number=str(incident))
    return row


def _choose(found: _Found, unit: str | None) -> Mapping[str, Any]:
    """Return the dispatch that the receipt is of; of several units it must be said."""
    codes = [each["unit_code"] for each in found.out]
    facts = {"code": found.row["code"], "units": ", ".join(codes)}
    if unit is None and len(codes) > 1:
        raise InputError("receipt.which", **facts)
    if unit is not None and unit not in codes:
        raise InputError("receipt.other_unit", unit=unit[:40], **facts)
    return found.out[0] if unit is None else found.out[codes.index(unit)]


def _parts(receipt: Receipt, sent: Mapping[str, Any]) -> Iterator[StepRequest | MoveRequest]:
    """Yield what is new on a receipt, as the steps of its unit."""
    state = sent["state"]
    common: dict[str, Any] = {"known_by": PAPER, "post": receipt.post}
    if receipt.signed_at is not None and state == "sent":
        yield _step("sign_for", receipt, at=receipt.signed_at, **common)
    if receipt.arrived_at is not None and state in {"sent", "acknowledged"}:
        yield _step("report_in", receipt, at=receipt.arrived_at, **common)
    if receipt.result and state != "done":
        yield _step("unit_done", receipt, at=receipt.done_at, result=receipt.result, **common)
    if receipt.return_kind is not None:
        number = _part_id(receipt, "return")
        kind, reason = receipt.return_kind, receipt.reason
        yield MoveRequest("return", kind=kind, reason=reason, client_id=number)


def _step(name: str, receipt: Receipt, **given: Any) -> StepRequest:  # noqa: ANN401 - its fields
    return StepRequest(name, client_id=_part_id(receipt, name), **given)


def _part_id(receipt: Receipt, name: str) -> UUID | None:
    """Return the client_id of one part of a receipt, the same for the same receipt."""
    return None if receipt.client_id is None else uuid5(receipt.client_id, name)


def _known(connection: Connection, receipt: Receipt) -> bool:
    numbers = [number for name in PARTS if (number := _part_id(receipt, name))]
    return any(stored_moves.find_move(connection, number) for number in numbers)


def _require_version(sent: Mapping[str, Any], version: int | None) -> None:
    if version is None:
        raise ConditionError("lifecycle.condition")
    if version != sent["version"]:
        members = {"version": sent["version"], "state": sent["state"]}
        raise StaleError("lifecycle.stale_unknown", members=members, version=sent["version"])


def _again(connection: Connection, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return stored.read_dispatch(connection, sent["id"]) or sent


def _with_whistle(connection: Connection, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"whistle_state": None, **_again(connection, sent)}


def _unit(sent: Mapping[str, Any], steps: list[str]) -> ReceiptUnit:
    names = ("unit_code", "unit_name", "lead", "state", "version")
    times = ("dispatched_at", "acknowledged_at", "reported_in_at", "done_at")
    return ReceiptUnit(sent["id"], **{name: sent[name] for name in (*names, *times)}, parts=steps)


def _registered(
    found: _Found, sent: Mapping[str, Any], names: tuple[str, ...], *, again: bool = False
) -> Registered:
    row = (found.id, found.row["code"], sent["unit_code"], sent["id"])
    return Registered(*row, sent["state"], sent["version"], names, again)
