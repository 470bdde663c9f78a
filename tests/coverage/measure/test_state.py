"""What a board says of toy towns, and that no order of edits leaves a trace on it."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from shapely import Polygon, box

from geo.coverage.demand.demand_model import build_model, rebuild_cells
from geo.coverage.kinds import MEASURED
from geo.coverage.measure import figures
from geo.coverage.measure.state import CoverageState
from tests.toy_ground import (
    CERTAINTIES,
    SETS,
    Town,
    areas,
    both,
    demanded,
    layers,
    points,
    put,
    take_off,
)

GRID = box(0, 0, 10, 10)
STREET = box(0, 0, 90, 10)


def board(town, *seen, codes=None, weight=1.0, sets=("all",), member=None, **options):
    """A settled board of cameras a, b, …; all certainties see the same."""
    found = CoverageState(build_model(town), sets, **options)
    put(found, *seen, codes=codes, weight=weight, member=member)
    found.settle()
    return found


def table(on, certainty="certain", device_set="all"):
    return figures.compute_figures(on, certainty, device_set)


def one(shape, *seen, certainty="certain", codes=None, weight=1.0, k_max=8, **given):
    """The figures of a single grid, under one certainty and without regard to the others."""
    town = layers(areas(shape), **given)
    on = board(town, *seen, codes=codes, weight=weight, k_max=k_max, certainties=(certainty,))
    return table(on, certainty).iloc[0]


def scatter(seed, count=12, side_m=100.0):
    rng = np.random.default_rng(seed)
    middles = shapely.points(rng.uniform(0, side_m, (count, 2)))
    return shapely.buffer(middles, rng.uniform(2, 25, count), quad_segs=3)


def quarters():
    halves = [box(x, y, x + 50, y + 50) for x in (0, 50) for y in (0, 50)]
    return both(areas(*halves), areas(box(0, 0, 100, 100), level="community"))


def gap_boxes(on, device_set="all", certainty="certain"):
    found = on.gaps(certainty, device_set)
    return sorted(found.bounds[["minx", "maxx"]].round(6).values.tolist())


def opened(change):
    found = change.opened.assign(minx=change.opened.bounds["minx"].round(6))
    columns = ["certainty", "device_set", "minx", "area_m2", "opened_m2"]
    return sorted(found[columns].round(6).values.tolist())


def test_half_a_grid_seen_is_half():
    found = one(GRID, box(0, 0, 5, 10))
    assert found["covered_area_m2"] == 50
    assert found["covered_share"] == 0.5
    assert found["k_area_m2"] == [50, 50, 0, 0, 0, 0, 0, 0, 0]


def test_the_table_keeps_the_index_and_names_its_columns():
    grids = areas(GRID, box(10, 0, 20, 10)).set_axis(["x", "y"])
    found = table(board(layers(grids)))
    assert found.index.tolist() == ["x", "y"]
    assert set(found.columns) == {"code", "level", *MEASURED, "obstacles_known"}


def test_without_cameras_all_is_unseen_and_without_demand_there_is_no_share():
    found = one(GRID)
    assert found["covered_share"] == 0
    assert np.isnan(found["covered_demand_share"])
    assert found["k_area_m2"][0] == 100


def test_two_equal_cameras_count_twice_and_two_views_of_one_once():
    same = box(2, 2, 6, 6)
    assert one(GRID, same, same)["k_area_m2"][:3] == [84, 0, 16]
    assert one(GRID, same, same, codes="aa")["k_area_m2"][:3] == [84, 16, 0]


def test_ground_is_counted_by_how_many_devices_see_it():
    found = one(GRID, box(0, 0, 6, 10), box(4, 0, 10, 10), box(5, 0, 6, 10))
    assert found["k_area_m2"][:4] == pytest.approx([0, 80, 10, 10])


def test_the_last_entry_holds_that_many_or_more():
    assert one(GRID, *[box(0, 0, 1, 1)] * 5, k_max=2)["k_area_m2"] == pytest.approx([99, 0, 1])


def test_demand_is_measured_within_the_area_and_where_it_is_seen():
    wanted = demanded(box(0, 0, 4, 20), box(6, 0, 8, 5))
    for certainty in CERTAINTIES:
        found = one(GRID, box(-5, -5, 20, 5), places=wanted, certainty=certainty)
        assert found["demand_m2"] == 50
        assert found["covered_demand_m2"] == pytest.approx(30)
        assert found["covered_demand_share"] == pytest.approx(0.6)


def test_seen_water_is_no_part_of_the_share_of_open_ground():
    for certainty in CERTAINTIES:
        found = one(GRID, box(0, 0, 7, 10), water=[box(0, 0, 5, 10)], certainty=certainty)
        assert found["open_ground_m2"] == 50
        assert found["covered_share"] == pytest.approx(0.4)
        assert found["covered_area_m2"] == pytest.approx(70)


def test_an_area_without_open_ground_has_no_share():
    assert np.isnan(one(GRID, GRID, water=[GRID])["covered_share"])


def test_areas_may_be_missing_empty_invalid_multiple_or_nested():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    two = shapely.MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)])
    grids = areas(None, Polygon(), bow, two, GRID, box(0, 0, 10, 30))
    found = table(board(layers(grids), box(0, 0, 10, 20)))
    assert found["area_m2"].tolist() == pytest.approx([0, 0, 50, 2, 100, 300])
    assert found["covered_area_m2"].tolist() == pytest.approx([0, 0, 50, 2, 100, 200])


def test_overlapping_areas_each_count_the_whole_of_theirs():
    grids = areas(box(0, 0, 6, 10), box(4, 0, 10, 10))
    found = table(board(layers(grids, places=demanded(box(0, 0, 10, 1))), box(3, 0, 7, 10)))
    assert found["covered_area_m2"].tolist() == pytest.approx([30, 30])
    assert found["demand_m2"].tolist() == pytest.approx([6, 6])
    assert found["covered_demand_m2"].tolist() == pytest.approx([3, 3])


def test_empty_and_missing_views_see_nothing():
    assert one(GRID, Polygon(), None)["covered_area_m2"] == 0


def test_a_hole_in_a_view_stays_unseen():
    ring = GRID - box(4, 4, 6, 6)
    assert one(GRID, ring, ring)["k_area_m2"][:3] == pytest.approx([4, 0, 96])


def test_ground_that_devices_only_touch_counts_once():
    found = one(GRID, box(0, 0, 5, 10), box(5, 0, 10, 10))
    assert found["k_area_m2"][:3] == pytest.approx([0, 100, 0])


def test_expected_figures_are_means():
    found = one(
        GRID, GRID, GRID, weight=0.5, places=demanded(box(0, 0, 4, 10)), certainty="expected"
    )
    assert found["k_area_m2"][:4] == pytest.approx([25, 50, 25, 0])
    assert found["covered_area_m2"] == pytest.approx(75)
    assert found["covered_demand_m2"] == pytest.approx(30)


def test_expected_cover_has_no_borders_and_so_no_gaps():
    on = board(layers(areas(GRID), places=demanded(GRID)), box(0, 0, 5, 10), weight=0.5)
    assert len(on.gaps("expected", "all")) == 0
    assert gap_boxes(on) == [[5, 10]]


def test_a_grid_without_buildings_says_that_nothing_can_hide():
    side_by_side = [box(x, 0, x + 10, 10) for x in (0, 10, 20, 30)]
    grids = both(areas(*side_by_side), areas(box(0, 0, 40, 10), level="community"))
    # a house; something to be seen; a view; and neither of them
    town = layers(grids, houses=[box(2, 2, 5, 5)], places=demanded(box(12, 2, 15, 5)))
    on = board(town, box(22, 2, 25, 5), certainties=("possible",))
    assert table(on, "possible")["obstacles_known"].tolist() == [True, False, False, True, False]


def test_a_view_over_water_changes_no_share_so_nothing_can_hide():
    town = layers(areas(box(0, 0, 10, 10), box(10, 0, 20, 10)), water=[box(0, 0, 5, 10)])
    on = board(town, box(2, 2, 4, 4), certainties=("possible",))
    assert table(on, "possible")["covered_area_m2"].tolist() == [4, 0]
    assert table(on, "possible")["obstacles_known"].tolist() == [True, True]
    put(on, box(2, 2, 6, 4))
    on.settle()
    assert table(on, "possible")["obstacles_known"].tolist() == [False, True]


def test_gaps_are_what_nobody_sees_and_slivers_are_told_apart():
    town = layers(areas(box(0, 0, 100, 100)), places=demanded(STREET))
    on = board(town, box(0, 0, 30, 10), box(30.1, 0, 50, 10))
    row = table(on).iloc[0]
    assert gap_boxes(on) == [[50, 90]]
    assert row["sliver_m2"] == pytest.approx(1)
    assert row["covered_demand_m2"] == pytest.approx(499)
    assert row["demand_m2"] == pytest.approx(900)


def test_gaps_of_some_cells_are_those_of_these_cells():
    grids = areas(box(0, 0, 30, 10), box(30, 0, 60, 10), box(60, 0, 90, 10))
    on = board(layers(grids, places=demanded(STREET)), box(10, 0, 40, 10))
    put(on, box(0, 0, 5, 10), codes="b")
    on.settle()
    found = on.gaps_of("certain", "all", np.array([0, 2]))
    assert found["grid_code"].tolist() == ["grid0", "grid2"]
    assert on.gaps("certain", "all")["grid_code"].tolist() == ["grid2", "grid1", "grid0"]
    assert on.gaps("certain", "all")["rank"].tolist() == [1, 2, 3]


def test_sets_are_measured_apart():
    town = layers(areas(GRID), places=demanded(GRID))
    on = board(town, box(0, 0, 6, 10), box(6, 0, 10, 10), sets=SETS, member=[[1, 1], [1, 0]])
    assert table(on)["covered_area_m2"].tolist() == [100]
    assert table(on, device_set="online")["covered_area_m2"].tolist() == [60]
    assert (gap_boxes(on), gap_boxes(on, "online")) == ([], [[6, 10]])


def test_some_certainties_may_be_left_out():
    on = board(layers(areas(GRID)), box(0, 0, 5, 10), certainties=("possible",))
    assert table(on, "possible")["covered_area_m2"].tolist() == [50]
    assert list(on.measures) == ["possible"]


def test_progress_is_told_by_step():
    told = []
    on = CoverageState(build_model(layers(areas(GRID))), ("all",))
    on.settle(lambda step, done, total: told.append((step, done, total)))
    assert told == [("coverage.criteria", 0, 0), ("coverage.figures", 0, 1)]


# What edits touch.


def street_town(**given):
    return layers(
        areas(box(0, 0, 100, 100), box(100, 0, 200, 100)), places=demanded(STREET), **given
    )


def test_the_first_measuring_opens_all_gaps_and_the_next_none():
    on = CoverageState(build_model(street_town()), ("all",), certainties=("certain",))
    assert opened(on.settle()) == [["certain", "all", 0, 900, 900]]
    again = on.settle()
    assert [len(part) for part in (again.cells, again.areas, again.sets, again.opened)] == [0] * 4
    assert {"certainty", "device_set", "opened_m2"} <= set(again.opened.columns)


def test_putting_the_same_again_touches_nothing():
    on = board(street_town(), box(0, 0, 30, 10), box(40, 0, 60, 10), weight=0.5)
    put(on, box(0, 0, 30, 10), box(40, 0, 60, 10), weight=0.5)
    assert len(on.settle().cells) == 0


def test_an_edit_touches_the_cells_that_it_meets_and_their_areas():
    grids = both(areas(*(box(x, 0, x + 10, 10) for x in (0, 10, 20))), areas(box(0, 0, 20, 10)))
    on = board(layers(grids))
    put(on, box(2, 2, 5, 5))
    change = on.settle()
    assert (change.cells.tolist(), change.areas.tolist()) == ([0], [0, 3])


def test_a_camera_off_line_is_missed_in_the_online_set_only():
    seen = (box(0, 0, 10, 10), box(40, 0, 50, 10))
    on = board(street_town(), *seen, sets=SETS, certainties=("certain",))
    before = table(on)
    put(on, seen[0], codes="a", member=[[1, 0]])
    change = on.settle()
    assert change.sets.tolist() == [1]
    # The part east of the other camera is a gap of the same piece, and has not grown.
    assert gap_boxes(on, "online") == [[0, 40], [50, 90]]
    assert opened(change) == [["certain", "online", 0, 400, 100]]
    pd.testing.assert_frame_equal(table(on), before)
    put(on, seen[0], codes="a", member=[[1, 1]])
    assert len(on.settle().opened) == 0
    pd.testing.assert_frame_equal(table(on, device_set="online"), before)


def test_a_camera_that_turns_opens_what_it_leaves():
    on = board(street_town(), box(0, 0, 20, 10), certainties=("certain",))
    put(on, box(20, 0, 40, 10))
    assert opened(on.settle()) == [["certain", "all", 0, 200, 200]]
    assert gap_boxes(on) == [[0, 20], [40, 90]]


def test_a_gap_that_grows_by_less_than_a_square_metre_has_not_opened():
    on = board(street_town(), box(0, 0, 20, 10), certainties=("certain",))
    put(on, box(0, 0, 19.95, 10))
    assert len(on.settle().opened) == 0
    assert gap_boxes(on) == [[19.95, 90]]


def test_further_cameras_open_nothing():
    on = board(street_town(), box(0, 0, 20, 10))
    put(on, box(15, 0, 40, 10), codes="b")
    change = on.settle()
    assert len(change.opened) == 0
    assert change.cells.tolist() == [0]


def test_a_camera_taken_off_leaves_no_trace_and_may_come_back():
    on = board(street_town(), box(0, 0, 20, 10), box(10, 0, 30, 10), sets=SETS)
    before = table(on)
    take_off(on, "a")
    assert opened(on.settle())[0] == ["certain", "all", 0, 100, 100]
    assert table(on)["covered_area_m2"].tolist() == [200, 0]
    put(on, box(0, 0, 20, 10), codes="a")
    on.settle()
    pd.testing.assert_frame_equal(table(on), before)


def test_a_camera_in_no_set_is_not_measured():
    on = board(street_town())
    put(on, box(0, 0, 20, 10), member=[[0]])
    assert len(on.settle().cells) == 0
    put(on, box(0, 0, 20, 10), member=[[1]])
    assert on.settle().cells.tolist() == [0]
    assert table(on)["covered_area_m2"].tolist() == [200, 0]


def test_what_is_certain_of_all_devices_may_be_measured_before_the_rest():
    on = board(street_town(), box(0, 0, 20, 10), sets=SETS)
    put(on, box(0, 0, 40, 10), codes="a")
    first = on.settle_certain("all")
    assert (first.cells.tolist(), first.sets.tolist()) == ([0], [0])
    assert {kind for _, kind in first.gaps} == {("certain", "all")}
    assert table(on)["covered_area_m2"].tolist() == [400, 0]
    assert table(on, "possible")["covered_area_m2"].tolist() == [200, 0]
    rest = on.settle()
    assert {kind for _, kind in rest.gaps} == {
        *(("possible", name) for name in SETS),
        ("certain", "online"),
    }
    for certainty in CERTAINTIES:
        for device_set in SETS:
            assert table(on, certainty, device_set)["covered_area_m2"].tolist() == [400, 0]
    assert len(on.settle().cells) == 0


def test_an_edit_measures_the_pieces_that_it_meets_alone():
    town = layers(areas(box(0, 0, 1000, 100)), places=demanded(box(0, 0, 1000, 10)))
    on = board(town, box(0, 0, 20, 10), certainties=("certain",))
    put(on, box(850, 0, 870, 10), codes="b")
    ((edit, _),) = on.settle().gaps
    held = on.ground.pieces.iloc[edit.pieces]
    assert len(on.ground.pieces) >= 10
    assert len(held) <= 2
    assert held.intersects(box(850, 0, 870, 10)).any()
    assert table(on)["covered_area_m2"].tolist() == [400]


def test_edits_add_up_until_the_board_settles():
    on = board(street_town())
    put(on, box(0, 0, 20, 10), codes="a")
    put(on, box(150, 0, 160, 10), codes="b")
    take_off(on, "a")
    assert on.settle().cells.tolist() == [0, 1]
    assert table(on)["covered_area_m2"].tolist() == [0, 100]


def test_a_house_that_goes_opens_the_ground_it_stood_on():
    with_house, without = (street_town(houses=h) for h in ([box(30, -5, 50, 15)], None))
    on = board(with_house, box(0, 0, 10, 10), certainties=("certain",))
    on.lay(rebuild_cells(on.ground, without, np.array([0])), np.array([0]))
    # One gap now, of which 400 + 200 square metres were gaps before.
    assert opened(on.settle()) == [["certain", "all", 10, 800, 200]]


def test_a_house_that_comes_opens_nothing():
    with_house, without = (street_town(houses=h) for h in ([box(30, -5, 50, 15)], None))
    on = board(without, box(0, 0, 10, 10), certainties=("certain",))
    on.lay(rebuild_cells(on.ground, with_house, np.array([0])), np.array([0]))
    assert len(on.settle().opened) == 0
    assert gap_boxes(on) == [[10, 30], [50, 90]]


def test_an_entrance_that_stands_in_the_next_cell_is_seen_there_at_once():
    # The door lies nearest to the eastern wall, before which nothing is demanded: it is looked for
    # in the eastern grid, and counts for the gap in the western one.
    town = layers(
        areas(box(0, 0, 100, 100), box(100, 0, 200, 100)),
        houses=[box(98, 40, 104, 60)],
        entrances=points((101.5, 50)),
        zones=[box(104, 30, 130, 70), box(98, 60, 130, 70), box(98, 30, 130, 40)],
    )
    on = board(town, certainties=("certain",))
    assert on.gaps("certain", "all")[["grid_code", "entrances"]].values.tolist() == [["grid0", 1]]
    put(on, box(103.5, 48, 106, 52))
    on.settle()
    assert on.gaps("certain", "all")[["grid_code", "entrances"]].values.tolist() == [["grid0", 0]]


def test_an_entrance_that_a_new_house_pushes_over_the_border_is_looked_at_again():
    grids, door = areas(box(0, 0, 100, 100), box(100, 0, 200, 100)), points((99.8, 50))
    free, built = (layers(grids, houses=h, entrances=door) for h in (None, [box(90, 40, 99.9, 60)]))
    seen = box(99, 45, 99.95, 55)
    on = board(free, seen)
    assert table(on)["entrances_seen"].tolist() == [1, 0]
    on.lay(rebuild_cells(on.ground, built, np.array([0])), np.array([0]))
    on.settle()
    assert (
        table(on)["entrances_seen"].tolist() == table(board(built, seen))["entrances_seen"].tolist()
    )
    assert table(on)["entrances_seen"].tolist() == [0, 0]


# What holds of all towns.


@given(seed=st.integers(0, 10_000))
def test_the_parts_sum_to_the_wholes(seed):
    seen, wanted = scatter(seed), shapely.union_all(scatter(seed + 1))
    on = board(layers(quarters(), places=demanded(wanted)), *seen, codes="abcdefghijkl", k_max=12)
    found = table(on)
    k_m2 = np.array(found["k_area_m2"].tolist())
    assert k_m2.sum(axis=1) == pytest.approx(found["area_m2"].to_numpy())
    assert k_m2[:4].sum(axis=0) == pytest.approx(k_m2[4], abs=1e-6)
    here = box(0, 0, 100, 100)
    each_m2 = shapely.area(shapely.intersection(seen, here)).sum()
    assert k_m2[4] @ np.arange(13) == pytest.approx(each_m2, rel=2e-3)
    united = shapely.union_all(seen).intersection(here)
    assert found["covered_area_m2"].iloc[4] == pytest.approx(united.area)
    assert found["covered_demand_m2"].iloc[4] == pytest.approx(united.intersection(wanted).area)
    gaps_m2 = on.gaps("certain", "all")["area_m2"].sum() + found["sliver_m2"].iloc[4]
    assert found["covered_demand_m2"].iloc[4] + gaps_m2 == pytest.approx(found["demand_m2"].iloc[4])


@given(seed=st.integers(0, 10_000))
def test_one_more_camera_never_covers_less_and_never_makes_a_gap_grow(seed):
    wanted = demanded(*scatter(seed + 1, count=4))
    on = board(layers(quarters(), places=wanted), *scatter(seed)[1:], codes="bcdefghijkl")
    before, gap = table(on), on.gaps("certain", "all").union_all()
    put(on, scatter(seed)[0], codes="a")
    assert len(on.settle().opened) == 0
    after = table(on)
    for column in ("covered_area_m2", "covered_demand_m2", "covered_share"):
        assert (after[column] >= before[column] - 1e-9).all()
    unseen_m2 = np.array([[k_m2[0] for k_m2 in t["k_area_m2"]] for t in (before, after)])
    assert (unseen_m2[1] <= unseen_m2[0] + 1e-9).all()
    assert on.gaps("certain", "all").union_all().difference(gap).area < 1e-6


def require_same(board, other):
    for certainty in CERTAINTIES:
        for device_set in SETS:
            mine, whole = (table(b, certainty, device_set) for b in (board, other))
            for column in mine.columns.difference(["code", "level"]):
                left, right = (np.array(t[column].tolist(), dtype=float) for t in (mine, whole))
                assert left == pytest.approx(right, abs=1e-6, rel=0, nan_ok=True), column
            require_same_gaps(*(b.gaps(certainty, device_set) for b in (board, other)))


def require_same_gaps(mine, whole):
    for column in ("area_m2", "weight", "entrances", "incidents", "road_m"):
        left, right = (found.groupby("grid_code")[column].sum() for found in (mine, whole))
        assert left.to_dict() == pytest.approx(right.to_dict(), abs=1e-6, rel=0), column
    assert mine.union_all().symmetric_difference(whole.union_all()).area < 1e-6


EDITS = ("add", "move", "turn", "switch", "remove", "build", "begin", "settle")


FAR = (500_000.0, 3_400_000.0)


@given(
    origin=st.sampled_from([(0.0, 0.0), FAR]),
    seed=st.integers(0, 10_000),
    edits=st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 99)), min_size=2, max_size=8),
)
@example(origin=FAR, seed=7, edits=[(edit, 3) for edit in EDITS] * 2)
def test_after_any_edits_the_state_equals_one_computed_from_nothing(origin, seed, edits):
    town = Town(seed, origin)
    for edit, number in edits:
        getattr(town, edit)(number)
    town.board.settle()
    require_same(town.board, town.whole())


@given(seed=st.integers(0, 10_000))
def test_expected_figures_lie_between_certain_and_possible(seed):
    on = Town(seed, (0.0, 0.0)).board
    certain, expected, possible = (table(on, certainty) for certainty in CERTAINTIES)
    for column in ("covered_area_m2", "covered_demand_m2"):
        least, mean, most = (t[column].to_numpy() for t in (certain, expected, possible))
        off_m2 = 1.0 + 2e-3 * certain["area_m2"].to_numpy()  # scan lines, chords of narrow bands
        assert (least <= mean + off_m2).all()
        assert (mean <= most + off_m2).all()
    assert (expected["covered_area_m2"] > certain["covered_area_m2"]).any()
    k_m2 = np.array(expected["k_area_m2"].tolist())
    assert k_m2.sum(axis=1) == pytest.approx(expected["area_m2"].to_numpy())
    assert k_m2[:, 1:].sum(axis=1) == pytest.approx(expected["covered_area_m2"].to_numpy())


@given(seed=st.integers(0, 10_000), number=st.integers(0, 9))
def test_what_a_camera_off_line_opens_is_what_the_gaps_grew_by(seed, number):
    town = Town(seed, (0.0, 0.0))
    code = town.cameras.index[number]
    town.cameras.loc[code, "online"] = True
    town.put(town.board, [code])
    town.board.settle()
    before = {c: town.board.gaps(c, "online").union_all() for c in ("certain", "possible")}
    town.switch(number)
    change = town.board.settle()
    assert set(change.opened["device_set"]) <= {"online"}
    for certainty, gap in before.items():
        now = town.board.gaps_of(certainty, "online")
        grown_m2 = shapely.area(shapely.difference(now.geometry.array, gap))
        named_m2 = change.opened.loc[change.opened["certainty"] == certainty, "opened_m2"]
        assert named_m2.tolist() == pytest.approx(grown_m2[grown_m2 >= 1].tolist(), abs=1e-6)
