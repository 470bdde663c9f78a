"""Exact answers at incidents dispatched to a unit: who gets them, and how many."""

from collections.abc import Iterable, Set
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.coarse import EXACT_ANSWERS
from geo.access.principal import Principal
from geo.access.store import exact_answers as stored
from geo.base.errors import DiskFullError

SAME_PLACE_M: Final = 0.5
"""A place this near to that of an incident is meant to be it: answers round coordinates."""


class IncidentPlace(NamedTuple):
    """An incident that a unit is sent to, and its place (EPSG:4326)."""

    code: str
    lon: float
    lat: float


def dispatched_incidents(connection: Connection, reader: Principal) -> Set[str]:
    """Return the codes of the incidents dispatched to the principal's unit.

    Parameters
    ----------
    connection
        Open transaction.
    reader
        Its unit counts; without one the result is empty.
    """
    return stored.dispatched_incidents(connection, reader.unit_code)


def incident_at(engine: Engine, reader: Principal, lon: float, lat: float) -> IncidentPlace | None:
    """Return the incident at a place if it is dispatched to the principal's unit, else None.

    Parameters
    ----------
    lon, lat
        Degrees, EPSG:4326; `SAME_PLACE_M` metres of tolerance.
    """
    if reader.unit_code is None:
        return None
    asked = {"unit": reader.unit_code, "lon": lon, "lat": lat, "near": SAME_PLACE_M}
    with transaction.open_as(engine, reader) as connection:
        found = stored.incident_at(connection, asked)
    return None if found is None else IncidentPlace(*found)


def allowed_pairs(
    engine: Engine, reader: Principal, pairs: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return the pairs of incident and camera that the principal gets an exact answer for.

    Each unit gets them for :data:`geo.access.coarse.EXACT_ANSWERS` places a camera and day; what it
    got is repeated. What cannot be counted because the disk is full is not answered.

    Parameters
    ----------
    pairs
        Of incidents that the reader's unit is sent to, and cameras that may see their place.
    """
    wanted = list(pairs)
    if not wanted or reader.unit_code is None:
        return set()
    incidents, cameras = zip(*wanted, strict=True)
    try:
        with transaction.open_as(engine, reader) as connection:
            return stored.count_answers(
                connection, reader.unit_code, incidents, cameras, most=EXACT_ANSWERS
            )
    except DiskFullError:
        return set()
