"""The console's page, what it asks for first, and the policy that it runs under."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.server.shield import CLOSED, CONSOLE_POLICY, POLICY, WORKER_POLICY
from geo.base.words import load_catalogue
from maps.console_files import FOLDER, console_files
from scripts.console_words import PSEUDO, compile_words, make_pseudo
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
WEST, EAST = "340802001001001", "340802001001002"


@pytest.fixture
def person(seen_town, settings):
    """Return what gives the client the session of a new account: by role and area."""
    free = {"rate_per_minute_account": 0, "rate_per_minute_address": 0}
    app = create_app(settings.model_copy(update=free))
    with TestClient(app, follow_redirects=False) as client:
        visitors = Visitors(client, seen_town)

        def signed_in(role, area=None, **more):
            name = f"{role}.{area or 'all'}"
            return visitors.become(account(seen_town, name, role, area, **more))

        yield signed_in


def directives(policy):
    return {part.split()[0]: set(part.split()[1:]) for part in policy.split(";")}


def shell_of(page):
    return json.loads(re.search(r'id="shell">(.*?)</script>', page, re.DOTALL)[1])


def test_its_policy_allows_beside_that_of_other_pages_workers_of_ours_and_styles_by_nonce():
    plain, console = directives(POLICY), directives(CONSOLE_POLICY)
    more = {name: told - plain.get(name, set()) for name, told in console.items()}
    assert {name: told for name, told in more.items() if told} == {
        "worker-src": {"'self'"},
        "style-src": {"'nonce-{nonce}'"},
    }
    assert all(told <= console[name] for name, told in plain.items())


def test_the_page_and_its_scripts_carry_policies_and_are_kept_by_name(person):
    client = person("operator")
    answer = client.get("/")
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", answer.headers["content-security-policy"])[1]
    assert answer.headers["content-security-policy"] == CONSOLE_POLICY.format(nonce=nonce)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert re.findall(r"<script (?!type=.application)[^>]*>", answer.text) == [
        f'<script type="module" src="{console_files().script}" nonce="{nonce}">',
        f'<script nomodule nonce="{nonce}">',
    ]
    script = client.get(console_files().script)
    assert script.headers["content-security-policy"] == WORKER_POLICY
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    style = client.get(console_files().styles[0])
    assert style.headers["content-security-policy"] == CLOSED
    assert client.get("/static/console/manifest.json").headers["cache-control"] == "no-cache"


def test_no_other_page_gets_its_policy(person):
    client = person("operator")
    client.get("/")
    policy = client.get("/basic").headers["content-security-policy"]
    assert "worker-src" not in policy
    assert "style-src 'self';" in policy


def test_the_shell_says_who_is_there_and_what_they_may(person):
    found = shell_of(person("planner", WEST).get("/").text)
    assert (found["account"], found["post"], found["depth"]) == (f"planner.{WEST}", False, "gaps")
    assert {"export", "figures", "map"} <= set(found["actions"])
    assert "view" not in found["actions"]
    assert "/accounts" not in [path for path, _ in found["pages"]]
    assert found["csrf"]


def test_a_name_of_an_account_cannot_end_the_shell(seen_town, person):
    client = person("operator")
    with seen_town.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.account SET holder = '</script><script>alert(1)</script>'")
        )
    page = client.get("/").text
    assert "<script>alert(1)" not in page


def test_areas_are_those_that_are_granted(person):
    whole = person("operator").get("/api/console/areas").json()["areas"]
    assert {code for _, code, *_ in whole} >= {WEST, EAST}
    own = person("operator", WEST).get("/api/console/areas").json()["areas"]
    assert [code for _, code, *_ in own] == [WEST]
    _, _, name, _, (west, south, east, north), (lon, lat) = own[0]
    assert name == "西格"
    assert west < lon < east
    assert south < lat < north
    assert (east, north) == pytest.approx(place(0, 20), abs=1e-6)


def test_a_viewshed_is_told_to_whom_the_direction_is_granted_exactly(person):
    path = "/api/cameras/K1/viewshed"
    found = person("operator").get(path).json()["features"]
    assert {each["properties"]["certainty"] for each in found} == {"certain", "possible"}
    assert all(each["geometry"]["type"] in ("Polygon", "MultiPolygon") for each in found)
    for client in (
        person("operator", WEST),
        person("responder", EAST),
        person("planner", EAST, depth="position"),
    ):
        assert client.get(path).status_code == 404


def test_gaps_are_told_to_whom_they_are_granted_the_heaviest_first_and_counted(person):
    whole = person("planner")
    found = whole.get("/api/gaps").json()
    assert whole.get("/api/gaps", params={"certainty": "expected"}).status_code == 404
    assert whole.get("/api/gaps", params={"limit": 0}).status_code == 400
    ranks = [each["rank"] for each in found["gaps"]]
    assert ranks == list(range(1, found["total"] + 1))
    assert {each["grid_code"] for each in found["gaps"]} <= {WEST, EAST}
    weights = [each["weight"] for each in found["gaps"]]
    assert weights == sorted(weights, reverse=True)
    first = person("planner", WEST).get("/api/gaps", params={"limit": 1}).json()
    assert [(each["rank"], each["grid_code"]) for each in first["gaps"]] == [(1, WEST)]
    assert person("operator", WEST, depth="position").get("/api/gaps").status_code == 403


def test_words_are_compiled_without_their_prefix_and_marked_in_the_pseudo_language():
    found = compile_words()
    assert set(found) == {"zh", "en", PSEUDO}
    assert found["zh"]["close"] == load_catalogue()["console.close"]["zh"]
    assert found[PSEUDO]["close"] == make_pseudo("关闭") == "⟦关闭·⟧"
    assert len({frozenset(texts) for texts in found.values()}) == 1


def test_built_words_are_those_of_the_catalogue():
    for lang, address in console_files().words.items():
        built = json.loads((FOLDER / address.rsplit("/", 1)[1]).read_text("utf-8"))
        assert built == compile_words()[lang]


def test_the_pseudo_language_is_asked_for_by_its_name(person):
    client = person("operator")
    assert shell_of(client.get("/?lang=qps").text)["words"] == console_files().words[PSEUDO]
    assert shell_of(client.get("/").text)["words"] == console_files().words["en"]


def test_rows_of_a_region_go_out_as_a_file_with_a_reason_in_the_register(person, seen_town):
    (west, south), (east, north) = place(-30, -30), place(0, 30)
    ring = ",".join(
        f"{lon} {lat}"
        for lon, lat in ((west, south), (east, south), (east, north), (west, north), (west, south))
    )
    asked = {"layer": "grids", "format": "csv", "filter": f"S_WITHIN(geometry,POLYGON(({ring})))"}
    client = person("planner")
    found = client.post("/api/exports", json=asked | {"reason": "例会"})
    assert found.status_code == 200, found.text
    assert (WEST in found.text, EAST in found.text) == (True, False)
    refused = client.post("/api/exports", json=asked | {"format": "dxf", "reason": "例会"})
    assert (refused.status_code, refused.json()["type"]) == (400, "govgrid:export.filtered")
    assert client.post("/api/exports", json=asked | {"reason": " "}).status_code == 400
    assert person("operator").post("/api/exports", json=asked | {"reason": "x"}).status_code == 403
    with seen_town.begin() as connection:
        rows = connection.execute(
            text("SELECT what, form, rows, reason FROM govgrid.export_register")
        ).all()
    assert [tuple(row) for row in rows] == [("grids", "csv", 1, "例会")]
