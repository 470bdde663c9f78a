"""Cameras of incidents as they were answered: answers are added, older ones stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.store import statements

_INSERT: Final = text(
    "WITH made AS (INSERT INTO govgrid.camera_answer (incident, no, geom, seen_from, seen_to,"
    "  coverage_run, revision, nearest_camera, nearest_m, nearest_why)"
    "  SELECT :incident, coalesce((SELECT max(no) FROM govgrid.camera_answer"
    "    WHERE incident = :incident), 0) + 1, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),"
    "  :seen_from, :seen_to, (SELECT max(id) FROM govgrid.newest_run), :revision,"
    "  :nearest_camera, :nearest_m, :nearest_why RETURNING no)"
    " INSERT INTO govgrid.incident_camera (incident, no, rank, camera_code, relation, why,"
    "  distance_m, bearing_deg, heading_deg, px_per_m, online, online_share, offline,"
    "  footage_until, unit, phone)"
    " SELECT :incident, made.no, c.rank, c.code, c.relation, c.why, c.distance_m, c.bearing_deg,"
    "  c.heading_deg, c.px_per_m, c.online, c.online_share, c.offline, c.footage_until, c.unit,"
    "  c.phone FROM made, jsonb_to_recordset(CAST(:cameras AS jsonb)) AS c (rank integer,"
    "  code text, relation text, why text, distance_m float8, bearing_deg float8,"
    "  heading_deg float8, px_per_m float8, online boolean, online_share float8, offline jsonb,"
    "  footage_until timestamptz, unit text, phone text)"
)
_ANSWER: Final = text(
    "SELECT no, at, ST_X(geom) AS lon, ST_Y(geom) AS lat, seen_from, seen_to, coverage_run,"
    " revision, nearest_camera, nearest_m, nearest_why FROM govgrid.camera_answer"
    " WHERE incident = :incident ORDER BY no DESC LIMIT 1"
)
_CAMERAS: Final = text(
    "SELECT c.camera_code AS code, k.name, c.relation, c.why, c.distance_m, c.bearing_deg,"
    " c.heading_deg, c.px_per_m, c.online, c.online_share, c.offline, c.footage_until, c.unit,"
    " c.phone, k.supply_light FROM govgrid.incident_camera c"
    " LEFT JOIN govgrid.camera_contact k ON k.code = c.camera_code"
    " WHERE c.incident = :incident AND c.no = :no ORDER BY c.rank"
)
_PLACE: Final = text(
    "SELECT id, code, version, category, title, description, address, reported_at, occurred_at,"
    " occurred_to, ST_X(geom) AS lon, ST_Y(geom) AS lat, unseen_demand, emergency, status,"
    " grid_code, community_code, township_code, unit_code, state, created_account"
    " FROM govgrid.incident WHERE id = :id"
)
_BY_CODE: Final = text("SELECT id FROM govgrid.incident WHERE code = :code")
_DEMAND: Final = text(
    "UPDATE govgrid.incident SET unseen_demand = :wanted, version = version + 1"
    " WHERE id = :id RETURNING version"
)


@dataclass(frozen=True)
class NewAnswer:
    """What is written of the cameras of a place.

    `facts` are ``lon``, ``lat``, ``seen_from``, ``seen_to``, ``revision``, ``nearest_camera``,
    ``nearest_m`` and ``nearest_why``; `cameras` columns of ``incident_camera`` with ``code``.
    """

    facts: Mapping[str, Any]
    cameras: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class CameraAnswer:
    """When the cameras of an incident were asked for, of which place and window."""

    no: int
    at: datetime
    lon: float
    lat: float
    seen_from: datetime
    seen_to: datetime
    coverage_run: int | None
    revision: int
    nearest_camera: str | None
    nearest_m: float | None
    nearest_why: str | None


@dataclass(frozen=True)
class IncidentFacts:
    """An incident as far as its cameras, papers and files ask for it."""

    id: UUID
    code: str
    version: int
    category: str | None
    title: str
    description: str | None
    address: str | None
    reported_at: datetime | None
    occurred_at: datetime | None
    occurred_to: datetime | None
    lon: float | None
    lat: float | None
    unseen_demand: bool
    emergency: bool
    status: str | None
    grid_code: str | None
    community_code: str | None
    township_code: str | None
    unit_code: str | None
    state: str
    created_account: UUID | None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return when it happened: a moment where no end is known."""
        begin = self.occurred_at or self.reported_at
        if begin is None:
            raise ValueError("an incident without any time")
        return begin, self.occurred_to or begin


def insert_answer(connection: Connection, incident: UUID, answer: NewAnswer) -> None:
    """Write what was answered about the cameras of an incident; older answers stay.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    answer
        All cameras, as the system sees them.
    """
    cameras = statements.to_json(list(answer.cameras))
    connection.execute(_INSERT, {"incident": incident, **answer.facts, "cameras": cameras})


def newest_answer(connection: Connection, incident: UUID) -> CameraAnswer | None:
    """Return the newest answer about the cameras of an incident, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    """
    row = connection.execute(_ANSWER, {"incident": incident}).one_or_none()
    return None if row is None else CameraAnswer(*row)


def answered_cameras(connection: Connection, incident: UUID, no: int) -> list[dict[str, Any]]:
    """Return the cameras of an answer in their order.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    no
        Of the answer.
    """
    rows = connection.execute(_CAMERAS, {"incident": incident, "no": no}).mappings()
    return [dict(row) for row in rows]


def find_incident(connection: Connection, incident: UUID) -> IncidentFacts | None:
    """Return an incident by its id, None if it is none or not granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    """
    row = connection.execute(_PLACE, {"id": incident}).one_or_none()
    return None if row is None else IncidentFacts(*row)


def find_id(connection: Connection, code: str) -> UUID | None:
    """Return the id of an incident by its number, None if it is none or not granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    code
        Its number.
    """
    found: UUID | None = connection.execute(_BY_CODE, {"code": code}).scalar()
    return found


def set_demand(connection: Connection, incident: UUID, *, wanted: bool) -> int | None:
    """Tick an incident as demand where nobody sees, or not; return its version.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    wanted
        Whether it counts.
    """
    found: int | None = connection.execute(_DEMAND, {"id": incident, "wanted": wanted}).scalar()
    return found
