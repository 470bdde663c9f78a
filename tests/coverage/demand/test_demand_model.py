"""The ground of toy towns, laid at once and cell by cell."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box

from geo.coverage.demand.demand_model import build_model, rebuild_cells
from geo.coverage.sight.obstacles import merge_footprints
from tests.toy_ground import (
    areas,
    both,
    changed_cells,
    layers,
    points,
    random_houses,
    random_layers,
    roads,
)

WEST, EAST = box(0, 0, 100, 100), box(100, 0, 200, 100)
STREET = [(-50, 50), (250, 50)]
HOUSE = box(40, 40, 60, 60)


def town(**given):
    """Two grids with a street of 6 m, a house on it, a pond, a field and a zone."""
    base = {
        "grids": both(areas(WEST, EAST), areas(box(0, 0, 200, 100), level="community")),
        "houses": [HOUSE],
        "roads": roads(STREET),
        "water": [box(150, 0, 200, 20)],
        "farmland": [box(0, 80, 100, 100)],
        "zones": [box(100, 45, 110, 55)],
    }
    return layers(**{**base, **given})


def test_what_is_demanded_and_what_is_open_stand_by_cell():
    ground = build_model(town())
    assert ground.grid_code.tolist() == ["grid0", "grid1"]
    assert ground.demand_m2.tolist() == pytest.approx([600 - 120, 600 - 60])
    assert ground.open_m2.tolist() == pytest.approx([10_000 - 2000 - 400, 10_000 - 1000 - 100])
    assert ground.cells.sums(ground.demand_m2).tolist() == pytest.approx([480, 540, 1020])
    assert ground.built.tolist() == [True, False]


def test_land_that_is_no_open_ground_is_kept_beside_it():
    ground = build_model(town(water=[box(150, 0, 200, 20), box(150, 0, 180, 20)]))
    beside_m2 = np.bincount(ground.tile_cell, shapely.area(ground.beside))
    assert beside_m2.tolist() == pytest.approx([2000, 1000 + 100])


def test_demand_is_cut_by_cell_and_by_size():
    pieces = build_model(town()).pieces
    assert pieces["cell"].tolist() == [0, 0, 1]
    assert pieces["grid_code"].tolist() == ["grid0", "grid0", "grid1"]
    assert pieces["area_m2"].tolist() == pytest.approx([240, 240, 540])


def test_road_lines_and_points_know_their_piece():
    ground = build_model(
        town(entrances=points((140, 50), (50, 50)), incidents=points((20, 50), (170, 10)))
    )
    cell = ground.pieces["cell"].to_numpy()
    assert np.bincount(cell[ground.lines["piece"]], ground.lines["length_m"]).tolist() == [80, 90]
    held = ground.held.assign(cell=cell[ground.held["piece"]])
    found = held[["kind", "source", "cell"]].values.tolist()
    # One entrance is deep in the house, one incident in the pond: 10 m from any demand.
    assert sorted(found) == [["entrances", 0, 1], ["incidents", 0, 0]]


def test_a_cell_is_named_after_its_smallest_area():
    outer = areas(box(0, 0, 300, 100), level="district")
    inner = areas(box(0, 0, 250, 100), level="community")
    ground = build_model(layers(both(outer, inner, areas(EAST, EAST, WEST))))
    named = dict(zip(ground.grid_code, shapely.area(ground.cells.grounds), strict=True))
    assert named == {"grid0": 10_000, "grid2": 10_000, "community0": 5000, "district0": 5000}


def test_areas_may_be_missing_empty_invalid_or_nested():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 11)])
    ground = build_model(layers(areas(None, Polygon(), bow, box(0, 0, 10, 20))))
    whole_m2 = shapely.make_valid(bow).area
    assert ground.cells.sums(ground.open_m2).tolist() == pytest.approx([0, 0, whole_m2, 200])


@pytest.mark.parametrize("layer", ["entrances", "incidents"])
def test_points_without_a_place_are_left_out(layer):
    doors = points((10, 10), (10, 30), (50, 50))
    doors.loc[0, "geometry"], doors.loc[1, "geometry"] = None, shapely.Point()
    found = build_model(layers(areas(WEST), **{layer: doors}))
    alone = build_model(layers(areas(WEST), **{layer: doors.iloc[2:]}))
    assert len(found.held) == len(found.points) == 1
    assert found.held_point.tolist() == alone.held_point.tolist() == [0]
    assert found.demand_m2.tolist() == alone.demand_m2.tolist()
    again = rebuild_cells(found, layers(areas(WEST), **{layer: doors}), np.array([0]))
    assert again.held_point.tolist() == [0]


def test_a_town_without_anything_is_open_ground():
    ground = build_model(layers(areas(WEST)))
    assert ground.open_m2.tolist() == [10_000]
    assert ground.demand_m2.tolist() == [0]
    assert len(ground.plot(np.array([0])).pieces) == 0


def test_without_areas_there_are_no_cells():
    ground = build_model(layers(areas()))
    assert len(ground.cells.grounds) == len(ground.demand_m2) == len(ground.open_m2) == 0
    assert len(ground.plot(np.empty(0, dtype=np.intp)).pieces) == 0


def test_a_plot_holds_the_rows_of_its_cells():
    ground = build_model(town(entrances=points((140, 50)), incidents=points((20, 50))))
    plot = ground.plot(np.array([1]))
    assert [p.equals(EAST) for p in plot.grounds] == [True]
    assert plot.piece_m2.sum() == pytest.approx(ground.demand_m2[1])
    assert plot.piece_cell.tolist() == [0] * len(plot.pieces)
    assert set(ground.grid_code[plot.cells]) == {"grid1"}
    assert plot.lines.length_m.tolist() == [90]
    assert (
        ground.held.iloc[plot.held_at]["kind"].tolist() == plot.held.kind.tolist() == ["entrances"]
    )
    assert plot.pieces[plot.held.piece[0]].intersects(plot.held.shapes[0])
    assert shapely.area(plot.beside).sum() == pytest.approx(1100)
    assert shapely.area(plot.tiles).sum() == pytest.approx(EAST.area)
    assert set(plot.tile_cell) == {0}


def test_a_plot_of_all_cells_is_the_ground():
    ground = build_model(town(entrances=points((140, 50)), incidents=points((20, 50))))
    plot = ground.plot(np.arange(2))
    assert plot.extent.sums(plot.piece_cell, plot.piece_m2).tolist() == ground.demand_m2.tolist()
    assert plot.held_at.tolist() == [0, 1]
    assert plot.lines.piece.tolist() == ground.lines["piece"].tolist()


def test_a_house_that_goes_gives_its_ground_back():
    ground, now = build_model(town()), town(houses=None)
    again = rebuild_cells(ground, now, np.array([0]))
    assert again.demand_m2.tolist() == pytest.approx([600, 540])
    assert again.open_m2.tolist() == pytest.approx([8000, 8900])
    assert again.built.tolist() == [False, False]
    assert ground.built.tolist() == [True, False]


def test_relaying_nothing_leaves_the_ground_as_it_was():
    ground = build_model(town())
    assert rebuild_cells(ground, town(), np.empty(0, dtype=np.intp)) is ground


def test_a_cell_named_twice_is_laid_once():
    ground = build_model(town())
    again = rebuild_cells(ground, town(), np.array([1, 0, 1]))
    assert again.demand_m2.tolist() == pytest.approx(ground.demand_m2.tolist())
    assert len(again.pieces) == len(ground.pieces)


def test_a_place_far_off_is_not_forgotten_where_its_radius_reaches():
    school = points((-250, 50), kind="学校", radius_m=300.0)
    now = town(places=school, roads=roads())
    ground = build_model(now)
    assert ground.demand_m2[0] > 1000
    again = rebuild_cells(ground, now, np.array([0]))
    assert again.demand_m2.tolist() == pytest.approx(ground.demand_m2.tolist())


def figures(ground):
    """All that a ground says of its cells, whatever the order of its rows."""
    count, cell = len(ground.cells.grounds), ground.pieces["cell"].to_numpy(dtype=np.intp)
    lines, held = ground.lines, ground.held
    weighed = lines["length_m"] * lines["factor"]
    kinds = {k: held.loc[held["kind"] == k, "piece"] for k in ("entrances", "incidents")}
    return np.array(
        [
            ground.demand_m2,
            ground.open_m2,
            ground.built,
            np.bincount(cell, minlength=count),
            np.bincount(ground.tile_cell, shapely.area(ground.beside), count),
            np.bincount(cell[lines["piece"]], weighed, count),
            *(np.bincount(cell[pieces], minlength=count) for pieces in kinds.values()),
            np.bincount(cell[held["piece"]], ground.held_point, count),
            np.bincount(ground.point_cell[ground.point_cell >= 0], minlength=count),
        ]
    )


@given(seed=st.integers(0, 10_000), flips=st.lists(st.integers(0, 11), min_size=1, max_size=5))
def test_relaying_what_changed_is_laying_everything(seed, flips):
    rng = np.random.default_rng(seed)
    pool = random_houses(rng, 12, 400)
    given, built = random_layers(rng, 400, houses=pool), rng.random(12) < 0.5
    now = layers(houses=pool[built], **given)
    ground = build_model(now)
    for flip in flips:
        built[flip] = not built[flip]
        before, now = now, replace(now, obstacles=merge_footprints(pool[built]))
        ground = rebuild_cells(ground, now, changed_cells(ground, before.obstacles, now.obstacles))
    whole = build_model(now)
    assert figures(ground) == pytest.approx(figures(whole), abs=1e-6)
    demand = [gpd.GeoSeries(g.pieces.geometry).union_all() for g in (ground, whole)]
    assert demand[0].symmetric_difference(demand[1]).area < 1e-6
    for rows in (ground.pieces["cell"], ground.lines["piece"], ground.held["piece"]):
        assert rows.is_monotonic_increasing
