"""Exact answers at the places of incidents that a unit is sent to: whose they are, and how many."""

from collections.abc import Iterable, Set
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, text

from geo.access import predicates, transaction
from geo.access.coarse import EXACT_ANSWERS
from geo.access.principal import Reader
from geo.base.errors import DiskFullError

SAME_PLACE_M: Final = 0.5
"""A place this near to that of an incident is meant to be it: coordinates are told rounded."""

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


class IncidentPlace(NamedTuple):
    """An incident that a unit is sent to, and its place (EPSG:4326)."""

    code: str
    lon: float
    lat: float


def dispatched_incidents(connection: Connection, reader: Reader) -> Set[str]:
    """Return the codes of the incidents that the reader's unit is sent to."""
    return frozenset(connection.execute(_DISPATCHED, {"unit": reader.unit_code}).scalars())


def incident_at(engine: Engine, reader: Reader, lon: float, lat: float) -> IncidentPlace | None:
    """Return the incident at a place (EPSG:4326) if the reader's unit is sent to it."""
    if reader.unit_code is None:
        return None
    asked = {"unit": reader.unit_code, "lon": lon, "lat": lat, "near": SAME_PLACE_M}
    with transaction.open_as(engine, reader) as connection:
        found = connection.execute(_AT, asked).first()
    return None if found is None else IncidentPlace(*found)


def allowed_pairs(
    engine: Engine, reader: Reader, pairs: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return for which pairs of incident and camera the reader is told exactly what is seen.

    Each unit is told so at :data:`geo.access.coarse.EXACT_ANSWERS` places a camera and day; what
    was told once is told again. What cannot be counted because the disk is full is not told.

    Parameters
    ----------
    pairs
        Of incidents that the reader's unit is sent to, and cameras that may see their place.
    """
    wanted = list(pairs)
    if not wanted or reader.unit_code is None:
        return set()
    incidents, cameras = zip(*wanted, strict=True)
    asked = {"unit": reader.unit_code, "incidents": list(incidents), "cameras": list(cameras)}
    try:
        with transaction.open_as(engine, reader) as connection:
            connection.execute(_LOCK, {"unit": reader.unit_code})
            rows = connection.execute(_COUNT, {**asked, "most": EXACT_ANSWERS})
            return {(incident, camera) for incident, camera in rows}
    except DiskFullError:
        return set()
