"""The audit log: searched, exported, its checkpoints written; imports in it."""

import stat
from datetime import date

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.audit import checkpoints, seal
from geo.access.audit import log as audit_log
from geo.access.audit import record as audit
from geo.access.audit.chain import Head
from geo.access.audit.log import Filters
from geo.base.chinese_shifts import wgs84_to_gcj02
from geo.base.errors import InputError
from geo.exchange.imports import runs as import_runs
from tests.access.audit.test_record import AUDITOR, SYSTEM, head, tampered, write
from tests.signed_in import account
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

ZONE = "Asia/Shanghai"
HOW = {"timezone": ZONE, "lang": "zh"}
WHY = {"reason": "季度核查"}


def test_rows_are_found_by_who_what_how_and_when(engine):
    with transaction.open_as(engine, SYSTEM) as connection:
        for action, outcome in (("login", "done"), ("login", "refused"), ("import.areas", "done")):
            audit.record(connection, SYSTEM, action, outcome=outcome)
        audit.record(connection, AUDITOR, "importance")
    tampered(engine, "UPDATE govgrid.audit SET at = '2026-09-30 16:30:00+00' WHERE id = 1")

    def ids(**words):
        wanted = audit_log.parse_filters(timezone=ZONE, **words)
        return [row.id for row in audit_log.list_page(engine, SYSTEM, wanted)]

    assert ids() == [4, 3, 2, 1]
    assert ids(account=" os:test ") == [3, 2, 1]
    assert ids(action="import") == [3]
    assert ids(action="login", outcome="refused") == [2]
    assert ids(action="log%") == ids(account="x\x00") == []
    # half past midnight of the first of October in the district
    assert ids(since="2026-10-01", until="2026-10-01") == [1]
    assert ids(until="2026-09-30") == ids(until="0001-01-01") == []
    assert ids(since="2026-10-01T00:30", until="2026-10-01T00:31") == [1]
    assert ids(since="2026-09-30T16:30Z", until="2026-09-30T16:30:00.000001Z") == [1]
    for wrong in ("gestern", "2026-13-01", "2026-09-30T25:00", "9999999-01-01", "\x00"):
        with pytest.raises(InputError, match="is no time"):
            ids(since=wrong)
    with pytest.raises(InputError, match="no outcome"):
        ids(outcome="odd")


def test_the_last_day_of_the_calendar_is_refused_as_an_end():
    with pytest.raises(InputError, match="is no time"):
        audit_log.parse_filters(timezone=ZONE, until="9999-12-31")


def test_pages_follow_each_other_without_repeating(engine):
    write(engine, 5)
    first = audit_log.list_page(engine, AUDITOR, Filters(), limit=2)
    second = audit_log.list_page(engine, AUDITOR, Filters(), limit=2, before=first[-1].id)
    assert [row.id for row in first + second] == [5, 4, 3, 2]


def test_a_file_holds_the_seals_and_that_it_was_taken_is_audited(engine, tmp_path):
    write(engine, 3, note="=1+1")
    seal.seal_rows(engine)
    out = tmp_path / "audit.csv"
    wanted = Filters(action="login")
    assert audit_log.export_rows(engine, AUDITOR, wanted, out, **WHY, timezone=ZONE, lang="zh") == 3
    table = pd.read_csv(out, dtype=str)
    assert list(table["行号"]) == ["1", "2", "3"]
    assert table["校验码"].iloc[-1] == head(engine).seal.hex()
    assert table["时间"].str.endswith("+08:00").all()
    assert list(table["备注"]) == ["'=1+1"] * 3
    book = tmp_path / "audit.xlsx"
    audit_log.export_rows(engine, AUDITOR, wanted, book, **WHY, timezone=ZONE, lang="en")
    assert openpyxl.load_workbook(book).active.max_row == 4
    rows = audit_log.list_page(engine, AUDITOR, Filters(action="audit.export"))
    assert [row.object for row in rows] == ["audit.xlsx", "audit.csv"]
    assert rows[0].facts == {"rows": 3, "filters": {"action": "login"}}
    with engine.begin() as connection:
        asked = text("SELECT what, form, rows, reason FROM govgrid.export_register ORDER BY at")
        found = [tuple(row) for row in connection.execute(asked)]
    assert found == [("audit", form, 3, "季度核查") for form in ("csv", "xlsx")]


def test_an_account_takes_nothing_out_without_a_reason(engine, tmp_path):
    account(engine, "aud", "auditor")
    with pytest.raises(InputError, match="reason"):
        audit_log.export_rows(
            engine,
            acting_principal(engine, "aud"),
            Filters(),
            tmp_path / "a.csv",
            reason=" ",
            **HOW,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_or_would_be_too_large_is_refused(engine, tmp_path, monkeypatch):
    write(engine, 3)
    for name in ("audit.pdf", "missing/audit.csv"):
        with pytest.raises(InputError):
            audit_log.export_rows(engine, AUDITOR, Filters(), tmp_path / name, **WHY, **HOW)
    monkeypatch.setattr(audit_log, "MOST_ROWS", {".csv": 2})
    with pytest.raises(InputError, match="More than 2 rows"):
        audit_log.export_rows(engine, AUDITOR, Filters(), tmp_path / "a.csv", **WHY, **HOW)
    assert list(tmp_path.iterdir()) == []


def test_heads_are_appended_once_a_day_and_only_the_owner_reads_them(tmp_path):
    path = checkpoints.file_of(tmp_path)
    one, two = Head(1, b"a" * 32), Head(2, b"b" * 32)
    monday, tuesday = date(2026, 9, 28), date(2026, 9, 29)
    assert checkpoints.read_checkpoints(path) == []
    assert checkpoints.write_checkpoint(path, one, monday, if_due=True)
    assert not checkpoints.write_checkpoint(path, two, monday, if_due=True)
    assert not checkpoints.write_checkpoint(
        path, one, tuesday, if_due=True
    )  # nothing happened since
    assert checkpoints.write_checkpoint(path, two, tuesday, if_due=True)
    assert not checkpoints.write_checkpoint(path, two, tuesday)
    assert path.read_text().splitlines() == [
        "date,seal_no,hash",
        f"2026-09-28,1,{'61' * 32}",
        f"2026-09-29,2,{'62' * 32}",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert checkpoints.read_checkpoints(path) == [
        Head(1, b"a" * 32, "2026-09-28"),
        Head(2, b"b" * 32, "2026-09-29"),
    ]


def test_a_head_is_taken_as_it_stands_on_paper_or_in_its_file(tmp_path):
    kept = Head(12, bytes(range(32)))
    assert checkpoints.parse_checkpoints(kept.seal.hex()) == [Head(None, kept.seal)]
    assert checkpoints.parse_checkpoints(f"12:{kept.groups.upper()}") == [kept]
    path = tmp_path / "heads.csv"
    assert checkpoints.newest_checkpoint(path) is None
    checkpoints.write_checkpoint(path, kept, date(2026, 9, 30))
    assert checkpoints.newest_checkpoint(path) == Head(12, kept.seal, "2026-09-30")
    assert checkpoints.parse_checkpoints(str(path)) == [Head(12, kept.seal, "2026-09-30")]


@pytest.mark.parametrize(
    "written", ["", "abc", "g" * 64, "x:" + "a" * 64, "-1:" + "a" * 64, "a" * 65, "\x00"]
)
def test_what_is_no_head_is_refused(written):
    with pytest.raises(InputError, match="no head"):
        checkpoints.parse_checkpoints(written)


@pytest.mark.parametrize("line", ["2026-09-30,1", "2026-09-30,x," + "a" * 64, "a,b,c,d"])
def test_a_spoilt_file_of_heads_is_named_with_its_line(tmp_path, line):
    path = tmp_path / "heads.csv"
    path.write_text(f"date,seal_no,hash\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 2 of heads\.csv"):
        checkpoints.read_checkpoints(path)
    assert checkpoints.newest_checkpoint(path) is None
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no head"):
        checkpoints.read_checkpoints(path)


def test_an_import_is_audited_with_run_file_and_counts(town, tmp_path):
    path = tmp_path / "c.csv"
    lon, lat = place(5, 5)
    path.write_text(f"编码,名称,经度,纬度\nK9,新,{lon},{lat}\nK9x,零,0,0\n", encoding="utf-8")
    report = bring_in(town, "cameras", path)
    row = audit_log.list_page(town, SYSTEM, Filters(action="import"))[0]
    assert (row.action, row.object, row.outcome) == ("import.cameras", "c.csv", "done")
    facts = row.facts
    assert (facts["run"], facts["read"], facts["inserted"], facts["quarantined"]) == (
        report.run, 2, 1, 1,
    )  # fmt: skip
    assert len(facts["sha256"]) == 64
    assert facts["reverse_conversion"] == []
    import_runs.undo_run(town, report.run, who=SYSTEM)
    row = audit_log.list_page(town, SYSTEM, Filters(action="import.undo"))[0]
    assert (row.account, row.facts["run"], row.facts["removed"]) == (
        "os:test",
        report.run,
        2,
    )


def test_a_trial_leaves_no_row_and_a_strict_refusal_does(town, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("编码,名称,经度,纬度\nK9,零,0,0\n", encoding="utf-8")
    before = len(audit_log.list_page(town, SYSTEM, Filters()))
    bring_in(town, "cameras", path, dry_run=True)
    assert len(audit_log.list_page(town, SYSTEM, Filters())) == before
    bring_in(town, "cameras", path, strict=True)
    row = audit_log.list_page(town, SYSTEM, Filters())[0]
    assert (row.action, row.outcome, row.facts["run"]) == (
        "import.cameras",
        "refused",
        None,
    )


def test_turning_gcj02_back_is_flagged_whether_declared_or_said_by_a_row(town, tmp_path):
    (lon,), (lat,) = wgs84_to_gcj02(*([v] for v in place(5, 5)))
    declared, said = tmp_path / "declared.csv", tmp_path / "said.csv"
    declared.write_text(f"编码,名称,经度,纬度\nK8,甲,{lon},{lat}\n", encoding="utf-8")
    said.write_text(f"编码,名称,经度,纬度,坐标系\nK9,乙,{lon},{lat},火星坐标系\n", encoding="utf-8")
    bring_in(town, "cameras", declared, crs="GCJ-02")
    bring_in(town, "cameras", said)
    rows = audit_log.list_page(town, SYSTEM, Filters(action="import"), limit=2)
    assert [row.facts["reverse_conversion"] for row in rows] == [["gcj02"], ["gcj02"]]
