"""Clocks of incidents: what lights and alarms follow from, and what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.incidents.rules.limits import Alarm
from geo.incidents.store.states import IS_OPEN

_FORGET: Final = text("DELETE FROM govgrid.clock_event WHERE incident = :id AND fired_at IS NULL")
_DUE: Final = text(
    "INSERT INTO govgrid.clock_event (incident, kind, step, due)"
    " SELECT :id, kind, step, due FROM unnest(CAST(:kinds AS text[]), CAST(:steps AS text[]),"
    " CAST(:dues AS timestamptz[])) AS e (kind, step, due) ON CONFLICT DO NOTHING"
)
_NOTIFIED: Final = text(
    "INSERT INTO govgrid.notification (incident, kind, step, to_unit)"
    " VALUES (:incident, :kind, :step, :unit) ON CONFLICT DO NOTHING"
)
_CLOCK: Final = text(
    "SELECT i.state, i.on_hold, i.hold_until, i.amber_at, i.due_at, i.reported_at, i.reopened,"
    " k.accept_minutes, d.id AS dispatch, d.acknowledge_due, d.arrive_due,"
    " o.registered_at, o.return_by FROM govgrid.incident i"
    " LEFT JOIN govgrid.hotline_order o ON o.incident = i.id"
    " LEFT JOIN LATERAL (SELECT c.accept_minutes FROM govgrid.category c"
    "  WHERE c.code = i.category OR c.name = i.category ORDER BY c.shipped, c.code LIMIT 1) k"
    "  ON true"
    " LEFT JOIN govgrid.dispatch d ON d.incident_code = i.code AND d.lead"
    "  AND d.state NOT IN ('returned', 'recalled') WHERE i.id = :id"
)
_HOLD: Final = text(
    "SELECT id FROM govgrid.approval WHERE incident = :id AND kind = 'hold' AND state = 'approved'"
    " AND ended_at IS NULL ORDER BY decided_at DESC LIMIT 1"
)
_UNSIGNED: Final = text(
    "SELECT id, sign_by FROM govgrid.approval WHERE incident = :id AND by_telephone"
    " AND signed_at IS NULL AND sign_by IS NOT NULL"
)
_CALLED: Final = text(
    "SELECT d.id, d.state, d.acknowledge_due, d.arrive_due FROM govgrid.dispatch d"
    " JOIN govgrid.whistle w ON w.id = d.whistle AND w.state = 'open'"
    " WHERE w.incident = :id AND NOT d.lead AND d.state IN ('sent', 'acknowledged')"
    " ORDER BY d.id"
)
# Several workers at once fire each alarm once: whoever locks it first.
_FIRE: Final = text(
    "UPDATE govgrid.clock_event e SET fired_at = govgrid.now() FROM ("
    "  SELECT incident, kind, step FROM govgrid.clock_event"
    "  WHERE fired_at IS NULL AND due <= govgrid.now() ORDER BY due LIMIT :most"
    "  FOR UPDATE SKIP LOCKED) due"
    " WHERE (e.incident, e.kind, e.step) = (due.incident, due.kind, due.step)"
    " RETURNING e.incident, e.kind, e.step, e.due"
)
_NOTIFY: Final = text(
    "INSERT INTO govgrid.notification (incident, kind, step, to_unit)"
    " SELECT i.id, :kind, :step, coalesce((SELECT d.unit_code FROM govgrid.dispatch d"
    "  WHERE d.incident_code = i.code AND d.id::text = :step), i.unit_code)"
    " FROM govgrid.incident i WHERE i.id = :incident"
    " ON CONFLICT DO NOTHING RETURNING true"
)
_ENDED: Final = text("SELECT id FROM govgrid.incident WHERE id = :id AND on_hold FOR UPDATE")
_PROVISIONAL: Final = text(
    "SELECT i.id FROM govgrid.incident i WHERE i.due_provisional AND NOT i.due_given"
    f" AND {IS_OPEN} ORDER BY i.id"
)

_WORKING: Final = text(
    "SELECT id FROM govgrid.incident WHERE limit_unit IN ('working_hours', 'working_days')"
    " AND clock_from IS NOT NULL AND NOT due_given AND NOT on_hold"
    " AND state IN ('reported', 'accepted', 'assigned', 'acknowledged', 'arrived', 'in_progress',"
    "  'returned')"
    " AND CASE WHEN CAST(:unit AS text) IS NULL THEN unit_code IS NULL OR unit_code NOT IN"
    "  (SELECT w.unit_code FROM govgrid.working_hours w WHERE w.unit_code IS NOT NULL)"
    "  ELSE unit_code = :unit END ORDER BY id"
)


@dataclass(frozen=True)
class ClockRow:
    """What lights and alarms of an incident follow from, with its lead and its work order."""

    state: str
    on_hold: bool
    hold_until: datetime | None
    amber_at: datetime | None
    due_at: datetime | None
    reported_at: datetime | None
    reopened: int
    accept_minutes: int | None
    dispatch: UUID | None
    acknowledge_due: datetime | None
    arrive_due: datetime | None
    registered_at: datetime | None
    return_by: datetime | None


@dataclass(frozen=True)
class CalledRow:
    """A unit that a whistle called and that did not come yet."""

    id: UUID
    state: str
    acknowledge_due: datetime | None
    arrive_due: datetime | None


def read_clock(connection: Connection, incident: UUID) -> ClockRow:
    """Return the row of :class:`geo.incidents.rules.limits.Clock` of an incident.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return ClockRow(**connection.execute(_CLOCK, {"id": incident}).mappings().one())


def hold_of(connection: Connection, incident: UUID) -> UUID | None:
    """Return the approval of the hold that is in force, None if none is.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    found: UUID | None = connection.execute(_HOLD, {"id": incident}).scalar_one_or_none()
    return found


def unsigned_of(connection: Connection, incident: UUID) -> list[tuple[str, datetime]]:
    """Return the approvals by telephone that wait for a signature, and until when.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return [(str(row.id), row.sign_by) for row in connection.execute(_UNSIGNED, {"id": incident})]


def called_of(connection: Connection, incident: UUID) -> list[CalledRow]:
    """Return the units beside the lead that an open whistle called and that did not come yet.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    rows = connection.execute(_CALLED, {"id": incident}).mappings()
    return [CalledRow(**row) for row in rows]


def fire_due(connection: Connection, most: int) -> list[tuple[UUID, str, str, datetime]]:
    """Mark what is due as fired and return it: incident, kind, step, when it was due.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    most
        Most alarms at once.
    """
    return [tuple(row) for row in connection.execute(_FIRE, {"most": most})]


def notify_once(connection: Connection, incident: UUID, kind: str, step: str) -> bool:
    """Write down that an alarm was given; False where it was given before.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    kind, step
        Which alarm.
    """
    row = {"incident": incident, "kind": kind, "step": step}
    return bool(connection.execute(_NOTIFY, row).scalar_one_or_none())


def lock_held(connection: Connection, incident: UUID) -> bool:
    """Return whether an incident is on hold, locked.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return connection.execute(_ENDED, {"id": incident}).scalar_one_or_none() is not None


def provisional_incidents(connection: Connection) -> list[UUID]:
    """Return the open incidents whose limit is provisional (暂估)."""
    return list(connection.execute(_PROVISIONAL).scalars())


def working_incidents(connection: Connection, unit: str | None) -> list[UUID]:
    """Return the incidents that are worked on with a limit in the working time of a unit.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit in charge; None: all units without hours of their own, and no unit.
    """
    return list(connection.execute(_WORKING, {"unit": unit}).scalars())


def replace_alarms(connection: Connection, incident: UUID, alarms: Sequence[Alarm]) -> None:
    """Write what is due of an incident; what was announced before is not due again.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    alarms
        As :func:`geo.incidents.rules.limits.alarms_of` has them.
    """
    connection.execute(_FORGET, {"id": incident})
    if alarms:
        rows = {
            "kinds": [alarm.kind for alarm in alarms],
            "steps": [alarm.step for alarm in alarms],
            "dues": [alarm.due for alarm in alarms],
        }
        connection.execute(_DUE, {"id": incident, **rows})


def write_notification(
    connection: Connection, incident: UUID, kind: str, step: str, unit: str | None
) -> None:
    """Write down a notification; the same once more is not written again.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    kind, step
        What it says, and which time.
    unit
        Code of the unit that was notified.
    """
    row = {"incident": incident, "kind": kind, "step": step, "unit": unit}
    connection.execute(_NOTIFIED, row)
