"""Seen ground by tiles: as a union would have it, in little memory, and between its bounds."""

import subprocess
import sys

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box

from geo.base.polygons import subtract_ground
from geo.coverage.demand.demand_model import build_model
from geo.coverage.demand.tiles import cut_into_tiles, in_tiles
from geo.coverage.kinds import MEASURED
from geo.coverage.measure import figures
from geo.coverage.measure.state import CoverageState
from tests.toy_ground import CERTAINTIES, SETS, Town, areas, demanded, layers, views

MORE = ("places_seen", "entrances_seen", "junctions_seen", "crossings_seen", "road_seen_m")
CHAIN = """
import resource, numpy as np, shapely
from geo.base.polygons import subtract_ground
x = np.arange(4000) * 15.0
seen = shapely.buffer(shapely.points(x, 0.0), 25.0, quad_segs=16)
pieces = shapely.box(x, -20, x + 15, 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
left = shapely.area(subtract_ground(pieces, seen)).sum()
print(left, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def discs(seed, count=12, side_m=100.0):
    rng = np.random.default_rng(seed)
    return shapely.buffer(shapely.points(rng.uniform(0, side_m, (count, 2))), rng.uniform(2, 40))


@given(seed=st.integers(0, 10_000))
def test_taking_one_out_after_the_other_leaves_what_a_union_leaves(seed):
    shapes, taken = np.append(discs(seed, 4), Polygon()), discs(seed + 1)
    apart = shapely.difference(shapes, shapely.union_all(taken))
    assert shapely.area(subtract_ground(shapes, taken)) == pytest.approx(
        shapely.area(apart), abs=1e-6
    )
    assert shapely.equals(subtract_ground(shapes, taken[:0]), shapes).all()


def test_a_long_chain_of_seen_ground_takes_no_more_memory_than_its_pieces():
    # as one shape it has 100,000 corners and more, which each of 4,000 pieces would copy: 6 GB
    said = subprocess.run(
        [sys.executable, "-c", CHAIN], capture_output=True, text=True, check=True
    ).stdout.split()
    assert float(said[0]) < 4000 * 15 * 40 * 0.1
    assert float(said[1]) < 300


def test_tiles_are_the_ground_cut_at_one_lattice():
    lake = box(0, 0, 240, 130).difference(box(30, 30, 60, 60))
    tiles, ground = cut_into_tiles(np.array([lake, box(-10, 5, 0, 8)]))
    assert shapely.area(tiles[ground == 0]).sum() == pytest.approx(lake.area)
    assert shapely.bounds(tiles[ground == 1]).tolist() == [[-10, 5, 0, 8]]
    assert len(tiles) == 7
    assert (shapely.bounds(tiles)[:, 2:] - shapely.bounds(tiles)[:, :2]).max() <= 100
    wet = in_tiles(np.array([box(90, 0, 110, 10)]), tiles)
    assert sorted(shapely.area(wet).tolist()) == [0, 0, 0, 0, 0, 100, 100]


@pytest.mark.parametrize("seed", range(6))
def test_expected_lies_between_certain_and_possible_in_every_figure(seed):
    board = Town(seed, (500_000.0, 3_400_000.0)).whole()
    for device_set in SETS:
        low, mean, high = (figures.compute_figures(board, name, device_set) for name in CERTAINTIES)
        seen = [name for name in (*MEASURED, *MORE) if name.startswith("covered") or name in MORE]
        for name in seen:
            assert (low[name].fillna(0) <= mean[name].fillna(0)).all(), name
            assert (mean[name].fillna(0) <= high[name].fillna(0)).all(), name
        assert (low["longest_blind_m"] >= mean["longest_blind_m"]).all()
        assert (mean["longest_blind_m"] >= high["longest_blind_m"]).all()
        for row in (low, mean, high):
            open_m2 = row["open_ground_m2"].where(row["open_ground_m2"] > 0)
            again = row["covered_open_ground_m2"] / open_m2
            assert row["covered_share"].tolist() == pytest.approx(again.tolist(), nan_ok=True)
            k_m2 = np.array(row["k_area_m2"].tolist())
            assert row["covered_area_m2"].tolist() == pytest.approx(k_m2[:, 1:].sum(axis=1))


def test_each_cause_makes_its_own_part_of_what_is_possible_and_not_certain():
    # 100 m² are certain; 20 turning alone, 20 by tolerance alone, 10 by both, 5 heading unknown
    grid = box(0, 0, 100, 10)
    board = CoverageState(build_model(layers(areas(grid), places=demanded(grid))), ("all",))
    sure = views(box(0, 0, 10, 10), Polygon(), Polygon(), codes="abc")
    may = views(box(0, 0, 13, 10), box(12, 0, 15, 10), box(50, 0, 50.5, 10), codes="abc")
    seen = {
        "certain": sure.assign(cause=[2, 1, 3]),
        "expected": may.assign(cause=[2, 1, 3], weight=0.5),
        "possible": may.assign(cause=[2, 1, 3]),
    }
    board.put(list("abc"), np.ones((3, 1), dtype=bool), seen)
    board.settle()
    found = figures.difference_of(board)
    assert found.basis == "demand"
    assert found.total_m2 == pytest.approx(55)
    assert found.alone_m2 == pytest.approx({"turning": 20, "tolerance": 20, "heading_unknown": 5})
    assert found.several_m2 == pytest.approx(10)
