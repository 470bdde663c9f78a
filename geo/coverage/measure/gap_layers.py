"""Layers of gaps: those of some cells, of several kinds, or those that an edit opened."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.base.polygons import Crs
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.measure.gaps import MEASURED, UncoveredDemand
from geo.coverage.measure.measures import GapEdit

OPENED_M2: Final = 1.0  # a gap that grows by less has not opened
Kind: TypeAlias = tuple[str, str]
"""A certainty and a device set."""


def layer_of_kinds(
    found: Sequence[tuple[Mapping[int, UncoveredDemand], Kind]], ground: DemandModel
) -> gpd.GeoDataFrame:
    """Return gaps by cell, of several kinds, as one layer with `certainty` and `device_set`.

    Parameters
    ----------
    found
        Gaps by cell, as from `Measures.gaps`, with their kind.
    ground
        What they are gaps of.
    """
    rows = [(cell, own, kind) for cells, kind in found for cell, own in cells.items()]
    if not rows:
        return no_gaps(ground.areas.crs)
    counts = np.array([len(own.piece) for _, own, _ in rows])
    cell = np.repeat(np.array([each for each, _, _ in rows], dtype=np.intp), counts)
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([getattr(own, name) for _, own, _ in rows])
        for name in ("piece", *MEASURED, "shapes")
    }
    columns["piece"] = columns["piece"] + np.searchsorted(ground.piece_cell, cell)
    columns["grid_code"] = ground.grid_code[cell]
    for at, name in enumerate(("certainty", "device_set")):
        said = np.array([kind[at] for _, _, kind in rows], dtype=object)
        columns[name] = np.repeat(said, counts)
    shapes = columns.pop("shapes")
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=ground.areas.crs)


def layer_of_opened(edits: Sequence[tuple[GapEdit, Kind]], ground: DemandModel) -> gpd.GeoDataFrame:
    """Return the gaps that opened, as they are now, with `opened_m2` and their kind.

    Parameters
    ----------
    edits
        What became of gaps.
    ground
        What they are gaps of.
    """
    grown = [edit.opened_m2 >= OPENED_M2 for edit, _ in edits]
    counts = [int(each.sum()) for each in grown]
    if not sum(counts):
        return no_gaps(ground.areas.crs)
    gaps = [edit.gaps.where(rows) for (edit, _), rows in zip(edits, grown, strict=True)]
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([getattr(each, name) for each in gaps])
        for name in ("piece", *MEASURED)
    }
    columns["grid_code"] = ground.grid_code[ground.piece_cell[columns["piece"]]]
    more_m2 = [edit.opened_m2[rows] for (edit, _), rows in zip(edits, grown, strict=True)]
    columns["opened_m2"] = np.concatenate(more_m2)
    for at, name in enumerate(("certainty", "device_set")):
        said = np.array([kind[at] for _, kind in edits], dtype=object)
        columns[name] = np.repeat(said, counts)
    shapes = np.concatenate([each.shapes for each in gaps])
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=ground.areas.crs)


def no_gaps(crs: Crs) -> gpd.GeoDataFrame:
    """Return the frame of no gap, and of none that opened."""
    columns: dict[str, NDArray[Any]] = {"piece": np.empty(0, dtype=np.intp)}
    columns |= {name: np.empty(0, dtype=float) for name in (*MEASURED, "opened_m2")}
    columns |= {n: np.empty(0, dtype=object) for n in ("grid_code", "certainty", "device_set")}
    return gpd.GeoDataFrame(columns, geometry=np.empty(0, dtype=object), crs=crs)


def join_gaps(found: Sequence[gpd.GeoDataFrame], crs: Crs) -> gpd.GeoDataFrame:
    """Return frames of gaps as one, empty with the right columns if there are none.

    Parameters
    ----------
    found
        Frames of one CRS.
    crs
        CRS of the result where all are empty.
    """
    some = [frame for frame in found if len(frame)]
    if not some:
        return no_gaps(crs)
    return gpd.GeoDataFrame(pd.concat(some, ignore_index=True), crs=crs)
