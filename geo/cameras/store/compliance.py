"""Inputs of compliance: cameras, their changes, permissions and consents, zones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_CAMERAS: Final = (
    "SELECT c.code, c.name, c.owner_kind, c.legal_basis, c.retention_days, c.retention_reason,"
    " c.filing_no, c.sign_present, c.sign_checked_on, c.installed_on, c.management_unit,"
    " c.position_sigma_m, g.depth, g.exact, c.geom"
    f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    " WHERE g.depth IS NOT NULL AND c.status IS DISTINCT FROM 'removed'"
    " AND (CAST(:area AS geometry) IS NULL"
    f" OR ST_Intersects({predicates.CAMERA_GEOM}, CAST(:area AS geometry)))"
    " ORDER BY c.code"
)
_ZONES: Final = "SELECT code, geom FROM govgrid.protected_zone WHERE kind = :kind ORDER BY code"
_CHANGES: Final = (
    "SELECT h.camera_code, h.name, h.owner_kind, h.legal_basis, h.kind,"
    " coalesce(c.management_unit, h.management_unit) AS management_unit,"
    " (h.at AT TIME ZONE :timezone)::date AS on, h.exact,"
    " ST_DistanceSphere(h.before, h.after) AS distance_m FROM (SELECT n.*,"
    f" {predicates.STOOD_EXACT.format(kind='n.owner_kind', geom='n.before')} AS exact"
    " FROM govgrid.camera_change n"
    f" WHERE {predicates.STOOD.format(kind='n.owner_kind', geom='n.before')}) h"
    " LEFT JOIN govgrid.camera c ON c.code = h.camera_code"
    " WHERE CAST(:area AS geometry) IS NULL OR ST_Intersects(CASE WHEN h.exact THEN h.before"
    " ELSE coalesce(c.coarse_geom, govgrid.coarsen_point(h.before)) END, CAST(:area AS geometry))"
    " ORDER BY h.at, h.id"
)
_PERMITS: Final = "SELECT camera_code, kind, permitted_on FROM govgrid.permit"
_CONSENTS: Final = "SELECT camera_code, zone_code FROM govgrid.consent"
_TODAY: Final = text("SELECT govgrid.today()")
# A position that was never there was never left: the law has nothing to ask of it.
_FORGET: Final = text("DELETE FROM govgrid.camera_change WHERE import_run = :run")


def district_today(connection: Connection) -> date:
    """Return the day of the district."""
    day: date = connection.execute(_TODAY).scalar_one()
    return day


def judged_cameras(connection: Connection, parameters: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return the granted cameras in use, EPSG:4326.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters, and ``area`` (EWKB; None: all).
    """
    return frames.read_layer(connection, _CAMERAS, parameters)


def read_zones(connection: Connection, kind: str) -> gpd.GeoDataFrame:
    """Return the zones of a kind: code and polygon, EPSG:4326.

    Parameters
    ----------
    connection
        Open transaction.
    kind
        "privacy" or "restricted".
    """
    return frames.read_layer(connection, _ZONES, {"kind": kind})


def read_changes(connection: Connection, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Return granted cameras that were moved or removed, in order of time.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters, ``area`` (EWKB; None: all) and ``timezone``.
    """
    return frames.read_frame(connection, _CHANGES, parameters)


def read_permits(connection: Connection) -> pd.DataFrame:
    """Return all permissions to move or remove cameras."""
    return frames.read_frame(connection, _PERMITS)


def read_consents(connection: Connection) -> list[tuple[str, str]]:
    """Return the pairs of camera and restricted zone with a consent."""
    found = frames.read_frame(connection, _CONSENTS)
    return list(found.itertuples(index=False, name=None))


def forget_changes(connection: Connection, run: int) -> None:
    """Delete the changes made by an import that is undone.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    connection.execute(_FORGET, {"run": run})
