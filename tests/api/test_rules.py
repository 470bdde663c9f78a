"""Every route of the service as every role, as somebody without any, and as a stranger.

The table says what each route demands. A new route without a row here fails, and so does a row
without a route.
"""

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.deps import MOVING
from api.session.identity import OPEN, list_routes, rule_of
from geo.access.roles import ACTIONS, PERMISSIONS
from tests.signed_in import Visitors, account, sign_in
from tests.toy_town import place

EAST, WEST = "340802001001002", "340802001001001"
LON, LAT = place(4, 0)
STRANGER, ANYBODY = "stranger", "anybody"
UNLIMITED = {
    "rate_per_minute_account": 0,
    "rate_per_minute_address": 0,
    "rate_per_minute_login": 0,
}
DOORS = {"/login", "/login/oidc/callback"}
"""They answer 401 themselves: who they let in must have brought something."""
OTHERWISE = DOORS | {"/logout", "/login/code"}
"""These two are no question of rights: they end a log-in, or end its first half."""
ENDING = {"/account/logins", "/account/password", "/account/totp", "/api/console/visitors"}
"""They may end the session, or what it is shown."""
NUMBER = "00000000-0000-0000-0000-000000000001"
HANDLING = "incident|assign|dispatch|approve_incident"
FILES = "incident|assign|dispatch|approve_incident|respond|report"

DEMANDS = {
    ("GET", "/"): ANYBODY,
    ("GET", "/basic"): "map",
    ("GET", "/api/console/areas"): "map",
    ("POST", "/api/console/visitors"): ANYBODY,
    ("GET", "/api/coverage"): "figures",
    ("GET", "/map"): "map",
    ("POST", "/map.html"): "export",
    ("GET", "/livez"): STRANGER,
    ("GET", "/readyz"): STRANGER,
    ("GET", "/metrics"): STRANGER,
    ("GET", "/login"): STRANGER,
    ("POST", "/login"): STRANGER,
    ("GET", "/login/code"): ANYBODY,
    ("POST", "/login/code"): ANYBODY,
    ("GET", "/login/oidc"): STRANGER,
    ("GET", "/login/oidc/callback"): STRANGER,
    ("GET", "/language/{lang}"): STRANGER,
    ("POST", "/logout"): ANYBODY,
    ("GET", "/account"): ANYBODY,
    ("GET", "/account/{rest:path}"): ANYBODY,
    ("GET", "/account/password"): ANYBODY,
    ("POST", "/account/password"): ANYBODY,
    ("GET", "/account/totp"): ANYBODY,
    ("POST", "/account/totp"): ANYBODY,
    ("POST", "/account/logins"): ANYBODY,
    ("POST", "/account/keys"): ANYBODY,
    ("POST", "/account/keys/{key}/revoke"): ANYBODY,
    ("GET", "/accounts"): "accounts",
    ("POST", "/accounts"): "accounts",
    ("GET", "/accounts/{rest:path}"): "accounts",
    ("POST", "/accounts/{name}/card"): "accounts",
    ("POST", "/accounts/{name}/reset"): "accounts",
    ("POST", "/accounts/{name}/{what}"): "accounts",
    ("GET", "/grants"): "grants",
    ("POST", "/grants"): "grants",
    ("GET", "/grants/{rest:path}"): "grants",
    ("POST", "/grants/{grant}/take"): "grants",
    ("GET", "/api/api"): ANYBODY,
    ("GET", "/api/events"): "map",
    ("GET", "/api/locate"): "map",
    ("POST", "/api/locate"): "map",
    ("GET", "/api/search"): "map",
    ("POST", "/api/camera-status"): "import",
    ("GET", "/api/cameras/seeing"): "map",
    ("POST", "/api/what-if"): "figures",
    ("GET", "/api"): ANYBODY,
    ("GET", "/api/"): ANYBODY,
    ("GET", "/api/docs"): ANYBODY,
    ("GET", "/api/tileMatrixSets"): ANYBODY,
    ("GET", "/api/tileMatrixSets/WebMercatorQuad"): ANYBODY,
    ("GET", "/api/collections/{layer}/tiles"): "map",
    ("GET", "/api/conformance"): ANYBODY,
    ("GET", "/api/collections"): "map",
    ("GET", "/api/collections/{layer}"): "map",
    ("GET", "/api/collections/{layer}/queryables"): "map",
    ("GET", "/api/collections/{layer}/items"): "map",
    ("GET", "/api/collections/{layer}/items/{item:path}"): "map",
    ("POST", "/api/collections/{layer}/items"): "import",
    ("PATCH", "/api/collections/{layer}/items/{item:path}"): "import",
    ("DELETE", "/api/collections/{layer}/items/{item:path}"): "import",
    ("GET", "/api/collections/{layer}/tiles/WebMercatorQuad"): "map",
    ("GET", "/api/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}"): "map",
    ("POST", "/api/exports"): "export",
    ("POST", "/api/reports"): "export",
    ("POST", "/api/map-prints"): "export",
    ("GET", "/api/basemaps/tianditu/{kind}/{z}/{y}/{x}"): "map",
    ("GET", "/api/imports"): "import",
    ("POST", "/api/imports"): "import",
    ("GET", "/api/imports/{number}"): "import",
    ("POST", "/api/imports/{number}/{step}"): "import",
    ("GET", "/api/imports/{number}/findings"): "import",
    ("POST", "/api/coverage/runs"): "import",
    ("GET", "/api/jobs"): ANYBODY,
    ("GET", "/api/jobs/{number}"): ANYBODY,
    ("GET", "/api/jobs/{number}/result"): "export",
    ("POST", "/api/jobs/{number}/cancel"): ANYBODY,
    ("POST", "/api/jobs/{number}/retry"): ANYBODY,
    ("GET", "/audit"): "audit",
    ("GET", "/api/audit"): "audit",
    ("GET", "/api/audit/chain"): "audit",
    ("GET", "/api/cameras/{code:path}/viewshed"): "map",
    ("POST", "/api/cameras/{code:path}/access"): "view",
    ("POST", "/api/cameras/{code:path}/access-requests"): "view",
    ("GET", "/cameras"): "view",
    ("GET", "/cameras/{code:path}/access"): "view",
    ("POST", "/cameras/{code:path}/access"): "view",
    ("GET", "/viewer/{reference}"): "view",
    ("GET", "/viewer/{reference}/snapshot"): "view",
    ("GET", "/register"): "register",
    ("GET", "/register/mine"): ANYBODY,
    ("GET", "/register.xlsx"): "register",
    ("GET", "/register/report"): "register",
    ("GET", "/register/report.xlsx"): "register",
    ("GET", "/api/access-register"): "register",
    ("GET", "/api/access-register/mine"): ANYBODY,
    ("GET", "/api/access-register/report"): "register",
    ("GET", "/api/access-requests"): "approve",
    ("GET", "/api/access-requests/mine"): ANYBODY,
    ("POST", "/api/access-requests/{number}/decision"): "approve",
    ("GET", "/requests"): "approve",
    ("GET", "/requests/mine"): ANYBODY,
    ("POST", "/requests/{number}/decision"): "approve",
    ("GET", "/compliance"): "compliance",
    ("POST", "/compliance/export"): "compliance",
    ("POST", "/compliance/filing"): "compliance",
    ("GET", "/api/compliance"): "compliance",
    ("POST", "/api/incidents"): "incident|report",
    ("PATCH", "/api/incidents/{incident}"): "incident|report",
    ("GET", "/api/gaps"): "map",
    ("POST", "/api/routing/try"): "assign|dispatch|routing",
    ("GET", "/api/routing/choices"): "|".join(MOVING),
    ("GET", "/api/vocabularies/{name}"): "|".join(MOVING),
    ("GET", "/api/vocabularies/{name}/{code:path}"): "|".join(MOVING),
    ("POST", "/api/vocabularies/{name}"): "routing",
    ("PATCH", "/api/vocabularies/{name}/{code:path}"): "routing",
    ("GET", "/api/working-hours"): "|".join(MOVING),
    ("PUT", "/api/working-hours"): "routing",
    ("GET", "/api/incidents/{incident}/evidence"): HANDLING,
    ("GET", "/api/incidents/{incident}/report"): HANDLING,
    ("GET", "/api/incidents/{incident}/cameras"): "map",
    ("GET", "/api/lifecycle"): ANYBODY,
    ("GET", "/api/incidents"): "map",
    ("GET", "/api/incidents/{incident}"): "map",
    ("GET", "/api/incidents/{incident}/moves"): "map",
    ("GET", "/api/incidents/{incident}/dispatches"): "map",
    ("POST", "/api/incidents/{incident}/moves"): "|".join(MOVING),
    ("GET", "/api/incidents/{incident}/whistles"): "map",
    ("GET", "/api/whistles"): "map",
    ("GET", "/api/whistles/attendance"): "statistics",
    ("POST", "/api/dispatches/{dispatch}/{step}"): "|".join(MOVING),
    ("POST", "/api/incidents/{incident}/attachments"): FILES,
    ("GET", "/api/incidents/{incident}/attachments"): FILES,
    ("GET", "/api/incidents/{incident}/attachments/{attachment}"): FILES,
    ("GET", "/api/statistics"): "statistics",
    ("GET", "/api/statistics/hot-spots"): "statistics",
    ("GET", "/api/statistics/workload"): "statistics",
    ("GET", "/api/ledger"): "statistics|incident",
    ("GET", "/api/bulletin"): "statistics",
    ("POST", "/api/bulletin"): "statistics",
    ("GET", "/api/incidents/{incident}/order"): HANDLING,
    ("GET", "/api/incidents/{incident}/supervision"): HANDLING,
    ("GET", "/forms"): "map",
    ("GET", "/forms/new"): "incident|report",
    ("POST", "/forms/new"): "incident|report",
    ("GET", "/forms/sees"): "map",
    ("GET", "/api/webhooks"): "accounts",
    ("POST", "/api/webhooks"): "accounts",
    ("PATCH", "/api/webhooks/{hook}"): "accounts",
    ("POST", "/api/webhooks/{hook}/secret"): "accounts",
    ("GET", "/api/webhooks/{hook}/deliveries"): "accounts",
    ("DELETE", "/api/webhooks/{hook}"): "accounts",
    ("GET", "/open311/v2/services.{f}"): "map",
    ("GET", "/open311/v2/services/{code}.{f}"): "map",
    ("GET", "/open311/v2/requests.{f}"): "map",
    ("GET", "/open311/v2/requests/{number}.{f}"): "map",
    ("POST", "/open311/v2/requests.{f}"): "incident|report",
    ("GET", "/api/report-form"): "incident|report",
    ("GET", "/forms/report"): "incident|report",
    ("POST", "/forms/report"): "incident|report",
    ("GET", "/forms/receipt"): HANDLING,
    ("POST", "/forms/receipt"): HANDLING,
    ("GET", "/api/receipts"): "|".join(MOVING),
    ("POST", "/api/receipts"): "|".join(MOVING),
    ("GET", "/forms/{incident}"): "map",
    ("POST", "/forms/{incident}/moves"): "|".join(MOVING),
    ("POST", "/forms/{incident}/dispatches/{dispatch}"): "|".join(MOVING),
    ("GET", "/api/shifts"): "shift",
    ("GET", "/api/shifts/now"): "shift",
    ("POST", "/api/shifts"): "shift",
    ("GET", "/api/shifts/{shift}"): "shift",
    ("POST", "/api/shifts/{shift}/hand-over"): "shift",
    ("GET", "/api/statistics/issues"): "statistics",
    ("POST", "/api/statistics/issues"): "statistics",
    ("GET", "/api/statistics/scopes"): "statistics",
    ("PUT", "/api/statistics/scopes/{name}"): "statistics",
    ("DELETE", "/api/statistics/scopes/{name}"): "statistics",
    ("PUT", "/api/areas/{code:path}"): "import",
    ("POST", "/api/areas/{code:path}/split"): "import",
    ("POST", "/api/areas/{code:path}/merge"): "import",
}
ALSO = {"/compliance/filing": ("export",), "/compliance/export": ("export",)}
"""What a route demands beside its rule."""
VALUES = {
    "hook": NUMBER,
    "f": "json",
    "layer": "cameras",
    "kind": "vec",
    "item": "K3",
    "z": "0",
    "x": "0",
    "y": "0",
    "code": "K1",
    "lang": "zh",
    "name": "nobody.there",
    "what": "unlock",
    "rest": "x/y",
    "reference": "x.y.z",
    "key": NUMBER,
    "grant": NUMBER,
    "number": NUMBER,
    "incident": NUMBER,
    "attachment": NUMBER,
    "shift": NUMBER,
    "dispatch": NUMBER,
    "step": "preview",
}
QUERIES = {
    "/api/locate": {"lon": LON, "lat": LAT},
    "/api/search": {"q": "3408"},
    "/api/cameras/seeing": {"lon": LON, "lat": LAT},
}
# What stands in the east and is told to nobody who is limited to the west.
EASTERN = (EAST, "东格", "K1", "K4", "朝东枪机", "背向枪机", "楼后枪机", "垃圾堆放")


def demanded(app):
    """Return what every route of the service demands, as its rule has it."""
    found = {}
    for route in list_routes(app):
        rule = rule_of(route)
        told = STRANGER if rule is OPEN else ANYBODY if rule.action is None else rule.action
        found |= {(method, str(route.path)): told for method in route.methods}
    return found


def test_every_route_has_its_row_in_the_table_and_every_row_its_route(settings):
    assert demanded(create_app(settings)) == DEMANDS


def test_the_table_asks_for_what_can_be_granted():
    asked = {word for demand in DEMANDS.values() for word in demand.split("|")}
    assert asked - {STRANGER, ANYBODY} <= set(ACTIONS)


@pytest.fixture
def ask(seen_town, settings):
    """Return what asks a route as somebody: the role of an account, "" for none, or a stranger."""
    app = create_app(settings.model_copy(update=UNLIMITED))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        visitors = Visitors(client, seen_town)

        def asking(who, method, path, **more):
            visitors.become(who)
            filled = re.sub(r"{(\w+)(:path)?}", lambda found: VALUES[found[1]], path)
            answer = client.request(method, filled, params=QUERIES.get(path), **more)
            if path in ENDING:
                visitors.forget()
            return answer

        yield asking


def may(role, method, path) -> bool:
    """Return whether the table permits an account with this role."""
    demands = {(each, to.replace(":path}", "}")): demand for (each, to), demand in DEMANDS.items()}
    demand, held = demands[method, path.replace(":path}", "}")], PERMISSIONS.get(role, frozenset())
    also = set(ALSO.get(path, ())) <= held
    return demand in {STRANGER, ANYBODY} or (also and not held.isdisjoint(demand.split("|")))


def lets_in(answer) -> bool:
    """Return whether a rule permitted a request, whatever its answer was."""
    if answer.status_code == 401:
        return False
    refused = answer.status_code == 403 and "govgrid:access.forbidden" in answer.text
    return not refused


pytestmark = pytest.mark.postgis


def test_a_stranger_is_let_in_nowhere_but_at_the_door(ask):
    for (method, path), demand in DEMANDS.items():
        answer = ask(None, method, path)
        if demand == STRANGER:
            assert answer.status_code != 401 or path in DOORS, (method, path, answer.text)
            continue
        assert answer.status_code == 401, (method, path, answer.text)
        assert set(answer.json()) == {"type", "title", "status", "detail"}, (method, path)
        page = ask(None, method, path, headers={"accept": "text/html"})
        if not path.startswith("/api"):
            assert (page.status_code, page.headers["location"][:7]) == (303, "/login?"), path


@pytest.mark.parametrize("role", [None, *PERMISSIONS])
def test_a_role_is_let_in_exactly_where_the_table_says_and_sees_nothing_of_other_areas(
    town, ask, role
):
    kind = "display" if role == "display" else "person"
    made = account(town, "li", role, WEST, depth="picture" if role else None, kind=kind)
    for (method, path), demand in DEMANDS.items():
        if path in OTHERWISE - DOORS:
            continue
        answer = ask(made, method, path)
        told = answer.text
        assert lets_in(answer) == may(role, method, path) or path in DOORS, (path, told[:300])
        assert answer.status_code < 500, (method, path, told[:300])
        if "{code" in path:  # what was asked for comes back in the answer, known or not
            told = told.replace(VALUES["code"], "")
        assert demand == STRANGER or eastern(told) == [], (method, path, told[:300])
    for layer in layers_of(ask, made):
        answer = ask(made, "GET", f"/api/collections/{layer}/items")
        assert eastern(answer.text) == [], layer
        one = ask(made, "GET", f"/api/collections/{layer}/items/{EAST}")
        assert eastern(one.text.replace(EAST, "")) == [], layer


BROKEN = {"content": "{", "headers": {"content-type": "application/json"}}


def test_who_may_not_ask_hears_that_before_anything_about_a_broken_body(town, ask):
    made = account(town, "li", "auditor")
    for method, path in CHANGES:
        assert ask(None, method, path, **BROKEN).status_code == 401, (method, path)
        if not may("auditor", method, path):
            answer = ask(made, method, path, **BROKEN)
            assert (answer.status_code, lets_in(answer)) == (403, False), (method, path)


def test_who_may_ask_hears_what_is_wrong_with_a_body(town, ask):
    made = account(town, "li", "operator")
    answer = ask(made, "POST", "/api/incidents", **BROKEN)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_refusal_is_written_down_with_who_tried_what(town, ask):
    made = account(town, "li", "responder")
    ask(made, "GET", "/api/audit")
    with town.begin() as connection:
        row = connection.execute(
            text("SELECT account, action, object, outcome FROM govgrid.audit ORDER BY id DESC")
        ).first()
    assert tuple(row) == ("li", "access", "GET /api/audit", "refused")


def eastern(told):
    """Return which words of the east stand in an answer, as words: tokens are made of anything."""
    return [word for word in EASTERN if re.search(rf"(?<![\w-]){word}(?![\w-])", told)]


def layers_of(ask, made):
    answer = ask(made, "GET", "/api/collections")
    if answer.status_code != 200:
        return []
    return [found["id"] for found in answer.json()["collections"]]


CHANGES = [
    (method, path) for (method, path), d in DEMANDS.items() if method != "GET" and d != STRANGER
]


def test_no_change_without_the_token_of_the_session_or_from_another_site(town, ask):
    made = account(town, "li", "operator")
    for role in set(PERMISSIONS) - {"operator"}:
        with town.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO govgrid.role_grant (account, role, depth, granted_by)"
                    " VALUES (:account, :role, 'picture', 'test')"
                ),
                {"account": made, "role": role},
            )
    for method, path in CHANGES:
        without = ask(made, method, path, headers={"x-csrf-token": ""})
        assert without.status_code == 403, (method, path, without.text[:200])
        assert "access.csrf" in without.text or "text/html" in without.headers["content-type"], path
        wrong = ask(made, method, path, headers={"x-csrf-token": "x" * 32})
        assert wrong.status_code == 403, (method, path)
        elsewhere = ask(made, method, path, headers={"origin": "http://evil.example"})
        assert elsewhere.status_code == 403, (method, path)


def test_a_session_that_owes_something_opens_nothing_else(town, ask, settings):
    made = account(town, "li", "administrator")
    with TestClient(create_app(settings), follow_redirects=False) as client:
        for stage in ("totp", "enrol", "change"):
            sign_in(client, town, made, stage=stage)
            for path in ("/", "/map", "/accounts", "/api/collections", "/account"):
                answer = client.get(path)
                assert answer.status_code == 401, (stage, path)
                assert json.loads(answer.text)["type"] == "govgrid:access.unfinished"
