"""The figures of areas: what a board measured by cell, summed and set against its denominators."""

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import geometries
from geo.coverage.measure.state import Board


def figures(board: Board, certainty: str, device_set: str) -> pd.DataFrame:
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
        `k_area_m2` lists square metres seen by 0, 1, … or more devices and sums to `area_m2`.
        Shares lie in [0, 1] and are NaN where their denominator is 0: `covered_demand_share` is of
        `demand_m2`; `covered_share` is seen ground without water, farmland and zones, of
        `open_ground_m2`. `sliver_m2` is unseen demand in slivers, dropped from the gaps and in no
        share.
    """
    ground, measures = board.ground, board.measures[certainty]
    which = board.sets.index(device_set)
    area_m2 = shapely.area(geometries(ground.areas))
    sums = ground.cells.sums
    covered_m2, beside_m2, wanted_m2, sliver_m2 = (
        sums(table[:, which])
        for table in (measures.covered, measures.beside, measures.wanted, measures.sliver)
    )
    k_m2 = sums(measures.k[:, which])
    k_m2[:, 0] = np.maximum(area_m2 - k_m2[:, 1:].sum(axis=1), 0.0)
    open_m2, demand_m2 = sums(ground.open_m2), sums(ground.demand_m2)
    table = pd.DataFrame(
        {
            "code": ground.areas["code"],
            "level": ground.areas["level"],
            "area_m2": area_m2,
            "open_ground_m2": open_m2,
            "demand_m2": demand_m2,
            "covered_demand_m2": wanted_m2,
            "covered_demand_share": share(wanted_m2, demand_m2),
            "covered_area_m2": covered_m2,
            "covered_share": share(covered_m2 - beside_m2, open_m2),
            "sliver_m2": sliver_m2,
            "k_area_m2": k_m2.tolist(),
            "obstacles_known": sums(ground.built.astype(float)) > 0,
        },
        index=ground.areas.index,
    )
    return table.join(board.criteria.figures(certainty, which))


def share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole within [0, 1], NaN where there is no whole."""
    known = np.where(whole > 0, whole, np.nan)
    return np.clip(part / known, 0.0, 1.0)
