"""Tiles read by an independent reader hold what the tables hold, for who may see it."""

import itertools
import math

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.exchange import tiles
from geo.exchange.publish.camera_points import ShownPoints
from geo.exchange.store import tile_rows
from tests.signed_in import Visitors, account
from tests.toy_town import ORIGIN, place

pytestmark = pytest.mark.postgis
WEST, EAST = "340802001001001", "340802001001002"
EXTENT = 4096
MADE = (
    ("place", "code, name, kind, geom", "'P{n}', '场所{n}', 'x', {spot}"),
    ("entrance", "code, name, geom", "'E{n}', '门{n}', {spot}"),
    ("address", "code, name, kind, geom", "'A{n}', '一路{n}号', 'door', {spot}"),
    ("pole", "code, kind, geom", "'G{n}', 'lamp', {spot}"),
    ("centre", "code, name, level, geom", "'Z{n}', '中心{n}', 'district', {spot}"),
)


@pytest.fixture
def full_town(seen_town):
    """Return the toy town with three points of each further layer, the third one in the east."""
    with seen_town.begin() as connection:
        for table, columns, values in MADE:
            for n, x in enumerate((-15, -5, 10)):
                lon, lat = place(x, 7)
                spot = f"ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"
                row = values.format(n=n, spot=spot)
                connection.execute(text(f"INSERT INTO govgrid.{table} ({columns}) VALUES ({row})"))
        for table in ("water", "privacy_zone"):
            lon, lat = place(-15, -12)
            ground = f"ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), 0.0003))"
            connection.execute(
                text(
                    f"INSERT INTO govgrid.{table} (code, name, geom) VALUES ('W1', '塘', {ground})"
                )
            )
    return seen_town


@pytest.fixture
def ask(full_town, settings):
    """Return what asks for a tile as an account: by layer and (z, x, y)."""
    config = {"rate_per_minute_account": 0, "rate_per_minute_address": 0}
    app = create_app(settings.model_copy(update=config))
    with TestClient(app) as client:
        visitors = Visitors(client, full_town)

        def asking(who, layer, of, **more):
            z, x, y = of
            visitors.become(who)
            path = f"/api/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}"
            return client.get(path, **more)

        yield asking


def tile_at(z, lon=ORIGIN[0], lat=ORIGIN[1]):
    """Return the tile of a place, by the formula of the scheme."""
    side = 2**z
    turned = math.asinh(math.tan(math.radians(lat))) / math.pi
    return z, math.floor((lon + 180) / 360 * side), math.floor((1 - turned) / 2 * side)


def lonlat_of(of, x, y):
    """Return the place of a point of a tile, y upwards."""
    z, column, line = of
    side = 2**z
    lon = (column + x / EXTENT) / side * 360 - 180
    turned = 1 - 2 * (line + 1 - y / EXTENT) / side
    return lon, math.degrees(math.atan(math.sinh(math.pi * turned)))


def features(answer, layer):
    assert answer.status_code == 200, answer.text
    return mapbox_vector_tile.decode(answer.content)[layer]["features"]


def around(z):
    """Return the tiles around the town at a zoom."""
    _, x, y = tile_at(z)
    return [(z, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]


def everything(ask, who, layer, z):
    found = {}
    for of in around(z):
        answer = ask(who, layer, of)
        if answer.status_code == 200:
            for each in mapbox_vector_tile.decode(answer.content)[layer]["features"]:
                found.setdefault(each["properties"]["code"], []).append((of, each))
    return found


POINTS = ("cameras", "places", "entrances", "addresses", "poles", "centres", "incidents")
TABLES = {
    "cameras": "camera",
    "places": "place",
    "entrances": "entrance",
    "addresses": "address",
    "poles": "pole",
    "centres": "centre",
    "incidents": "incident",
}


def test_the_points_of_all_tiles_are_those_of_the_table_each_once_and_in_its_place(ask, full_town):
    made = account(full_town, "li", "planner")
    for layer, z in itertools.product(POINTS, (10, 15, 18)):
        found = everything(ask, made, layer, z)
        with full_town.begin() as connection:
            query = f"SELECT code, ST_X(geom), ST_Y(geom) FROM govgrid.{TABLES[layer]}"
            stored = {code: (lon, lat) for code, lon, lat in connection.execute(text(query))}
        # what lies beyond the nine tiles of a high zoom is not asked for
        assert set(found) == set(stored) if z < 18 else set(found) <= set(stored), layer
        pixel = 360 / 2**z / EXTENT
        for code, ((of, feature), *more) in found.items():
            assert more == [], code
            at = lonlat_of(of, *feature["geometry"]["coordinates"])
            assert at == pytest.approx(stored[code], abs=pixel), (layer, code)


def test_every_layer_has_tiles_and_says_what_is_in_them(ask, full_town):
    made = account(full_town, "li", "planner")
    for layer in tiles.LAYERS:
        answer = ask(made, layer, tile_at(14))
        assert answer.status_code in (200, 204), answer.text
        assert answer.headers["cache-control"] == "private, no-cache"
        if layer in ("communities", "townships", "districts"):
            continue  # the toy town has grids only
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        told = mapbox_vector_tile.decode(answer.content)[layer]["features"]
        names = set(tiles.layer_fields(layer))
        assert told, layer
        assert all(set(each["properties"]) <= names for each in told), layer


def test_shapes_are_those_of_the_table(ask, full_town):
    made = account(full_town, "li", "planner")
    of = tile_at(14)
    grids = features(ask(made, "grids", of), "grids")
    assert {each["properties"]["code"] for each in grids} == {WEST, EAST}
    west = next(each for each in grids if each["properties"]["code"] == WEST)
    corners = [lonlat_of(of, *xy) for xy in west["geometry"]["coordinates"][0]]
    pixel = 360 / 2**14 / EXTENT
    for lon, lat in (place(-20, -20), place(0, 20)):
        assert any(math.hypot(lon - each[0], lat - each[1]) < 2 * pixel for each in corners), (
            lon,
            lat,
        )


def test_a_tile_without_anything_is_empty(ask, full_town):
    made = account(full_town, "li", "planner")
    _, _, line = tile_at(14)
    edges = [(14, 0, line), (14, 2**14 - 1, line)]  # what is put around them ends with the world
    for layer in ("cameras", "grids", "viewsheds", "gaps"):
        for of in (tile_at(14, lon=10, lat=10), *edges):
            answer = ask(made, layer, of)
            assert (answer.status_code, answer.content) == (204, b""), (layer, of)


def test_a_tile_that_there_is_not_is_refused(ask, full_town):
    made = account(full_town, "li", "planner")
    for of in ((23, 0, 0), (2, 4, 0), (2, 0, 4), (0, 1, 0)):
        answer = ask(made, "grids", of)
        assert answer.status_code in (400, 404), of
        assert answer.headers["content-type"] == "application/problem+json"
    assert ask(made, "restricted-zones", (0, 0, 0)).status_code == 403


def test_a_reader_of_one_area_gets_no_point_of_another(ask, full_town):
    west = account(full_town, "west", "planner", WEST)
    for layer in ("cameras", "places", "entrances", "addresses", "poles", "centres"):
        whole, own = everything(ask, account(full_town, layer, "planner"), layer, 15), None
        own = everything(ask, west, layer, 15)
        assert set(own) < set(whole), layer
    assert set(everything(ask, west, "places", 15)) == {"P0", "P1"}
    assert set(everything(ask, west, "cameras", 15)) == set()
    assert set(everything(ask, west, "incidents", 15)) == {"M3"}
    assert set(everything(ask, west, "grids", 15)) == {WEST}


def test_a_coarse_reader_gets_the_coarse_place_in_the_tile_where_that_lies(ask, full_town):
    coarse = account(full_town, "li", "responder", depth="position")
    with full_town.begin() as connection:
        # K1 just east of an edge between tiles, while what rounds to it lies west of it
        z = 18
        side = 360 / 2**z
        edge = math.ceil(117.0503 / side) * side
        move = (
            "UPDATE govgrid.camera SET coarse_geom = NULL,"
            " geom = ST_SetSRID(ST_MakePoint({}, {}), 4326)"
        )
        lon = edge + side / 10
        connection.execute(text(move.format(lon, 30.5002) + " WHERE code = 'K1'"))
        query = "SELECT ST_X(coarse_geom), ST_Y(coarse_geom) FROM govgrid.camera WHERE code = 'K1'"
        shown = connection.execute(text(query)).one()
    exact, told = tile_at(z, lon, 30.5002), tile_at(z, *shown)
    assert exact != told
    there = ask(coarse, "cameras", exact)
    assert there.status_code == 204 or "K1" not in there.text
    (found,) = [
        each
        for each in features(ask(coarse, "cameras", told), "cameras")
        if each["properties"]["code"] == "K1"
    ]
    assert lonlat_of(told, *found["geometry"]["coordinates"]) == pytest.approx(
        tuple(shown), abs=side / EXTENT
    )
    assert found["properties"]["exact"] is False
    assert not {"name", "heading_deg", "range_m"} & set(found["properties"])


def test_too_many_points_become_numbers_whose_sum_is_that_of_the_table(ask, full_town, monkeypatch):
    monkeypatch.setattr(tile_rows, "MOST_POINTS", 40)
    with full_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.pole (code, kind, geom) SELECT 'N' || n, 'lamp',"
                " ST_SetSRID(ST_MakePoint(117.045 + 0.0000917 * n, 30.495 + 0.000073 * (n % 97)),"
                " 4326) FROM generate_series(1, 300) n"
            )
        )
        total = connection.execute(text("SELECT count(*) FROM govgrid.pole")).scalar_one()
    made = account(full_town, "li", "planner")
    for z in (8, 12, 14):
        added, numbered = 0, 0
        for of in around(z):
            answer = ask(made, "poles", of)
            if answer.status_code == 204:
                continue
            layers = mapbox_vector_tile.decode(answer.content)
            told = [each["properties"] for each in layers["poles"]["features"]]
            if "summary" in layers:
                (summary,) = layers["summary"]["features"]
                numbered += 1
                assert summary["properties"] == {
                    "total": sum(each["count"] for each in told),
                    "shown": 0,
                    "left_out": sum(each["count"] for each in told),
                    "aggregated": True,
                }
                head = answer.headers["govgrid-tile"]
                assert head.endswith("aggregated=1")
                assert f"total={summary['properties']['total']}," in head
                added += summary["properties"]["total"]
            else:
                assert "govgrid-tile" not in answer.headers
                added += len(told)
        assert added == total, z
        assert numbered > 0, z


def test_a_tile_is_kept_until_something_in_it_is_written_to(ask, full_town, monkeypatch):
    made = account(full_town, "li", "planner")
    of, drawn = tile_at(15), []
    draw = tile_rows.draw_tile
    monkeypatch.setattr(tile_rows, "draw_tile", lambda *a, **k: drawn.append(1) or draw(*a, **k))
    first = ask(made, "poles", of)
    again = ask(made, "poles", of, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, len(drawn)) == (304, b"", 1)
    with full_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.place SET name = 'x' WHERE code = 'P0'"))
    assert ask(made, "poles", of).headers["etag"] == first.headers["etag"]
    assert len(drawn) == 1  # another layer
    with full_town.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.pole WHERE code = 'G0'"))
    fresh = ask(made, "poles", of, headers={"if-none-match": first.headers["etag"]})
    assert {each["properties"]["code"] for each in features(fresh, "poles")} == {"G1", "G2"}
    assert len(drawn) == 2


def drawn_again(monkeypatch):
    """Return what grows with each tile that is drawn, from memory or by a statement."""
    drawn, draw, points = [], tile_rows.draw_tile, ShownPoints.draw
    monkeypatch.setattr(tile_rows, "draw_tile", lambda *a, **k: drawn.append(1) or draw(*a, **k))
    monkeypatch.setattr(ShownPoints, "draw", lambda *a, **k: drawn.append(1) or points(*a, **k))
    return drawn


@pytest.mark.parametrize(
    ("layer", "table", "near", "far"),
    [("poles", "pole", "G1", "G2"), ("cameras", "camera", "K4", "K1")],
)
def test_a_tile_is_drawn_anew_only_where_something_in_it_was_written(
    ask, full_town, monkeypatch, layer, table, near, far
):
    made, drawn = account(full_town, "li", "planner"), drawn_again(monkeypatch)
    with full_town.begin() as connection:
        spot = text(f"SELECT ST_X(geom), ST_Y(geom) FROM govgrid.{table} WHERE code = '{near}'")
        own = tile_at(20, *connection.execute(spot).one())

    def after(statement):
        with full_town.begin() as connection:
            connection.execute(text(statement.format(table=f"govgrid.{table}", near=near, far=far)))
        answer = ask(made, layer, own)
        return {each["properties"]["code"] for each in features(answer, layer)}, len(drawn)

    assert after("SELECT 1") == ({near}, 1)
    assert after("UPDATE {table} SET name = 'x' WHERE code = '{far}'") == ({near}, 1)
    into = "UPDATE {table} SET geom = (SELECT geom FROM {table} WHERE code = '{near}')"
    assert after(into + " WHERE code = '{far}'") == ({near, far}, 2)
    assert after("DELETE FROM {table} WHERE code = '{near}'") == ({far}, 3)


def test_a_tile_that_is_kept_needs_no_question_to_the_database(ask, full_town, monkeypatch):
    made, answers = account(full_town, "li", "planner"), []
    read = tiles.Tiles.read_tile
    monkeypatch.setattr(
        tiles.Tiles, "read_tile", lambda *a, **k: answers.append(1) or read(*a, **k)
    )
    for layer in ("cameras", "grids", "buildings"):
        first, second = (ask(made, layer, tile_at(15)) for _ in range(2))
        assert (first.content, first.status_code) == (second.content, second.status_code)
        names = ("etag", "cache-control", "content-type")
        assert [first.headers.get(n) for n in names] == [second.headers.get(n) for n in names]
        tag = {"if-none-match": first.headers["etag"]}
        assert ask(made, layer, tile_at(15), headers=tag).status_code == 304
    assert len(answers) == 3


def test_tiles_of_cameras_from_memory_are_those_of_the_statement(ask, full_town):
    depths, some = ("count", "position", "direction", "gaps"), 0
    roles = ("planner", "responder", "display", "operator")
    for n, granted in enumerate(itertools.product(roles, depths, (None, WEST, EAST))):
        role, depth, area = granted
        uuid = account(full_town, f"li{n}", role, area, depth=depth)
        reader = acting_principal(full_town, f"li{n}").cut("map")
        for z in (10, 13, 14, 16):
            of = tile_at(z)
            answer = ask(uuid, "cameras", of)
            found = mapbox_vector_tile.decode(answer.content) if answer.content else {}
            expected = of_statement(full_town, reader, of)
            assert as_told(found) == as_told(expected), (granted, of)
            near = list(zip(places_of(found), places_of(expected), strict=True))
            assert all(
                abs(a - b) <= 1 for one, other in near for a, b in zip(one, other, strict=True)
            ), (granted, of)
            some += bool(near)
    assert some > 48


def of_statement(engine, reader, of):
    """Return the cameras of a tile as the statement gives them, decoded."""
    with transaction.open_read_only(engine, reader) as connection:
        source, at = tile_rows.SOURCES["cameras"], tile_rows.TileAddress(*of)
        drawn = tile_rows.draw_tile(connection, "cameras", source, at, reader.parameters)
    return mapbox_vector_tile.decode(drawn.content) if drawn.content else {}


def as_told(layers):
    """Return the attributes of the cameras of a tile, by code."""
    found = [each["properties"] for each in layers.get("cameras", {"features": []})["features"]]
    return sorted(found, key=lambda each: each["code"])


def places_of(layers):
    found = layers.get("cameras", {"features": []})["features"]
    by_code = sorted(found, key=lambda each: each["properties"]["code"])
    return [each["geometry"]["coordinates"] for each in by_code]


def test_tiles_of_cameras_beyond_the_bulk_limit_hold_numbers_only(full_town, settings):
    few = settings.model_copy(update={"bulk_rows": 3})
    made = account(full_town, "li", "operator")
    with TestClient(create_app(few)) as client:
        Visitors(client, full_town).become(made)
        z, x, y = tile_at(14)
        path = "/api/collections/{}/tiles/WebMercatorQuad/{}/{}/{}"
        answer = client.get(path.format("cameras", z, y, x))
        layers = mapbox_vector_tile.decode(answer.content)
        assert sum(each["properties"]["count"] for each in layers["cameras"]["features"]) == 4
        assert "K1" not in answer.text
        z, x, y = tile_at(18, *place(1, 0))
        near = client.get(path.format("cameras", z, y, x))
        assert (near.status_code, near.json()["type"]) == (403, "govgrid:outgoing.bulk")
        shapes = client.get(path.format("viewsheds", *(tile_at(14)[i] for i in (0, 2, 1))))
        assert (shapes.status_code, shapes.json()["type"]) == (403, "govgrid:outgoing.bulk")


def test_a_layer_says_where_its_tiles_are(ask, full_town, settings):
    with TestClient(create_app(settings)) as client:
        Visitors(client, full_town).become(account(full_town, "li", "planner"))
        base = "/api/collections/cameras/tiles/WebMercatorQuad"
        told = client.get(base, params={"f": "tilejson"}).json()
        assert told["tiles"] == [f"http://testserver{base}/{{z}}/{{y}}/{{x}}"]
        (layer,) = told["vector_layers"]
        assert (layer["id"], layer["fields"]["heading_deg"]) == ("cameras", "Number")
        z, x, y = tile_at(14)
        assert client.get(told["tiles"][0].format(z=z, x=x, y=y)).status_code == 200
        links = client.get(base).json()["links"]
        assert "{tileMatrix}/{tileRow}/{tileCol}" in links[0]["href"]
        assert client.get("/api/collections/beton/tiles/WebMercatorQuad").status_code == 404
