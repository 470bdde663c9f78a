"""Coverage figures on toy grids with answers by hand, and their invariants."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from geo.coverage import by_device, figures, union
from geo.errors import LayerError


def areas(*shapes):
    codes = [f"g{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"code": codes}, geometry=list(shapes), index=[c * 2 for c in codes])


def views(*shapes, codes=None):
    names = codes or [f"c{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"camera_code": names}, geometry=list(shapes))


def one(shape, viewsheds, demand=None, open_m2=None, **options):
    grid = areas(shape)
    ground = pd.Series(shape.area if open_m2 is None else open_m2, index=grid.index)
    return figures(grid, viewsheds=viewsheds, demand=demand, open_ground_m2=ground, **options).iloc[
        0
    ]


def scatter(seed, count=12, side_m=100.0):
    rng = np.random.default_rng(seed)
    middles = shapely.points(rng.uniform(0, side_m, (count, 2)))
    return shapely.buffer(middles, rng.uniform(2, 25, count), quad_segs=3)


def test_half_a_grid_seen_is_half():
    found = one(box(0, 0, 10, 10), views(box(0, 0, 5, 10)))
    assert found["covered_area_m2"] == 50
    assert found["covered_share"] == 0.5
    assert found["k_area_m2"] == [50, 50, 0, 0, 0, 0, 0, 0, 0]


def test_the_table_keeps_the_index_and_names_its_columns():
    grid = areas(box(0, 0, 1, 1), box(1, 0, 2, 1))
    found = figures(
        grid, viewsheds=views(), demand=[], open_ground_m2=pd.Series(1.0, index=grid.index)
    )
    assert found.index.tolist() == ["g0g0", "g1g1"]
    assert found.columns.tolist() == [
        "code",
        "area_m2",
        "open_ground_m2",
        "demand_m2",
        "covered_demand_m2",
        "covered_demand_share",
        "covered_area_m2",
        "covered_share",
        "k_area_m2",
    ]


def test_without_cameras_all_is_unseen_and_without_demand_there_is_no_share():
    found = one(box(0, 0, 10, 10), views())
    assert found["covered_share"] == 0
    assert np.isnan(found["covered_demand_share"])
    assert found["k_area_m2"][0] == 100


def test_two_equal_cameras_count_twice_and_two_views_of_one_once():
    same = box(2, 2, 6, 6)
    assert one(box(0, 0, 10, 10), views(same, same))["k_area_m2"][:3] == [84, 0, 16]
    device = views(same, same, codes=["a", "a"])
    assert one(box(0, 0, 10, 10), device)["k_area_m2"][:3] == [84, 16, 0]


def test_ground_is_counted_by_how_many_devices_see_it():
    found = one(box(0, 0, 10, 10), views(box(0, 0, 6, 10), box(4, 0, 10, 10), box(5, 0, 6, 10)))
    assert found["k_area_m2"][:4] == pytest.approx([0, 80, 10, 10])


def test_the_last_entry_holds_that_many_or_more():
    found = one(box(0, 0, 10, 10), views(*[box(0, 0, 1, 1)] * 5), k_max=2)
    assert found["k_area_m2"] == [99, 0, 1]


def test_demand_is_measured_within_the_area_and_where_it_is_seen():
    demand = [box(0, 0, 4, 20), box(6, 0, 8, 5)]
    found = one(box(0, 0, 10, 10), views(box(-5, -5, 20, 5)), demand)
    assert found["demand_m2"] == 50
    assert found["covered_demand_m2"] == 30
    assert found["covered_demand_share"] == 0.6


def test_seen_water_is_no_part_of_the_share_of_open_ground():
    river = [box(0, 0, 5, 10)]
    seen = views(box(0, 0, 7, 10))
    assert one(box(0, 0, 10, 10), seen, open_m2=50)["covered_share"] == 1.0
    found = one(box(0, 0, 10, 10), seen, open_m2=50, excluded=river)
    assert found["covered_share"] == pytest.approx(0.4)
    assert found["covered_area_m2"] == 70


def test_an_area_without_open_ground_has_no_share():
    assert np.isnan(one(box(0, 0, 1, 1), views(), open_m2=0.0)["covered_share"])


def test_areas_may_be_missing_empty_invalid_multiple_or_nested():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    two = MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)])
    grid = areas(None, Polygon(), bow, two, box(0, 0, 10, 10))
    found = figures(
        grid,
        viewsheds=views(box(0, 0, 10, 10)),
        demand=None,
        open_ground_m2=pd.Series(100.0, index=grid.index),
    )
    assert found["covered_area_m2"].tolist() == pytest.approx([0, 0, 50, 2, 100])


def test_empty_and_missing_viewsheds_see_nothing():
    assert one(box(0, 0, 1, 1), views(Polygon(), None))["covered_area_m2"] == 0
    assert len(union(gpd.GeoSeries([Polygon(), None]))) == 0


def test_a_hole_in_a_view_stays_unseen():
    ring = box(0, 0, 10, 10) - box(4, 4, 6, 6)
    assert one(box(0, 0, 10, 10), views(ring, ring))["k_area_m2"][:3] == [4, 0, 96]


def test_ground_that_devices_only_touch_counts_once():
    found = one(box(0, 0, 10, 10), views(box(0, 0, 5, 10), box(5, 0, 10, 10)))
    assert found["k_area_m2"][:3] == [0, 100, 0]


def test_the_union_is_one_polygon_for_each_connected_piece():
    found = union([box(0, 0, 2, 2), box(1, 1, 3, 3), box(9, 9, 10, 10)])
    assert sorted(shapely.area(found).tolist()) == [1, 7]


def test_views_are_joined_by_device():
    found = by_device(
        views(box(0, 0, 2, 1), Point(0, 0).buffer(0), box(1, 0, 3, 1), codes=list("aba"))
    )
    assert found.area.to_dict() == {"a": 3.0}


def test_a_missing_column_is_named():
    with pytest.raises(LayerError, match="camera_code"):
        one(box(0, 0, 1, 1), views().drop(columns="camera_code"))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_the_parts_sum_to_the_wholes(seed):
    seen = scatter(seed)
    cells = [box(x, y, x + 50, y + 50) for x in (0, 50) for y in (0, 50)]
    grid = areas(*cells, box(0, 0, 100, 100))
    demand = union(scatter(seed + 1))
    ground = pd.Series(shapely.area(grid.geometry.array), index=grid.index)
    found = figures(grid, viewsheds=views(*seen), demand=demand, open_ground_m2=ground, k_max=12)
    k_m2 = np.array(found["k_area_m2"].tolist())
    assert k_m2.sum(axis=1) == pytest.approx(found["area_m2"].to_numpy())
    assert k_m2[:4].sum(axis=0) == pytest.approx(k_m2[4], abs=1e-6)
    inside = shapely.area(shapely.intersection(seen, box(0, 0, 100, 100))).sum()
    assert (k_m2[4] * np.arange(13)).sum() == pytest.approx(inside)
    both = shapely.intersection(shapely.union_all(seen), box(0, 0, 100, 100))
    assert found["covered_area_m2"].iloc[4] == pytest.approx(both.area)
    wanted = shapely.union_all(demand)
    assert found["covered_demand_m2"].iloc[4] == pytest.approx(both.intersection(wanted).area)
    assert found["covered_demand_m2"].iloc[:4].sum() == pytest.approx(
        found["covered_demand_m2"].iloc[4]
    )


@settings(derandomize=True, deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_one_more_camera_never_covers_less(seed):
    seen, grid = scatter(seed), box(0, 0, 100, 100)
    demand = union(scatter(seed + 1, count=4))
    fewer, more = one(grid, views(*seen[1:]), demand), one(grid, views(*seen), demand)
    for column in ("covered_area_m2", "covered_demand_m2", "covered_share"):
        assert more[column] >= fewer[column] - 1e-9
    assert more["k_area_m2"][0] <= fewer["k_area_m2"][0] + 1e-9
