"""Shifts of a centre, and what is open when one is handed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.incidents.store.listing import SEEN
from geo.incidents.store.states import IS_OPEN, IS_OVERDUE
from geo.store import statements

_OPEN: Final = f"i.state <> 'draft' AND {IS_OPEN}"
_COUNTS: Final = text(
    "SELECT count(*) AS open,"
    f" count(*) FILTER (WHERE {IS_OVERDUE}) AS overdue,"
    " count(*) FILTER (WHERE i.state = 'assigned') AS unsigned,"
    " count(*) FILTER (WHERE i.on_hold) AS on_hold,"
    " count(*) FILTER (WHERE i.emergency) AS emergencies,"
    " count(*) FILTER (WHERE i.state = 'reported') AS waiting"
    f" FROM govgrid.incident i WHERE {_OPEN} AND {SEEN}"
)
_URGENT: Final = text(
    "SELECT i.code, coalesce(i.category, '') AS category, i.state, i.due_at, i.grid_code,"
    f" u.name AS unit_name, coalesce({IS_OVERDUE}, false) AS overdue"
    " FROM govgrid.incident i LEFT JOIN govgrid.unit u ON u.code = i.unit_code"
    f" WHERE {_OPEN} AND {SEEN}"
    f" AND (i.emergency OR i.state IN ('assigned', 'reported') OR {IS_OVERDUE})"
    " ORDER BY i.emergency DESC, overdue DESC, i.due_at NULLS LAST, i.code LIMIT :most"
)
_UNSIGNED: Final = text(
    "SELECT i.code, a.kind, a.decided_post, a.decided_at, a.sign_by FROM govgrid.approval a"
    " JOIN govgrid.incident i ON i.id = a.incident WHERE a.by_telephone AND a.signed_at IS NULL"
    f" AND {SEEN} ORDER BY a.sign_by, i.code LIMIT :most"
)
_DURING: Final = text(
    "SELECT count(*) FILTER (WHERE m.move = 'created') AS taken,"
    " count(*) FILTER (WHERE m.move IN ('assign', 'decide')) AS sent,"
    " count(*) FILTER (WHERE m.move = 'close') AS closed,"
    " count(*) FILTER (WHERE m.notified = 'telephone') AS calls"
    " FROM govgrid.incident_move m JOIN govgrid.incident i ON i.id = m.incident"
    f" WHERE m.at >= :begin AND m.at <= :end AND {SEEN}"
)
_VIEWINGS: Final = text(
    "SELECT at, camera_code, act, reason_kind, reason, incident_code"
    " FROM govgrid.viewings_of_desk(:desk, :begin, :end)"
)
_DOWN: Final = text(
    "SELECT k.code, k.name FROM govgrid.camera_contact k"
    f" JOIN (SELECT * FROM {predicates.CAMERAS}) g ON g.code = k.code"
    " WHERE k.connection = 'offline' AND g.depth IS NOT NULL ORDER BY k.code"
)
_INSERT: Final = text(
    "INSERT INTO govgrid.shift_log (unit_code, begun_at, begun_by, post, leader_post, weather,"
    " taken_from, at_begin) VALUES (:unit, govgrid.now(), :by, :post, :leader, :weather, :before,"
    " CAST(:found AS jsonb)) ON CONFLICT DO NOTHING RETURNING id"
)
_END: Final = text(
    "UPDATE govgrid.shift_log SET ended_at = govgrid.now(), ended_by = :by, note = :note,"
    " at_end = CAST(:found AS jsonb) WHERE id = :id AND ended_at IS NULL RETURNING id"
)
_SHIFT: Final = "SELECT s.*, u.name AS unit_name FROM govgrid.shift_log s" + (
    " LEFT JOIN govgrid.unit u ON u.code = s.unit_code"
)
_ONE: Final = text(f"{_SHIFT} WHERE s.id = :id")
_LIST: Final = text(f"{_SHIFT} ORDER BY s.begun_at DESC, s.id LIMIT :most")
_OF_DESK: Final = text(
    f"{_SHIFT} WHERE coalesce(s.unit_code, '') = :unit ORDER BY s.begun_at DESC, s.id LIMIT 1"
)


@dataclass(frozen=True)
class WorkCounts:
    """How many incidents are open, and how many of them wait for something; cameras down."""

    open: int
    overdue: int
    unsigned: int
    on_hold: int
    emergencies: int
    waiting: int
    down: int


@dataclass(frozen=True)
class UrgentIncident:
    """An incident to look at first."""

    code: str
    category: str
    state: str
    due_at: datetime | None
    grid_code: str | None
    unit_name: str | None
    overdue: bool


@dataclass(frozen=True)
class UnsignedApproval:
    """What was approved by telephone and is to be signed."""

    code: str
    kind: str
    decided_post: str | None
    decided_at: datetime | None
    sign_by: datetime | None


@dataclass(frozen=True)
class CameraDown:
    """A camera that is offline."""

    code: str
    name: str | None


@dataclass(frozen=True)
class DeskViewing:
    """What a desk viewed, and why: `reason` only where the kind says nothing of it."""

    at: datetime
    camera_code: str
    act: str
    reason_kind: str
    reason: str | None
    incident_code: str | None


@dataclass(frozen=True)
class OpenWork:
    """What is open now."""

    counts: WorkCounts
    first: list[UrgentIncident]
    unsigned: list[UnsignedApproval]
    cameras: list[CameraDown]


@dataclass(frozen=True)
class Shift:
    """A shift of a desk: posts, and what was open at its ends, as it was kept then."""

    id: UUID
    unit_code: str | None
    area_unit_id: int | None
    begun_at: datetime
    begun_by: str
    post: str
    leader_post: str | None
    weather: str | None
    taken_from: UUID | None
    at_begin: Mapping[str, Any]
    ended_at: datetime | None
    ended_by: str | None
    note: str | None
    at_end: Mapping[str, Any] | None
    unit_name: str | None


def open_work(connection: Connection, parameters: Mapping[str, Any], most: int) -> OpenWork:
    """Return what is open now: counts, the incidents to look at first, approvals to sign, cameras.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters.
    most
        Most rows of each list.
    """
    values = {**parameters, "most": most}
    cameras = [CameraDown(**row) for row in connection.execute(_DOWN, values).mappings()]
    counts = connection.execute(_COUNTS, values).mappings().one()
    return OpenWork(
        WorkCounts(**counts, down=len(cameras)),
        [UrgentIncident(**row) for row in connection.execute(_URGENT, values).mappings()],
        [UnsignedApproval(**row) for row in connection.execute(_UNSIGNED, values).mappings()],
        cameras[:most],
    )


def moves_during(connection: Connection, parameters: Mapping[str, Any]) -> dict[str, int]:
    """Return how much was taken, sent, closed and announced by telephone in a shift.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters, ``begin`` and ``end``.
    """
    return dict(connection.execute(_DURING, parameters).mappings().one())


def viewings_during(
    connection: Connection, desk: str | None, begin: datetime, end: datetime
) -> list[DeskViewing]:
    """Return what the accounts of a desk viewed in a time, the oldest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set: of another desk nothing is told to who is not
        granted everything.
    desk
        Code of its unit; None: accounts without a unit.
    begin, end
        The time.
    """
    values = {"desk": desk, "begin": begin, "end": end}
    return [DeskViewing(**row) for row in connection.execute(_VIEWINGS, values).mappings()]


def begin_shift(connection: Connection, row: Mapping[str, Any]) -> UUID | None:
    """Write down that a shift begins; None where one of the desk goes on.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``unit``, ``by``, ``post``, ``leader``, ``weather``, ``before`` and ``found``.
    """
    columns = {**row, "found": statements.to_json(row["found"])}
    made: UUID | None = connection.execute(_INSERT, columns).scalar_one_or_none()
    return made


def end_shift(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Write down that a shift is handed over; False where it was before.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``id``, ``by``, ``note`` and ``found``.
    """
    columns = {**row, "found": statements.to_json(row["found"])}
    return connection.execute(_END, columns).scalar_one_or_none() is not None


def read_shift(connection: Connection, shift: UUID) -> Shift | None:
    """Return a shift, None where it is not seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    shift
        Its id.
    """
    row = connection.execute(_ONE, {"id": shift}).mappings().one_or_none()
    return None if row is None else Shift(**row)


def newest_shift(connection: Connection, unit: str | None) -> Shift | None:
    """Return the newest shift of a desk, None where there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    unit
        Of the desk.
    """
    row = connection.execute(_OF_DESK, {"unit": unit or ""}).mappings().one_or_none()
    return None if row is None else Shift(**row)


def list_shifts(connection: Connection, most: int) -> list[Shift]:
    """Return shifts, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    most
        Most rows.
    """
    return [Shift(**row) for row in connection.execute(_LIST, {"most": most}).mappings()]
