"""New incidents with their first move, and the earlier ones that may be the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, column, text

from geo.incidents.rules.duplicates import Earlier
from geo.incidents.rules.limits import Alarm
from geo.incidents.store import answers
from geo.incidents.store.answers import AnswerRow
from geo.incidents.store.incident_cameras import NewAnswer

PLAIN: Final = (
    *("client_id", "title", "category", "description", "source", "source_ref", "state"),
    *("occurred_at", "occurred_to", "reported_at", "accuracy_m", "address", "located_by"),
    *("located_code", "asset_code", "status", "area_unit_id", "area_day", "grid_code"),
    *("community_code", "township_code", "nearest_code", "nearest_m", "unit_code"),
    *("proposed_unit_code", "override_reason", "emergency", "grade", "level", "clock_from"),
    *("limit_amount", "limit_unit", "amber_at", "due_at", "due_provisional", "created_account"),
    "created_unit",
)
JSON: Final = ("candidates", "routing")
_GEOM: Final = (
    "CASE WHEN CAST(:lon AS float8) IS NOT NULL THEN ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) END"
)
# A function, as its plan is kept: with the policies of all tables, planning takes longer than
# writing. Its columns are named, else the driver's description is read anew for each.
_INSERT: Final = text(
    f"SELECT {answers.COLUMNS} FROM govgrid.insert_incident(CAST(:incident AS jsonb), :lon, :lat,"
    " CAST(:move AS jsonb), CAST(:alarms AS jsonb), CAST(:answer AS jsonb),"
    " CAST(:cameras AS jsonb))"
).columns(*(column(field.name) for field in fields(AnswerRow)))
_SAME: Final = text(
    "SELECT i.id, i.code, i.created_account, (SELECT m.facts ->> 'request'"
    " FROM govgrid.incident_move m WHERE m.incident = i.id ORDER BY m.id LIMIT 1) AS request"
    " FROM govgrid.incident i WHERE i.client_id = :client_id"
)
# A function here as well; it finds places by squares, as row-level security keeps an index of
# places from being used.
_EARLIER: Final = text(
    "SELECT code, distance_m, reported_at, ended_at FROM govgrid.earlier_incidents("
    " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :radius_m, :categories, :since, :reported_at)"
    " WHERE code <> :code"
).columns(*map(column, ("code", "distance_m", "reported_at", "ended_at")))
_REPORTED: Final = text(
    "SELECT code, category, reported_at, ST_X(geom) AS lon, ST_Y(geom) AS lat"
    " FROM govgrid.incident WHERE code = ANY(:codes)"
)
_PIN: Final = text(f"UPDATE govgrid.incident SET geom = {_GEOM} WHERE id = :id")
_KNOWN: Final = text(
    "SELECT DISTINCT number FROM govgrid.known_number WHERE number = ANY(:numbers)"
)


@dataclass(frozen=True)
class NewIncident:
    """What is written of a new incident.

    `row` has the columns of :data:`PLAIN`, :data:`JSON`, ``lon`` and ``lat``; `facts` are those of
    its first move. Without a place there is no answer about cameras.
    """

    row: Mapping[str, Any]
    account: str
    post: str
    facts: Mapping[str, Any]
    alarms: Sequence[Alarm] = ()
    answer: NewAnswer | None = None

    @property
    def _values(self) -> dict[str, Any]:
        row, answer = self.row, self.answer
        move = {
            "account": self.account,
            "post": self.post,
            "unit_code": row["created_unit"],
            "facts": self.facts,
        }
        return {
            "incident": _json({name: row[name] for name in (*PLAIN, *JSON)}),
            "lon": row["lon"],
            "lat": row["lat"],
            "move": _json(move),
            "alarms": _json([vars(alarm) for alarm in self.alarms]),
            "answer": None if answer is None else _json(answer.facts),
            "cameras": _json([] if answer is None else answer.cameras),
        }


@dataclass(frozen=True)
class Created:
    """A new incident, or the one that was made before under the same client_id."""

    id: UUID
    code: str
    row: AnswerRow
    created_account: UUID | None = None
    request: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Reported:
    """An incident as duplicates are looked for."""

    code: str
    category: str | None
    reported_at: datetime | None
    lon: float | None
    lat: float | None


def insert_incident(connection: Connection, new: NewIncident) -> Created | None:
    """Write an incident with its first move, its alarms and its cameras, in one statement.

    Of one client_id there is one incident; None: it is there and not granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    new
        What is written.
    """
    made = connection.execute(_INSERT, new._values).one_or_none()
    if made is not None:
        return Created(made.id, made.code, AnswerRow(*made))
    found = connection.execute(_SAME, {"client_id": new.row["client_id"]}).one_or_none()
    if found is None:
        return None
    row = answers.read_row(connection, found.id)
    assert row is not None  # noqa: S101 - the same row in the same transaction
    return Created(row.id, row.code, row, found.created_account, found.request, again=True)


def move_pin(connection: Connection, incident: UUID, lon: float | None, lat: float | None) -> None:
    """Set the place of an incident.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    lon, lat
        Degrees, EPSG:4326; None: it has none any more.
    """
    connection.execute(_PIN, {"id": incident, "lon": lon, "lat": lat})


def find_earlier(connection: Connection, asked: Mapping[str, Any]) -> list[Earlier]:
    """Return the earlier incidents of a category around a place.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``categories`` (words of one), ``lon``, ``lat``, ``reported_at``, ``since``, ``radius_m``
        and ``code``, which is not to be found.
    """
    rows = connection.execute(_EARLIER, dict(asked))
    return [Earlier(r.code, r.distance_m, r.reported_at, r.ended_at) for r in rows]


def read_reported(connection: Connection, codes: list[str]) -> list[Reported]:
    """Return some incidents as duplicates are looked for.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    codes
        Of the incidents.
    """
    return [Reported(*row) for row in connection.execute(_REPORTED, {"codes": codes})]


def known_numbers(connection: Connection, numbers: list[str]) -> frozenset[str]:
    """Return those numbers that are codes of things, or office numbers.

    Parameters
    ----------
    connection
        Open transaction.
    numbers
        Digits only.
    """
    return frozenset(connection.execute(_KNOWN, {"numbers": numbers}).scalars())


def _json(value: object) -> str:
    """Return a cell of jsonb; PostgreSQL reads times and ids from their texts."""
    return json.dumps(value, ensure_ascii=False, default=str)
