"""Hostile texts in every parameter, header, cookie and form field of every route, as every role."""

import json
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from sqlalchemy import text

from api.app import create_app
from api.session.identity import COOKIE, list_routes, rule_of
from geo.access.roles import PERMISSIONS
from tests.api.test_fuzz import KNOWN
from tests.api.test_rules import UNLIMITED
from tests.api.test_shield import INSIDE
from tests.signed_in import Visitors, account

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
"""Tried in one parameter alone, every fourth one in each; all others in several at once."""
RENDERED = ("<script>alert(1)", "<img src=x onerror", 'href="javascript:', ">49<", "root:x:0:")
# Rows that asking alone may add: what was looked at is counted and logged, sessions are renewed.
GROWING = {
    *("audit", "session", "bulk_read", "export_register", "access_register", "access_request"),
    *("api_key", "account", "login_failure", "role_grant"),
}
READERS = (*sorted(PERMISSIONS), "stranger")
PAGE = {"accept": "text/html"}


@pytest.fixture
def reader(seen_town, town, settings):
    """Return what asks as a role or as a stranger, on the toy town with its coverage."""
    app = create_app(settings.model_copy(update=UNLIMITED))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        made = {role: account(town, f"{role}.x", role) for role in PERMISSIONS}
        visitors = Visitors(client, town)

        def asking(role):
            return visitors.become(made.get(role))

        asking.app, asking.town, asking.forget = app, town, visitors.forget
        yield asking


def test_hostile_texts_in_parameters_do_nothing(reader, thorough):
    before = counted(reader.town)
    asked = 0
    for operation in operations(reader.app):
        if operation["method"] != "GET":
            continue
        for role in READERS:
            client = reader(role)
            for told in attacks(operation, role, thorough):
                path, query = request(operation, told)
                answer = client.get(path, params=query)
                asked += 1
                harmless(answer, f"{role} GET {operation['path']} {told}")
        if ends_sessions(operation):
            reader.forget()
    assert asked > 400
    assert counted(reader.town) == before


def test_hostile_texts_in_forms_and_bodies_do_nothing(reader, thorough):
    asked = 0
    for operation in operations(reader.app):
        method, path = operation["method"], request(operation, {})[0]
        if method == "GET":
            continue
        fields = fields_of(reader(eager(operation)), operation)
        for role in READERS:
            kinds = kinds_of(operation, role)
            for told in mixtures(fields, kinds, thorough):
                reader.forget()
                form = reader(role).request(method, path, data=told, headers=PAGE)
                harmless(form, f"{role} {method} {path} form {told}")
                asked += 1
            for told in mixtures(fields, sorted({*kinds} & {*SHARP}), thorough):
                body = reader(role).request(method, path, json=told, headers=PAGE)
                harmless(body, f"{role} {method} {path} json {told}")
    assert asked > 200
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
    rules = {str(route.path): rule_of(route) for route in list_routes(app)}
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


def eager(operation):
    """Return the first permitted role."""
    action = operation["action"]
    return next(each for each in EAGER if is_let_in(action, each))


def is_let_in(action, role):
    """Return whether a role holds the action of a rule, or one of several."""
    return action is None or bool({*action.split("|")} & {*PERMISSIONS.get(role, ())})


def kinds_of(operation, role):
    """Return the kinds of texts that a role tries: all of them the first that is let in."""
    if role == eager(operation):
        return tuple(HOSTILE)
    return FEW if is_let_in(operation["action"], role) else ONE


def mixtures(names, kinds, thorough):
    """Return texts by name: each kind once in one of them, where thorough in every one of them."""
    step = 1 if thorough else max(len(names), 1)
    for start in range(0, len(kinds) if names else 0, step):
        told = {name: kinds[(start + n) % len(kinds)] for n, name in enumerate(names)}
        yield {name: HOSTILE[kind] for name, kind in told.items()}


def attacks(operation, role, thorough):
    """Return what a role tells: texts by name, beside parameters of what there is."""
    kinds, names = kinds_of(operation, role), [name for name, _ in operation["parameters"]]
    if names == ["lang"] and operation["path"] != "/" and not thorough:
        kinds = kinds[: len(FEW)]  # read in one place for all pages
    yield from mixtures(names, kinds, thorough)
    if role == eager(operation):
        yield {"unknown": HOSTILE["script"]}
    if len(kinds) == len(HOSTILE) and len(names) > 1:
        step = 2 if thorough else 4  # neighbours take turns: their values are handled alike
        for n, name in enumerate(names):
            yield from ({name: HOSTILE[kind]} for kind in SHARP[n % step :: step])


EAGER = ("operator", "planner", "supervisor", "administrator", "security_administrator", "auditor")


def request(operation, told):
    """Return address and query with hostile texts by name, and what there is in the others."""
    path, query = operation["path"], {}
    for name, place in operation["parameters"]:
        value = told.get(name, str(KNOWN.get(name, "")))
        if place == "path":
            path = path.replace("{" + name + "}", quote(value, safe="") or "x")
        elif place == "query" and value:
            query[name] = value
    here = {name for name, _ in operation["parameters"]}
    return path, query | {name: value for name, value in told.items() if name not in here}


def ends_sessions(operation) -> bool:
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
    # a list is refused by the first of its parts that is none of ours
    parts = {part for value in HOSTILE.values() for part in (value, value.split(",")[0])}
    for value in sorted((part for part in parts if len(part) > 3), key=len, reverse=True):
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
