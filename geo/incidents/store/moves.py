"""Moves of incidents: the row that is moved, its dispatches and approvals, and what is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg2 import sql
from sqlalchemy import Connection, TextClause, text

from geo.access import predicates
from geo.store import statements

SEEN: Final = (
    f"({predicates.INCIDENT.format(geom='i.geom', code='i.code')}"
    " OR i.created_account = CAST(:account_id AS uuid)"
    " OR (i.geom IS NULL AND (:incident_everything OR i.area_unit_id IN ("
    "  SELECT n.unit_id FROM govgrid.area_now n WHERE"
    "  string_to_array(ltree2text(n.path), '.')::bigint[] && CAST(:incident_areas AS bigint[])))))"
)
_CATEGORY: Final = (
    " LEFT JOIN LATERAL (SELECT k.* FROM govgrid.category k"
    "  WHERE k.code = i.category OR k.name = i.category ORDER BY k.shipped, k.code LIMIT 1) k"
    "  ON true"
    " LEFT JOIN govgrid.incident_grade g ON g.code = coalesce(i.grade, k.grade)"
)
_READ: Final = (
    "SELECT i.*, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat,"
    " coalesce(k.needs_check, false) AS needs_check, coalesce(k.sensitive, false) AS sensitive,"
    " coalesce(k.clock_start, 'reported') AS clock_start, k.accept_minutes,"
    " k.acknowledge_minutes, k.arrive_minutes, k.return_minutes,"
    " coalesce(k.limit_amount, g.limit_amount) AS own_amount,"
    " CASE WHEN k.limit_amount IS NULL THEN g.limit_unit ELSE k.limit_unit END AS own_unit,"
    " CASE WHEN i.geom IS NULL THEN (SELECT string_to_array(ltree2text(n.path), '.')::bigint[]"
    "  FROM govgrid.area_now n WHERE n.unit_id = i.area_unit_id)"
    "  ELSE govgrid.areas_of_boxes(i.geom) END AS areas"
    f" FROM govgrid.incident i {_CATEGORY} WHERE i.id = :id AND {SEEN}"
)
_LOCK: Final = text(f"{_READ} FOR UPDATE OF i")
_ID: Final = text(f"SELECT i.id FROM govgrid.incident i WHERE i.code = :code AND {SEEN}")
# Of two at one moment that comes first whose move was written first.
_DISPATCHES: Final = text(
    "SELECT d.*, u.name AS unit_name, u.duty_phone FROM govgrid.dispatch d"
    " JOIN govgrid.incident i ON i.code = d.incident_code"
    " LEFT JOIN govgrid.unit u ON u.code = d.unit_code"
    " WHERE d.incident_code = :code ORDER BY d.dispatched_at, (SELECT min(m.id)"
    " FROM govgrid.incident_move m WHERE m.incident = i.id AND m.dispatch = d.id), d.id"
)
_APPROVALS: Final = text(
    "SELECT * FROM govgrid.approval WHERE incident = :id ORDER BY asked_at, id"
)
_MOVES: Final = text(
    "SELECT m.*, u.name AS target_name FROM govgrid.incident_move m"
    " LEFT JOIN govgrid.unit u ON u.code = m.target_unit WHERE m.incident = :id ORDER BY m.id"
)
_OF_CLIENT: Final = text(
    "SELECT incident, move, version FROM govgrid.incident_move WHERE client_id = :client_id"
)
_UNIT: Final = text("SELECT EXISTS (SELECT FROM govgrid.unit WHERE code = :code)")
_DESK: Final = text(
    "SELECT u.code FROM govgrid.unit u WHERE u.kind = '值班室' AND u.area_code = :area"
    " ORDER BY u.code LIMIT 1"
)
_ABOVE: Final = text(
    "SELECT p.code, p.level FROM govgrid.area_now a JOIN govgrid.area_now p ON p.path @> a.path"
    " WHERE a.unit_id = :area AND p.level = :level LIMIT 1"
)
_HIGHEST: Final = text(
    "SELECT level FROM govgrid.area_now WHERE unit_id = ANY(CAST(:areas AS bigint[]))"
    " ORDER BY array_position(ARRAY['district', 'township', 'community', 'grid'], level) LIMIT 1"
)
_CHAIN: Final = text(
    "UPDATE govgrid.incident SET duplicate_of = :target, version = version + 1"
    " WHERE duplicate_of = :id"
)
_MERGE: Final = text(
    "UPDATE govgrid.incident SET reports = reports + :reports, version = version + 1"
    " WHERE id = :target RETURNING version, state"
)
_DUTY: Final = text(
    "INSERT INTO govgrid.unit_duty (code, unit_code, area_code, category, valid_from, decided_by,"
    " changed_at, changed_by) VALUES (:code, :unit, :area, :category, govgrid.today(), :incident,"
    " govgrid.now(), :by) ON CONFLICT (code) DO NOTHING"
)


def lock_incident(
    connection: Connection, parameters: Mapping[str, Any], incident: UUID
) -> Mapping[str, Any] | None:
    """Return an incident with the rules of its category, locked; None where it is not seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants of the principal as SQL parameters, with ``account_id``.
    incident
        Its id.

    Returns
    -------
    Mapping or None
        Its columns, ``lon``, ``lat``, ``areas`` (unit_ids that it lies in) and the rules.
    """
    return _one(connection, _LOCK, {**parameters, "id": incident})


def read_incident(
    connection: Connection, parameters: Mapping[str, Any], incident: UUID
) -> Mapping[str, Any] | None:
    """Return what :func:`lock_incident` does, without a lock.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        As for :func:`lock_incident`.
    incident
        Its id.
    """
    return _one(connection, text(_READ), {**parameters, "id": incident})


def find_id(connection: Connection, parameters: Mapping[str, Any], code: str) -> UUID | None:
    """Return the id of the incident with a number, None where it is not seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        As for :func:`lock_incident`.
    code
        The number people say.
    """
    found: UUID | None = connection.execute(_ID, {**parameters, "code": code}).scalar_one_or_none()
    return found


def read_dispatches(connection: Connection, code: str) -> list[Mapping[str, Any]]:
    """Return the dispatches of an incident, the oldest first.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Its number.
    """
    return [dict(row) for row in connection.execute(_DISPATCHES, {"code": code}).mappings()]


def read_approvals(connection: Connection, incident: UUID) -> list[Mapping[str, Any]]:
    """Return the approvals of an incident, the oldest first.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return [dict(row) for row in connection.execute(_APPROVALS, {"id": incident}).mappings()]


def read_moves(connection: Connection, incident: UUID) -> list[Mapping[str, Any]]:
    """Return the moves of an incident, the oldest first, each with the name of its target unit.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return [dict(row) for row in connection.execute(_MOVES, {"id": incident}).mappings()]


@dataclass(frozen=True)
class SentMove:
    """A move that a client sent before."""

    incident: UUID
    move: str
    version: int


def find_move(connection: Connection, client_id: UUID) -> SentMove | None:
    """Return the move that a client sent before, None if none.

    Parameters
    ----------
    connection
        Open transaction.
    client_id
        Made where it was typed.
    """
    row = connection.execute(_OF_CLIENT, {"client_id": client_id}).mappings().one_or_none()
    return None if row is None else SentMove(**row)


def is_unit(connection: Connection, code: str) -> bool:
    """Return whether a code is that of a unit.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Any.
    """
    return bool(connection.execute(_UNIT, {"code": code}).scalar_one())


def find_desk(connection: Connection, area: str) -> str | None:
    """Return the code of the duty desk of an area, None where it has none.

    Parameters
    ----------
    connection
        Open transaction.
    area
        Code of the area.
    """
    found: str | None = connection.execute(_DESK, {"area": area}).scalar_one_or_none()
    return found


def area_at_level(connection: Connection, area: int | None, level: str) -> str | None:
    """Return the code of the area of a level that an area lies in, None where there is none.

    Parameters
    ----------
    connection
        Open transaction.
    area
        unit_id of the smaller area.
    level
        Level that is looked for.
    """
    asked = {"area": area, "level": level}
    row = connection.execute(_ABOVE, asked).one_or_none()
    return None if row is None else str(row.code)


def highest_level(connection: Connection, areas: Sequence[int]) -> str | None:
    """Return the level of the largest of some areas (unit_ids), None where none is known.

    Parameters
    ----------
    connection
        Open transaction.
    areas
        unit_ids.
    """
    found: str | None = connection.execute(_HIGHEST, {"areas": list(areas)}).scalar_one_or_none()
    return found


def update_row(connection: Connection, table: str, key: UUID, values: Mapping[str, object]) -> None:
    """Set columns of one row; ``version`` grows by one where the table has it.

    Parameters
    ----------
    connection
        Open transaction.
    table
        incident, dispatch, approval or whistle.
    key
        Its id.
    values
        Column → value.
    """
    given: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(k), _value(v)) for k, v in values.items()
    ]
    if table in {"incident", "dispatch"}:
        given.append(sql.SQL("version = version + 1"))
    if given:
        statement = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(
            sql.Identifier("govgrid", table), sql.SQL(", ").join(given), sql.Literal(str(key))
        )
        statements.execute(connection, statement)


def insert_row(connection: Connection, table: str, values: Mapping[str, object]) -> str:
    """Insert one row and return its id as text.

    Parameters
    ----------
    connection
        Open transaction.
    table
        dispatch, approval, whistle or incident_move.
    values
        Column → value.
    """
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier("govgrid", table),
        statements.columns_of(list(values)),
        sql.SQL(", ").join(map(_value, values.values())),
    )
    return str(statements.execute(connection, statement)[0][0])


def merge_into(
    connection: Connection, incident: UUID, target: UUID, reports: int
) -> tuple[int, str]:
    """Count the reports of a duplicate with its target; return version and state of that.

    Duplicates of the duplicate lead to the target as well: there is no chain.

    Parameters
    ----------
    connection
        Open transaction.
    incident, target
        Ids of both.
    reports
        How often the duplicate was reported.
    """
    connection.execute(_CHAIN, {"id": incident, "target": target})
    row = connection.execute(_MERGE, {"target": target, "reports": reports}).one()
    return int(row.version), str(row.state)


def insert_duty(connection: Connection, duty: Mapping[str, object]) -> None:
    """Write a decision into the routing table.

    Parameters
    ----------
    connection
        Open transaction.
    duty
        code, unit, area, category, incident, by.
    """
    connection.execute(_DUTY, duty)


def _one(
    connection: Connection, statement: TextClause, parameters: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    row = connection.execute(statement, parameters).mappings().one_or_none()
    return None if row is None else dict(row)


def _value(value: object) -> sql.Composable:
    if isinstance(value, Mapping | list):
        return sql.SQL("{}::jsonb").format(sql.Literal(statements.to_json(value)))
    return sql.Literal(str(value) if isinstance(value, UUID) else value)
