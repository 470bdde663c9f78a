"""Results of computation: viewsheds by the hash of their inputs, figures and gaps by run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from geo.base.errors import StateError
from geo.base.json_objects import Record
from geo.store import frames, outbox, statements
from geo.store.outbox import Event

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_FIGURES = (
    "SELECT c.level, c.area_code AS code, a.name, a.kind, p.code AS parent_code, c.device_set,"
    " c.detail, c.certainty, c.area_m2, c.open_ground_m2, c.demand_m2, c.covered_demand_m2,"
    " c.covered_demand_share, c.covered_area_m2, c.covered_open_ground_m2, c.covered_share,"
    " c.sliver_m2, c.k_area_m2,"
    " c.places, c.places_seen, c.entrances, c.entrances_seen, c.junctions, c.junctions_seen,"
    " c.crossings, c.crossings_seen, c.road_m, c.road_seen_m, c.longest_blind_m,"
    " c.obstacles_known"
    " FROM govgrid.area_coverage c"
    " LEFT JOIN govgrid.area_now a ON a.level = c.level AND a.code = c.area_code"
    " LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    " WHERE c.coverage_run = :run"
    " ORDER BY array_position(ARRAY['district', 'township', 'community', 'grid'], c.level),"
    " c.area_code, c.detail, c.device_set, c.certainty"
)


@dataclass(frozen=True)
class Run:
    """One computation: number, time (with zone), hash of all it looked at, assumptions.

    Incidents reported after `incidents_until` are in none of its figures. `revision` counts the
    edits that amended its figures since, the last one at `computed_at`; while it is `pending` only
    the certain figures of all devices are of that revision, the others of the one before.
    """

    id: int
    computed_at: datetime
    revision: int
    inputs_hash: str
    assumptions: Mapping[str, Any]
    incidents_until: datetime | None
    pending: bool


def newest_run(connection: Connection) -> Run | None:
    """Return the newest run; None where nothing was computed yet."""
    row = connection.execute(
        text(
            "SELECT id, coalesce(amended_at, computed_at) AS computed_at, revision, inputs_hash,"
            " assumptions, incidents_until, pending FROM govgrid.coverage_run"
            " ORDER BY id DESC LIMIT 1"
        )
    ).first()
    return None if row is None else Run(*row)


def require_newest(connection: Connection) -> Run:
    """Return the newest run.

    Raises
    ------
    StateError
        If nothing was computed yet; it says which command does it.
    """
    run = newest_run(connection)
    if run is None:
        raise StateError("coverage.not_computed")
    return run


def insert_run(
    connection: Connection, inputs_hash: str, assumptions: Mapping[str, Any], until: datetime
) -> int:
    """Insert a run and return its number.

    Parameters
    ----------
    connection
        Open transaction.
    inputs_hash
        As from :func:`geo.coverage.compute.input_hash`.
    assumptions
        As from :func:`geo.coverage.assumptions.describe_assumptions`, by detail.
    until
        Time up to which incidents were taken.
    """
    return int(
        connection.execute(
            text(
                "INSERT INTO govgrid.coverage_run (inputs_hash, assumptions, incidents_until)"
                " VALUES (:hash, CAST(:assumptions AS jsonb), :until) RETURNING id"
            ),
            {
                "hash": inputs_hash,
                "assumptions": statements.to_json(dict(assumptions)),
                "until": until,
            },
        ).scalar_one()
    )


def amend_run(
    connection: Connection, run: int, inputs_hash: str, assumptions: Mapping[str, Any]
) -> int:
    """Record that an edit changed the figures of a run; return the new revision of the run.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    inputs_hash, assumptions
        As in :func:`insert_run`, after the edit.
    """
    return int(
        connection.execute(
            text(
                "UPDATE govgrid.coverage_run SET revision = revision + 1, inputs_hash = :hash,"
                " assumptions = CAST(:assumptions AS jsonb), amended_at = govgrid.now(),"
                " pending = false WHERE id = :run RETURNING revision"
            ),
            {"run": run, "hash": inputs_hash, "assumptions": statements.to_json(dict(assumptions))},
        ).scalar_one()
    )


def notify_change(
    connection: Connection, layer: str, revision: str, *, pending: bool = False
) -> None:
    """Write the event that figures are others now; listeners hear of it with the transaction.

    Parameters
    ----------
    connection
        Open transaction.
    layer
        Name of the layer.
    revision
        ``RUN.REVISION``.
    pending
        Whether only the chosen figures are, and others follow.
    """
    content = {"revision": revision, "pending": True} if pending else {"revision": revision}
    computed = Event(layer, "computed", action="figures", data=content)
    outbox.add_event(connection, computed)


def forget_gaps(connection: Connection) -> None:
    """Delete the gaps of all runs: they describe now, only figures are kept of earlier runs."""
    connection.execute(text("DELETE FROM govgrid.gap"))


def keep_figures(connection: Connection, figures: pd.DataFrame, gaps: gpd.GeoDataFrame) -> None:
    """Insert figures and gaps of a run.

    Parameters
    ----------
    connection
        Open transaction.
    figures, gaps
        Rows of the tables ``area_coverage`` and ``gap``.
    """
    frames.copy_in(connection, "area_coverage", figures)
    if len(gaps):
        frames.copy_in(connection, "gap", gaps)


def read_figures(connection: Connection, run: int) -> pd.DataFrame:
    """Return the figures of a run, by level and code, with the areas' names.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    return frames.read_frame(connection, _FIGURES, {"run": run})


def figure_rows(connection: Connection, run: int) -> list[Record]:
    """Return the rows of :func:`read_figures` as dictionaries, None where there is no value.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    return [dict(row) for row in connection.execute(text(_FIGURES), {"run": run}).mappings()]


def read_gaps(
    connection: Connection, run: int, *, srid: int, device_set: str, detail: float, certainty: str
) -> gpd.GeoDataFrame:
    """Return the gaps of a run for one device set and certainty, the heaviest first.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    srid
        EPSG code of the geometry: the metric system of the database.
    device_set
        Name of a device set.
    detail
        Pixel density, px/m.
    certainty
        "certain" or "possible".
    """
    return frames.read_layer(
        connection,
        "SELECT row_number() OVER (ORDER BY round(weight::numeric, 6) DESC, grid_code,"
        " ST_XMin(geom), ST_YMin(geom)) AS rank,"
        " grid_code, area_m2, weight, road_m, entrances, incidents, geom"
        " FROM govgrid.gap WHERE coverage_run = :run AND device_set = :device_set"
        " AND detail = :detail AND certainty = :certainty ORDER BY rank",
        {"run": run, "device_set": device_set, "detail": detail, "certainty": certainty},
        srid=srid,
    )


def read_details(connection: Connection, run: int) -> list[float]:
    """Return the details of a run, px/m, ascending.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    rows = connection.execute(
        text(
            "SELECT DISTINCT detail FROM govgrid.area_coverage WHERE coverage_run = :run"
            " ORDER BY detail"
        ),
        {"run": run},
    )
    return list(rows.scalars())
