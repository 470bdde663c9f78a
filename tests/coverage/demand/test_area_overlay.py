"""Cells of areas that nest, overlap, or miss each other."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.base.polygons import flat_geometries
from geo.coverage.demand.area_overlay import overlay_areas

ORIGINS = [(0.0, 0.0), (500_000.0, 3_400_000.0)]


def overlaid(*areas):
    """Square metres of each cell with the areas that it lies in, and the sums by area."""
    cells = overlay_areas(flat_geometries(areas))
    area_m2 = shapely.area(cells.grounds)
    lies = [cells.area[cells.cell == i].tolist() for i in range(len(cells.grounds))]
    return sorted(zip(area_m2.tolist(), lies, strict=True)), cells.sums(area_m2).tolist()


def test_nested_areas_are_cut_at_the_smaller_ones():
    grids = [box(0, 0, 5, 10), box(5, 0, 10, 10)]
    community, district = box(0, 0, 10, 10), box(0, 0, 10, 20)
    cells, sums = overlaid(*grids, community, district)
    assert cells == [(50, [0, 2, 3]), (50, [1, 2, 3]), (100, [3])]
    assert sums == [50, 50, 100, 200]


def test_the_order_of_the_areas_changes_no_cell():
    cells, sums = overlaid(box(0, 0, 10, 20), box(0, 0, 10, 10), box(5, 0, 10, 10))
    assert cells == [(50, [0, 1]), (50, [0, 1, 2]), (100, [0])]
    assert sums == [200, 100, 50]


def test_overlapping_areas_have_a_cell_in_common():
    cells, sums = overlaid(box(0, 0, 4, 4), box(2, 2, 6, 6), box(3, 3, 7, 7))
    assert sorted(lies for _, lies in cells) == [[0], [0, 1], [0, 1, 2], [1], [1, 2], [2]]
    assert sums == [16, 16, 16]


def test_areas_apart_are_their_own_cells():
    cells, sums = overlaid(box(0, 0, 1, 1), box(5, 5, 7, 7), box(1, 0, 2, 1))
    assert cells == [(1, [0]), (1, [2]), (4, [1])]
    assert sums == [1, 4, 1]


def test_the_same_area_twice_is_one_cell():
    assert overlaid(box(0, 0, 2, 2), box(0, 0, 2, 2)) == ([(4, [0, 1])], [4, 4])


def test_a_hole_is_left_to_the_area_that_fills_it():
    ring, hole, both = box(0, 0, 10, 10) - box(2, 2, 4, 4), box(2, 2, 4, 4), box(0, 0, 10, 10)
    assert overlaid(ring, hole) == ([(4, [1]), (96, [0])], [96, 4])
    assert overlaid(ring, both) == ([(4, [1]), (96, [0, 1])], [96, 100])


def test_an_area_of_several_parts_may_be_one_cell():
    two = MultiPolygon([box(0, 0, 1, 1), box(8, 8, 9, 9)])
    assert overlaid(two, box(0, 0, 10, 10)) == ([(2, [0, 1]), (98, [1])], [2, 100])


def test_a_district_reaches_beyond_its_grids_and_an_area_may_lie_in_no_grid():
    grid, district, lonely = box(0, 0, 5, 5), box(0, 0, 10, 5), box(20, 0, 22, 1)
    cells, _ = overlaid(grid, district, lonely)
    assert cells == [(2, [2]), (25, [0, 1]), (25, [1])]


@pytest.mark.parametrize("off_m", [1e-9, 1e-5, -1e-9, -1e-5])
def test_borders_that_differ_by_a_hair_are_the_same(off_m):
    cells, sums = overlaid(box(0, 0, 10, 10), box(10 - off_m, 0, 20, 10), box(0, 0, 20, 10))
    assert sorted(lies for _, lies in cells) == [[0, 2], [1, 2]]
    assert sums == pytest.approx([100, 100, 200], abs=1e-3)


def test_borders_that_differ_by_more_make_a_cell():
    cells, sums = overlaid(box(0, 0, 10, 10), box(9.999, 0, 20, 10))
    assert len(cells) == 3
    assert cells[0] == (pytest.approx(0.01), [0, 1])
    assert sums == pytest.approx([100, 100.01])


def test_empty_missing_and_tiny_areas_have_no_cell():
    assert overlaid() == ([], [])
    cells, sums = overlaid(None, Polygon(), box(0, 0, 0.01, 0.01), box(0, 0, 1, 1))
    assert cells == [(1, [3])]
    assert sums == [0, 0, 0, 1]


def test_sums_keep_the_other_axes_of_a_table():
    cells = overlay_areas(
        flat_geometries([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 0, 2, 1), Polygon()])
    )
    table = np.array([[[1.0, 2.0]], [[10.0, 20.0]]])
    assert cells.sums(table).tolist() == [[[1, 2]], [[10, 20]], [[11, 22]], [[0, 0]]]


@pytest.mark.parametrize("origin", ORIGINS)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 9))
@example(seed=22, count=6)  # plain overlays lose a hundred square metres of these
@example(seed=755, count=9)
def test_cells_are_disjoint_and_make_up_their_areas(origin, seed, count):
    rng = np.random.default_rng(seed)
    middles = shapely.points(rng.uniform(0, 100, (count, 2)) + origin)
    areas = shapely.buffer(middles, rng.uniform(2, 60, count), quad_segs=3)
    areas = np.append(
        areas, [shapely.union_all(areas[:3]), shapely.difference(areas[0], areas[-1])]
    )
    cells = overlay_areas(areas)
    area_m2 = shapely.area(cells.grounds)
    assert shapely.is_valid(cells.grounds).all()
    assert cells.sums(area_m2) == pytest.approx(shapely.area(areas), abs=2e-3)
    assert area_m2.sum() == pytest.approx(shapely.union_all(areas).area, abs=2e-3)
    outside = shapely.difference(cells.grounds[cells.cell], areas[cells.area])
    assert (shapely.area(outside) < 1e-3).all()
