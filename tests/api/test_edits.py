"""Edits over HTTP: the rules of an import, versions, keys, areas, an event and an undo."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.exchange.imports import one_row, runs
from geo.store import db
from tests.api.test_events import asked_until
from tests.signed_in import SYSTEM, account, sign_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis
EAST, WEST = "340802001001002", "340802001001001"
ITEMS = "/api/collections/{}/items"
ITEM = "/api/collections/{}/items/{}"


@pytest.fixture
def client(seen_town, settings):
    """Return a client of an administrator of everything, on the rights of the service."""
    with TestClient(create_app(settings)) as found:
        found.headers["accept-language"] = "en"
        yield sign_in(found, seen_town, account(seen_town, "admin", "administrator"))


def point(*at):
    return {"type": "Point", "coordinates": place(*at)}


def feature(code=None, at=None, **properties):
    shape = {} if at is None else {"geometry": point(*at)}
    return {"type": "Feature", "id": code, "properties": properties, **shape}


def etag(client, layer, code):
    answer = client.get(ITEM.format(layer, code))
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def change(client, layer, code, version=None, **sent):
    head = {} if version is None else {"if-match": version}
    return client.patch(ITEM.format(layer, code), json=feature(code, **sent), headers=head)


def rows(engine, statement, **values):
    with db.open_transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def camera(engine, code="K1"):
    (row,) = rows(
        engine,
        "SELECT name, round(ST_X(geom)::numeric, 5)::float8, import_run FROM govgrid.camera"
        " WHERE code = :code",
        code=code,
    )
    return row


def test_a_camera_is_moved_and_renamed_as_the_work_of_a_run_of_one_row(client, seen_town):
    at = client.get("/api/events").json()["position"]
    before = camera(seen_town)
    heading = rows(
        seen_town, "SELECT heading_deg FROM govgrid.camera_view WHERE camera_code = 'K1'"
    )
    done = change(client, "cameras", "K1", etag(client, "cameras", "K1"), at=(1.5, 1), name="新名")
    assert done.status_code == 200, done.text
    run = done.json()["run"]
    assert camera(seen_town) == ("新名", place(1.5, 1)[0], run)
    assert heading == rows(
        seen_town, "SELECT heading_deg FROM govgrid.camera_view WHERE camera_code = 'K1'"
    )
    assert rows(
        seen_town,
        "SELECT layer, source, by_whom, read, updated FROM govgrid.import_run WHERE id = :run",
        run=run,
    ) == [("cameras", "http:admin", "admin", 1, 1)]
    found = asked_until(client, at, 1)
    assert [(e["layer"], e["kind"], e["code"]) for e in found] == [("cameras", "edited", "K1")]
    assert rows(
        seen_town, "SELECT action, object FROM govgrid.audit WHERE action LIKE 'edit.%'"
    ) == [("edit.cameras", "K1")]
    runs.undo_run(seen_town, run, who=SYSTEM)
    assert camera(seen_town) == before


def test_an_edit_says_which_version_it_is_of(client, seen_town):
    version = etag(client, "cameras", "K1")
    assert change(client, "cameras", "K1", name="x").status_code == 428
    first = change(client, "cameras", "K1", version, name="first")
    assert first.status_code == 200
    stale = change(client, "cameras", "K1", version, name="second")
    assert (stale.status_code, stale.json()["type"]) == (412, "govgrid:edit.stale")
    assert camera(seen_town)[0] == "first"
    assert first.headers["etag"] == etag(client, "cameras", "K1") != version
    assert (
        change(client, "cameras", "K1", f"W/{first.headers['etag']}", name="x").status_code == 412
    )
    assert change(client, "cameras", "K1", "*", name="third").status_code == 200
    item = ITEM.format("cameras", "K1")
    assert client.delete(item).status_code == 428
    assert client.delete(item, headers={"if-match": version}).status_code == 412


def test_a_message_of_a_state_makes_no_other_version(client, seen_town):
    version = etag(client, "cameras", "K1")
    states = {"states": [{"code": "K1", "status": "offline"}]}
    assert client.post("/api/camera-status", json=states).status_code == 200
    assert change(client, "cameras", "K1", version, name="x").status_code == 200


@pytest.mark.parametrize(
    ("layer", "made", "changed"),
    [
        ("places", {"at": (1, 1), "name": "校", "kind": "学校"}, {"name": "新校"}),
        ("poles", {"at": (1, 1), "name": "杆"}, {"at": (2, 2)}),
        ("centres", {"at": (1, 1), "name": "中心"}, {"duty_phone": "0556-1"}),
        ("units", {"name": "中队"}, {"duty_phone": "0556-2"}),
        ("duties", {"unit_code": "U", "area_code": WEST, "category": "a"}, {"category": "b"}),
    ],
)
def test_rows_of_each_layer_are_added_changed_deleted_and_brought_back(
    client, seen_town, layer, made, changed
):
    added = client.post(ITEMS.format(layer), json=feature("N1", **made))
    assert added.status_code == 201, added.text
    assert added.headers["location"] == ITEM.format(layer, "N1")
    done = change(client, layer, "N1", added.headers["etag"], **changed)
    assert done.status_code == 200, done.text
    again = client.post(ITEMS.format(layer), json=feature("N1", **made))
    assert (again.status_code, again.json()["type"]) == (409, "govgrid:edit.exists")
    gone = client.delete(ITEM.format(layer, "N1"), headers={"if-match": done.headers["etag"]})
    assert gone.status_code == 204, gone.text
    assert client.delete(ITEM.format(layer, "N1"), headers={"if-match": "*"}).status_code == 404
    runs.undo_run(seen_town, int(gone.headers["govgrid-run"]), who=SYSTEM)
    assert change(client, layer, "N1", done.headers["etag"]).status_code == 200


def test_a_camera_that_is_deleted_comes_back_with_its_views(client, seen_town):
    views = "SELECT no, heading_deg FROM govgrid.camera_view WHERE camera_code = 'K1' ORDER BY no"
    before = rows(seen_town, views)
    head = {"if-match": etag(client, "cameras", "K1")}
    gone = client.delete(ITEM.format("cameras", "K1"), headers=head)
    assert gone.status_code == 204
    assert rows(seen_town, views) == []
    runs.undo_run(seen_town, int(gone.headers["govgrid-run"]), who=SYSTEM)
    assert rows(seen_town, views) == before != []


def test_a_row_with_an_error_is_refused_with_its_findings_and_nothing_is_written(client, seen_town):
    counts = (
        "SELECT (SELECT count(*) FROM govgrid.camera), (SELECT count(*) FROM govgrid.import_run)"
    )
    before = rows(seen_town, counts)
    version = etag(client, "cameras", "K1")
    advice = set()
    for lang in ("en", "zh"):
        client.headers["accept-language"] = lang
        nowhere = {**feature("K1"), "geometry": {"type": "Point", "coordinates": [0, 0]}}
        head = {"if-match": version}
        answer = client.patch(ITEM.format("cameras", "K1"), json=nowhere, headers=head)
        assert answer.status_code == 422, answer.text
        found = answer.json()["findings"]
        assert [each["severity"] for each in found] == ["error"]
        advice.add(found[0]["advice"])
    assert len(advice) == 2
    for broken in (
        {"colour": "red"},
        {"name": ["a"]},
        {"name": "a\x00b"},
        {"hfov_deg": 10**400},
        {"name": "\ud800"},
    ):
        answer = client.patch(
            ITEM.format("cameras", "K1"),
            content=json.dumps(feature("K1", **broken)),
            headers={"if-match": version, "content-type": "application/json"},
        )
        assert answer.status_code == 400, (broken, answer.text)
    for shape in ({"type": "Point"}, {"type": "Point", "coordinates": [1e400, 2]}, {"type": "x"}):
        body = {**feature("K1"), "geometry": shape}
        answer = client.patch(
            ITEM.format("cameras", "K1"),
            content=json.dumps(body),
            headers={"if-match": version, "content-type": "application/json"},
        )
        assert answer.status_code in (400, 422), (shape, answer.text)
    assert rows(seen_town, counts) == before


def test_the_same_key_adds_a_row_once(client, seen_town):
    head = {"idempotency-key": "k1"}
    sent = feature(None, (1, 1), name="杆")
    first = client.post(ITEMS.format("poles"), json=sent, headers=head)
    again = client.post(ITEMS.format("poles"), json=sent, headers=head)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert rows(seen_town, "SELECT count(*) FROM govgrid.pole") == [(1,)]
    other = client.post(ITEMS.format("poles"), json=feature(None, (2, 2), name="杆"), headers=head)
    assert (other.status_code, other.json()["type"]) == (422, "govgrid:idempotency.reused")
    assert client.post(ITEMS.format("poles"), json=sent).json()["id"] != first.json()["id"]


def test_what_was_verified_stays_and_the_register_is_kept_beside_it(client, seen_town):
    verified = change(client, "positions", "K1", "*", at=(1.2, 1))
    assert verified.status_code == 200, verified.text
    moved = change(client, "cameras", "K1", "*", at=(2, 1))
    assert moved.status_code == 200
    assert [each["code"] for each in moved.json()["findings"]] == ["VERIFIED_POSITION"]
    assert rows(
        seen_town,
        "SELECT round(ST_X(geom)::numeric, 5)::float8,"
        " round(ST_X(reported_geom)::numeric, 5)::float8"
        " FROM govgrid.camera WHERE code = 'K1'",
    ) == [(round(place(1.2, 1)[0], 5), round(place(2, 1)[0], 5))]
    assert client.post(ITEMS.format("positions"), json=feature("K9", (1, 1))).status_code == 400


def grid_of(engine, code):
    return rows(engine, "SELECT grid_code FROM govgrid.camera WHERE code = :code", code=code)[0][0]


def test_the_grid_follows_the_place_that_counts_although_only_areas_near_it_are_read(
    client, seen_town, monkeypatch
):
    monkeypatch.setattr(one_row, "NEAR_DEG", 1e-6)
    for x, grid in ((-3, WEST), (3, EAST), (900, None), (2, EAST)):
        assert change(client, "cameras", "K1", "*", at=(x, 1)).status_code == 200
        assert grid_of(seen_town, "K1") == grid
    assert change(client, "positions", "K1", "*", at=(1.2, 1)).status_code == 200
    assert change(client, "cameras", "K1", "*", at=(-3, 1)).status_code == 200
    assert grid_of(seen_town, "K1") == EAST


def test_who_is_limited_to_an_area_edits_within_it_only(client, seen_town):
    sign_in(client, seen_town, account(seen_town, "west", "administrator", WEST))
    assert client.post(ITEMS.format("poles"), json=feature("W", (-4, 0))).status_code == 201
    east = client.post(ITEMS.format("poles"), json=feature("E", (4, 0)))
    assert (east.status_code, east.json()["type"]) == (403, "govgrid:edit.outside")
    away = change(client, "poles", "W", "*", at=(4, 0))
    assert away.status_code == 403
    assert client.post(ITEMS.format("units"), json=feature("U", name="u")).status_code == 403
    assert change(client, "cameras", "K4", "*", name="x").status_code in (403, 404)
    assert rows(seen_town, "SELECT code FROM govgrid.pole") == [("W",)]


def test_only_security_administrators_edit_restricted_zones(client, seen_town):
    zone = {
        **feature("Z1", name="某单位"),
        "geometry": {
            "type": "Polygon",
            "coordinates": [[place(*p) for p in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]],
        },
    }
    assert client.post(ITEMS.format("restricted-zones"), json=zone).status_code == 403
    at = client.get("/api/events").json()["position"]
    sign_in(client, seen_town, account(seen_town, "security", "security_administrator"))
    made = client.post(ITEMS.format("restricted-zones"), json=zone)
    assert made.status_code == 201, made.text
    assert client.post(ITEMS.format("poles"), json=feature("P", (1, 1))).status_code == 403
    sign_in(client, seen_town, account(seen_town, "admin2", "administrator"))
    assert client.get("/api/events", params={"after": at}).json()["events"] == []


@pytest.mark.parametrize("role", ["operator", "dispatcher", "planner", "auditor", "responder"])
def test_nobody_else_edits(client, seen_town, role):
    sign_in(client, seen_town, account(seen_town, role, role))
    assert client.post(ITEMS.format("poles"), json=feature("P", (1, 1))).status_code == 403
    assert change(client, "cameras", "K1", "*", name="x").status_code == 403
    assert "etag" not in client.get(ITEM.format("cameras", "K1")).headers


def views_of(engine, code="K1"):
    return rows(
        engine,
        "SELECT no, heading_deg, heading_source, range_m FROM govgrid.camera_view"
        " WHERE camera_code = :code ORDER BY no",
        code=code,
    )


def test_what_is_said_of_the_optics_of_a_camera_holds_for_its_views(client, seen_town):
    done = change(client, "cameras", "K1", "*", range_m=25)
    assert done.status_code == 200, done.text
    assert views_of(seen_town) == [(1, 90, "surveyed", 25)]


def test_single_views_of_a_camera_are_read_changed_added_and_deleted(client, seen_town):
    at = client.get("/api/events").json()["position"]
    before = views_of(seen_town)
    first = client.get(ITEM.format("views", "K1/1"))
    assert (first.status_code, first.json()["properties"]["heading_deg"]) == (200, 90)
    assert first.json()["geometry"] is None
    done = change(client, "views", "K1/1", first.headers["etag"], range_m=30)
    assert done.status_code == 200, done.text
    assert views_of(seen_town) == [(1, 90, "surveyed", 30)]
    assert change(client, "views", "K1/1", first.headers["etag"], tilt_deg=5).status_code == 412
    added = client.post(ITEMS.format("views"), json=feature("K1/2", heading_deg="东北", range_m=9))
    assert added.status_code == 201, added.text
    assert views_of(seen_town) == [(1, 90, "surveyed", 30), (2, 45, "rounded8", 9)]
    assert change(client, "views", "K1/2", "*", hfov_deg=60).status_code == 200
    assert views_of(seen_town)[1] == (2, 45, "rounded8", 9)
    found = asked_until(client, at, 3)
    assert {(e["layer"], e["kind"], e["code"]) for e in found} == {("cameras", "edited", "K1")}
    gone = client.delete(ITEM.format("views", "K1/2"), headers={"if-match": "*"})
    assert gone.status_code == 204, gone.text
    assert len(views_of(seen_town)) == 1
    runs.undo_run(seen_town, int(gone.headers["govgrid-run"]), who=SYSTEM)
    assert len(views_of(seen_town)) == 2
    taken = "SELECT id FROM govgrid.import_run WHERE layer = 'views' AND state = 'done'"
    for (run,) in rows(seen_town, f"{taken} ORDER BY id DESC"):
        runs.undo_run(seen_town, run, who=SYSTEM)
    assert views_of(seen_town) == before


def test_a_view_that_cannot_be_is_refused(client, seen_town):
    before = views_of(seen_town)
    for code, sent, status in (
        ("K1", {}, 400),
        ("K1/x", {}, 400),
        ("K9/1", {"heading_deg": 1}, 404),
        ("K1/3", {"heading_deg": 1}, 400),
        ("K1/1", {"heading_deg": 1}, 409),
        ("K1/2", {"heading_deg": "90;180"}, 400),
        ("K1/2", {"name": "x"}, 400),
    ):
        answer = client.post(ITEMS.format("views"), json=feature(code, **sent))
        assert answer.status_code == status, (code, answer.text)
    only = client.delete(ITEM.format("views", "K1/1"), headers={"if-match": "*"})
    assert (only.status_code, only.json()["type"]) == (409, "govgrid:edit.view_last")
    assert views_of(seen_town) == before
    assert change(client, "headings", "K1", "*", heading_deg=80).status_code == 200
    stays = change(client, "views", "K1/1", "*", heading_deg=120)
    assert [each["code"] for each in stays.json()["findings"]] == ["VERIFIED_HEADING"]
    assert views_of(seen_town)[0][1] == 80


def test_rows_that_are_only_edited_are_read_with_their_version_by_who_edits_them(client, seen_town):
    unit = client.get(ITEM.format("units", "U1"))
    assert unit.json()["properties"]["duty_phone"] == "0556-1"
    done = change(client, "units", "U1", unit.headers["etag"], duty_phone="0556-9")
    assert done.status_code == 200, done.text
    assert client.get(ITEM.format("units", "U9")).status_code == 404
    assert client.get(ITEM.format("positions", "K1")).json()["geometry"]["type"] == "Point"
    assert client.get(ITEM.format("restricted-zones", "Z1")).status_code == 404
    sign_in(client, seen_town, account(seen_town, "west", "administrator", WEST))
    assert client.get(ITEM.format("units", "U1")).status_code == 403
    assert client.get(ITEM.format("views", "K1/1")).status_code == 404
    sign_in(client, seen_town, account(seen_town, "plan", "planner"))
    assert client.get(ITEM.format("units", "U1")).status_code == 404
    sign_in(client, seen_town, account(seen_town, "security", "security_administrator"))
    assert client.get(ITEM.format("restricted-zones", "Z1")).status_code == 404
    assert client.get(ITEM.format("cameras", "K1")).status_code == 403


def test_layers_that_are_computed_or_brought_in_as_a_whole_are_not_edited(client):
    for layer in ("viewsheds", "gaps", "grids", "buildings", "nothing"):
        assert client.post(ITEMS.format(layer), json=feature("x")).status_code == 404, layer
