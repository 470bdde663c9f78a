"""The page of the audit and its JSON: what it shows, to whom, and that it runs nothing."""

import ast
import re
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import principal, transaction
from geo.access.audit import (
    checkpoints,
    seal,
)
from geo.access.audit import (
    log as audit_log,
)
from geo.access.audit import (
    record as audit,
)
from geo.access.audit import (
    verify as audit_verification,
)
from geo.files.schema.layers import LAYERS
from geo.store import db
from tests import ROOT
from tests.signed_in import signed_in

pytestmark = pytest.mark.postgis

SYSTEM = principal.system_principal("os:test")
HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def client(engine, settings):
    with TestClient(create_app(settings)) as found:
        yield found


@pytest.fixture
def auditor(client, engine):
    return signed_in(client, engine, "auditor")


def write(engine, count=3, action="import.cameras", **more):
    with transaction.open_as(engine, SYSTEM) as connection:
        for n in range(count):
            audit.record(connection, SYSTEM, action, f"K{n}.csv", **more)


def page(client, query="", lang="zh"):
    answer = client.get(f"/audit?lang={lang}&{query}", headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_shows_how_the_chain_stands(auditor, engine, settings):
    write(engine)
    said = page(auditor)
    assert "尚未校验" in said
    assert "尚未抄录" in said
    seal.seal_rows(engine)
    audit_verification.verify_chain(engine, SYSTEM)
    with db.open_transaction(engine) as connection:
        head = seal.newest_seal(connection)
    checkpoints.write_checkpoint(checkpoints.file_of(settings.home), head, date(2026, 9, 30))
    said = page(auditor)
    assert head.groups in said
    assert "2026-09-30（第 3 行）" in said
    assert "完整" in said
    assert "封存正常" in said


def test_the_page_says_that_no_worker_runs(auditor, engine):
    write(engine)
    with db.open_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE govgrid.audit DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE govgrid.audit SET at = at - interval '1 minute'"))
        connection.execute(text("ALTER TABLE govgrid.audit ENABLE TRIGGER USER"))
    assert "后台任务没有运行" in page(auditor)
    assert "no worker runs" in page(auditor, lang="en")


def test_the_page_shows_words_and_runs_nothing_of_what_people_wrote(auditor, engine):
    write(engine, 1, note=HOSTILE, facts={HOSTILE: [HOSTILE]}, outcome="failed")
    said = page(auditor)
    assert "导入：摄像机" in said
    assert "失败" in said
    assert "<script>alert" not in said
    assert "<img" not in said
    assert not re.search(r"<[^>]*\s(style|on\w+)=|<script(?![^>]*nonce=)", said)


def test_a_redacted_note_and_an_unsealed_row_are_marked(auditor, engine):
    write(engine, 1, note="机密")
    assert "机密" in page(auditor)
    audit_log.redact_note(engine, SYSTEM, 1, reason="x")
    said = page(auditor)
    assert "机密" not in said
    assert said.count("已删改") == 1
    assert said.count(">待封存<") == 3  # the label and two rows


def test_rows_come_as_json_page_by_page(auditor, engine):
    write(engine, 5)
    answer = auditor.get("/api/audit?limit=2&action=import").json()
    assert [row["object"] for row in answer["rows"]] == ["K4.csv", "K3.csv"]
    second = auditor.get(answer["next"]).json()
    assert [row["object"] for row in second["rows"]] == ["K2.csv", "K1.csv"]
    last = auditor.get(second["next"]).json()
    assert (len(last["rows"]), last["next"]) == (1, None)
    assert set(last["rows"][0]) == {
        "id", "at", "account", "unit", "address", "action", "object", "outcome", "facts", "note",
        "seal_no",
    }  # fmt: skip


def test_the_page_leads_to_older_rows_with_the_same_filters(auditor, engine):
    write(engine, 3)
    said = page(auditor, "limit=2&account=os:test")
    (link,) = re.findall(r'href="(/audit\?[^"]+)"', said)
    assert "account=os%3Atest" in link
    older = auditor.get(link.replace("&amp;", "&")).text
    assert "K0.csv" in older
    assert "K2.csv" not in older


def test_rows_are_found_by_filters(auditor, engine):
    write(engine, 2)
    write(engine, 1, action="login", outcome="refused")

    def count(query):
        return len(auditor.get(f"/api/audit?{query}").json()["rows"])

    assert count("account=os:test") == 3
    assert count("action=import") == 2
    assert count("outcome=refused") == 1
    assert count("from=2099-01-01") == 0
    assert count("to=2020-01-01") == 0
    assert count("account=&action=&outcome=&from=&to=") == 3


@pytest.mark.parametrize(
    "query",
    [
        "from=gestern", "to=2026-02-30", "from=%00", "outcome=odd", "before=0", "limit=0",
        "limit=100000", "before=99999999999999999999", "account=" + "x" * 201, "to=9999-12-31",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_and_no_crash(auditor, query):
    for path in ("/api/audit", "/audit"):
        assert auditor.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("word", ["%00", "%ff%fe", "' OR '1'='1", "%25", "{0}", "😀", "x\\"])
def test_odd_words_find_nothing(auditor, engine, word):
    write(engine, 1)
    for name in ("account", "action"):
        assert auditor.get(f"/api/audit?{name}={word}").json()["rows"] == []
        assert auditor.get(f"/audit?{name}={word}").status_code == 200


def test_the_state_of_the_chain_comes_as_json(auditor, engine):
    write(engine)
    seal.seal_rows(engine)
    found = auditor.get("/api/audit/chain").json()
    assert found["head"]["seal_no"] == 3
    assert len(found["head"]["hash"]) == 64
    assert found["unsealed"] == {"count": 0, "oldest": None, "age_s": 0.0, "late": False}
    assert found["verified"] is None


@pytest.mark.parametrize(
    "role",
    ["operator", "dispatcher", "planner", "administrator", "security_administrator", "display"],
)
def test_nobody_but_an_auditor_reads_it_and_who_tried_is_written_down(client, engine, role):
    signed_in(client, engine, role)
    write(engine)
    for path in ("/audit", "/api/audit", "/api/audit/chain"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "K0.csv" not in answer.text
    rows = audit_log.list_page(engine, SYSTEM, audit_log.Filters(outcome="refused"))
    assert [row.object for row in rows] == [
        "GET /api/audit/chain", "GET /api/audit", "GET /audit",
    ]  # fmt: skip


def test_a_stranger_is_sent_to_the_log_in(client):
    assert client.get("/api/audit").status_code == 401
    answer = client.get("/audit", headers={"accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/audit")


def recorded():
    """Yield where an action is recorded, and its word; the rest of a word put together is cut."""
    for folder in ("geo", "api"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or len(node.args) < 3:
                    continue
                if ast.unparse(node.func) not in ("audit.record", "audit.note_apart"):
                    continue
                word = node.args[2]
                if isinstance(word, ast.Constant):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", word.value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_action_has_a_name_for_people(lang):
    names = audit_log.action_names(lang)
    assert [(where, word) for where, word in recorded() if word not in names] == []
    assert [layer for layer in LAYERS if f"import.{layer}" not in names] == []


def test_an_action_without_a_name_is_called_by_its_family():
    assert audit_log.action_name("import.comets", "zh") == "导入 · comets"
    assert audit_log.action_name("comets.seen", "zh") == "comets.seen"
