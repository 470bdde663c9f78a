"""Visible ground: closed forms, awkward positions, and a brute-force oracle of sight lines."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from geo.base.errors import InputError
from geo.coverage.sight import angular_sweep, shadow_method, viewshed
from geo.coverage.sight.obstacles import merge_footprints, place_cameras
from geo.coverage.sight.shadow_method import reach_m
from geo.coverage.sight.viewshed import compute_viewsheds
from tests import SHARED_DATA

DATA = SHARED_DATA
FINE = 1e-5


def look(x=0.0, y=0.0, start=0.0, width=360.0, range_m=50.0):
    names = ["x", "y", "start_deg", "width_deg", "range_m"]
    return pd.DataFrame([[x, y, start, width, range_m]], columns=names)


def seen(sector, footprints=None, **options):
    return compute_viewsheds(sector, merge_footprints(footprints), **options).iloc[0]


def town(rng, count=40, side_m=200.0):
    """Rectangles of many sizes and turns, overlapping ones among them."""
    middle, size = rng.uniform(0, side_m, (count, 2)), rng.uniform(2, 25, (count, 2))
    turn = rng.choice([0.0, 0.0, 0.3, 1.0], count)
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    corners = unit[None] * size[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = (
        corners[..., 0] * cos - corners[..., 1] * sin,
        corners[..., 0] * sin + corners[..., 1] * cos,
    )
    return shapely.polygons(np.stack([x, y], axis=-1) + middle[:, None])


def looks(rng, count, side_m=200.0):
    return pd.DataFrame(
        {
            "x": rng.uniform(0, side_m, count),
            "y": rng.uniform(0, side_m, count),
            "start_deg": rng.choice([0.0, 45.0, 90.0, 180.0, 270.0, 359.9, 123.4], count),
            "width_deg": rng.choice([20.0, 80.0, 90.0, 180.0, 275.0, 360.0], count),
            "range_m": rng.uniform(5, 80, count),
        }
    )


def test_a_camera_that_looks_east_sees_the_east():
    view = seen(look(start=45, width=90))
    assert view.covers(Point(40, 0))
    assert not any(view.covers(p) for p in (Point(0, 40), Point(-40, 0), Point(0, -40)))


def test_convergence_turns_the_sector_against_the_grid():
    # Grid north lies 10 degrees east of true north, so true 90 is grid 80.
    view = seen(look(start=89, width=2), convergence_deg=10)
    assert view.covers(Point(30 * math.sin(math.radians(80)), 30 * math.cos(math.radians(80))))


@pytest.mark.parametrize("width", [1.0, 90.0, 180.0, 270.0, 359.9, 360.0])
@pytest.mark.parametrize("range_m", [2.0, 50.0, 2000.0])
def test_open_ground_is_half_r_squared_theta_to_a_ten_thousandth(width, range_m):
    view = seen(look(start=350, width=width, range_m=range_m))
    whole = 0.5 * range_m**2 * math.radians(width)
    assert view.is_valid
    assert view.geom_type == "Polygon"
    assert whole * (1 - 1e-4) <= view.area <= whole


@pytest.mark.parametrize("range_m", [3.0, 400.0])
def test_no_slit_between_two_walls_is_short_of_a_ten_thousandth(range_m):
    # A slit of a tenth of a degree, wherever among the chords it lies.
    for start in np.arange(0, 3, 0.05):
        slit = seen(look(width=90, range_m=range_m)).intersection(
            seen(look(start=start, width=0.1, range_m=1.1 * range_m))
        )
        whole = 0.5 * range_m**2 * math.radians(0.1)
        assert whole * (1 - 1e-4) <= slit.area <= whole


@pytest.mark.parametrize("width", [1.0, 90.0, 200.0, 360.0])
@pytest.mark.parametrize("near_m", [0.5, 20.0])
def test_the_dead_ground_before_a_camera_is_not_seen(width, near_m):
    view = seen(look(start=350, width=width).assign(near_m=near_m))
    whole = 0.5 * (50**2 - near_m**2) * math.radians(width)
    assert view.is_valid
    assert view.area == pytest.approx(whole, rel=1e-4)
    assert view.distance(Point(0, 0)) == pytest.approx(near_m, rel=1e-4)


def test_a_wall_in_the_dead_ground_leaves_two_views():
    # It stands 5 m off, 4 m wide, in the middle of a quarter; the picture begins at 10 m.
    view = seen(look(start=45, width=90).assign(near_m=10.0), [box(5, -2, 6, 2)])
    hidden = 2 * math.atan(2 / 5)
    assert view.geom_type == "MultiPolygon"
    assert view.area == pytest.approx(0.5 * (50**2 - 10**2) * (math.pi / 2 - hidden), rel=1e-4)


@pytest.mark.parametrize("near_m", [50.0, 70.0])
def test_a_range_that_ends_in_the_dead_ground_sees_nothing(near_m):
    assert seen(look(width=80).assign(near_m=near_m)).is_empty


def test_dead_ground_that_is_not_known_takes_nothing_off():
    both = pd.concat([look(), look()], ignore_index=True)
    with_, without = compute_viewsheds(both.assign(near_m=[np.nan, 0.0]), merge_footprints(None))
    assert with_.equals(without)
    assert with_.area == pytest.approx(seen(look()).area)


def test_one_wall_hides_what_lies_behind_it():
    # The wall from (20, -20) to (20, 20) fills the quarter that the camera looks at:
    # what is left is the triangle before it.
    view = seen(look(start=45, width=90), [box(20, -20, 21, 20)])
    assert view.area == pytest.approx(400)
    assert view.equals(Polygon([(0, 0), (20, 20), (20, -20)])) or (
        view.symmetric_difference(Polygon([(0, 0), (20, 20), (20, -20)])).area < 1e-9
    )


def test_from_a_courtyard_only_the_courtyard_is_seen():
    block = box(-30, -30, 30, 30) - box(-10, -10, 10, 10)
    assert seen(look(), [block]).symmetric_difference(box(-10, -10, 10, 10)).area < 1e-9


def test_a_corridor_is_seen_to_its_end():
    walls = [box(-100, 5, 100, 10), box(-100, -10, 100, -5)]
    view = seen(look(range_m=50), walls, chord_tolerance=2e-7)
    half = math.sqrt(50**2 - 25)  # where the disc meets the walls
    whole = 2 * (5 * half + 50**2 * math.asin(0.1))
    assert view.area == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize(
    "sector",
    [look(range_m=0), look(width=0), look(range_m=np.nan), look(x=np.nan), look(width=np.nan)],
)
def test_what_sees_nothing_is_an_empty_polygon(sector):
    view = seen(sector)
    assert view.wkt == "POLYGON EMPTY"


def test_no_sector_gives_no_viewshed():
    found = compute_viewsheds(look().iloc[:0], merge_footprints(None))
    assert isinstance(found, gpd.GeoSeries)
    assert len(found) == 0


def test_the_index_is_kept():
    both = pd.concat([look(), look(width=0)]).set_axis(["b", "a"])
    assert compute_viewsheds(both, merge_footprints(None)).is_empty.to_dict() == {
        "b": False,
        "a": True,
    }


def test_a_camera_inside_a_footprint_sees_nothing():
    assert seen(look(), [box(-10, -10, 10, 10)]).is_empty


def test_a_camera_on_a_wall_sees_the_half_before_it():
    view = seen(look(), [box(0, -5, 10, 5)], chord_tolerance=2e-7)
    assert view.is_valid
    assert not view.covers(Point(20, 0))
    # West of the wall's line all is open; east of it the camera sees nothing but along the line.
    assert view.area == pytest.approx(0.5 * math.pi * 50**2, rel=1e-5)


def test_a_camera_on_a_corner_sees_three_quarters():
    view = seen(look(), [box(0, 0, 10, 10)], chord_tolerance=2e-7)
    assert view.area == pytest.approx(0.75 * math.pi * 50**2, rel=1e-5)


def test_a_camera_that_looks_into_its_own_wall_sees_nothing():
    assert seen(look(start=45, width=90), [box(0, -5, 10, 5)]).is_empty


def test_a_camera_in_the_inner_corner_of_an_angle_sees_the_quarter():
    angle = box(-20, -20, 20, 20) - box(0, 0, 20, 20)
    view = seen(look(), [angle], chord_tolerance=2e-7)
    assert view.area == pytest.approx(0.25 * math.pi * 50**2, rel=1e-5)


def test_two_lobes_that_meet_in_the_camera_are_both_kept():
    corners = [box(0, 0, 80, 80), box(-80, -80, 0, 0)]
    view = seen(look(), corners, chord_tolerance=2e-7)
    assert view.is_valid
    assert view.geom_type == "MultiPolygon"
    assert view.area == pytest.approx(0.5 * math.pi * 50**2, rel=1e-5)


@pytest.mark.parametrize("gap_m", [1e-9, 1e-7, 1e-5, 1e-3])
def test_a_camera_a_hair_before_its_wall_sees_nothing_behind_it(gap_m):
    view = seen(look(x=-gap_m), [box(0, -5, 10, 5)])
    assert view.is_valid
    assert not view.intersects(box(0.1, -4, 45, 4))
    assert view.area == pytest.approx(0.5 * math.pi * 50**2, rel=0.002)


def test_a_wall_longer_than_the_view_hides_the_whole_half():
    view = seen(look(), [box(5, -1000, 6, 1000)])
    assert view.bounds[2] == pytest.approx(5)


def test_overlapping_and_invalid_footprints_hide_like_their_union():
    bow = Polygon([(10, -10), (20, 10), (20, -10), (10, 10)])
    messy = [box(20, -5, 30, 5), box(25, -5, 35, 5), box(20, -5, 30, 5), bow]
    clean = [shapely.union_all([box(20, -5, 35, 5), shapely.make_valid(bow)])]
    assert seen(look(), messy).symmetric_difference(seen(look(), clean)).area < 1e-6


def test_a_tolerance_of_nothing_is_refused():
    with pytest.raises(InputError, match="above 0"):
        seen(look(), chord_tolerance=0)


def test_reach_is_the_border_that_is_drawn():
    view = seen(look(start=30, width=100), chord_tolerance=0.001)
    offset = np.linspace(0.5, 99.5, 57)
    far = reach_m(offset, np.full(57, 100.0), np.full(57, 50.0), chord_tolerance=0.001)
    bearing = np.radians(30 + offset)
    ends = shapely.points(far * np.sin(bearing), far * np.cos(bearing))
    assert shapely.distance(view.boundary, ends).max() < 1e-9
    assert reach_m(np.array([101.0]), np.array([100.0]), np.array([50.0])).tolist() == [0.0]


def oracle(sector, points, footprints):
    """Whether each point is in the sector with a free line, footprint by footprint."""
    xy = shapely.get_coordinates(points) - [sector["x"], sector["y"]]
    bearing = np.degrees(np.arctan2(xy[:, 0], xy[:, 1]))
    turned = (bearing - sector["start_deg"]) % 360 <= sector["width_deg"]
    near = np.hypot(*xy.T) <= sector["range_m"]
    start = np.broadcast_to([sector["x"], sector["y"]], xy.shape)
    lines = shapely.linestrings(np.stack([start, shapely.get_coordinates(points)], axis=1))
    pairs = shapely.relate_pattern(footprints[:, None], lines[None, :], "T********")
    return near & turned & ~pairs.any(axis=0)


def away_from_border(points, view):
    """Points that rounding cannot put on the other side of the border of the view."""
    return points if view.is_empty else points[shapely.distance(view.boundary, points) > 0.002]


def disagreements(seed, cameras=12, points=300):
    rng = np.random.default_rng(seed)
    footprints = town(rng)
    obstacles = merge_footprints(footprints)
    sectors = looks(rng, cameras)
    xy = shapely.points(sectors[["x", "y"]].to_numpy())
    sectors[["x", "y"]] = place_cameras(xy, np.zeros(cameras, dtype=bool), obstacles)[
        ["x", "y"]
    ].to_numpy()
    views = compute_viewsheds(sectors, obstacles, chord_tolerance=FINE)
    assert views.is_valid.all()
    wrong = compared = 0
    for view, (_, sector) in zip(views, sectors.iterrows(), strict=True):
        angle = rng.uniform(0, 2 * np.pi, points)
        radius = sector["range_m"] * np.sqrt(rng.uniform(0, 1.1, points))
        x, y = sector["x"] + radius * np.cos(angle), sector["y"] + radius * np.sin(angle)
        spots = away_from_border(shapely.points(x, y), view)
        expected = oracle(sector, spots, footprints)
        wrong += (shapely.covers(view, spots) != expected).sum()
        compared += len(spots)
    return wrong, compared


def test_a_hundred_thousand_points_are_seen_exactly_if_their_lines_are_free():
    # Points within 2 mm of a border are left out, and counted: at most 3 in 100.
    found = np.array([disagreements(seed, cameras=24, points=430) for seed in range(10)])
    assert found[:, 0].sum() == 0
    assert found[:, 1].sum() > 100_000


@pytest.mark.parametrize("origin", [(0.0, 0.0), (500_000.0, 3_380_000.0)])
def test_the_sweep_draws_what_the_shadows_leave(origin):
    for seed in range(25):
        rng = np.random.default_rng(seed)
        obstacles = merge_footprints(shapely.transform(town(rng), lambda xy: xy + np.array(origin)))
        sectors = looks(rng, 40).add([*origin, 0, 0, 0])
        swept = compute_viewsheds(sectors, obstacles).to_numpy()
        left = shadow_method.visible_ground(
            shadow_method.sector_table(sectors), obstacles, viewshed.CHORD_TOLERANCE
        )
        differ_m2 = shapely.area(shapely.symmetric_difference(swept, left))
        assert shapely.is_valid(swept).all()
        assert (differ_m2 <= 1e-6 * np.maximum(shapely.area(left), 1.0)).all()


def test_a_union_of_shadows_that_geos_loses_is_done_again():
    # The camera stands inside a footprint of 27; uniting its 16 shadows at once loses some.
    rng = np.random.default_rng(5)
    obstacles, sectors = merge_footprints(town(rng)), looks(rng, 60).iloc[[30]]
    assert obstacles.block(shapely.points(sectors[["x", "y"]].to_numpy())).all()
    assert shadow_method.visible_ground(shadow_method.sector_table(sectors), obstacles, 0.001)[
        0
    ].is_empty


@pytest.mark.compiled
def test_warming_up_needs_no_district_and_leaves_the_sweep_compiled():
    viewshed.warm_up()
    assert angular_sweep.visible_rings.signatures


@given(seed=st.integers(0, 10_000))
def test_a_view_is_valid_within_its_sector_and_off_all_footprints(seed):
    rng = np.random.default_rng(seed)
    obstacles = merge_footprints(town(rng, count=15, side_m=80))
    sectors = looks(rng, 4, side_m=80)
    views = compute_viewsheds(sectors, obstacles)
    free = compute_viewsheds(sectors, merge_footprints(None))
    assert views.is_valid.all()
    assert (views.difference(free).area < 1e-6).all()
    for view in views:
        assert shapely.area(shapely.intersection(obstacles.parts, view)).sum() < 1e-6


@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360), shift=st.floats(-5e6, 5e6))
def test_moving_and_turning_the_town_moves_and_turns_the_view(seed, turn, shift):
    rng = np.random.default_rng(seed)
    footprints, sectors = town(rng, count=12, side_m=80), looks(rng, 3, side_m=80)
    before = compute_viewsheds(sectors, merge_footprints(footprints))
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    clockwise = np.array([[cos, sin], [-sin, cos]])
    move = lambda xy: xy @ clockwise.T + [shift, -shift]  # noqa: E731
    turned = sectors.assign(start_deg=sectors["start_deg"] + turn)
    turned[["x", "y"]] = move(sectors[["x", "y"]].to_numpy())
    after = compute_viewsheds(turned, merge_footprints(shapely.transform(footprints, move)))
    assert after.area.to_numpy() == pytest.approx(before.area.to_numpy(), abs=0.01)


@given(seed=st.integers(0, 10_000), half=st.sampled_from([45.0, 90.0, 180.0]))
def test_two_halves_of_a_view_are_the_view(seed, half):
    rng = np.random.default_rng(seed)
    obstacles = merge_footprints(town(rng, count=12, side_m=80))
    sectors = looks(rng, 2, side_m=80).assign(width_deg=2 * half)
    parts = [
        compute_viewsheds(
            sectors.assign(start_deg=start, width_deg=half), obstacles, chord_tolerance=2e-6
        )
        for start in (sectors["start_deg"], sectors["start_deg"] + half)
    ]
    whole = compute_viewsheds(sectors, obstacles, chord_tolerance=2e-6)
    for one, other, both in zip(*parts, whole, strict=True):
        assert shapely.union(one, other).symmetric_difference(both).area < 0.06


@given(seed=st.integers(0, 10_000))
def test_one_more_footprint_never_shows_more(seed):
    rng = np.random.default_rng(seed)
    footprints, sectors = town(rng, count=12, side_m=80), looks(rng, 3, side_m=80)
    fewer, more = (
        compute_viewsheds(sectors, merge_footprints(f)) for f in (footprints[:-1], footprints)
    )
    assert (more.difference(fewer).area < 1e-6).all()


def test_cameras_among_real_buildings_agree_with_their_sight_lines():
    file = DATA / "nanshan" / "buildings.geojson"
    if not file.exists():
        pytest.skip("the Nanshan buildings are not at hand")
    footprints = gpd.read_file(file).to_crs(32649).geometry
    obstacles = merge_footprints(footprints)
    rng = np.random.default_rng(3)
    x0, y0, x1, y1 = footprints.total_bounds
    sectors = looks(rng, 60, side_m=1.0)
    xy = shapely.points(rng.uniform(x0, x1, 60), rng.uniform(y0, y1, 60))
    spots = place_cameras(xy, np.zeros(60, dtype=bool), obstacles)
    sectors[["x", "y"]] = spots[["x", "y"]].to_numpy()
    views = compute_viewsheds(sectors, obstacles, chord_tolerance=FINE)
    assert views.is_valid.all()
    assert (views.is_empty[spots["placement"] == "suspect"]).all()
    wrong = 0
    for view, (_, sector) in zip(views, sectors.iterrows(), strict=True):
        local = obstacles.parts[
            obstacles.tree.query(Point(sector["x"], sector["y"]), "dwithin", sector["range_m"] * 2)
        ]
        offsets = rng.uniform(-1, 1, (100, 2)) * sector["range_m"]
        points = shapely.points(offsets + sector[["x", "y"]].to_numpy(dtype=float))
        points = away_from_border(points, view)
        wrong += (shapely.covers(view, points) != oracle(sector, points, local)).sum()
    assert wrong == 0


def test_no_view_is_invalid_however_near_to_walls_and_corners_a_camera_stands():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        origin = np.array([0.0, 0.0] if seed % 2 else [500_000.0, 3_380_000.0])
        obstacles = merge_footprints(shapely.transform(town(rng), lambda xy, by=origin: xy + by))
        edges = obstacles.edges[rng.integers(0, len(obstacles.edges), 100)]
        along = rng.choice([0.0, 0.5, 1e-9], 100)[:, None]
        aside = rng.choice([0, 1e-9, 1e-6, 1e-4, 2e-3, 0.2], (100, 1)) * rng.normal(size=(100, 2))
        sectors = looks(rng, 100)
        sectors[["x", "y"]] = edges[:, :2] + along * (edges[:, 2:] - edges[:, :2]) + aside
        assert compute_viewsheds(sectors, obstacles).is_valid.all()
