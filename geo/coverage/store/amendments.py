"""What an edit changed of a run: figures of areas, gaps of pieces of demand, the run itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo.base.polygons import Geometries
from geo.store import statements

KEY: Final = ("level", "area_code", "device_set", "certainty")
_TEXTS: Final = ("level", "area_code", "device_set", "certainty", "k_area_m2")
_WHOLE: Final = ("places", "entrances", "junctions", "crossings")
_OF_GAP: Final = ("area_m2", "weight", "road_m", "entrances", "incidents")
_FORGET: Final = text(
    "DELETE FROM govgrid.gap g USING unnest(CAST(:sets AS text[]), CAST(:certainties AS text[]),"
    " CAST(:grids AS text[]), CAST(:pieces AS bigint[]))"
    " AS s (device_set, certainty, grid_code, piece)"
    " WHERE g.coverage_run = :run AND g.detail = :detail AND g.device_set = s.device_set"
    " AND g.certainty = s.certainty AND g.grid_code = s.grid_code AND g.piece = s.piece"
)
_KEEP: Final = text(
    "INSERT INTO govgrid.gap (coverage_run, detail, device_set, certainty, grid_code, piece,"
    f" {', '.join(_OF_GAP)}, geom)"
    " SELECT :run, :detail, s.* FROM unnest(CAST(:sets AS text[]), CAST(:certainties AS text[]),"
    " CAST(:grids AS text[]), CAST(:pieces AS bigint[]), CAST(:area_m2 AS double precision[]),"
    " CAST(:weight AS double precision[]), CAST(:road_m AS double precision[]),"
    " CAST(:entrances AS integer[]), CAST(:incidents AS integer[]),"
    " CAST(:shapes AS geometry[])) AS s"
)

_STORED: Final = text(
    "SELECT camera_code, view_no, certainty, inputs_hash FROM govgrid.viewshed"
    " WHERE detail = :detail AND camera_code = ANY(CAST(:codes AS text[]))"
)
_VIEWS: Final = (
    "unnest(CAST(:codes AS text[]), CAST(:numbers AS smallint[]), CAST(:certainties AS text[]),"
    " CAST(:hashes AS text[])"
)
_GONE: Final = text(
    f"DELETE FROM govgrid.viewshed v USING {_VIEWS})"
    " AS s (camera_code, view_no, certainty, inputs_hash)"
    " WHERE v.camera_code = s.camera_code AND v.view_no = s.view_no AND v.detail = :detail"
    " AND v.certainty = s.certainty"
)
_SEEN: Final = text(
    "INSERT INTO govgrid.viewshed (detail, camera_code, view_no, certainty, inputs_hash, geom)"
    f" SELECT :detail, s.* FROM {_VIEWS}, CAST(:shapes AS geometry[])) AS s"
)


@dataclass(frozen=True)
class GapRows:
    """Gaps to be written, a row each: kind, grid, hash of the piece, measures, shapes.

    `measures` has area_m2, weight, road_m, entrances and incidents.
    """

    certainty: Sequence[str]
    device_set: Sequence[str]
    grid_code: Sequence[str]
    piece: Sequence[int]
    measures: Mapping[str, NDArray[Any]]
    shapes: Geometries


@dataclass(frozen=True)
class GonePieces:
    """Pieces of demand whose gaps are replaced, a row for each kind of gap."""

    certainty: Sequence[str]
    device_set: Sequence[str]
    grid_code: Sequence[str]
    piece: Sequence[int]


def replace_gaps(
    connection: Connection, run: int, detail: float, gone: GonePieces, fresh: GapRows, *, srid: int
) -> None:
    """Replace the gaps of some pieces of demand.

    Parameters
    ----------
    connection
        Open transaction.
    run, detail
        Number of the run; pixel density, px/m.
    gone
        The pieces and kinds whose gaps are deleted.
    fresh
        The gaps they have now.
    srid
        EPSG code of the shapes.
    """
    key = {"run": run, "detail": detail}
    if len(gone.piece):
        connection.execute(_FORGET, {**key, **_names(gone)})
    if len(fresh.piece):
        shapes = shapely.to_wkb(shapely.set_srid(fresh.shapes, srid), hex=True, include_srid=True)
        measures = {name: fresh.measures[name].tolist() for name in _OF_GAP}
        connection.execute(_KEEP, {**key, **_names(fresh), **measures, "shapes": shapes.tolist()})


def forget_grids(
    connection: Connection, run: int, detail: float, sets: Sequence[str], grids: Sequence[str]
) -> None:
    """Delete all gaps of some grids for some device sets.

    Parameters
    ----------
    connection
        Open transaction.
    run, detail
        Number of the run; pixel density, px/m.
    sets
        Names of the device sets.
    grids
        Codes of the grids.
    """
    statement = (
        "DELETE FROM govgrid.gap WHERE coverage_run = :run AND detail = :detail"
        " AND device_set = ANY(:sets) AND grid_code = ANY(:grids)"
    )
    values = {"run": run, "detail": detail, "sets": list(sets), "grids": list(grids)}
    connection.execute(text(statement), values)


def _names(rows: GapRows | GonePieces) -> dict[str, list[str] | list[int]]:
    return {
        "sets": list(rows.device_set),
        "certainties": list(rows.certainty),
        "grids": list(rows.grid_code),
        "pieces": list(rows.piece),
    }


def update_figures(
    connection: Connection, run: int, detail: float, columns: Mapping[str, NDArray[Any]]
) -> None:
    """Write the figures of some areas, which a run has already, in one statement.

    Parameters
    ----------
    connection
        Open transaction.
    run, detail
        Number of the run; pixel density, px/m.
    columns
        Columns of the table ``area_coverage``, the `KEY` among them, of one length.
    """
    kinds = {name: _kind(name) for name in columns}
    updated = [name for name in columns if name not in KEY]
    values = ", ".join(
        f"CAST(s.{name} AS double precision[])" if name == "k_area_m2" else f"s.{name}"
        for name in updated
    )
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in kinds.items())
    same = " AND ".join(f"c.{name} = s.{name}" for name in KEY)
    statement = (
        f"UPDATE govgrid.area_coverage c SET ({', '.join(updated)}) = ROW({values})"
        f" FROM unnest({arrays}) AS s ({', '.join(columns)})"
        f" WHERE c.coverage_run = :run AND c.detail = :detail AND {same}"
    )
    rows = {name: _cells(name, column) for name, column in columns.items()}
    connection.execute(text(statement), {"run": run, "detail": detail, **rows})


def _kind(name: str) -> str:
    if name in _TEXTS:
        return "text"
    if name == "obstacles_known":
        return "boolean"
    return "integer" if name in _WHOLE else "double precision"


def _cells(name: str, column: NDArray[Any]) -> list[Any]:
    if name == "k_area_m2":
        return ["{" + ",".join(map(repr, row)) + "}" for row in column.tolist()]
    if column.dtype.kind == "f":
        return [None if math.isnan(cell) else cell for cell in column.tolist()]
    return list(column.tolist())


@dataclass(frozen=True)
class ViewshedRows:
    """Viewsheds of cameras, a row each: camera, view, certainty, hash of the inputs, ground."""

    camera_code: Sequence[str]
    view_no: Sequence[int]
    certainty: Sequence[str]
    inputs_hash: Sequence[str]
    shapes: Geometries


def replace_viewsheds(
    connection: Connection, detail: float, codes: Sequence[str], now: ViewshedRows, *, srid: int
) -> None:
    """Write the viewsheds of some cameras that are not as stored, and delete what is no more.

    Parameters
    ----------
    connection
        Open transaction.
    detail
        Pixel density, px/m.
    codes
        The cameras.
    now
        All that they see.
    srid
        EPSG code of the shapes.
    """
    key = {"detail": detail, "codes": list(codes)}
    stored = {tuple(row) for row in connection.execute(_STORED, key)}
    keys = list(zip(now.camera_code, now.view_no, now.certainty, now.inputs_hash, strict=True))
    if gone := sorted(stored - set(keys)):
        connection.execute(_GONE, {"detail": detail, **_columns(gone)})
    if fresh := [row for row, each in enumerate(keys) if each not in stored]:
        shapes = shapely.set_srid(now.shapes[fresh], srid)
        wkb = shapely.to_wkb(shapes, hex=True, include_srid=True).tolist()
        rows = _columns([keys[row] for row in fresh])
        connection.execute(_SEEN, {"detail": detail, **rows, "shapes": wkb})


def _columns(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    names = ("codes", "numbers", "certainties", "hashes")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def begin_amendment(connection: Connection, run: int) -> int:
    """Count a revision of a run of which only the chosen figures are written; return its number.

    Until :func:`geo.coverage.store.results.amend_run` its hash is nobody's, so that whoever finds
    it so computes it anew.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    statement = (
        "UPDATE govgrid.coverage_run SET revision = revision + 1, pending = true,"
        " inputs_hash = '', amended_at = govgrid.now() WHERE id = :run RETURNING revision"
    )
    return int(connection.execute(text(statement), {"run": run}).scalar_one())


def end_amendment(
    connection: Connection, run: int, inputs_hash: str, assumptions: Mapping[str, Any]
) -> None:
    """Record that all figures of a revision are written.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    inputs_hash, assumptions
        As in :func:`geo.coverage.store.results.amend_run`.
    """
    statement = (
        "UPDATE govgrid.coverage_run SET pending = false, inputs_hash = :hash,"
        " assumptions = CAST(:assumptions AS jsonb) WHERE id = :run"
    )
    as_json = statements.to_json(dict(assumptions))
    connection.execute(text(statement), {"run": run, "hash": inputs_hash, "assumptions": as_json})
