"""New incidents with their first move, and the earlier ones that may be the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.incidents.rules.duplicates import Earlier
from geo.store import statements

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
_COLUMNS: Final = ", ".join((*PLAIN, *JSON))
_VALUES: Final = ", ".join(
    (*(f":{name}" for name in PLAIN), *(f"CAST(:{name} AS jsonb)" for name in JSON))
)
_INSERT: Final = text(
    f"WITH made AS (INSERT INTO govgrid.incident ({_COLUMNS}, geom)"
    f" VALUES ({_VALUES}, {_GEOM})"
    " ON CONFLICT (client_id) DO NOTHING RETURNING id, code, version),"
    " moved AS (INSERT INTO govgrid.incident_move"
    "  (incident, version, move, to_state, at, account, post, unit_code, facts)"
    "  SELECT id, version, 'created', :state, :reported_at, :account, :post, :created_unit,"
    "  CAST(:facts AS jsonb) FROM made)"
    " SELECT id, code, version FROM made"
)
_SAME: Final = text(
    "SELECT i.id, i.code, i.version, i.created_account, (SELECT m.facts ->> 'request'"
    " FROM govgrid.incident_move m WHERE m.incident = i.id ORDER BY m.id LIMIT 1) AS request"
    " FROM govgrid.incident i WHERE i.client_id = :client_id"
)
# By category and time first: row-level security keeps an index of places from being used.
_EARLIER: Final = text(
    "SELECT i.code, ST_Distance(i.geom::geography, p.at) AS distance_m, i.reported_at,"
    " coalesce(i.closed_at, CASE WHEN i.state IN ('closed', 'not_accepted', 'duplicate',"
    "  'cancelled') THEN (SELECT max(m.at) FROM govgrid.incident_move m"
    "   WHERE m.incident = i.id AND m.to_state = i.state) END) AS ended_at"
    " FROM govgrid.incident i, (SELECT"
    "  ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography AS at) AS p"
    " WHERE i.category = ANY(:categories) AND i.reported_at <= :reported_at"
    " AND i.reported_at >= :since AND i.code <> :code"
    " AND ST_DWithin(i.geom::geography, p.at, :radius_m)"
)
_REPORTED: Final = text(
    "SELECT code, category, reported_at, ST_X(geom) AS lon, ST_Y(geom) AS lat"
    " FROM govgrid.incident WHERE code = ANY(:codes)"
)
_PIN: Final = text(f"UPDATE govgrid.incident SET geom = {_GEOM} WHERE id = :id")
_KNOWN: Final = text(
    "SELECT DISTINCT number FROM govgrid.known_number WHERE number = ANY(:numbers)"
)


@dataclass(frozen=True)
class Created:
    """A new incident, or the one that was made before under the same client_id."""

    id: UUID
    code: str
    version: int
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


def insert_incident(
    connection: Connection,
    row: Mapping[str, Any],
    *,
    account: str,
    post: str,
    facts: Mapping[str, Any],
) -> Created:
    """Write an incident with its first move; of one client_id there is one incident.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Columns of :data:`PLAIN`, :data:`JSON`, ``lon`` and ``lat``.
    account
        Who took it.
    post
        At which post.
    facts
        Of the move, values of JSON.
    """
    written = {
        **row,
        **{name: statements.to_json(row[name]) for name in JSON},
        "account": account,
        "post": post,
        "facts": statements.to_json(dict(facts)),
    }
    made = connection.execute(_INSERT, written).one_or_none()
    if made is not None:
        return Created(made.id, made.code, made.version)
    found = connection.execute(_SAME, {"client_id": row["client_id"]}).one()
    return Created(**found._mapping, again=True)


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
