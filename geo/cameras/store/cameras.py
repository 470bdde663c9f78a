"""Cameras in the database: what the register says of them beside what was verified in place."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from geo.areas.rules.locate import Locator
from geo.base.crs import WGS84, project
from geo.cameras.store import grid_of_camera
from geo.cameras.store import views as stored_views
from geo.store import frames, tables
from geo.store.tables import Change

VIEW_FIELDS = (
    "heading_deg",
    "heading_source",
    "hfov_deg",
    "vfov_deg",
    "tilt_deg",
    "res_h_px",
    "range_m",
)
KEPT_M = 1.0  # a register that is nearer to the verified position says the same
KEPT_DEG = 0.5
VIEW_KEY = ("camera_code", "no")


@dataclass(frozen=True)
class Difference:
    """A register that differs from what was verified: `by` metres or degrees; the latter stays."""

    row: int
    field: str
    verified: str
    reported: str
    by: float


@dataclass(frozen=True)
class CameraChange:
    """What a register did to the cameras, and where it differs from what was verified."""

    change: Change
    differences: tuple[Difference, ...]


def bring_in(
    connection: Connection, rows: gpd.GeoDataFrame, *, run: int, srid: int, grids: Locator | None
) -> CameraChange:
    """Insert or update cameras with their views.

    A verified position or heading stays as it is; what the register says is kept beside it.

    Parameters
    ----------
    rows
        As :func:`geo.files.checks.check.check_rows` has them, EPSG:4326, index ``row``.
    srid
        Metric, for distances.
    grids
        From :func:`geo.cameras.store.grid_of_camera.grid_locator`, to say where each camera stands.
    """
    apart = [name for name in (*VIEW_FIELDS, "views") if name in rows]
    placed, moved = _placed(connection, rows.drop(columns=apart), srid)
    placed["grid_code"] = grid_of_camera.grid_codes(placed, grids)
    changed = tables.merge_rows(connection, "camera", placed, run=run)
    views = view_rows(rows)
    if "heading_source" not in views:
        views = _unheaded(connection, views)
    headed, turned = _headed(connection, views)
    seen = tables.merge_rows(connection, "camera_view", headed, key=VIEW_KEY)
    touched = pd.concat([seen["camera_code"], _drop_surplus(connection, views)])
    # a further view of a known camera is a change of it, not a new camera
    of_views = pd.DataFrame({"code": touched, "is_new": False})
    change = tables.change_of(rows, pd.concat([changed, of_views]).drop_duplicates("code"))
    return CameraChange(change, (*moved, *turned))


def bring_in_views(connection: Connection, rows: pd.DataFrame, *, run: int) -> CameraChange:
    """Insert or update single views of cameras there are; a verified heading stays.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        `camera_code`, `no`, and those of `VIEW_FIELDS` that are given; index ``row``.
    run
        Number of the import, for the cameras that did change.
    """
    views = rows.assign(row=rows.index).reset_index(drop=True)
    if "heading_source" not in views:
        views = _with_sources(connection, views)
    headed, turned = _headed(connection, views)
    seen = tables.merge_rows(connection, "camera_view", headed, key=VIEW_KEY)
    stored_views.mark_changed(connection, sorted(set(seen["camera_code"])), run)
    return CameraChange(tables.change_of(rows, seen), tuple(turned))


def view_rows(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rows of ``camera_view`` for checked rows of cameras.

    One row a view: `row`, `camera_code`, `no` from 1, and those of `VIEW_FIELDS` that `rows` has.
    Where `views` lists several, each has its own of the list; the other columns are shared.
    """
    shared = ["code", *(name for name in VIEW_FIELDS if name in rows)]
    views = pd.DataFrame(rows[shared]).assign(row=rows.index).reset_index(drop=True)
    if "views" in rows and rows["views"].notna().any():
        views = _exploded(views.assign(own=rows["views"].to_numpy()))
        views["no"] = views.groupby("code", sort=False).cumcount() + 1
    else:
        views["no"] = 1
    return views.rename(columns={"code": "camera_code"})


def _exploded(views: pd.DataFrame) -> pd.DataFrame:
    views = views.explode("own", ignore_index=True)
    several = views["own"].notna()
    own = pd.DataFrame(views.loc[several, "own"].tolist(), index=views.index[several])
    for name in own:
        views.loc[several, name] = own[name].astype(views[name].dtype)
    return views.drop(columns="own")


def _placed(
    connection: Connection, rows: gpd.GeoDataFrame, srid: int
) -> tuple[gpd.GeoDataFrame, list[Difference]]:
    """Return cameras with both positions, the verified one as the one that counts."""
    placed = rows.assign(reported_geom=rows.geometry)
    known = frames.read_layer(
        connection,
        "SELECT code, ST_AsBinary(reported_geom) AS reported, geom FROM govgrid.camera"
        " WHERE position_source = 'verified' AND code = ANY(:codes)",
        {"codes": rows["code"].tolist()},
    ).set_index("code")
    if known.empty:
        return placed, []
    kept = np.flatnonzero(rows["code"].isin(known.index))
    numbers = rows.index.to_numpy()
    verified = np.asarray(known.geometry.reindex(rows["code"].iloc[kept]), dtype=object)
    reported = rows.geometry.to_numpy()
    # one that is the verified position to the digit is an export of it, not news of the register
    echo = kept[shapely.equals_exact(reported[kept], verified)]
    said = known["reported"].reindex(rows["code"].iloc[echo]).to_numpy()
    before = reported.copy()
    before[echo] = shapely.from_wkb([bytes(shape) for shape in said])
    placed["reported_geom"] = gpd.GeoSeries(before, index=rows.index, crs=rows.crs)
    shapes = reported.copy()
    shapes[kept] = verified
    metres = shapely.distance(
        *(project(s, source=WGS84, target=srid) for s in (verified, reported[kept]))
    )
    differences = [
        Difference(int(numbers[at]), "position", _lonlat(one), _lonlat(reported[at]), float(by))
        for at, one, by in zip(kept, verified, metres, strict=True)
        if by > KEPT_M
    ]
    return placed.set_geometry(gpd.GeoSeries(shapes, index=rows.index, crs=rows.crs)), differences


def _unheaded(connection: Connection, views: pd.DataFrame) -> pd.DataFrame:
    """Return the views that a register without headings tells of: all there are of each camera.

    What it says of their optics is shared by them; of a new camera there is one view.
    """
    numbers = stored_views.view_numbers(connection, views["camera_code"].tolist())
    numbers = numbers.astype({"no": "float64"})
    every = views.drop(columns="no").merge(numbers, on="camera_code", how="left")
    every["no"] = every["no"].fillna(1).astype("int64")
    return _with_sources(connection, every)


def _with_sources(connection: Connection, views: pd.DataFrame) -> pd.DataFrame:
    """Return views with the source of each heading that the file does not give."""
    known = _known(connection, views).set_index(list(VIEW_KEY))["known_source"]
    keys = pd.MultiIndex.from_frame(views[list(VIEW_KEY)])
    sources = known.reindex(keys).fillna("unknown")
    return views.assign(heading_source=sources.to_numpy())


def _headed(connection: Connection, views: pd.DataFrame) -> tuple[pd.DataFrame, list[Difference]]:
    """Return views with both headings, the verified one as the one that counts.

    A blank heading is the one that is known: nobody unlearns one.
    """
    given = views.drop(columns="row")
    if "heading_deg" not in views:
        return given, []
    both = views.merge(_known(connection, views), on=list(VIEW_KEY), how="left")
    blank = both["heading_deg"].isna() & both["known_deg"].notna()
    stays = blank | both["verified"].notna()
    # a verified heading to the digit is an export of it, not news of the register
    echo = both["verified"].notna() & (both["heading_deg"] == both["known_deg"])
    for name, known in (("heading_deg", "known_deg"), ("heading_source", "known_source")):
        reported = both[name].where(~(blank | echo), both[f"reported_{known}"])
        given[f"reported_{name}"] = reported.to_numpy()
        given[name] = both[name].where(~stays, both[known]).to_numpy()
    apart = (both["heading_deg"] - both["known_deg"] + 180) % 360 - 180
    differs = both["verified"].notna() & (apart.abs() > KEPT_DEG)
    return given, [
        Difference(int(row), "heading", f"{known:g}", f"{said:g}", float(abs(by)))
        for row, known, said, by in zip(
            both.loc[differs, "row"],
            both.loc[differs, "known_deg"],
            both.loc[differs, "heading_deg"],
            apart[differs],
            strict=True,
        )
    ]


def _known(connection: Connection, views: pd.DataFrame) -> pd.DataFrame:
    known = frames.read_frame(
        connection,
        "SELECT camera_code, no, heading_deg AS known_deg, heading_source AS known_source,"
        " reported_heading_deg AS reported_known_deg,"
        " reported_heading_source AS reported_known_source, verified_on AS verified"
        " FROM govgrid.camera_view WHERE heading_deg IS NOT NULL AND camera_code = ANY(:codes)",
        {"codes": views["camera_code"].unique().tolist()},
    )
    return known.astype({"known_deg": float, "reported_known_deg": float, "no": "int64"})


def _drop_surplus(connection: Connection, views: pd.DataFrame) -> pd.Series:
    """Delete the views that a file no longer names of its cameras; return these cameras' codes.

    A view that was verified stays.
    """
    kept = views.groupby("camera_code")["no"].max()
    gone = connection.execute(
        text(
            "DELETE FROM govgrid.camera_view v USING unnest(CAST(:codes AS text[]),"
            " CAST(:counts AS integer[])) AS kept (code, count)"
            " WHERE v.camera_code = kept.code AND v.no > kept.count AND v.verified_on IS NULL"
            " RETURNING v.camera_code"
        ),
        {"codes": kept.index.tolist(), "counts": kept.tolist()},
    )
    return pd.Series(gone.scalars().all(), dtype=object)


def verify_positions(
    connection: Connection,
    rows: gpd.GeoDataFrame,
    *,
    run: int,
    today: date,
    grids: Locator | None,
) -> Change:
    """Write verified positions of cameras there are; what the register says stays beside them.

    Parameters
    ----------
    rows
        `code`, `surveyed_on` (ISO text or None: `today`), `position_sigma_m` (or NaN), geometry.
    """
    days = rows["surveyed_on"] if "surveyed_on" in rows else pd.Series(None, index=rows.index)
    changed = connection.execute(
        text(
            "UPDATE govgrid.camera c SET geom = s.geom, position_source = 'verified',"
            " verified_on = coalesce(CAST(s.day AS date), :today), grid_code = s.grid_code,"
            " position_sigma_m = coalesce(s.sigma_m, c.position_sigma_m), import_run = :run"
            " FROM (SELECT code, day, sigma_m, grid_code, ST_GeomFromWKB(wkb, 4326) AS geom"
            "  FROM unnest(CAST(:codes AS text[]), CAST(:days AS text[]),"
            "  CAST(:sigmas AS double precision[]), CAST(:grids AS text[]),"
            "  CAST(:shapes AS bytea[])) AS u (code, day, sigma_m, grid_code, wkb)) AS s"
            " WHERE c.code = s.code AND (c.position_source = 'reported'"
            "  OR c.geom IS DISTINCT FROM s.geom OR c.verified_on <> CAST(s.day AS date)"
            "  OR c.position_sigma_m IS DISTINCT FROM coalesce(s.sigma_m, c.position_sigma_m))"
            " RETURNING c.code"
        ),
        {
            "run": run,
            "today": today,
            "codes": rows["code"].tolist(),
            "days": _blank_as_none(days),
            "sigmas": _blank_as_none(_column(rows, "position_sigma_m")),
            "grids": grid_of_camera.grid_codes(rows, grids),
            "shapes": shapely.to_wkb(rows.geometry.to_numpy()).tolist(),
        },
    )
    count = len(changed.scalars().all())
    return Change(0, count, len(rows) - count)


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else pd.Series(np.nan, index=rows.index)


def _blank_as_none(cells: pd.Series) -> list[object]:
    return [None if pd.isna(cell) else cell for cell in cells]


def _lonlat(point: shapely.Point) -> str:
    return f"{point.x:.6f} {point.y:.6f}"
