"""Layers as OGC API Features on the toy town: pages, filters, systems, formats, refusals."""

import csv
import io
import json
import re

import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.identity import list_routes
from geo.base.crs import project
from geo.exchange.publish.collections import COLLECTIONS
from geo.exchange.rules.published_columns import title_of
from maps.sketch import draw_sketch
from tests.signed_in import signed_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis

ITEMS = "/api/collections/{}/items"
POLES = [("P1", "甲", 4.0, (1, 0)), ("P2", "乙", 6.0, (2, 0)), ("P3", "乙", None, (3, 0))]


@pytest.fixture
def client(seen_town, settings):
    with seen_town.begin() as connection:
        for code, kind, height, at in POLES:
            connection.execute(
                text(
                    "INSERT INTO govgrid.pole (code, name, kind, height_m, powered, attributes,"
                    ' geom) VALUES (:code, :code, :kind, :height, true, \'{"门牌": "12"}\','
                    " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
                ),
                {"code": code, "kind": kind, "height": height}
                | dict(zip(("lon", "lat"), place(*at), strict=True)),
            )
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, seen_town, "administrator")


def codes(client, layer="poles", **asked):
    answer = client.get(ITEMS.format(layer), params=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["numberReturned"] == len(body["features"])
    return [each["id"] for each in body["features"]]


def test_everything_is_found_from_the_door(client):
    links = {each["rel"]: each["href"] for each in client.get("/api").json()["links"]}
    assert client.get(links["conformance"]).json()["conformsTo"]
    told = client.get(links["data"]).json()
    assert [each["id"] for each in told["collections"]] == list(COLLECTIONS)
    for each in told["collections"]:
        assert client.get(f"/api/collections/{each['id']}").json() == each
        there = {link["rel"].rpartition("/")[2]: link["href"] for link in each["links"]}
        assert client.get(there["queryables"]).json()["properties"]["geometry"]
        (west, south, east, north) = each["extent"]["spatial"]["bbox"][0]
        assert west < place(0, 0)[0] < east
        assert south < place(0, 0)[1] < north


def test_a_filter_finds_the_same_in_text_and_in_json_and_by_any_property(client):
    assert codes(client, filter="kind = '乙' AND height_m > 5") == ["P2"]
    told = {"op": "=", "args": [{"property": "kind"}, "甲"]}
    assert codes(client, filter=json.dumps(told), **{"filter-lang": "cql2-json"}) == ["P1"]
    box = ",".join(map(str, [*place(0.5, -1), *place(2.5, 1)]))
    lon, lat = place(2, 0)
    for asked, expected in {
        "height_m IS NULL": ["P3"],
        "NOT height_m = 4": ["P2"],
        "height_m BETWEEN 4 AND 6": ["P1", "P2"],
        "code IN ('P1','P3')": ["P1", "P3"],
        "name LIKE 'P%' AND name NOT LIKE '%2'": ["P1", "P3"],
        "CASEI(name) = CASEI('p1')": ["P1"],
        "name = code": ["P1", "P2", "P3"],
        "powered AND TRUE": ["P1", "P2", "P3"],
        f"S_INTERSECTS(geometry, POINT({lon} {lat}))": ["P2"],
        f"S_WITHIN(geometry, BBOX({box}))": ["P1", "P2"],
        f"NOT S_INTERSECTS(geometry, BBOX({box}))": ["P3"],
    }.items():
        assert codes(client, filter=asked) == expected, asked
        assert codes(client, filter=asked, sortby="code") == expected, asked


def test_times_are_moments_days_and_periods_of_the_district(client, seen_town):
    with seen_town.begin() as connection:
        connection.execute(
            text(
                "UPDATE govgrid.incident i SET reported_at = timestamptz '2026-09-30T23:30:00+08'"
                " + n * interval '1 hour' FROM (SELECT code, row_number() OVER (ORDER BY code) - 1"
                " AS n FROM govgrid.incident) o WHERE o.code = i.code"
            )
        )
    at = {
        feature["id"]: feature["properties"]["reported_at"]
        for feature in client.get(ITEMS.format("incidents")).json()["features"]
    }
    first, *others = sorted(at, key=at.get)
    assert codes(client, "incidents", datetime=at[first]) == [first]
    assert codes(client, "incidents", datetime=f"../{at[first]}") == [first]
    assert codes(client, "incidents", filter=f"reported_at > TIMESTAMP('{at[first]}')") == sorted(
        others
    )
    day = f"T_AFTER(reported_at, TIMESTAMP('{at[first]}'))"
    assert codes(client, "incidents", filter=day) == sorted(others)
    span = f"T_INTERSECTS(reported_at, INTERVAL('..', '{at[first]}'))"
    assert codes(client, "incidents", filter=span) == [first]
    assert at[first].startswith("2026-09-30T15:30:00")
    assert codes(client, "incidents", datetime="2026-09-30") == [first]
    assert codes(client, "incidents", datetime="2026-10-01/..") == sorted(others)
    on = "T_DURING(reported_at, INTERVAL('2026-09-29', '2026-10-02'))"
    assert codes(client, "incidents", filter=on) == sorted(at)
    assert codes(client, "incidents", filter="reported_at < DATE('2026-10-01')") == [first]
    assert codes(client, datetime="2020-01-01") == ["P1", "P2", "P3"]  # they are of all times


def test_a_sorted_layer_pages_by_its_next_links_while_rows_change(client, seen_town):
    assert codes(client, sortby="-height_m") == ["P2", "P1", "P3"]
    assert codes(client, sortby="kind,-code") == ["P3", "P2", "P1"]
    seen, link = [], ITEMS.format("poles") + "?limit=1&sortby=-height_m"
    while link:
        body = client.get(link).json()
        assert body["numberMatched"] == 3
        seen += [feature["id"] for feature in body["features"]]
        link = next((each["href"] for each in body["links"] if each["rel"] == "next"), None)
        if len(seen) == 1:  # one that stands before goes away, and the one that was shown last
            with seen_town.begin() as connection:
                connection.execute(text("UPDATE govgrid.pole SET height_m = 9 WHERE code = 'P2'"))
    assert seen == ["P2", "P1", "P3"]


def test_a_filter_keeps_up_with_what_is_written(client, seen_town):
    assert codes(client, filter="height_m > 5") == ["P2"]
    assert codes(client, filter="height_m > 5") == ["P2"]
    with seen_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.pole SET height_m = 9 WHERE code = 'P1'"))
    assert codes(client, filter="height_m > 5") == ["P1", "P2"]
    assert (
        client.get(ITEMS.format("poles"), params={"filter": "height_m > 5"}).json()["numberMatched"]
        == 2
    )


NORTH_FIRST = {4326: True, 4490: True, 4548: True, 4547: True, 3857: False}


def test_a_system_has_its_own_order_of_axes_in_answers_boxes_and_filters(client):
    for code, north_first in NORTH_FIRST.items():
        uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
        lon, lat = place(2, 0)
        degrees = code in (4326, 4490)
        at = np.array([shapely.Point(lon, lat)], dtype=object)
        moved = at if degrees else project(at, source=4326, target=code)
        expected = [moved[0].y, moved[0].x] if north_first else [moved[0].x, moved[0].y]
        answer = client.get(ITEMS.format("poles") + "/P2", params={"crs": uri})
        assert answer.headers["content-crs"] == f"<{uri}>"
        assert answer.json()["geometry"]["coordinates"] == pytest.approx(expected, rel=1e-9)
        half = 2e-5 if degrees else 2.0
        box = ",".join(str(v) for v in (expected[0] - half, expected[1] - half))
        box += "," + ",".join(str(v) for v in (expected[0] + half, expected[1] + half))
        assert codes(client, bbox=box, **{"bbox-crs": uri}) == ["P2"]
        near = f"S_INTERSECTS(geometry, BBOX({box}))"
        assert codes(client, filter=near, **{"filter-crs": uri}) == ["P2"]
        (feature,) = client.get(
            ITEMS.format("poles"), params={"bbox": box, "bbox-crs": uri, "crs": uri}
        ).json()["features"]
        assert feature["geometry"]["coordinates"] == pytest.approx(expected, rel=1e-9)


def test_a_view_that_sees_nothing_has_no_place(client, seen_town):
    shapes = {
        each["id"]: each["geometry"]
        for each in client.get(ITEMS.format("viewsheds")).json()["features"]
    }
    with seen_town.begin() as connection:
        statement = "SELECT code, ST_IsEmpty(geom) FROM govgrid.tile_viewshed"
        stored = dict(connection.execute(text(statement)).all())
    assert {code for code, shape in shapes.items() if shape is None} == {
        code for code, empty in stored.items() if empty
    }
    assert set(stored.values()) == {True, False}


def test_chosen_properties_only(client):
    found = client.get(ITEMS.format("poles"), params={"properties": "kind,height_m"}).json()
    assert found["features"][0]["properties"] == {"kind": "甲", "height_m": 4.0}
    assert found["features"][0]["id"] == "P1"


def test_rows_read_by_a_question_equal_those_of_memory(client):
    for layer in ("grids", "cameras", "roads", "buildings", "poles"):
        plain = client.get(ITEMS.format(layer)).json()["features"]
        assert (
            client.get(ITEMS.format(layer), params={"sortby": "code"}).json()["features"] == plain
        )


def test_a_file_of_each_format_holds_all_rows(client, tmp_path):
    plain = client.get(ITEMS.format("poles")).json()["features"]
    for form in ("fgb", "gpkg"):
        answer = client.get(ITEMS.format("poles"), params={"f": form})
        path = tmp_path / f"x.{form}"
        path.write_bytes(answer.content)
        meta, _, shapes, columns = pyogrio.raw.read(path)
        rows = dict(zip(meta["fields"], columns, strict=True))
        assert list(rows["code"]) == ["P1", "P2", "P3"]
        assert list(rows["height_m"][:2]) == [4.0, 6.0]
        assert pyogrio.read_info(path)["features"] == 3
        assert json.loads(rows["attributes"][0]) == {"门牌": "12"}
        assert len(shapes) == 3
    answer = client.get(
        ITEMS.format("poles"), params={"filter": "height_m > 5"}, headers={"accept": "text/csv"}
    )
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["code"], float(row["lon"])) == ("P2", plain[1]["geometry"]["coordinates"][0])


def test_every_layer_goes_out_in_every_format_and_as_a_page(client, tmp_path):
    for layer in COLLECTIONS:
        count = client.get(ITEMS.format(layer)).json()["numberMatched"]
        for form in ("fgb", "gpkg"):
            path = tmp_path / f"{layer}.{form}"
            path.write_bytes(client.get(ITEMS.format(layer), params={"f": form}).content)
            assert pyogrio.read_info(path, force_feature_count=True)["features"] == count
        assert len(client.get(ITEMS.format(layer), params={"f": "csv"}).text.splitlines()) > count
        page = client.get(ITEMS.format(layer), headers={"accept": "text/html,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        ours = page.text.replace("http://testserver", "").replace("http://www.w3.org", "")
        assert "//" not in ours


BAD = {
    "nowhere=1": "nowhere",
    "limit=0": "limit",
    "limit=x": "limit",
    "limit=1e999": "limit",
    "limit=1&limit=2": "limit",
    "bbox=1,2,3": "1,2,3",
    "bbox=1,2,nan,4": "nan",
    "bbox=1,2,3,1e999": "1e999",
    "bbox=1,9,3,4": "1,9,3,4",
    "bbox=%00": "bbox",
    "reason=%00": "reason",
    "reason=%ED%A0%80": "reason",
    "filter=kind='%ED%A0%80'": "filter",
    "after=%00": "after",
    "datetime=yesterday": "yesterday",
    "datetime=../..": "../..",
    "datetime=2026-02-01/2026-01-01": "2026",
    "datetime=2026-01-01T00:00:00": "2026",
    "crs=http://www.opengis.net/def/crs/EPSG/0/2154": "2154",
    "crs=4326": "4326",
    "bbox=1,2,3,4&bbox-crs=x": "x",
    "sortby=nowhere": "nowhere",
    "sortby=geometry": "geometry",
    "sortby=code,code": "code",
    "sortby=code&after=%7B": "next",
    "sortby=code&after=WzFd": "next",
    "properties=secret": "secret",
    "f=shp": "shp",
    "f=": "“f” has no value",
    "filter-lang=ecql": "filter-lang",
    "filter=kind%20=": "1:7",
    "filter=secret=1": "secret",
    "filter=kind=1": "text",
    "filter=height_m>1e999": "number",
    "filter=height_m%2B1>2": "+",
    "filter=pg_sleep(9)=1": "pg_sleep",
    "filter=kind='%00'": "filter",
    "filter=kind LIKE 'x%5C'": "backslash",
    "filter=kind": "text",
    "filter=1": "filter",
    "filter=S_INTERSECTS(geometry,POLYGON((0 0,1 1,1 0,0 1,0 0)))": "geometry",
    "filter=S_INTERSECTS(geometry,kind)": "shape",
    "filter=S_INTERSECTS(geometry,BBOX(1,2,3))": "",
    "filter=T_AFTER(kind,DATE('2026-01-01'))": "text",
    "filter=kind=DATE('2026-99-01')": "2026-99-01",
    "filter=" + "(" * 3000: "40",
    "filter=" + "NOT%20" * 500 + "powered": "40",
    "filter=height_m=" + "-" * 3000 + "1": "40",
    "filter-lang=cql2-json&filter=[": "1:1",
    "filter-lang=cql2-json&filter=" + "[" * 3000: "",
    'filter-lang=cql2-json&filter={"op":"=","args":[{"property":"kind"},"%5Cud800"]}': "filter",
    'filter-lang=cql2-json&filter={"op":"=","args":[{"property":"kind"},"%5Cu0000"]}': "filter",
    'filter-lang=cql2-json&filter={"op":"=","args":[{"property":"height_m"},1e999]}': "",
    'filter-lang=cql2-json&filter={"op":"=","args":[{"property":"kind"}]}': "=",
    'filter-lang=cql2-json&filter={"op":7}': "1:1",
}


def test_what_is_asked_wrongly_is_refused_with_a_problem_that_names_it(client):
    client.headers["accept-language"] = "en"
    for query, named in BAD.items():
        answer = client.get(f"{ITEMS.format('poles')}?{query}")
        assert answer.status_code == 400, (query[:80], answer.status_code, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
        assert named in answer.json()["detail"], (query[:80], answer.text[:300])


def test_other_pages_refuse_what_they_do_not_know_and_have_a_page_for_people(client):
    for path in (
        *("/api", "/api/conformance", "/api/collections", "/api/collections/grids"),
        "/api/collections/grids/queryables",
        "/api/collections/grids/items/340802001001001",
    ):
        assert client.get(f"{path}?nowhere=1").status_code == 400
        assert client.get(f"{path}?f=pdf").status_code == 400
        assert client.get(f"{path}?f=").status_code == 400
        page = client.get(f"{path}?f=html")
        assert page.headers["content-type"].startswith("text/html")
        assert "<h1>" in page.text


def test_columns_of_a_page_are_named_where_they_have_a_word_and_else_as_the_file_has_them():
    titles = [title_of("grids", name) for name in ("name", "remark", "承包单位")]
    assert titles == ["名称", "说明", "承包单位"]
    assert "&quot;" in draw_sketch([{"type": "Point", "coordinates": [117, 30]}], '"><script>')


def test_tiles_are_found_with_their_grid_from_the_door(client):
    relations = "http://www.opengis.net/def/rel/ogc/1.0/"
    links = {each["rel"]: each["href"] for each in client.get("/api").json()["links"]}
    (known,) = client.get(links[relations + "tiling-schemes"]).json()["tileMatrixSets"]
    grid = client.get(known["links"][0]["href"]).json()
    assert [each["matrixWidth"] for each in grid["tileMatrices"][:3]] == [1, 2, 4]
    assert grid["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.0287178)
    layer = client.get("/api/collections/poles").json()
    (to,) = [each for each in layer["links"] if each["rel"] == relations + "tilesets-vector"]
    (listed,) = client.get(to["href"]).json()["tilesets"]
    told = client.get(listed["links"][0]["href"]).json()
    assert told["tileMatrixSetURI"] == listed["tileMatrixSetURI"] == grid["uri"]
    assert told["layers"][0]["propertiesSchema"]["properties"]["kind"] == {"type": "string"}
    item = told["links"][0]["href"]
    asked = item.format(tileMatrix=0, tileRow=0, tileCol=0)
    assert client.get(asked).headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert client.get(to["href"] + "?nowhere=1").status_code == 400


def test_the_description_is_openapi_3_0_and_refers_to_nothing_outside(client):
    (to,) = [each for each in client.get("/api").json()["links"] if each["rel"] == "service-desc"]
    answer = client.get(to["href"])
    assert answer.headers["content-type"] == to["type"]
    described = answer.json()
    assert described["openapi"].startswith("3.0.")
    for ref in references(described):
        assert ref.startswith("#/"), ref
        inside = described
        for part in ref[2:].split("/"):
            inside = inside[part]
    page = client.get("/api/docs").text
    assert "/api/collections/{layer}/items" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_every_route_refuses_parameters_that_are_unknown_repeated_or_no_text(client):
    kept = {"layer": "poles", "item": "P1", "z": 0, "y": 0, "x": 0}
    asked = set()
    for route in list_routes(client.app):
        home = route.original_route.endpoint.__module__
        if not home.endswith((".edits", ".description")) and ".ogc." not in home:
            continue
        path = re.sub(r"\{(\w+)(:path)?\}", lambda part: str(kept[part[1]]), str(route.path))
        known = "reason" if path.endswith("/0/0/0") else "lang"
        for method in route.methods & {"GET", "POST", "PATCH", "DELETE"}:
            asked.add((method, str(route.path)))
            body = {} if method in ("GET", "DELETE") else {"json": {"type": "Feature"}}
            for query in (
                *("nowhere=1", f"{known}=zh&{known}=zh", "%00=1", "%ED%A0%80=1"),
                *(f"{known}=%00", f"{known}=%ED%A0%80", f"{known}=%FF"),
            ):
                answer = client.request(method, f"{path}?{query}", **body)
                assert answer.status_code == 400, (method, path, query, answer.text[:200])
                assert answer.headers["content-type"] == "application/problem+json"
    assert {method for method, _ in asked} == {"GET", "POST", "PATCH", "DELETE"}
    assert len(asked) >= 16


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_the_description_names_nothing_as_a_value_of_lists_that_may_be_without_one(client):
    schemas = client.get("/api/api").json()["components"]["schemas"]
    levels = ["township", "community", "grid", None]
    assert schemas["Completeness"]["properties"]["by"]["enum"] == levels
    lists = [s for each in schemas.values() for s in each.get("properties", {}).values()]
    lists = [s for s in lists if "enum" in s and s.get("nullable")]
    assert lists
    assert all(None in s["enum"] for s in lists)
