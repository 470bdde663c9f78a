"""Snapshot of past incidents as demand, taken when a run starts and stored with the run."""

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
from sqlalchemy import Connection, text

from geo.store import frames, installation

MONTHS = 12  # of which incidents count, unless the database has decided otherwise
MOST_MONTHS = 120
TICKED_WEIGHT = 3.0  # somebody said that it must be seen
UNSEEN_WEIGHT = 2.0  # the newest answer named no camera that sees or may see the place


@dataclass(frozen=True)
class Snapshot:
    """Places (`weight`, lon/lat) of what was reported in the last months before `until`."""

    places: gpd.GeoDataFrame
    until: datetime


def snapshot_months(connection: Connection) -> int:
    """Return of how many months incidents count."""
    found = installation.read_value(connection, "incident_months")
    return MONTHS if found is None else int(found)


def take_snapshot(connection: Connection) -> Snapshot:
    """Return what the register holds now; what has no time is taken for recent."""
    until = connection.execute(text("SELECT statement_timestamp()")).scalar_one()
    places = frames.read_layer(
        connection,
        "SELECT CASE WHEN ticked THEN :ticked WHEN unseen THEN :unseen ELSE 1 END::float8"
        " AS weight, geom FROM govgrid.incident_demand WHERE :months > 0"
        " AND coalesce(known_at, CAST(:until AS timestamptz))"
        "  >= CAST(:until AS timestamptz) - make_interval(months => :months)"
        " ORDER BY ST_X(geom), ST_Y(geom), weight",
        {
            "until": until,
            "months": snapshot_months(connection),
            "ticked": TICKED_WEIGHT,
            "unseen": UNSEEN_WEIGHT,
        },
    )
    return Snapshot(places, until)


def keep_snapshot(connection: Connection, run: int, snapshot: Snapshot) -> None:
    """Store the snapshot of a run; those of earlier runs are deleted.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    snapshot
        Places, EPSG:4326, with ``weight``.
    """
    connection.execute(text("DELETE FROM govgrid.demand_incident"))
    places = snapshot.places
    connection.execute(
        text(
            "INSERT INTO govgrid.demand_incident (run, place, weight)"
            " SELECT :run, ST_SetSRID(ST_MakePoint(p.x, p.y), 4326), p.weight"
            " FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[]), CAST(:weight AS float8[]))"
            " AS p (x, y, weight)"
        ),
        {
            "run": run,
            "x": places.geometry.x.tolist(),
            "y": places.geometry.y.tolist(),
            "weight": places["weight"].tolist(),
        },
    )


def read_snapshot(connection: Connection) -> gpd.GeoDataFrame:
    """Return the places that the newest run took, lon/lat; none where there is no run."""
    return frames.read_layer(
        connection,
        "SELECT weight, place AS geom FROM govgrid.demand_incident"
        " WHERE run = (SELECT max(id) FROM govgrid.coverage_run)"
        " ORDER BY ST_X(place), ST_Y(place)",
    )
