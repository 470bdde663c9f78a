"""The map page is a bulk read: counted, with a reason and a row, else cut to what needs none."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from tests.signed_in import account, sign_in

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


@pytest.fixture
def client(seen_town, settings):
    """Return a service in which more than three rows of a layer are a bulk read."""
    with TestClient(create_app(settings.model_copy(update={"bulk_rows": 3}))) as found:
        yield found


@pytest.fixture
def person(client, seen_town):
    def sign(role, area=None, **more):
        return sign_in(
            client, seen_town, account(seen_town, f"{role}{area or 0}", role, area, **more)
        )

    return sign


def page(client, query=""):
    answer = client.get(f"/map{query}")
    assert answer.status_code == 200
    return json.loads(DATA.search(answer.text).group(1))


def cameras(shown):
    codes = shown["layers"]["cameras"]["code"]
    return codes if isinstance(codes, list) else [codes["d"][i] for i in codes["i"]]


def registered(engine):
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT what, form, rows, reason FROM govgrid.export_register ORDER BY at")
        )
        return [tuple(row) for row in rows]


def test_a_large_map_without_a_reason_tells_numbers_only(person):
    shown = page(person("planner"))
    assert (cameras(shown), shown["leftOut"]["cameras"]) == ([], 4)
    assert shown["counted"] == {"skynet": 2, "social": 2}
    assert set(shown["layers"]["seeing"]["distance_m"]) == {None}


def test_a_reason_and_the_permission_draw_it_and_leave_one_row(person, seen_town):
    planner = person("planner")
    shown = page(planner, "?reason=例会")
    assert (cameras(shown), shown["leftOut"]) == (["K1", "K2", "K3", "K4"], {})
    assert registered(seen_town)[0] == ("map/cameras", "page", 4, "例会")
    assert cameras(page(planner)) == ["K1", "K2", "K3", "K4"]  # within the hour
    assert [row[0] for row in registered(seen_town)].count("map/cameras") == 1


def test_a_reason_without_the_permission_draws_nothing(person, seen_town):
    shown = page(person("operator"), "?reason=看看")
    assert cameras(shown) == []
    assert registered(seen_town) == []


def test_areas_are_counted_together_and_each_once(person):
    operator = person("operator", None, classes=["social"])
    for _ in range(3):  # two cameras of a class
        assert cameras(page(operator, f"?area={EAST}")) == ["K2", "K4"]
    assert cameras(page(operator)) == ["K2", "K4"]


def test_the_page_around_asks_for_an_area_or_a_reason_where_the_map_is_large(person):
    planner = person("planner")
    around = planner.get("/basic").text
    assert 'class="bulk"' in around
    assert 'name="reason"' in around
    asked = planner.get("/basic", params={"area": EAST, "reason": "例会"}).text
    assert f"area={EAST}&amp;reason=%E4%BE%8B%E4%BC%9A" in asked
    operator = person("operator")
    assert 'name="reason"' not in operator.get("/basic").text
    assert 'class="bulk"' not in person("operator", WEST).get("/basic").text


def test_an_area_of_others_has_no_map(person):
    assert person("operator", WEST).get(f"/map?area={EAST}").status_code == 404


def test_a_map_that_is_kept_as_a_file_is_registered_with_its_rows(person, seen_town):
    assert person("planner").post("/map.html", data={"reason": "存档"}).status_code == 200
    ((what, form, rows, reason),) = registered(seen_town)
    assert (what, form, reason) == ("map", "html", "存档")
    assert rows > 4  # four cameras, and the gaps
