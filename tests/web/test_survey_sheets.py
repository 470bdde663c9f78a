"""The sheets to survey headings with: plans with answers by hand, pages in a real browser."""

import re
from datetime import UTC, datetime
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, box

from geo.base.errors import InputError
from maps.ground import index_surroundings
from maps.plan import draw_plan
from maps.sheets import FIRST_PAGE, FURTHER_PAGES, SheetContent, render_sheets

HOSTILE = "</style><img src=x onerror=alert(1)>{{7*7}}"
METRIC = 4548
A4_MM = (210, 297)


def layer(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRIC)


def streets(*lines, names=None, kind="residential"):
    names = names or [""] * len(lines)
    return layer(map(LineString, lines), name=names, **{"class": [kind] * len(lines)})


def drawn(outline, points, *, roads=None, water=(), buildings=(), height_mm=100.0):
    around = index_surroundings(
        streets() if roads is None else roads, layer(list(water)), layer(list(buildings))
    )
    numbers = list(range(1, len(points) + 1))
    places = np.array(points, dtype=float)
    return draw_plan(outline, places, numbers, around, width_mm=100.0, height_mm=height_mm)


def corners(path):
    """Return the places on a path of one ring."""
    start, moves = re.fullmatch(r"M([-\d ]+)l([-\d ]+)z", path).groups()
    steps = np.array(f"{start} {moves}".split(), dtype=int).reshape(-1, 2)
    return set(map(tuple, np.cumsum(steps, axis=0).tolist()))


def label(mark):
    half = mark.width / 2
    return box(mark.at_x - half, mark.at_y - 17, mark.at_x + half, mark.at_y + 17)


def content(*counts, name="第一网格", **changes):
    """A town of grids in a row, each with so many cameras to survey."""
    rng = np.random.default_rng(1)
    grids = layer(
        [box(400 * i, 0, 400 * i + 400, 300) for i in range(len(counts))],
        code=[f"34080200100100{i}" for i in range(len(counts))],
        name=[name] * len(counts),
    )
    rows = [
        (grid, number + 1, f"3408020000132{grid:03}{number:04}", f"人民路口东北角枪机{number:02}")
        for grid, count in enumerate(counts)
        for number in range(count)
    ]
    cameras = pd.DataFrame(rows, columns=["grid", "number", "code", "name"]).astype({"grid": int})
    places = rng.uniform((10, 10), (390, 290), (len(rows), 2))
    places[:, 0] += 400 * cameras["grid"]
    told = {
        "grid_code": grids["code"].to_numpy()[cameras["grid"]],
        "site": "人民路与宜秀路口",
        "form": "fixed",
        "heading_deg": np.nan,
    }
    rows_ = gpd.GeoDataFrame(cameras.assign(**told), geometry=shapely.points(places), crs=METRIC)
    shown = {
        "title": "迎江区",
        "mark": "内部资料 注意保管",
        "synthetic": True,
        "run": 4,
        "computed_at": datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
        "grids": grids,
        "cameras": rows_,
        "roads": streets([(0, 150), (1200, 150)], names=["人民路"]),
        "water": layer([box(50, 50, 90, 90)]),
        "buildings": layer([box(100, 200, 140, 220)]),
    }
    return SheetContent(**{**shown, **changes})


class Sheets:
    """Sheets opened in a browser, with all they asked for, and what a printer makes of them."""

    def __init__(self, browser, path, html):
        path.write_text(html, encoding="utf-8")
        self.page = browser.new_page()
        self.requests, self.dialogs, self.complaints = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda box_: (self.dialogs.append(box_.message), box_.dismiss()))
        self.page.on("console", lambda line: self.complaints.append(line.text))
        self.page.goto(path.as_uri())
        self.page.emulate_media(media="print")

    def count(self, selector):
        return self.page.locator(selector).count()

    def spilt(self, selector):
        """Return how many boxes hold more than fits into them."""
        script = "all => all.filter(e => e.scrollHeight > e.clientHeight + 1).length"
        return self.page.locator(selector).evaluate_all(script)

    def printed(self):
        pdf = self.page.pdf(prefer_css_page_size=True)
        sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        return [tuple(round(float(n) / 72 * 25.4) for n in size) for size in sizes]


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def visit(shown, **options):
        pages.append(Sheets(browser, tmp_path / "sheets.html", render_sheets(shown, **options)))
        return pages[-1]

    yield visit
    for each in pages:
        each.page.close()


def test_the_ground_is_drawn_to_scale_with_north_up():
    # 400 m into 100 mm less 4 mm on each side: 4.35 m a millimetre
    found = drawn(box(0, 0, 400, 400), [(0, 0), (400, 400)], buildings=[box(0, 200, 200, 400)])
    assert (found.width, found.height, found.inset) == (1000, 1000, None)
    assert [(mark.x, mark.y) for mark in found.marks] == [(40, 960), (960, 40)]
    assert corners(found.buildings) == {(40, 40), (500, 40), (500, 500), (40, 500)}
    assert (found.scale_m, found.scale_length) == (100, 230)


def test_a_tall_page_is_used():
    wide = drawn(box(0, 0, 100, 300), [(50, 50)], height_mm=100.0)
    tall = drawn(box(0, 0, 100, 300), [(50, 50)], height_mm=200.0)
    assert tall.scale_length / tall.scale_m > 1.5 * wide.scale_length / wide.scale_m


def test_a_large_area_is_drawn_around_its_cameras_and_whole_in_a_free_corner():
    found = drawn(box(0, 0, 4000, 4000), [(1000, 1000), (1100, 1100)])
    assert found.inset is not None
    # the corners of the plan where the two points are not
    assert (found.inset.x, found.inset.y) == (0, 0)
    x, y, width, height = found.inset.frame
    assert 0 < x < x + width < found.inset.width
    assert 0 < y < y + height < found.inset.height
    ordinary = drawn(box(0, 0, 400, 400), [(100, 100)])
    assert found.scale_length / found.scale_m > 0.5 * ordinary.scale_length / ordinary.scale_m


def test_an_area_that_its_cameras_fill_is_drawn_whole():
    assert drawn(box(0, 0, 4000, 4000), [(100, 100), (3900, 3900)]).inset is None


def test_a_camera_outside_of_every_grid_is_drawn_with_its_surroundings():
    found = drawn(None, [(0, 0)], buildings=[box(10, 10, 20, 20)])
    assert found.outline == ""
    assert (found.marks[0].x, found.marks[0].y) == (500, 500)
    assert found.buildings


def test_numbers_of_one_pole_stand_apart_and_on_the_plan():
    found = drawn(box(0, 0, 400, 400), [(1, 1)] * 12 + [(399, 399)] * 3 + [(200, 200)])
    labels = [label(mark) for mark in found.marks]
    assert [mark.number for mark in found.marks] == list(range(1, 17))
    assert not any(a.intersection(b).area for a, b in combinations(labels, 2))
    assert all(box(0, 0, found.width, found.height).covers(each) for each in labels)
    points = shapely.points([(mark.x, mark.y) for mark in found.marks])
    assert not any(each.intersects(points).any() for each in labels)


def test_a_road_has_its_name_once_upright_and_only_where_there_is_room():
    roads = streets(
        [(390, 200), (200, 201), (10, 200)], [(100, 0), (100, 200)], [(300, 300), (310, 300)],
        names=["人民路", "宜秀路", "小巷"],
    )  # fmt: skip
    names = {name.text: name for name in drawn(box(0, 0, 400, 400), [(50, 50)], roads=roads).names}
    assert set(names) == {"人民路", "宜秀路"}
    assert names["人民路"].angle == pytest.approx(0, abs=1)
    assert abs(names["宜秀路"].angle) == pytest.approx(90, abs=1)
    assert (names["宜秀路"].x, names["宜秀路"].y) == (270, 730)


def test_roads_are_as_wide_as_their_class_and_unknown_classes_do_not_stop_the_plan():
    roads = pd.concat(
        [
            streets([(0, 100), (400, 100)], kind="trunk"),
            streets([(0, 200), (400, 200)], kind="path"),
            streets([(0, 300), (400, 300)], kind="beton"),
        ]
    )
    found = drawn(box(0, 0, 400, 400), [(50, 50)], roads=gpd.GeoDataFrame(roads))
    widths = [road.width for road in found.roads]
    assert len(widths) == 2
    assert widths[0] < widths[1]


def test_only_one_metric_system_is_drawn():
    shown = content(1)
    lonlat = shown.buildings.to_crs(4326)
    with pytest.raises(InputError, match="buildings"):
        render_sheets(content(1, buildings=lonlat))
    with pytest.raises(InputError, match="fr"):
        render_sheets(shown, lang="fr")


def test_a_hostile_name_is_only_text():
    html = render_sheets(content(1, name=HOSTILE, title=HOSTILE, mark=HOSTILE))
    assert "<img" not in html
    assert "{{7*7}}" in html


def test_grids_without_cameras_have_no_sheet_and_none_at_all_says_so():
    assert render_sheets(content(2, 0, 1)).count('<section class="sheet">') == 2
    assert "没有需要核实朝向的摄像机" in render_sheets(content(0))
    assert "No camera needs" in render_sheets(content(), lang="en")


@pytest.mark.browser
def test_each_grid_is_a_page_of_a4_and_goes_on_where_it_has_more_cameras(opened):
    shown = content(1, FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + FURTHER_PAGES + 3)
    sheets = opened(shown)
    assert sheets.count("section.sheet") == 1 + 1 + 2 + 3
    assert sheets.count("svg.plan") == 4
    assert sheets.count("li") == sheets.count("li svg.rose") == len(shown.cameras)
    assert sheets.printed() == [A4_MM] * 7


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_spills_over_a_page_or_a_camera(opened, lang):
    shown = content(FIRST_PAGE, FIRST_PAGE + FURTHER_PAGES, name="网格" * 40)
    named = shown.cameras.assign(name="人民路与宜秀路交叉口东北角天网枪机" * 5, heading_deg=45.0)
    sheets = opened(content(8, 22, name="网格" * 40, cameras=named), lang=lang)
    assert sheets.spilt("section.sheet") == 0
    assert sheets.spilt("li") == 0
    assert sheets.spilt("header") == 0
    assert sheets.printed() == [A4_MM] * 3
    # what is to be filled in is on the paper, whole
    whole = """all => all.every(e => {
        const own = e.getBoundingClientRect(), page = e.closest(".sheet").getBoundingClientRect();
        return own.width > 60 && own.left >= page.left && own.right <= page.right
            && own.bottom <= page.bottom;
    })"""
    assert sheets.page.locator("li .box, footer i").evaluate_all(whole)


@pytest.mark.browser
def test_the_sheet_says_what_it_is_and_asks_for_nothing(opened):
    sheets = opened(content(2, name=HOSTILE))
    told = sheets.page.inner_text("body")
    for text in ("内部资料 注意保管", "演示数据", "2026-11-24", "第 4 次计算", "3408020000132000"):
        assert text in told
    assert {"北", "东", "南", "西"} <= set(sheets.page.locator("#rose").text_content())
    assert sheets.page.locator("#rose line").count() == 12
    sheets.page.wait_for_timeout(200)
    assert len(sheets.requests) == 1
    assert (sheets.dialogs, sheets.complaints) == ([], [])


@pytest.mark.browser
def test_a_true_district_has_no_mark_of_a_demonstration(opened):
    sheets = opened(content(1, synthetic=False, mark=""), lang="en")
    assert "not cleared for state secrets" in sheets.page.inner_text(".marks .notice")
    assert sheets.count(".synthetic") == 0
    assert "Heading" in sheets.page.inner_text("li")
