"""The thin service on the toy town: health, locate, collections, the map, errors."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.base.settings import Settings
from geo.exchange.publish import collections
from tests.signed_in import signed_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def client(seen_town, settings):
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, seen_town, "administrator")


@pytest.fixture
def bare_client(empty_url, tmp_path):
    settings = Settings(home=tmp_path, database_url=empty_url)
    with TestClient(create_app(settings)) as found:
        yield found


def test_alive_and_ready(client):
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json()["status"] == "ready"


def test_alive_but_not_ready_without_tables(bare_client):
    assert bare_client.get("/livez").status_code == 200
    answer = bare_client.get("/readyz")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


def test_not_ready_when_the_database_is_down(tmp_path):
    gone = "postgresql://nobody@/nowhere?host=/nonexistent"
    with TestClient(create_app(Settings(home=tmp_path, database_url=gone))) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "nowhere" not in answer.text or "does not" in answer.text


def test_locate_answers_with_its_keys(client):
    lon, lat = place(4, 0)
    answer = client.get("/api/locate", params={"lon": lon, "lat": lat}).json()
    assert answer == {
        "status": "inside",
        "grid_code": "340802001001002",
        "candidates": ["340802001001002"],
        "community_code": "",
        "township_code": "",
        "nearest_code": "340802001001002",
        "nearest_m": 0.0,
    }


@pytest.mark.parametrize(
    "query",
    [
        "lon=abc&lat=30",
        "lon=117",
        "lon=1e999&lat=30",
        "lon=nan&lat=30",
        "lon=200&lat=30",
        "lon=117&lat=30&crs=beton",
    ],
)
def test_bad_places_are_a_problem_document_not_a_crash(client, query):
    answer = client.get(f"/api/locate?{query}")
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == 400


@pytest.mark.parametrize("name", collections.COLLECTIONS)
def test_every_collection_gives_features(client, name):
    answer = client.get(f"/api/collections/{name}/items")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"


def test_a_collection_pages_by_next_until_its_end(client):
    seen, link = [], "/api/collections/cameras/items?limit=2"
    while link:
        body = client.get(link).json()
        seen += [feature["id"] for feature in body["features"]]
        link = next((each["href"] for each in body["links"] if each["rel"] == "next"), None)
    assert seen == ["K1", "K2", "K3", "K4"]


def test_an_unknown_collection_names_those_that_there_are(client):
    answer = client.get("/api/collections/beton/items", headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert "grids" in answer.json()["detail"]


def test_a_nul_in_a_parameter_is_no_crash(client):
    assert client.get("/api/collections/cameras/items?after=%00").status_code == 400
    assert client.get("/api/locate?lon=117&lat=30&crs=%00").status_code == 400


def test_an_unknown_path_has_the_same_shape_of_error(client):
    body = client.get("/nowhere").json()
    assert set(body) == {"type", "title", "status", "detail"}


def test_the_map_is_one_page_and_drawn_once(client, monkeypatch):
    def drawn():
        answer = client.get("/map")
        assert answer.status_code == 200
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", answer.text)  # when it was looked at

    first = drawn()
    assert "西格" in first
    monkeypatch.setattr("geo.documents.map_pages.map_page", None)
    assert drawn() == first


def test_the_map_speaks_english_when_asked(client):
    assert client.get("/map?lang=en").text != client.get("/map?lang=zh").text
    assert client.get("/map?lang=xx").status_code == 400


def test_hostile_titles_stay_text_in_json(client):
    body = client.get("/api/collections/incidents/items").text
    assert "<img" in json.loads(body)["features"][1]["properties"]["title"]


def test_every_page_shows_the_clock_of_a_test_home(town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2030-06-21T21:40+08:00", encoding="utf-8")
    with TestClient(
        create_app(settings.model_copy(update={"clock": file, "lang": "zh"}))
    ) as client:
        assert "测试时钟 2030-06-21 21:40:00" in client.get("/login").text
        assert "测试时钟" in client.get("/nowhere", headers={"Accept": "text/html"}).text
    with TestClient(create_app(settings)) as client:
        assert "测试时钟" not in client.get("/login?lang=zh").text
