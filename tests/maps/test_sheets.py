"""Survey sheets: how cameras are spread over pages, and what is told of each."""

import re
from datetime import UTC, datetime

import geopandas as gpd
import pytest
import shapely

from geo.base.errors import InputError
from maps.sheets import SheetContent, render_sheets


def frame(shapes, crs=4548, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def sheets(count, *, lang="zh", **more):
    """Return the page of one grid with so many cameras in a row."""
    spots = [shapely.Point(30 * n, 50) for n in range(count)]
    cameras = frame(
        spots, grid_code=["G1"] * count, number=range(1, count + 1), name="机",
        code=[f"K{n}" for n in range(count)], site=None, form="dome", heading_deg=None,
    )  # fmt: skip
    made = {
        "title": "调查", "mark": "演示", "synthetic": True, "run": 7, "cameras": cameras,
        "computed_at": datetime(2026, 11, 30, 17, 0, tzinfo=UTC),
        "grids": frame([shapely.box(0, 0, 400, 100)], code=["G1"], name=["网格<一>"]),
        "roads": frame([], **{"class": [], "name": []}), "water": frame([]), "buildings": frame([]),
    }  # fmt: skip
    return render_sheets(SheetContent(**{**made, **more}), lang=lang)


def plan_heights(page):
    return [float(mm) for mm in re.findall(r'class="plan"[^>]*style="height:([\d.]+)mm"', page)]


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (8, 1), (9, 2), (22, 2), (23, 3), (36, 3)])
def test_eight_cameras_stand_below_the_plan_and_fourteen_on_each_further_page(count, pages):
    page = sheets(count)
    assert page.count('<section class="sheet">') == pages
    assert len(plan_heights(page)) == 1


@pytest.mark.parametrize(
    ("count", "height_mm"),
    [(1, 201.0), (2, 201.0), (3, 170.0), (6, 139.0), (7, 108.0), (20, 108.0)],
)
def test_rows_that_are_free_go_to_the_plan(count, height_mm):
    assert plan_heights(sheets(count)) == [height_mm]
    assert 'viewBox="0 0 1880 ' in sheets(1)


def test_a_grid_without_cameras_has_no_page_and_texts_are_escaped():
    assert plan_heights(sheets(0)) == []
    assert "没有需要核实朝向的摄像机" in sheets(0)
    assert "网格&lt;一&gt;" in sheets(1)


def test_the_date_is_that_of_the_district():
    assert "2026-12-01" in sheets(1)
    assert "2026-11-30" in sheets(1, timezone="UTC")


def test_headings_are_whole_degrees_and_unknown_ones_blank():
    cameras = frame(
        [shapely.Point(0, 0), shapely.Point(30, 0)], grid_code="G1", number=[1, 2],
        code=["K1", "K2"], name="机", site="杆", form=None, heading_deg=[89.6, float("nan")],
    )  # fmt: skip
    assert "90°" in sheets(2, cameras=cameras)
    assert "nan°" not in sheets(2, cameras=cameras)


def test_frames_are_in_one_metric_system_and_the_language_is_known():
    for wrong in (4326, None, 4549):
        with pytest.raises(InputError) as caught:
            sheets(1, water=frame([shapely.box(0, 0, 1, 1)], crs=wrong))
        assert caught.value.facts["layer"] == "water"
    with pytest.raises(InputError):
        sheets(1, lang="fr")
    assert 'lang="zh-CN"' in sheets(1)
    assert 'lang="en"' in sheets(1, lang="en")
