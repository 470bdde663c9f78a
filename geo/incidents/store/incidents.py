"""Incidents that a principal may see, and the units and duties by which they are assigned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from geo.access import predicates
from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from sqlalchemy import Connection

_GRANTED: Final = predicates.INCIDENT.format(geom="geom", code="incident.code")
_EXACT: Final = predicates.INCIDENT_EXACT.format(geom="geom", code="incident.code")
_INCIDENTS: Final = (
    f"SELECT code, CASE WHEN {_EXACT} THEN title ELSE category END AS title, category, state,"
    " reported_at, accuracy_m,"
    " (coalesce(occurred_at, reported_at, govgrid.now()) AT TIME ZONE :timezone)::date AS day,"
    f" geom FROM govgrid.incident WHERE NOT sensitive AND {_GRANTED} ORDER BY code"
)
_PLACES: Final = (
    f"SELECT code, CASE WHEN {_EXACT} THEN geom ELSE govgrid.coarsen_point(geom) END AS geom"
    f" FROM govgrid.incident WHERE NOT sensitive AND {_GRANTED} ORDER BY code"
)
_UNITS: Final = "SELECT code, name, kind, area_code, duty_phone FROM govgrid.unit"
_DUTIES: Final = "SELECT unit_code, area_code, category FROM govgrid.unit_duty"
_DESKS: Final = (
    "SELECT area_code, min(name) AS unit_name FROM govgrid.unit WHERE kind = '值班室'"
    " GROUP BY area_code"
)


# Versions that an import began or corrected; of those that begin later nothing lies in them yet.
_IN_CHANGED: Final = text(
    "SELECT count(*) FROM govgrid.incident i"
    " WHERE coalesce(i.reported_at, i.occurred_at, i.created_at) >= govgrid.day_start(:day)"
    " AND EXISTS (SELECT FROM govgrid.area_now a"
    " WHERE a.import_run = :run AND ST_Intersects(a.geom, i.geom))"
)


def granted_incidents(
    connection: Connection, parameters: Mapping[str, Any], timezone: str
) -> gpd.GeoDataFrame:
    """Return the granted incidents at their exact places, with their ``day``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants of the principal as SQL parameters.
    timezone
        IANA name: zone in which the day is taken.
    """
    return frames.read_layer(connection, _INCIDENTS, {**parameters, "timezone": timezone})


def granted_places(connection: Connection, parameters: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return the places of :func:`granted_incidents`, in the same order, as exact as granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants of the principal as SQL parameters.
    """
    return frames.read_layer(connection, _PLACES, parameters)


def read_units(connection: Connection) -> pd.DataFrame:
    """Return all units: code, name, kind, area_code, duty_phone."""
    return frames.read_frame(connection, _UNITS)


def read_duties(connection: Connection) -> pd.DataFrame:
    """Return all duties: unit_code, area_code, category."""
    return frames.read_frame(connection, _DUTIES)


def duty_desks(connection: Connection) -> pd.DataFrame:
    """Return the duty desk of each area that has one: area_code, unit_name."""
    return frames.read_frame(connection, _DESKS)


def count_in_changed_areas(connection: Connection, run: int, day: date) -> int:
    """Return how many incidents known since a day lie in areas that an import changed.

    Parameters
    ----------
    connection
        Open transaction of the import.
    run
        Number of the import run.
    day
        From which the areas hold.
    """
    return int(connection.execute(_IN_CHANGED, {"run": run, "day": day}).scalar_one())
