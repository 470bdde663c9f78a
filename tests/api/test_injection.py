"""Hostile texts in every parameter, header, cookie and form field of every route, as every role."""

import json
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from sqlalchemy import text

from api.app import create_app
from api.session.identity import COOKIE, routes, rule_of
from geo.access.roles import PERMISSIONS
from tests.api.test_fuzz import KNOWN, UNLIMITED
from tests.api.test_shield import INSIDE
from tests.signed_in import account, sign_in

pytestmark = [pytest.mark.postgis, pytest.mark.slow]

HOSTILE = {
    "quote": "'",
    "sql": "' OR '1'='1' --",
    "drop": "'; DROP TABLE govgrid.camera; --",
    "union": "K1' UNION SELECT name, password_hash FROM govgrid.account --",
    "bare sql": "1 OR pg_sleep(9) IS NULL",
    "setting": "x'); SELECT set_config('govgrid.granted','all',false); --",
    "like": "%_%",
    "ecql": "name LIKE '%' OR 1=1; INCLUDE",
    "ecql function": "strConcat(java.lang.Runtime.getRuntime(),'x') = 'x'",
    "xpath": "' or count(//*)>0 or 'a'='b",
    "xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "path": "../../../../../../etc/passwd",
    "coded path": "..%2f..%2f..%5cwindows%5cwin.ini",
    "file": "file:///etc/passwd",
    "stream": "rtsp://admin:12345@10.0.0.1/ch1",
    "nul": "K1\x00.xlsx",
    "line ends": "K1\r\nSet-Cookie: hacked=1\r\n\r\n<b>",
    "forged log": "x\n2026-01-01 os:root login done\x1b[2K\u2028",
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "link": "javascript:alert(1)",
    "other site": "//evil.example/\\evil.example",
    "template": "{{7*7}}${7*7}<%= 7*7 %>{account.password_hash}%(name)s%n%s",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "dde": "@SUM(1+1)*cmd|' /C calc'!A0",
    "alike": "Ｋ１\u202e\u200b\ufeffа\u0301",
    "long": "长" * 700,
    "number": "9" * 400,
    "none": "-1e999",
    "list": '["K1"]',
}
ALL = "all"
FEW = ("drop", "script", "nul")
ONE = ("script",)
SHARP = (
    *FEW,
    "path",
    "quote",
    "union",
    "setting",
    "ecql",
    "line ends",
    "long",
    "number",
    "formula",
)
"""Tried in one parameter alone, every second one in each; all others in all of them at once."""
RENDERED = ("<script>alert(1)", "<img src=x onerror", 'href="javascript:', ">49<", "root:x:0:")
# Rows that asking alone may add: what was looked at is counted and logged, sessions are renewed.
GROWING = {
    *("audit", "session", "bulk_read", "export_register", "access_register", "access_request"),
    *("api_key", "account", "login_failure", "role_grant"),
}
READERS = (*sorted(PERMISSIONS), "stranger")


@pytest.fixture
def reader(seen_town, town, settings):
    """Return what asks as a role or as a stranger, on the toy town with its coverage."""
    app = create_app(settings.model_copy(update=UNLIMITED))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        made = {role: account(town, f"{role}.x", role) for role in PERMISSIONS}

        def asking(role):
            client.cookies.clear()
            return client if role == "stranger" else sign_in(client, town, made[role])

        asking.app, asking.town = app, town
        yield asking


def test_hostile_texts_in_parameters_do_nothing(reader):
    before = counted(reader.town)
    asked = 0
    for role in READERS:
        client = reader(role)
        for operation in operations(reader.app):
            if operation["method"] != "GET":
                continue
            for kind, where, name in attacks(operation, role):
                path, query = request(operation, where, name, HOSTILE[kind])
                answer = client.get(path, params=query)
                asked += 1
                harmless(answer, f"{role} GET {operation['path']} {name}={kind}")
            if answer_ended(operation):
                client = reader(role)
    assert asked > 400
    assert counted(reader.town) == before


def test_hostile_texts_in_forms_and_bodies_do_nothing(reader):
    asked = 0
    for role in READERS:
        for operation in operations(reader.app):
            if operation["method"] == "GET":
                continue
            client = reader(role)
            fields = fields_of(client, operation)
            for kind in kinds_of(operation, role):
                path, _ = request(operation, "", "", "")
                told = dict.fromkeys(fields, HOSTILE[kind])
                method, headers = operation["method"], {"accept": "text/html"}
                as_form = client.request(method, path, data=told, headers=headers)
                asked += 1
                harmless(as_form, f"{role} {method} {path} form {kind}")
                if kind in SHARP:
                    as_json = client.request(method, path, json=told, headers=headers)
                    harmless(as_json, f"{role} {method} {path} json {kind}")
    assert asked > 50
    assert counted(reader.town)["camera"] == 4


def test_hostile_headers_and_cookies_do_nothing(reader):
    client = reader("operator")
    names = ("accept", "accept-language", "user-agent", "x-forwarded-for", "if-none-match", "range")
    for kind in SHARP:
        value = HOSTILE[kind]
        plain = value.encode("utf-8").replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
        for name in names:
            for path in ("/", "/map", "/api/collections/cameras/items"):
                answer = client.get(path, headers={name: plain})
                harmless(answer, f"{path} {name}: {kind}")
        told = quote(value)[:2000]
        for cookie in (COOKIE, "govgrid_lang", "govgrid_login"):
            answer = client.get("/", headers={"cookie": f"{cookie}={told}"})
            harmless(answer, f"cookie {cookie}: {kind}")
        answer = client.get("/api/collections", headers={"authorization": b"Bearer " + plain})
        assert answer.status_code == 401, kind


def test_states_pushed_by_a_hostile_platform_do_nothing(reader):
    client, before = reader("administrator"), counted(reader.town)
    for kind, value in HOSTILE.items():
        state = {"code": value, "status": value, "since": value}
        answer = client.post("/api/camera-status", json={"states": [state]})
        harmless(answer, kind)
        assert answer.json()["quarantined"] == 1, kind
    assert counted(reader.town) == before


def test_a_row_of_the_audit_stays_one_line_whatever_was_tried(reader):
    for role in ("responder", "display"):
        client = reader(role)
        for value in HOSTILE.values():
            client.post(f"/api/exports?x={quote(value)}", json={"layer": value, "reason": value})
            client.get(f"/api/audit?account={quote(value)}")
    with reader.town.begin() as connection:
        rows = connection.execute(text("SELECT to_jsonb(a)::text FROM govgrid.audit a")).scalars()
        said = [json.loads(row) for row in rows]
    assert any(row["outcome"] == "refused" for row in said)
    for row in said:
        for name in ("account", "unit", "address", "action", "object", "note"):
            assert (row[name] or "").isprintable(), row


def operations(app):
    """Return every operation with its parameters: (name, where) of each."""
    described = app.openapi()["paths"]
    rules = {str(route.path): rule_of(route) for route in routes(app)}
    return [
        {
            "path": path,
            "method": method.upper(),
            "parameters": [(p["name"], p["in"]) for p in operation.get("parameters", [])],
            "action": rules[path].action if path in rules else None,
        }
        for path, methods in described.items()
        for method, operation in methods.items()
    ]


def kinds_of(operation, role):
    """Return the kinds of texts that a role tries: all of them the first that is let in."""
    action = operation["action"]
    if role == next(each for each in EAGER if action in {None, *PERMISSIONS[each]}):
        return HOSTILE
    return FEW if action in {None, *PERMISSIONS.get(role, ())} else ONE


def attacks(operation, role):
    """Return (kind, where, name) of what a role tries."""
    kinds, parameters = kinds_of(operation, role), operation["parameters"]
    if kinds is HOSTILE and not parameters:
        kinds = SHARP
    together = [(kind, "query", ALL) for kind in kinds]
    if kinds is not HOSTILE:
        return together
    halves = enumerate(parameters)  # neighbours take turns: their values are handled alike
    return together + [
        (kind, where, name) for n, (name, where) in halves for kind in SHARP[n % 2 :: 2]
    ]


EAGER = ("operator", "planner", "administrator", "security_administrator", "auditor")


def request(operation, where, name, value):
    """Return address and query with `value` in one place and what there is in the others."""
    path, query = operation["path"], {}
    for each, place in operation["parameters"]:
        hostile = name == ALL or (each, place) == (name, where)
        told = value if hostile else str(KNOWN.get(each, ""))
        if place == "path":
            path = path.replace("{" + each + "}", quote(told, safe="") or "x")
        elif place == "query" and told:
            query[each] = told
    if where == "query" and name not in query:
        query[name] = value
    return path, query


def answer_ended(operation) -> bool:
    return "log" in operation["path"] or "language" in operation["path"]


def fields_of(client, operation) -> list[str]:
    """Return the names of fields: of forms that pages show, and of what bodies are described."""
    page = client.get(operation["path"], headers={"accept": "text/html"}).text
    shown = re.findall(r'name="([\w.\-]+)"', page)
    common = ("name", "reason", "layer", "camera", "account", "role", "area", "incident", "note")
    return [name for name in dict.fromkeys([*shown, *common, "states"]) if name != "csrf"]


def harmless(answer, what) -> None:
    """Check that an answer is no failure, tells nothing of the inside, and lets nothing run."""
    assert answer.status_code < 500, f"{what}: {answer.text[:300]}"
    assert "hacked" not in answer.headers.get("set-cookie", ""), what
    assert re.match(r"(/(?![/\\])|$)", answer.headers.get("location", "")), what
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert not [sign for sign in RENDERED if sign in answer.text], what
    if answer.status_code >= 400:
        assert INSIDE.search(without_echo(answer.text)) is None, f"{what}: {answer.text[:300]}"


def without_echo(said: str) -> str:
    """Return an answer without the texts that were sent and come back as values."""
    for value in sorted(HOSTILE.values(), key=len, reverse=True):
        for written in (
            value,
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            str(escape(value)),
        ):
            said = said.replace(written, "")
    return said


def counted(engine) -> dict[str, int]:
    """Return the number of rows of every table that asking alone may not change."""
    with engine.begin() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'govgrid'")
        ).scalars()
        return {
            name: connection.execute(text(f"SELECT count(*) FROM govgrid.{name}")).scalar_one()
            for name in sorted(set(names) - GROWING)
        }
