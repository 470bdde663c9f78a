"""An incident that is moved, and what a move changes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from geo.incidents.move_request import MoveRequest
from geo.incidents.rules.whistle import Whistle

_ENDED: Final = frozenset({"returned", "recalled"})


@dataclass(frozen=True)
class Case:
    """An incident that is moved: its row, dispatches, approvals, who moves it, and when.

    `desk` is the unit that it is referred to, with the `level`; `extra` the minutes that an
    extension adds; `open_whistle` the whistle that is open, `whistle` one that is to be blown.
    `proxy` says whether it is written down for the unit in charge.
    """

    row: Mapping[str, Any]
    dispatches: Sequence[Mapping[str, Any]]
    approvals: Sequence[Mapping[str, Any]]
    asked: MoveRequest
    account: str
    unit: str | None
    now: datetime
    desk: str | None = None
    level: str | None = None
    extra: float = 0.0
    open_whistle: Mapping[str, Any] | None = None
    whistle: Whistle | None = None
    proxy: bool = False

    @property
    def called(self) -> list[Mapping[str, Any]]:
        """The dispatches of the whistle that is open."""
        key = None if self.open_whistle is None else self.open_whistle["id"]
        return [d for d in self.dispatches if key is not None and d["whistle"] == key]

    @property
    def lead(self) -> Mapping[str, Any] | None:
        """The dispatch whose progress the state follows."""
        live = [d for d in self.dispatches if d["lead"] and d["state"] not in _ENDED]
        return live[-1] if live else None

    @property
    def returned(self) -> Mapping[str, Any] | None:
        """The dispatch that was returned last."""
        back = [d for d in self.dispatches if d["state"] == "returned"]
        return sorted(back, key=lambda d: d["ended_at"])[-1] if back else None

    def pending(self, kind: str) -> Mapping[str, Any] | None:
        """Return the approval of a kind that is asked for."""
        return next(
            (a for a in self.approvals if a["kind"] == kind and a["state"] == "asked"), None
        )

    @property
    def hold(self) -> Mapping[str, Any] | None:
        """The hold that is in force."""
        held = [a for a in self.approvals if a["kind"] == "hold" and a["state"] == "approved"]
        return next((a for a in held if a["ended_at"] is None), None)


@dataclass
class Effect:
    """Columns to set: of the incident, of the dispatch in charge (or another), of an approval.

    `new_dispatch` and `new_approval` are rows to insert; `restart` says that the clock starts now;
    `facts` go into the history. Of a whistle: `others` are further dispatches with their columns,
    `new_whistle` and `called` its row and those of its units but the lead, `whistle` its columns.
    `order` is the work order of the hotline.
    """

    incident: dict[str, Any] = field(default_factory=dict)
    dispatch: dict[str, Any] = field(default_factory=dict)
    of_dispatch: Any = None
    new_dispatch: dict[str, Any] = field(default_factory=dict)
    approval: dict[str, Any] = field(default_factory=dict)
    of_approval: Any = None
    new_approval: dict[str, Any] = field(default_factory=dict)
    others: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    new_whistle: dict[str, Any] = field(default_factory=dict)
    called: list[dict[str, Any]] = field(default_factory=list)
    whistle: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    restart: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def sent_dispatch(case: Case, unit: str | None, kind: str) -> dict[str, Any]:
    """Return the row of a dispatch that is sent now.

    Parameters
    ----------
    case
        The incident.
    unit
        Code of the unit that is sent.
    kind
        Word of the column ``kind``.
    """
    return {
        "incident_code": case.row["code"],
        "unit_code": unit,
        "kind": kind,
        "dispatched_at": case.now,
        "dispatched_by": case.account,
        "dispatched_unit": case.unit,
        "notified": case.asked.notified,
        "notified_post": case.asked.notified_post,
        "notified_at": case.asked.notified_at,
    }


def count_wrong_dispatch(case: Case, effect: Effect, unit: str | None) -> None:
    """Count a wrong dispatch (错误派遣): returned as not competent, then sent to another unit.

    Parameters
    ----------
    case
        The incident.
    effect
        What the move changes, for the answer.
    unit
        Code of the unit that is sent now.
    """
    back = case.returned
    if back is not None and back["return_kind"] == "duty" and back["unit_code"] != unit:
        effect.incident["wrong_dispatches"] = case.row["wrong_dispatches"] + 1
        effect.facts["wrong_dispatch"] = back["unit_code"]
