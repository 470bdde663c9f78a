"""Vocabularies and working hours over HTTP: who edits them, at which version, what follows."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.base import clock
from tests.incident_town import B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WORDS = "/api/vocabularies"
HOURS = "/api/working-hours"


@pytest.fixture
def site(incident_town, settings, tmp_path):
    """Return a service on a Wednesday evening, 21:40, before a week of days off."""
    file = tmp_path / "clock"
    file.write_text("2026-09-30T21:40:00+08:00", encoding="utf-8")
    limits = {"clock": file, "rate_per_minute_account": 0}
    with TestClient(create_app(settings.model_copy(update=limits))) as client:
        visitors = Visitors(client, incident_town)
        people = {
            "chief": account(incident_town, "chief", "supervisor"),
            "local": account(incident_town, "local", "supervisor", B),
            "desk": account(incident_town, "desk", "dispatcher"),
        }
        yield SimpleNamespace(become=lambda who: visitors.become(people[who]), engine=incident_town)
    clock.follow(None)


def take(client, category="暴露垃圾"):
    lon, lat = place(*X)
    asked = {"category": category, "text": "一堆垃圾", "lon": lon, "lat": lat}
    return client.post("/api/incidents", json=asked)


def change(client, path, version=None, **fields):
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return client.patch(f"{WORDS}/{path}", json=fields, headers=headers)


def put(client, lines, unit=None, version=None):
    """Replace hours by lines of DAYS FROM TO; None takes the version as it is."""
    where = {} if unit is None else {"unit": unit}
    seen = version or client.get(HOURS, params=where).headers["etag"]
    rows = [
        {"weekday": day, "starts": starts, "ends": ends}
        for first, last, starts, ends in lines
        for day in range(first, last + 1)
    ]
    return client.put(HOURS, params=where, json={"hours": rows}, headers={"If-Match": seen})


def rows_of(site, asked, **more):
    with site.engine.begin() as connection:
        return connection.execute(text(asked), more).all()


def test_a_category_is_added_used_changed_and_retired(site):
    chief = site.become("chief")
    new = {"zh": "占道经营", "upper_code": "02", "limit_amount": 1, "limit_unit": "hours"}
    made = chief.post(f"{WORDS}/categories", json={"code": "0202", **new})
    assert (made.status_code, made.headers["location"]) == (201, f"{WORDS}/categories/0202")
    assert (made.json()["grade"], made.json()["default"]) == ("ordinary", False)
    taken = take(chief, "占道经营").json()
    assert (taken["unit_code"], taken["due_at"]) == ("U1", "2026-09-30T22:40:00+08:00")

    bare = change(chief, "categories/0202", active=False)
    assert (bare.status_code, bare.json()["type"]) == (428, "govgrid:edit.unconditional")
    seen = made.headers["etag"].strip('"')
    done = change(chief, "categories/0202", seen, limit_amount=3)
    assert (done.status_code, done.json()["limit_amount"]) == (200, 3)
    late = change(chief, "categories/0202", seen, active=False)
    assert (late.status_code, late.json()["version"]) == (412, done.json()["version"])
    kept = chief.get(f"/api/incidents/{taken['id']}").json()
    assert kept["due_at"][11:16] == "22:40", "an incident keeps the limit that it was taken with"

    named = change(chief, "categories/0202", done.json()["version"], zh="摆摊")
    assert (named.status_code, named.json()["type"]) == (409, "govgrid:vocabulary.named")
    gone = change(chief, "categories/0202", done.json()["version"], active=False)
    assert gone.status_code == 200
    assert take(chief, "占道经营").status_code == 400
    written = rows_of(site, "SELECT object, facts FROM govgrid.audit WHERE action LIKE 'vocab%'")
    assert [row.object for row in written] == ["0202"] * 3
    assert written[1].facts["changed"] == {"limit_amount": [1, 3]}
    told = rows_of(site, "SELECT kind, code FROM govgrid.outbox WHERE layer = 'categories'")
    assert list(map(tuple, told)) == [("added", "0202"), ("changed", "0202"), ("changed", "0202")]


def test_a_category_that_becomes_sensitive_hides_its_incidents_at_once(site):
    chief = site.become("chief")
    take(chief)
    items = "/api/collections/incidents/items"
    assert len(chief.get(items).json()["features"]) == 1
    seen = chief.get(f"{WORDS}/categories/0201").headers["etag"].strip('"')
    assert change(chief, "categories/0201", seen, sensitive=True).status_code == 200
    assert chief.get(items).json()["features"] == []


def test_sources_reasons_results_and_grades_are_edited_by_the_same_rules(site):
    chief = site.become("chief")
    first = chief.get(f"{WORDS}/sources").json()["rows"][0]
    assert (first["code"], first["zh"], first["default"]) == ("grid", "网格上报", True)
    done = change(chief, "sources/grid", first["version"], en="Grid worker").json()
    assert (done["en"], done["default"]) == ("Grid worker", False)
    for name, code in (("sources", "wechat"), ("reasons", "reject/late"), ("results", "moved")):
        row = {"code": code, "zh": "微信", "en": "WeChat"}
        made = chief.post(f"{WORDS}/{name}", json=row)
        assert made.status_code == 201, made.text
        assert chief.get(f"{WORDS}/{name}/{code}").json() == made.json()
        again = chief.post(f"{WORDS}/{name}", json={**row, "zh": "别的"})
        assert again.json()["type"] == "govgrid:vocabulary.exists"
        twin = chief.post(f"{WORDS}/{name}", json={**row, "code": code + "2"})
        assert (twin.status_code, twin.json()["type"]) == (409, "govgrid:vocabulary.twice")
    lon, lat = place(*X)
    asked = {"category": "暴露垃圾", "text": "x", "lon": lon, "lat": lat, "source": "微信"}
    assert chief.post("/api/incidents", json=asked).status_code == 201
    more = chief.post(f"{WORDS}/grades", json={"code": "vast", "zh": "特大", "en": "Vast"})
    assert (more.status_code, more.json()["type"]) == (409, "govgrid:vocabulary.fixed")


@pytest.mark.parametrize(
    ("path", "row", "key"),
    [
        ("categories", {"code": "x", "zh": ""}, "vocabulary.empty"),
        ("categories", {"code": "x"}, "vocabulary.empty"),
        ("categories", {"code": "x", "zh": "甲", "grade": "huge"}, "vocabulary.value"),
        ("categories", {"code": "x", "zh": "甲", "limit_amount": 2}, "vocabulary.limit"),
        ("categories", {"code": "x", "zh": "甲", "upper_code": "nowhere"}, "vocabulary.parent"),
        ("categories", {"code": "x", "zh": "甲", "rank": 1}, "vocabulary.field"),
        ("sources", {"code": "x", "zh": "甲"}, "vocabulary.empty"),
        ("reasons", {"code": "x", "zh": "甲", "en": "A"}, "vocabulary.key"),
        ("reasons", {"code": "accept/x", "zh": "甲", "en": "A"}, "vocabulary.move"),
        ("words", {"code": "x", "zh": "甲"}, "vocabulary.unknown"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_nothing_is_written(site, path, row, key):
    answer = site.become("chief").post(f"{WORDS}/{path}", json=row)
    assert (answer.status_code, answer.json()["type"]) == (400, f"govgrid:{key}")
    assert rows_of(site, "SELECT 1 FROM govgrid.category WHERE code = 'x'") == []
    assert rows_of(site, "SELECT 1 FROM govgrid.audit WHERE action LIKE 'vocab%'") == []


def test_a_category_does_not_stand_below_itself(site):
    chief = site.become("chief")
    seen = chief.get(f"{WORDS}/categories/02").json()["version"]
    answer = change(chief, "categories/02", seen, upper_code="0201")
    assert (answer.status_code, answer.json()["type"]) == (400, "govgrid:vocabulary.parent")


def test_only_who_edits_routing_for_the_whole_district_edits_them(site):
    for who, type_ in (("desk", "access.forbidden"), ("local", "access.whole_only")):
        client = site.become(who)
        assert client.get(f"{WORDS}/results").status_code == 200
        row = {"code": "x", "zh": "甲", "en": "A"}
        for answer in (
            client.post(f"{WORDS}/results", json=row),
            change(client, "results/fixed", "x", zh="甲"),
            put(client, [(1, 5, "08:00", "12:00")]),
        ):
            assert (answer.status_code, answer.json()["type"]) == (403, f"govgrid:{type_}")


def test_hours_are_replaced_at_the_version_seen_and_running_limits_follow_with_a_move(site):
    chief = site.become("chief")
    running, ended = take(chief).json(), take(chief).json()
    fixed = take(chief, "井盖缺失").json()
    assert running["due_at"] == "2026-10-08T14:30:00+08:00", (
        "3.5 h in the morning, then half an hour"
    )
    said = {"move": "self_handle", "result": "已清理"}
    at = {"If-Match": '"1"'}
    moved = chief.post(f"/api/incidents/{ended['id']}/moves", json=said, headers=at)
    assert moved.status_code == 201, moved.text

    shipped = chief.get(HOURS)
    assert shipped.json()["default"] is True
    rows = {"hours": [{"weekday": 4, "starts": "09:00", "ends": "13:00"}]}
    assert chief.put(HOURS, json=rows).status_code == 428
    done = put(chief, [(1, 5, "09:00", "13:00")])
    assert (done.status_code, done.json()["recomputed"]) == (200, 1), done.text
    stale = put(chief, [(1, 5, "09:00", "13:00")], version=shipped.headers["etag"])
    assert stale.status_code == 412

    found = chief.get(f"/api/incidents/{running['id']}").json()
    assert (found["due_at"][:16], found["version"]) == ("2026-10-08T13:00", 2)
    move = found["moves"][-1]
    assert (move["move"], move["account"]) == ("recomputed", "govgrid")
    for each in (ended, fixed):
        kept = chief.get(f"/api/incidents/{each['id']}").json()
        assert [m["move"] for m in kept["moves"] if m["move"] == "recomputed"] == []
    due = rows_of(
        site,
        "SELECT due FROM govgrid.clock_event WHERE incident = :id AND kind = 'amber'",
        id=running["id"],
    )
    assert [row.due.isoformat()[:16] for row in due] == ["2026-10-08T04:12"]  # 3.2 h, in UTC
    audit = rows_of(site, "SELECT facts FROM govgrid.audit WHERE action = 'working_hours'")
    assert [row.facts["recomputed"] for row in audit] == [1]


def test_hours_of_a_unit_count_for_what_it_is_in_charge_of_until_they_are_taken_away(site):
    chief = site.become("chief")
    one = take(chief).json()["id"]
    path = f"/api/incidents/{one}"
    assert put(chief, [(1, 5, "10:00", "12:00")], unit="U1").json()["recomputed"] == 1
    assert chief.get(path).json()["due_at"][:16] == "2026-10-09T12:00"
    assert put(chief, [(1, 5, "09:00", "13:00")]).json()["recomputed"] == 0, "the unit has its own"
    assert take(chief).json()["due_at"][:16] == "2026-10-09T12:00", "and new ones count by them"
    assert put(chief, [], unit="U1").json()["recomputed"] == 2
    assert chief.get(path).json()["due_at"][:16] == "2026-10-08T13:00"


def test_hours_by_which_nothing_could_be_counted_are_refused_and_the_old_ones_stay(site):
    chief = site.become("chief")
    before = chief.get(HOURS).json()
    head = {"If-Match": chief.get(HOURS).headers["etag"]}
    day = {"weekday": 1, "starts": "09:00", "ends": "12:00"}
    for rows, key in (
        ([], "none"),
        ([{**day, "ends": "08:00"}], "order"),
        ([day, {**day, "starts": "11:00", "ends": "13:00"}], "overlap"),
        ([{**day, "valid_until": "2030-01-01"}], "endless"),
        ([{**day, "starts": "09:00:01"}], "form"),
    ):
        answer = chief.put(HOURS, json={"hours": rows}, headers=head)
        assert (answer.status_code, answer.json()["type"]) == (400, f"govgrid:working_hours.{key}")
    assert chief.get(HOURS).json() == before
    assert chief.get(HOURS, params={"unit": "nobody"}).status_code == 404
