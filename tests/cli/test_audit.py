"""``govgrid audit`` and ``govgrid worker`` as they are typed."""

import json
import os
import sys

import pandas as pd
import pytest
from sqlalchemy import text

from geo.access import principal, transaction
from geo.access.audit import checkpoints, seal
from geo.access.audit import record as audit
from geo.cli import main
from geo.store import db
from tests.signed_in import account

pytestmark = pytest.mark.postgis

SYSTEM = principal.system_principal("os:test")


@pytest.fixture
def govgrid(engine, database_url, tmp_path, monkeypatch, capfd):
    """Run the command line in this process; return what it printed."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))

    def run(*args, code=0, lang="en"):
        monkeypatch.setenv("GOVGRID_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        done = capfd.readouterr()
        assert (ended.value.code or 0) == code, done.err
        return done

    return run


def write(engine, count=4, **more):
    with transaction.open_as(engine, SYSTEM) as connection:
        for n in range(count):
            audit.record(connection, SYSTEM, "import.cameras", f"K{n}.csv", note="备注", **more)


def tampered(engine, statement):
    with db.open_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE govgrid.audit DISABLE TRIGGER USER"))
        connection.execute(text(statement))
        connection.execute(text("ALTER TABLE govgrid.audit ENABLE TRIGGER USER"))


def test_a_whole_audit_is_said_to_be_whole(govgrid, engine):
    write(engine)
    govgrid("worker", "--once")
    said = govgrid("audit", "verify").err
    assert "4 rows hold" in said
    assert "all 1 heads that were written down stand" in said
    assert said.splitlines()[-1] == "the audit is whole"
    assert "审计日志完整" in govgrid("audit", "verify", lang="zh").err


def test_a_changed_row_is_named_and_the_exit_code_is_three(govgrid, engine):
    write(engine)
    seal.seal_rows(engine)
    tampered(engine, "UPDATE govgrid.audit SET account = 'nobody' WHERE seal_no = 3")
    said = govgrid("audit", "verify", code=3).err
    assert "first break: row 3 (id 3): what the row says was changed" in said
    assert "第 3 行" in govgrid("audit", "verify", code=3, lang="zh").err
    found = json.loads(govgrid("audit", "verify", "--json", code=3).out)
    assert found["broken"] == {"seal_no": 3, "id": 3, "kind": "contents", "count": 1}
    assert (found["whole"], found["rows"]) == (False, 2)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM govgrid.audit WHERE seal_no = 2",
        "UPDATE govgrid.audit SET seal = sha256('x') WHERE seal_no = 2",
        "UPDATE govgrid.audit SET seal = sha256('x') WHERE seal_no = 4",
        "UPDATE govgrid.audit SET note = NULL WHERE seal_no = 2",
        "UPDATE govgrid.audit SET seal_no = seal_no - 10 WHERE seal_no = 2",
    ],
)
def test_every_kind_of_break_has_its_sentence(govgrid, engine, change):
    write(engine)
    seal.seal_rows(engine)
    tampered(engine, change)
    for lang in ("en", "zh"):
        assert "None" not in govgrid("audit", "verify", code=3, lang=lang).err


def test_rows_that_no_worker_seals_are_a_warning(govgrid, engine):
    write(engine)
    tampered(engine, "UPDATE govgrid.audit SET at = at - interval '20 seconds'")
    said = govgrid("audit", "verify").err
    assert "warning: 4 rows are not sealed" in said
    found = json.loads(govgrid("audit", "verify", "--json").out)
    assert found["whole"]
    assert (found["unsealed"]["count"], found["unsealed"]["late"]) == (5, True)


def test_a_head_on_paper_finds_the_end_cut_off(govgrid, engine, tmp_path):
    write(engine)
    seal.seal_rows(engine)
    printed = govgrid("audit", "head").out.split("\n", 1)
    assert printed[0].endswith("row 4")
    digits = printed[1].strip()
    assert {len(group) for group in digits.split()} == {4}
    govgrid("audit", "verify", "--head", f"4:{digits}")
    govgrid("audit", "verify", "--head", digits)
    file = checkpoints.file_of(tmp_path / "home")
    kept = tmp_path / "elsewhere.csv"
    file.rename(kept)
    tampered(engine, "DELETE FROM govgrid.audit WHERE seal_no = 4")
    govgrid("audit", "verify")
    for given in (kept, digits, f"4:{digits}"):
        said = govgrid("audit", "verify", "--head", given, code=3).err
        assert "does not stand in the chain" in said
    govgrid("audit", "verify", "--head", "nonsense", code=2)


def test_the_heads_of_the_home_are_looked_for_unasked(govgrid, engine):
    write(engine)
    seal.seal_rows(engine)
    govgrid("audit", "head")
    tampered(engine, "UPDATE govgrid.audit SET account = 'nobody' WHERE seal_no = 3")
    tampered(engine, "UPDATE govgrid.audit SET seal = NULL, seal_no = NULL")
    seal.seal_rows(engine)
    found = json.loads(govgrid("audit", "verify", "--json", code=3).out)
    assert (found["whole"], found["broken"]) == (False, None)
    assert [head["stands"] for head in found["heads"]] == [False]


def test_a_head_before_anything_is_sealed_says_what_to_do(govgrid):
    assert "govgrid worker" in govgrid("audit", "head", code=2).err


def test_heads_are_printed_as_json_too(govgrid, engine):
    for _ in range(2):
        write(engine, 1)
        seal.seal_rows(engine)
        govgrid("audit", "head")
    heads = json.loads(govgrid("audit", "head", "--all", "--json").out)["heads"]
    assert [head["seal_no"] for head in heads] == [1, 2]
    assert govgrid("audit", "head", "--all", lang="zh").out.count("行") == 2


def test_rows_are_listed_by_filters(govgrid, engine):
    write(engine, 2)
    write(engine, 1, outcome="refused")
    listed = govgrid("audit", "list", "--action", "import", "--account", "os:test", lang="zh").out
    assert listed.count("导入：摄像机") == 3
    assert "拒绝" in listed
    rows = json.loads(govgrid("audit", "list", "--outcome", "refused", "--json").out)["rows"]
    assert [row["object"] for row in rows] == ["K0.csv"]
    assert "No row is such" in govgrid("audit", "list", "--to", "2020-01-01").err
    assert "is no time" in govgrid("audit", "list", "--from", "gestern", code=2).err


def test_a_note_is_redacted_with_a_reason(govgrid, engine):
    write(engine)
    govgrid("audit", "redact", 2, "--reason", "误写手机号")
    govgrid("worker", "--once")
    found = json.loads(govgrid("audit", "verify", "--json").out)
    assert (found["whole"], found["redacted"]) == (True, 1)
    assert "redacted" in govgrid("audit", "list").out
    assert "before" in govgrid("audit", "redact", 2, "--reason", "x", code=2).err
    govgrid("audit", "redact", 2, code=2)


def test_rows_are_written_to_a_file(govgrid, engine, tmp_path):
    write(engine)
    seal.seal_rows(engine)
    govgrid("audit", "export", tmp_path / "a.csv", "--action", "import.cameras", lang="zh")
    assert list(pd.read_csv(tmp_path / "a.csv")["行号"]) == [1, 2, 3, 4]


def test_an_auditor_reads_and_others_do_not(govgrid, engine):
    write(engine)
    account(engine, "aud", "auditor")
    account(engine, "plan", "planner")
    assert "os:test" in govgrid("--as", "aud", "audit", "list").out
    govgrid("--as", "aud", "audit", "verify")
    assert (
        "the system itself"
        in govgrid("--as", "aud", "audit", "redact", 1, "--reason", "x", code=2).err
    )
    for command in (["list"], ["verify"], ["head"]):
        govgrid("--as", "plan", "audit", *command, code=2)
    rows = json.loads(govgrid("audit", "list", "--outcome", "refused", "--json").out)["rows"]
    assert [row["account"] for row in rows] == ["plan", "plan", "plan", "aud"]


def test_tables_brought_to_a_newer_revision_are_written_down_once(govgrid, empty_url, monkeypatch):
    older = db.connect(empty_url)
    db.migrate(older, revision="0010")
    monkeypatch.setenv("GOVGRID_DATABASE_URL", empty_url)
    for _ in range(2):
        assert db.newest_revision() in govgrid("db", "migrate").err
    with db.open_transaction(older) as connection:
        row = connection.execute(text("SELECT action, object, facts FROM govgrid.audit")).one()
    older.dispose()
    assert tuple(row) == ("db.migrate", db.newest_revision(), {"from": "0010"})
