"""Amending of one detail: cameras put on its board, measured, and what came of it written."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from geo.base.polygons import Indices, flat_geometries
from geo.coverage.compute import Standing
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.kinds import CERTAINTIES, SURE
from geo.coverage.measure import figures
from geo.coverage.measure.gap_layers import Kind
from geo.coverage.measure.gaps import MEASURED, UncoveredDemand
from geo.coverage.measure.state import CERTAIN, EVERYONE, Change, CoverageState
from geo.coverage.scene import Prepared, set_members, view_hashes, visible_ground
from geo.coverage.store import amendments
from geo.coverage.store.amendments import GapRows, GonePieces, ViewshedRows

CHOSEN: Final[Kind] = (CERTAIN, EVERYONE)
"""What is shown first, and so written first."""


def put_cameras(standing: Standing, codes: Sequence[str], fresh: Prepared | None) -> Standing:
    """Put cameras as they are now on the board; return what is to be stored of these alone.

    Parameters
    ----------
    standing
        State with their views; its board is changed.
    codes
        The cameras; those without views are taken off.
    fresh
        The same scene with their views, and perhaps those of others; None: they are looked up.
    """
    own, board = fresh or standing.prepared, standing.board
    mine = own.views["camera_code"].isin(codes)
    if not mine.all():
        own = replace(own, views=own.views[mine].reset_index(drop=True))
    views = own.views
    seen = visible_ground(own)
    known, member = set_members(views)
    gone = sorted(set(codes) - set(known))
    none = np.zeros((len(gone), len(board.sets)), dtype=np.bool_)
    board.put([*known, *gone], np.vstack([member, none]), seen)
    return replace(standing, prepared=own, visible=seen)


def write_viewsheds(connection: Connection, own: Standing, codes: Sequence[str]) -> None:
    """Write what cameras see.

    Parameters
    ----------
    connection
        Open transaction.
    own
        As from :func:`put_cameras`.
    codes
        The cameras.
    """
    code, number, certainty, hashes, shapes = [], [], [], [], [np.empty(0, dtype=object)]
    for name in SURE:
        seen = own.visible[name]
        code += seen["camera_code"].tolist()
        number += seen["view_no"].tolist()
        certainty += [name] * len(seen)
        hashes += view_hashes(own.prepared, name)
        shapes.append(flat_geometries(seen))
    rows = ViewshedRows(code, number, certainty, hashes, np.concatenate(shapes))
    amendments.replace_viewsheds(connection, own.detail, codes, rows, srid=_srid(own))


def kinds_of(board: CoverageState, change: Change) -> list[Kind]:
    """Return the kinds of figures that a change concerns.

    Parameters
    ----------
    board
        Settled.
    change
        What it measured.
    """
    return [(name, board.sets[which]) for name in CERTAINTIES for which in change.sets]


def write_figures(
    connection: Connection, run: int, standing: Standing, change: Change, kinds: Sequence[Kind]
) -> None:
    """Write the figures of the areas that a change concerns.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    standing
        The state, measured.
    change
        What was measured.
    kinds
        Which figures.
    """
    if len(change.areas) and kinds:
        columns = figure_columns(standing.board, kinds, change.areas)
        amendments.update_figures(connection, run, standing.detail, columns)


def write_gaps(connection: Connection, run: int, standing: Standing, change: Change) -> None:
    """Write the gaps of the pieces of demand that a change concerns.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    standing
        The state, measured.
    change
        What was measured; its ground is as before.
    """
    ground = standing.board.ground
    rows = _rows(ground, [(edit.pieces, kind) for edit, kind in change.gaps])
    fresh = _gap_rows(ground, [(edit.gaps, kind) for edit, kind in change.gaps])
    amendments.replace_gaps(
        connection, run, standing.detail, GonePieces(*rows), fresh, srid=_srid(standing)
    )


def write_grids(connection: Connection, run: int, standing: Standing, change: Change) -> None:
    """Write all gaps of the grids that a change concerns: their pieces may be others.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    standing
        The state, measured.
    change
        What was measured.
    """
    board = standing.board
    grids = sorted(set(board.ground.grid_code[change.cells]))
    cells = np.flatnonzero(np.isin(board.ground.grid_code, grids))
    kinds = [(certainty, board.sets[which]) for certainty in SURE for which in change.sets]
    fresh = _gap_rows(board.ground, list(_every(board, kinds, cells)))
    sets = [board.sets[which] for which in change.sets]
    amendments.forget_grids(connection, run, standing.detail, sets, grids)
    none = GonePieces((), (), (), ())
    amendments.replace_gaps(connection, run, standing.detail, none, fresh, srid=_srid(standing))


def figure_columns(
    board: CoverageState, kinds: Sequence[Kind], areas: Indices
) -> dict[str, NDArray[Any]]:
    """Return the figures of some areas for some kinds, as columns of their table.

    Parameters
    ----------
    board
        Settled.
    kinds
        Certainty and device set of each.
    areas
        Positions in the ground's areas.
    """
    parts = [figures.measure_areas(board, *kind, areas) for kind in kinds]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["area_code"] = columns.pop("code")
    for name, said in zip(("certainty", "device_set"), zip(*kinds, strict=True), strict=True):
        columns[name] = np.repeat(np.array(said, dtype=object), len(areas))
    return columns


def _every(
    board: CoverageState, kinds: Sequence[Kind], cells: Indices
) -> Iterator[tuple[UncoveredDemand, Kind]]:
    for certainty, device_set in kinds:
        found = board.measures[certainty].gaps(board.sets.index(device_set), cells.tolist())
        for cell, own in found.items():
            first = int(np.searchsorted(board.ground.piece_cell, cell))
            yield replace(own, piece=own.piece + first), (certainty, device_set)


def _rows(
    ground: DemandModel, found: Sequence[tuple[Indices, Kind]]
) -> tuple[list[str], list[str], list[str], list[int]]:
    """Return certainty, device set, grid and hash of the pieces of several kinds."""
    certainty = [kind[0] for pieces, kind in found for _ in range(len(pieces))]
    device_set = [kind[1] for pieces, kind in found for _ in range(len(pieces))]
    every = np.concatenate([np.empty(0, dtype=np.intp), *(pieces for pieces, _ in found)])
    grids = ground.grid_code[ground.piece_cell[every]].tolist()
    return certainty, device_set, grids, ground.piece_hash[every].tolist()


def _gap_rows(ground: DemandModel, found: Sequence[tuple[UncoveredDemand, Kind]]) -> GapRows:
    rows = _rows(ground, [(own.piece, kind) for own, kind in found])
    none = np.empty(0, dtype=object)
    measures = {
        name: np.concatenate([np.empty(0), *(getattr(own, name) for own, _ in found)])
        for name in MEASURED
    }
    measures |= {name: measures[name].astype(np.intp) for name in ("entrances", "incidents")}
    return GapRows(*rows, measures, np.concatenate([none, *(own.shapes for own, _ in found)]))


def _srid(standing: Standing) -> int:
    return standing.prepared.scene.srid
