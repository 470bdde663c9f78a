"""What the moves of a whistle change: units that are called, called off, and judged at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from geo.incidents.case import Case, Effect, count_wrong_dispatch, sent_dispatch
from geo.incidents.rules.whistle import CalledUnit


def _blow(case: Case, effect: Effect) -> None:
    """Call the units; whoever was in charge before is recalled, also where it leads now."""
    order, row, asked = case.whistle, case.row, case.asked
    if order is None:
        return
    lead = next(each for each in asked.units or () if each.role == "lead")
    effect.incident = {"unit_code": lead.unit, "assigned_at": case.now}
    effect.incident |= {"acknowledged_at": None, "arrived_at": None}
    effect.dispatch = {"state": "recalled", "ended_at": case.now}
    effect.new_whistle = {
        "incident": row["id"],
        "kind": asked.whistle_kind,
        "level": order.level,
        "place": asked.place,
        "blown_at": case.now,
        "blown_by": case.account,
        "blown_unit": case.unit,
        "report_by": order.report_by,
        "within_minutes": order.within_minutes,
    }
    effect.new_dispatch = _called(case, lead)
    joint = [each for each in asked.units or () if each.role != "lead"]
    effect.called = [_called(case, each) for each in joint]
    effect.called += [_called(case, CalledUnit(unit, "paired")) for unit in order.paired]
    effect.restart = row["clock_start"] == "assigned" and row["clock_from"] is None
    effect.facts = {"units": [each.unit for each in asked.units or ()], "paired": [*order.paired]}
    effect.facts |= {"kind": asked.whistle_kind, "level": order.level, "report_by": order.report_by}
    count_wrong_dispatch(case, effect, lead.unit)
    _grant(case, effect)


def _add(case: Case, effect: Effect) -> None:
    """Call more units to the whistle that is open; who leads stays as it is."""
    order, row, units = case.whistle, case.open_whistle, case.asked.units or ()
    if order is None or row is None:
        return
    effect.of_dispatch = None
    more = {"whistle": row["id"], "arrive_due": order.report_by}
    effect.called = [{**_called(case, each), **more} for each in units]
    effect.facts = {"units": [each.unit for each in units], "report_by": order.report_by}


def _called(case: Case, each: CalledUnit) -> dict[str, Any]:
    sent = sent_dispatch(case, each.unit, "paired" if each.role == "paired" else "whistle")
    notice = {"notified": each.notified, "notified_at": case.now if each.notified else None}
    return {**sent, **notice, "notified_post": None, "lead": each.role == "lead"}


def _grant(case: Case, effect: Effect) -> None:
    """Grant what a community asked for: it is blown."""
    found = case.pending("whistle")
    if found is not None:
        effect.of_approval = found["id"]
        effect.approval = {
            "state": "approved",
            "decided_at": case.now,
            "decided_by": case.account,
            "decided_post": case.unit,
        }


def _call_off(case: Case, effect: Effect) -> None:
    effect.incident = {"unit_code": None}
    effect.dispatch = {"state": "recalled", "ended_at": case.now}
    lead = effect.of_dispatch
    effect.others = [(d["id"], dict(effect.dispatch)) for d in case.called if d["id"] != lead]
    effect.whistle = {"state": "called_off", "ended_at": case.now, "ended_by": case.account}


def _end(case: Case, effect: Effect) -> None:
    effect.others = list(_rated(case))
    effect.whistle = {"state": "ended", "ended_at": case.now, "ended_by": case.account}
    effect.facts = {
        "ratings": [
            {"unit": each.unit, "present": each.present, "solved": each.solved}
            for each in case.asked.ratings or ()
        ]
    }


def _rated(case: Case) -> Iterator[tuple[Any, dict[str, Any]]]:
    keys = {d["unit_code"]: d["id"] for d in case.called}
    for each in case.asked.ratings or ():
        yield keys[each.unit], {"rated_present": each.present, "rated_solved": each.solved}


EFFECTS: Final[Mapping[str, Callable[[Case, Effect], None]]] = {
    "whistle": _blow,
    "add_units": _add,
    "call_off_whistle": _call_off,
    "end_whistle": _end,
}
