"""Events of incidents: who receives them follows from the place and the units."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from geo.incidents.case import Case
from geo.incidents.store import events as stored
from geo.store import outbox
from geo.store.outbox import Box, Event

LAYER: Final = "incidents"


def tell_moved(connection: Connection, case: Case, move: str, state: str, version: int) -> None:
    """Tell of a move.

    Parameters
    ----------
    connection
        Transaction of the move.
    case
        The incident before it.
    move
        Name of the move.
    state
        State after it.
    version
        Version after it.
    """
    data = {"id": str(case.row["id"]), "move": move, "state": state, "version": version}
    units = {case.row["unit_code"], case.asked.unit, case.desk} - {None}
    units |= {each.unit for each in case.asked.units or ()}
    units |= {d["unit_code"] for d in case.called} | {
        *(case.whistle.paired if case.whistle else ())
    }
    _tell(connection, case.row, "moved", data, sorted(map(str, units)))


def tell_alarm(connection: Connection, incident: Any, kind: str) -> None:  # noqa: ANN401 - an id
    """Tell of a light or an alarm.

    Parameters
    ----------
    connection
        Transaction in which it is written down.
    incident
        Id of the incident.
    kind
        A word of ``lifecycle.alarm``.
    """
    row = stored.read_place(connection, incident)
    data = {"id": str(row["id"]), "alarm": kind, "state": row["state"], "version": row["version"]}
    _tell(connection, row, "alarm", data, [row["unit_code"]] if row["unit_code"] else [])


def _tell(
    connection: Connection,
    row: Mapping[str, Any],
    kind: str,
    data: Mapping[str, object],
    units: list[str],
) -> None:
    event = Event(
        LAYER,
        kind,
        code=row["code"],
        action="incident" if row["sensitive"] else "map",
        boxes=_boxes(connection, row),
        units=units,
        data=data,
    )
    outbox.add_event(connection, event)


def _boxes(connection: Connection, row: Mapping[str, Any]) -> list[Box]:
    """Return the place, else the box of its area; without either nobody receives the event."""
    if row["lon"] is not None:
        return [(row["lon"], row["lat"], row["lon"], row["lat"])]
    box = stored.area_box(connection, row["area_unit_id"])
    return [] if box is None else [box]
