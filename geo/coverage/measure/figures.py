"""Figures of areas: sums of the measures of cells, divided by their denominators."""

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Indices, flat_geometries
from geo.coverage.measure.difference import Difference, measure_difference
from geo.coverage.measure.state import EVERYONE, CoverageState, Flags

LEAST_M2 = 0.01  # of seen ground: what is less is left by rounding


def compute_figures(board: CoverageState, certainty: str, device_set: str) -> pd.DataFrame:
    """Return the figures of every area under one certainty for one device set.

    Parameters
    ----------
    board
        Settled.
    certainty
        *certain*: seen under every heading within its uncertainty. *possible*: under some.
        *expected*: means over the probable headings, devices taken as independent; then lengths,
        areas and counts are expectations and need not be whole.
    device_set
        One of the board's sets.

    Returns
    -------
    DataFrame
        Index of the ground's areas: `code`, `level`, `obstacles_known` and `kinds.MEASURED`.
        `k_area_m2` lists square metres seen by 0, 1, … or more devices and sums to `area_m2`;
        `covered_area_m2` is the sum from 1 on, `covered_open_ground_m2` what of it is no water,
        farmland or zone. Shares are NaN where their denominator is 0: `covered_demand_share` is
        `covered_demand_m2` of `demand_m2`, `covered_share` is `covered_open_ground_m2` of
        `open_ground_m2`. `sliver_m2` is unseen demand in slivers, dropped from the gaps and in no
        share. `obstacles_known` is False where a cell without buildings has demand, or open ground
        that is looked at: there the shares are upper bounds.
    """
    areas = board.ground.areas
    every = np.arange(len(areas), dtype=np.intp)
    columns = measure_areas(board, certainty, device_set, every)
    return pd.DataFrame({**columns, "k_area_m2": columns["k_area_m2"].tolist()}, index=areas.index)


def measure_areas(
    board: CoverageState, certainty: str, device_set: str, areas: Indices
) -> dict[str, NDArray[Any]]:
    """Return the columns of :func:`compute_figures` for some areas, as arrays.

    Frames take longer to make than figures to sum: an edit concerns a few areas, in twelve kinds.

    Parameters
    ----------
    board, certainty, device_set
        As there.
    areas
        Positions in the ground's areas.
    """
    ground, measures = board.ground, board.measures[certainty]
    which = board.sets.index(device_set)
    area_m2 = shapely.area(flat_geometries(ground.areas))
    sums = ground.cells.sums
    covered_m2, covered_open_m2, wanted_m2, sliver_m2 = (
        sums(table[:, which])
        for table in (measures.covered, measures.open, measures.wanted, measures.sliver)
    )
    k_m2 = sums(measures.k[:, which])
    k_m2[:, 0] = np.maximum(area_m2 - k_m2[:, 1:].sum(axis=1), 0.0)
    open_m2, demand_m2 = sums(ground.open_m2), sums(ground.demand_m2)
    covered_open_m2, wanted_m2 = (
        np.minimum(covered_open_m2, open_m2),
        np.minimum(wanted_m2, demand_m2),
    )
    columns: dict[str, NDArray[Any]] = {
        "code": ground.areas["code"].to_numpy(dtype=object),
        "level": ground.areas["level"].to_numpy(dtype=object),
        "area_m2": area_m2,
        "open_ground_m2": open_m2,
        "demand_m2": demand_m2,
        "covered_demand_m2": wanted_m2,
        "covered_demand_share": share_of(wanted_m2, demand_m2),
        "covered_area_m2": covered_m2,
        "covered_open_ground_m2": covered_open_m2,
        "covered_share": share_of(covered_open_m2, open_m2),
        "sliver_m2": sliver_m2,
        "k_area_m2": k_m2,
        "obstacles_known": sums(cells_without_buildings(board, which).astype(float)) == 0,
        **board.criteria.figures(certainty, which),
    }
    return {name: column[areas] for name, column in columns.items()}


def cells_without_buildings(board: CoverageState, which: int) -> Flags:
    """Return the cells where missing building data could change the shares of a device set.

    They have no building, and hold demand or seen open ground; seen water is in no share.

    Parameters
    ----------
    board
        Measured state of coverage.
    which
        Position of the device set.

    Returns
    -------
    Flags
        Shape ``(n_cells,)``.
    """
    looked_at = [measures.open[:, which] > LEAST_M2 for measures in board.measures.values()]
    concerned = np.logical_or.reduce([board.ground.demand_m2 > 0, *looked_at])
    return np.asarray(~board.ground.built & concerned, dtype=np.bool_)


def difference_of(board: CoverageState) -> Difference:
    """Return what makes the difference between certain and possible, over all cells.

    Of demand, or of open ground where nothing is demanded.
    """
    which = board.sets.index(EVERYONE)
    basis, column = (
        ("demand", "wanted") if (board.ground.demand_m2 > 0).any() else ("ground", "open")
    )
    certain, possible = (
        getattr(board.measures[name], column)[:, which].sum() for name in ("certain", "possible")
    )
    return measure_difference(board.causes.sum(axis=0), basis, float(possible - certain))


def share_of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole, NaN where there is no whole.

    Parameters
    ----------
    part, whole
        Amounts in one unit, of one shape.

    Examples
    --------
    >>> share_of(np.array([1.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    return part / np.where(whole > 0, whole, np.nan)
