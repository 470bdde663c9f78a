"""The page as text: self-contained, sealed, the same each time, whatever the data say."""

import json
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest

from benchmarks.map_scene import scene
from geo.base.errors import InputError
from geo.base.words import LANGUAGES, load_catalogue
from maps.folium_page import render_page

HOSTILE = "</script><img src=x onerror=alert(1)>{{ 'ran' ~ 'away' }}{% raw %}\u2028${1}"


@pytest.fixture(scope="module")
def content():
    return scene(grids=80, cameras=60, incidents=30, gaps=40, roads=30, buildings=50)


@pytest.fixture(scope="module")
def page(content):
    return render_page(content)


def data_of(page: str) -> dict:
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(text)


def test_nothing_on_the_page_comes_from_elsewhere(page):
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)\s*=", markup)
    assert not re.search(r"url\((?!#)|@import", markup)
    assert "sourceMappingURL" not in page


def test_the_page_s_policy_names_each_of_its_scripts_and_lets_nothing_else_in(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == len(re.findall(r"<script>", page))
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_the_same_content_gives_the_same_page(content, page):
    assert render_page(content) == page


def test_the_title_and_the_standing_marks_are_on_the_page(page):
    assert "<title>迎江区</title>" in page
    assert "演示数据（界线、点位均为虚构）" in page
    assert "内部资料 注意保管" in page
    assert '<p class="notice">本系统为非涉密系统，严禁存储、处理、传输国家秘密</p>' in page
    assert "数据截至 2026年9月30日 21:40" in page
    assert '<html lang="zh-CN">' in page


def test_a_real_district_carries_no_demonstration_banner(content):
    page = render_page(replace(content, synthetic=False, mark=""))
    markup = page.split('<script type="application/json"')[0]
    assert 'class="synthetic"' not in markup.split("<noscript>")[0].split("</header>")[1]
    assert 'class="mark"' not in markup


def test_a_phone_may_enlarge_the_page(page):
    (viewport,) = re.findall(r'<meta name="viewport"[^>]*>', page)
    assert "user-scalable" not in viewport
    assert "maximum-scale" not in viewport


def test_the_share_is_never_called_by_the_name_of_the_official_criterion():
    for lang in LANGUAGES:
        for key, text in load_catalogue().items():
            if key.startswith("map.") and not key.startswith("map.official."):
                assert "重点公共区域" not in text[lang], key


def test_before_the_first_computation_the_page_says_so(content):
    assert "视频覆盖尚未计算" in render_page(replace(content, computed_at=None))


def test_the_page_speaks_english_too(content):
    page = render_page(content, lang="en")
    assert '<html lang="en">' in page
    assert "Data as of 30 September 2026, 21:40" in page
    assert data_of(page)["words"]["layer.skynet"] == "Skynet cameras"


def test_hostile_texts_are_neither_markup_nor_template(content):
    texts = {"title": HOSTILE, "unit_name": HOSTILE}
    page = render_page(
        replace(content, title=HOSTILE, mark=HOSTILE, incidents=content.incidents.assign(**texts))
    )
    assert "<img" not in page
    assert "ranaway" not in page
    assert data_of(page)["title"] == HOSTILE
    assert page.count("</script>") == page.count("<script")


def test_an_unknown_language_is_refused(content):
    with pytest.raises(InputError, match="zh, en"):
        render_page(content, lang="de")


def test_a_frame_in_metres_is_refused_by_name(content):
    with pytest.raises(InputError, match="roads"):
        render_page(replace(content, roads=content.roads.to_crs(4548)))


def test_a_page_about_nothing_can_be_made(content):
    frames = (
        "areas",
        "water",
        "farmland",
        "roads",
        "cameras",
        "gaps",
        "centres",
        "places",
        "incidents",
    )
    nothing = dict.fromkeys(frames, gpd.GeoDataFrame())
    assert "<title>" in render_page(replace(content, seeing=pd.DataFrame(), **nothing))


def test_a_sentence_stands_before_all_that_takes_time(page):
    body = page.split("<body>")[1]
    assert "正在打开地图…" in body.split("<script")[0]
    assert len(page.split("<body>")[0].split("</style>")[-1]) < 1000


def test_places_are_not_flipped_in_the_data(page):
    cameras = data_of(page)["layers"]["cameras"]["at"]
    assert cameras["o"][0] * cameras["s"] == pytest.approx(117, abs=0.5)
    assert cameras["o"][1] * cameras["s"] == pytest.approx(30.5, abs=0.5)
