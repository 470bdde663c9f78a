"""What was computed: viewsheds kept by the hash of their inputs, figures and gaps by run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, text

from geo.errors import StateError
from geo.store import frames

KEY = ["camera_code", "view_no", "detail", "certainty"]


@dataclass(frozen=True)
class Run:
    """One computation: number, time (with zone), hash of all it looked at, assumptions."""

    id: int
    computed_at: datetime
    inputs_hash: str
    assumptions: Mapping[str, Any]


def newest(connection: Connection) -> Run | None:
    """Return the newest run; None where nothing was computed yet."""
    row = connection.execute(
        text(
            "SELECT id, computed_at, inputs_hash, assumptions FROM govgrid.coverage_run"
            " ORDER BY id DESC LIMIT 1"
        )
    ).first()
    return None if row is None else Run(row.id, row.computed_at, row.inputs_hash, row.assumptions)


def require_newest(connection: Connection) -> Run:
    """Return the newest run.

    Raises
    ------
    StateError
        If nothing was computed yet; it says which command does it.
    """
    run = newest(connection)
    if run is None:
        raise StateError("coverage.not_computed")
    return run


def begin(connection: Connection, inputs_hash: str, assumptions: Mapping[str, Any]) -> int:
    """Write a run and return its number."""
    return int(
        connection.execute(
            text(
                "INSERT INTO govgrid.coverage_run (inputs_hash, assumptions)"
                " VALUES (:hash, CAST(:assumptions AS jsonb)) RETURNING id"
            ),
            {"hash": inputs_hash, "assumptions": frames.to_json(dict(assumptions))},
        ).scalar_one()
    )


def viewsheds(connection: Connection, *, srid: int, detail: int, certainty: str) -> pd.DataFrame:
    """Return stored viewsheds: camera_code, view_no, inputs_hash, geometry (in `srid`)."""
    return frames.read_layer(
        connection,
        "SELECT camera_code, view_no, inputs_hash, geom FROM govgrid.viewshed"
        " WHERE detail = :detail AND certainty = :certainty",
        {"detail": detail, "certainty": certainty},
        srid=srid,
    )


def keep_viewsheds(connection: Connection, fresh: gpd.GeoDataFrame, gone: pd.DataFrame) -> None:
    """Replace the viewsheds named by `fresh` and delete those of `gone` (columns of the key)."""
    stale = pd.concat([fresh[KEY], gone[KEY]])
    if stale.empty:
        return
    connection.execute(
        text(
            "CREATE TEMP TABLE stale (camera_code text, view_no smallint, detail integer,"
            " certainty text) ON COMMIT DROP"
        )
    )
    frames.copy_in(connection, "stale", stale, schema=None)
    connection.execute(
        text(
            "DELETE FROM govgrid.viewshed v USING stale s WHERE v.camera_code = s.camera_code"
            " AND v.view_no = s.view_no AND v.detail = s.detail AND v.certainty = s.certainty"
        )
    )
    connection.execute(text("DROP TABLE stale"))
    frames.copy_in(connection, "viewshed", fresh)


def keep_figures(connection: Connection, figures: pd.DataFrame, gaps: gpd.GeoDataFrame) -> None:
    """Write figures and gaps of a run; gaps of earlier runs go, their figures stay."""
    connection.execute(text("DELETE FROM govgrid.gap"))
    frames.copy_in(connection, "area_coverage", figures)
    frames.copy_in(connection, "gap", gaps)


def figures(connection: Connection, run: int) -> pd.DataFrame:
    """Return the figures of a run, by level and code, with the areas' names."""
    return frames.read(
        connection,
        "SELECT c.level, c.area_code AS code, a.name, a.kind, p.code AS parent_code, c.device_set,"
        " c.detail, c.certainty, c.area_m2, c.open_ground_m2, c.demand_m2, c.covered_demand_m2,"
        " c.covered_demand_share, c.covered_area_m2, c.covered_share, c.k_area_m2,"
        " c.obstacles_known"
        " FROM govgrid.area_coverage c"
        " LEFT JOIN govgrid.area_now a ON a.level = c.level AND a.code = c.area_code"
        " LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
        " WHERE c.coverage_run = :run"
        " ORDER BY array_position(ARRAY['district', 'township', 'community', 'grid'], c.level),"
        " c.area_code, c.device_set, c.certainty",
        {"run": run},
    )


def gaps(
    connection: Connection, run: int, *, srid: int, device_set: str, certainty: str
) -> gpd.GeoDataFrame:
    """Return the gaps of a run for one device set and certainty, the heaviest first, in `srid`."""
    return frames.read_layer(
        connection,
        "SELECT rank, grid_code, area_m2, weight, road_m, entrances, incidents, geom"
        " FROM govgrid.gap WHERE coverage_run = :run AND device_set = :device_set"
        " AND certainty = :certainty ORDER BY rank",
        {"run": run, "device_set": device_set, "certainty": certainty},
        srid=srid,
    )
