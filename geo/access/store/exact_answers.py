"""Exact answers to units: the table ``exact_answer``, and the incidents dispatched to a unit."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates

_DISPATCHED: Final = text(
    "SELECT incident_code FROM govgrid.dispatched_unit WHERE unit_code = :unit"
)
_AT: Final = text(
    "SELECT i.code, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat FROM govgrid.incident_place i"
    f" WHERE {predicates.SENT.format(code='i.code')} AND ST_DWithin(CAST(i.geom AS geography),"
    " CAST(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geography), :near)"
    " ORDER BY i.geom <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), i.code LIMIT 1"
)
# Two requests of one unit at once count one after the other.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('exact_answer ' || :unit, 0))")
_COUNT: Final = text(
    "WITH asked AS (SELECT DISTINCT incident, camera FROM unnest("
    " CAST(:incidents AS text[]), CAST(:cameras AS text[])) AS a (incident, camera)),"
    " known AS (SELECT e.incident_code, e.camera_code FROM govgrid.exact_answer e"
    "  WHERE e.unit_code = :unit AND e.day = govgrid.today()),"
    " fresh AS (SELECT a.*, row_number() OVER (PARTITION BY a.camera ORDER BY a.incident)"
    "  + (SELECT count(*) FROM known k WHERE k.camera_code = a.camera) AS nth FROM asked a"
    "  WHERE NOT EXISTS (SELECT FROM known k"
    "   WHERE k.incident_code = a.incident AND k.camera_code = a.camera)),"
    " taken AS (INSERT INTO govgrid.exact_answer (unit_code, camera_code, incident_code)"
    "  SELECT :unit, camera, incident FROM fresh WHERE nth <= :most"
    "  RETURNING incident_code, camera_code)"
    " SELECT incident_code, camera_code FROM taken"
    " UNION SELECT k.incident_code, k.camera_code FROM known k"
    " JOIN asked a ON a.incident = k.incident_code AND a.camera = k.camera_code"
)


def dispatched_incidents(connection: Connection, unit: str | None) -> frozenset[str]:
    """Return the codes of the incidents dispatched to a unit.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit; None gives none.
    """
    return frozenset(connection.execute(_DISPATCHED, {"unit": unit}).scalars())


def incident_at(
    connection: Connection, asked: Mapping[str, Any]
) -> tuple[str, float, float] | None:
    """Return code, lon and lat of the incident dispatched to a unit at a place, else None.

    Parameters
    ----------
    connection
        Open transaction.
    asked
        ``unit``, ``lon``, ``lat`` (EPSG:4326) and ``near``, the tolerance in metres.
    """
    row = connection.execute(_AT, asked).first()
    return None if row is None else (row.code, row.lon, row.lat)


def count_answers(
    connection: Connection,
    unit: str,
    incidents: Sequence[str],
    cameras: Sequence[str],
    *,
    most: int,
) -> set[tuple[str, str]]:
    """Count pairs of incident and camera, and return those that may be answered today.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit that is answered.
    incidents, cameras
        Codes, pairs by position.
    most
        Most incidents a day for which a unit gets answers about one camera.
    """
    connection.execute(_LOCK, {"unit": unit})
    asked = {"unit": unit, "incidents": list(incidents), "cameras": list(cameras), "most": most}
    return {(incident, camera) for incident, camera in connection.execute(_COUNT, asked)}
