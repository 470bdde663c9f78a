"""Assumptions behind the figures of a run: assumed values, and what is uncertain."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from typing_extensions import TypedDict

from geo.coverage.demand.demand_model import LEVELS
from geo.coverage.kinds import CAUSES
from geo.coverage.measure.figures import cells_without_buildings, difference_of
from geo.coverage.measure.state import EVERYONE, CoverageState
from geo.coverage.sight import optics

ASSUMED = ("hfov", "resolution", "range")  # of optics


class Assumptions(TypedDict):
    """Numbers of views with assumed values, and of grids without buildings that could matter.

    `difference` has `basis` (demand, or ground where nothing is demanded), `total_m2`, by each of
    `kinds.CAUSES` its `views` and the square metres that it alone makes (`m2`), and `several_m2`,
    which several causes share.
    """

    views: int
    heading_unknown: int
    heading_rounded8: int
    indoor: int
    snapped: int
    suspect: int
    dead_ground: int
    assumed_hfov: int
    assumed_resolution: int
    assumed_range: int
    grids_without_buildings: int
    difference: Mapping[str, object]


class RunAssumptions(Assumptions):
    """Assumptions of a run, with the incidents that count as demand and of how many months."""

    incidents: int
    incident_months: int


def describe_assumptions(views: pd.DataFrame, board: CoverageState) -> Assumptions:
    """Return the number of assumed values, and the difference between certain and possible.

    Parameters
    ----------
    views
        Views with ``assumed``, ``heading_source``, ``placement`` and ``near_m``, as from
        :func:`geo.coverage.scene.prepare_scene`.
    board
        Measured state of coverage.
    """
    assumed = {n: int(views["assumed"].astype("str").str.contains(n).sum()) for n in ASSUMED}
    return {
        "views": len(views),
        "heading_unknown": int((views["heading_source"] == "unknown").sum()),
        "heading_rounded8": int((views["heading_source"] == "rounded8").sum()),
        "indoor": int((views["placement"] == "indoor").sum()),
        "snapped": int((views["placement"] == "snapped").sum()),
        "suspect": int((views["placement"] == "suspect").sum()),
        "dead_ground": int((views["near_m"] > 0).sum()),
        "assumed_hfov": assumed["hfov"],
        "assumed_resolution": assumed["resolution"],
        "assumed_range": assumed["range"],
        "grids_without_buildings": _unblocked_areas(board),
        "difference": _difference(views, board),
    }


def _unblocked_areas(board: CoverageState) -> int:
    """Return how many of the smallest areas have no buildings where these would matter."""
    ground = board.ground
    concerned = (
        ground.cells.sums(cells_without_buildings(board, board.sets.index(EVERYONE)).astype(float))
        > 0
    )
    level = ground.areas["level"].to_numpy(dtype=object)
    smallest = next((name for name in LEVELS if (level == name).any()), None)
    return int((concerned & (level == smallest)).sum())


def _difference(views: pd.DataFrame, board: CoverageState) -> Mapping[str, object]:
    found = difference_of(board)
    cause = np.where(views["placement"].eq("suspect"), 0, optics.difference_causes(views))
    return {
        "basis": found.basis,
        "total_m2": round(found.total_m2, 1),
        **{
            name: {"views": int((cause == number).sum()), "m2": round(found.alone_m2[name], 1)}
            for number, name in enumerate(CAUSES, start=1)
        },
        "several_m2": round(found.several_m2, 1),
    }
