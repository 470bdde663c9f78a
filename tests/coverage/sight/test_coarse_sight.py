"""Cells that a camera may see which stands somewhere around its coarse place."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.access.coarse import CELL_M, SLACK_DEG, STEP_DEG, cells_of, rounded_up_m
from geo.base.crs import project
from geo.coverage.sight import coarse_sight

SRID = 4548
PLACE = (117.05, 30.5)
HALF = STEP_DEG / 2 + SLACK_DEG


def views(heading=0.0, hfov=60.0, range_m=60.0, **more):
    row = {
        "code": "K1", "view_no": 1, "form": "fixed", "heading_deg": heading, "indoor": False,
        "heading_source": "surveyed", "hfov_deg": hfov, "res_h_px": 40000.0, "range_m": range_m,
        "coarse_lon": PLACE[0], "coarse_lat": PLACE[1], **more,
    }  # fmt: skip
    return coarse_sight.coarse_views(
        pd.DataFrame([row]), srid=SRID, detail=20.0, default_reach_m=150.0
    )


def metric(lon, lat):
    (point,) = project(np.array([shapely.Point(lon, lat)]), source=4326, target=SRID)
    return np.array([point.x, point.y])


def hit(found, at):
    return len(coarse_sight.may_see(found, cells_of([at]))[0]) == 1


@given(
    east=st.floats(-HALF, HALF),
    north=st.floats(-HALF, HALF),
    heading=st.floats(0, 360),
    off=st.floats(-1, 1),
    hfov=st.floats(1, 360),
    range_m=st.floats(1, 150),
    far=st.floats(0, 1),
)
def test_whatever_is_seen_from_around_the_place_lies_in_a_cell_that_may_be_seen(
    east, north, heading, off, hfov, range_m, far
):
    at = metric(PLACE[0] + east, PLACE[1] + north)
    turn = np.radians(heading + off * min(hfov / 2 + 5, 180))
    seen = at + far * range_m * np.array([np.sin(turn), np.cos(turn)])
    assert hit(views(heading, hfov, range_m), seen)


def test_a_cell_beyond_reach_or_behind_may_not_be_seen():
    north = views(heading=0)

    def may_see(east, up):
        return hit(north, metric(*PLACE) + np.array([east, up]))

    assert may_see(0, 120)
    assert not may_see(0, 67 + 6 + 60 + 51)
    assert not may_see(0, -67 - 6 - 51)
    assert not may_see(58 + 6 + 45 + 51, 0)


def test_a_camera_indoors_sees_no_cell():
    indoors = views(indoor=True)
    assert not hit(indoors, metric(*PLACE))
    assert coarse_sight.cell_outlines(indoors)[0].is_empty


def test_an_outline_is_the_union_of_the_cells_that_may_be_seen():
    found = views(heading=45, hfov=90)
    (outline,) = coarse_sight.cell_outlines(found)
    low, high = (cells_of([c])[0] for c in np.reshape(outline.bounds, (2, 2)))
    columns, rows = (np.arange(a - 2, b + 2) for a, b in zip(low, high, strict=True))
    asked = np.stack(np.meshgrid(columns, rows)).T.reshape(-1, 2)
    inside = shapely.contains_xy(outline, (asked + 0.5) * CELL_M)
    assert inside.nonzero()[0].tolist() == sorted(coarse_sight.may_see(found, asked)[0])
    assert outline.area == pytest.approx(inside.sum() * CELL_M**2)


def test_ground_is_that_of_cameras_that_reach_what_is_near():
    found = views()
    east, north = metric(*PLACE)
    near, far = shapely.Point(east, north + 50), shapely.Point(east, north + 900)
    (outline,) = coarse_sight.cell_outlines(found)
    assert coarse_sight.visible_cells(found, np.array([near])).equals(outline)
    assert coarse_sight.visible_cells(found, np.array([far])).is_empty


def test_cells_never_move_and_distances_go_up_in_steps():
    assert cells_of([[0.0, 49.9], [50.0, -0.1]]).tolist() == [[0, 0], [1, -1]]
    assert rounded_up_m(np.array([0.0, 50.0, 50.1, 99.0])).tolist() == [50, 50, 100, 100]
