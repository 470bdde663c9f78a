"""Statistics over HTTP and on the command line: the same figures as JSON, XLSX and table."""

import csv
import io
import json
import shutil
import subprocess
from collections import Counter
from datetime import date

import openpyxl
import pytest
from sqlalchemy import text

from tests.command_line import alone, commands
from tests.incidents.counted_site import serve_counted_town
from tests.incidents.counted_town import C1, C2, counts_by_hand, stored_rows

pytestmark = pytest.mark.postgis
AREA_COUNTS = (
    "INSERT INTO govgrid.area_count (area_code, day, households, residents, source) VALUES"
    f" ('{C1}', '2026-06-30', 900, 2600, '街道'), ('{C2}', '2026-06-30', 300, 1400, '街道')"
)


@pytest.fixture
def site(engine, settings, tmp_path):
    with serve_counted_town(engine, settings, tmp_path, size=200) as visitors:
        yield visitors


@pytest.fixture
def govgrid(monkeypatch, capfd, database_url):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "zh")
    return commands(monkeypatch, capfd)


def test_the_answer_the_workbook_and_the_command_line_say_the_same(site, engine, govgrid, tmp_path):
    path = "/api/statistics"
    told = site.client.get(path, params={"year": "2026", "compare": "true"}).json()
    by_hand = counts_by_hand(stored_rows(engine), "community", date(2026, 1, 1), date(2026, 12, 31))
    assert {row["key"]: row["collected"] for row in told["rows"]} == {
        key: counts["collected"] for key, counts in by_hand.items()
    }
    assert told["previous"]["until"] == "2025-12-31"
    assert told["frozen"] is None
    whole = site.client.get(path, params={"year": "2026", "compare": "true", "area": ""})
    assert whole.json()["rows"] == told["rows"]  # a form that names no area
    answer = site.client.get(path, params={"year": "2026", "f": "xlsx"})
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [[cell.value for cell in row] for row in book["事项统计"].iter_rows()]
    head = next(n for n, row in enumerate(cells) if row[0] == "村居")
    columns = {name: n for n, name in enumerate(cells[head])}
    named = {row["name"]: row for row in told["rows"]}
    printed = [row for row in cells[head + 1 :] if row[0] in named]
    assert len(printed) == len(named)
    for row in printed:
        meant = named[row[0]]
        assert row[columns["收集数"]] == meant["collected"]
        assert row[columns["办结数"]] == meant["closed"]
        assert row[columns["办结率"]] == pytest.approx(
            meant["rates"]["closure"]["share"], abs=1e-12
        )
    definitions = [row[0].value for row in book["口径"].iter_rows(min_row=2)]
    assert definitions[: len(told["rates"])] == [rate["label"] for rate in told["rates"]]
    asked = ("incident", "statistics", "--year", "2026")
    same = ("key", "name", "collected", "accepted", "closed", "resolved", "flow")  # by any clock
    there = json.loads(govgrid(*asked, "--json").out)["rows"]
    assert [[row[name] for name in same] for row in there] == [
        [row[name] for name in same] for row in told["rows"]
    ]
    out = tmp_path / "figures.xlsx"
    govgrid(*asked, "--out", out)
    again = openpyxl.load_workbook(out)["事项统计"]
    written = [[cell.value for cell in row][:5] for row in again.iter_rows(min_row=head + 1)]
    assert written == [row[:5] for row in cells[head:]]


def test_closure_is_what_the_exported_file_says(site, engine, govgrid, tmp_path):
    """Only the columns of the export are read: whoever has the file can check the figures."""
    out = tmp_path / "incidents.csv"
    govgrid("export", "incidents", out, "--reason", "核对")
    with out.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    apart = {"draft", "duplicate", "cancelled"}
    known = [
        row for row in rows if row["state"] not in apart and row["category"] not in ("纠纷", "03")
    ]
    collected = Counter(row["community_code"] for row in known)
    closed = Counter(row["community_code"] for row in known if row["state"] == "closed")
    kept = Counter(
        row["community_code"]
        for row in known
        if row["state"] == "closed" and row["level"] in ("grid", "community")
    )
    asked = {"since": "2000-01-01", "until": "2026-12-31", "by": "community"}
    told = site.client.get("/api/statistics", params=asked).json()
    sensitive = site.client.get("/api/statistics", params={**asked, "category": "纠纷"}).json()
    less = {row["key"]: row for row in sensitive["rows"]}
    for row in told["rows"]:
        apart = less.get(row["key"], {"collected": 0, "closed": 0})
        assert row["collected"] - apart["collected"] == collected[row["key"]]
        assert row["closed"] - apart["closed"] == closed[row["key"]]
    assert kept[C1] > 0


def test_a_period_is_issued_once_and_scopes_are_named_and_deleted(site):
    client = site.client
    made = client.post("/api/statistics/issues", json={"month": "2026-08"})
    assert (made.status_code, made.json()["until"]) == (201, "2026-08-31")
    assert client.post("/api/statistics/issues", json={"month": "2026-08"}).status_code == 409
    assert client.post("/api/statistics/issues", json={"month": "2026-10"}).status_code == 409
    assert client.post("/api/statistics/issues", json={}).status_code == 400
    assert [i["since"] for i in client.get("/api/statistics/issues").json()["issues"]] == [
        "2026-08-01"
    ]
    frozen = client.get("/api/statistics", params={"month": "2026-08"}).json()
    assert frozen["frozen"]["issued_by"] == "chen"
    assert frozen["corrections"] == []
    path = "/api/statistics/scopes/试点"
    assert client.put(path, json={"areas": [C1]}).json()["areas"] == [C1]
    assert client.put(path, json={}).status_code == 400
    cut = client.get("/api/statistics", params={"year": "2026", "scope": "试点"}).json()
    assert [row["key"] for row in cut["rows"]] == [C1]
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    assert client.get("/api/statistics/scopes").json() == {"scopes": []}
    refused = client.get("/api/statistics", params={"scope": "试点"})
    assert refused.status_code == 400
    assert "试点" in refused.json()["detail"]


def test_hot_spots_and_attendance_are_told_alike_by_the_answer_and_the_command_line(site, govgrid):
    asked = {"year": "2026", "area": C1}
    told = site.client.get("/api/statistics/hot-spots", params=asked).json()
    assert {row["community"] for row in told["rows"]} == {C1}
    assert all(len(row["hours"]) == 24 for row in told["rows"])
    words = ("--year", "2026", "--area", C1)
    there = json.loads(govgrid("incident", "hot-spots", *words, "--json").out)
    assert there == told
    printed = govgrid("incident", "hot-spots", *words)
    assert told["rows"][0]["name"] in printed.out
    whole = site.client.get("/api/statistics", params={**asked, "attendance": "true"}).json()
    alone_ = site.client.get("/api/whistles/attendance", params=asked).json()
    assert (whole["attendance"], alone_["whistles"]) == (alone_, 0)
    told = json.loads(govgrid("incident", "statistics", *words, "--attendance", "--json").out)
    assert told["attendance"]["rates"] == alone_["rates"]
    assert "吹哨 0 次" in govgrid("incident", "statistics", *words, "--attendance").out
    for path in ("/api/statistics/hot-spots", "/api/whistles/attendance"):
        assert site.client.get(path, params={"area": "nowhere"}).status_code == 400
        assert site.client.get(path, params={"colour": "red"}).status_code == 400


def test_the_workbook_has_a_sheet_of_attendance_where_it_is_asked_for(site, engine):
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO govgrid.whistle (incident, kind, level, state, blown_at, blown_by,"
            " report_by) SELECT id, 'enforcement', 'township', 'ended', '2026-09-01 09:00+08',"
            " 'desk', '2026-09-01 09:30+08' FROM govgrid.incident WHERE code IN ('N0001', 'N0002')",
            "INSERT INTO govgrid.dispatch (incident_code, unit_code, state, lead, kind, whistle,"
            " reported_in_at) SELECT i.code, u.code, 'sent', false, 'whistle', w.id,"
            " u.at::timestamptz"
            " FROM govgrid.whistle w JOIN govgrid.incident i ON i.id = w.incident"
            " CROSS JOIN (VALUES ('U1', '2026-09-01 09:12+08'), ('U2', NULL)) AS u (code, at)",
        ):
            connection.execute(text(statement))
    asked = {"month": "2026-09", "attendance": "true"}
    told = site.client.get("/api/statistics", params=asked).json()["attendance"]
    book = site.client.get("/api/statistics", params={**asked, "f": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(book.content))["吹哨报到"]
    cells = [list(row) for row in sheet.values]
    assert cells[2][1:8] == ["单位", "应到", "报到", "按时", "首家", "集体按时", "结对报到"]
    assert [row[1:8] for row in cells[3:5]] == [
        ["U2 市政所", 2, 0, 0, 0, 0, "0/0"],
        ["U1 城管中队", 2, 2, 2, 2, 0, "0/0"],
    ]
    assert [row["unit"] for row in told["rows"]] == ["U2", "U1"]
    rates = {row[0]: row[1:3] for row in cells[6:]}
    assert rates["报到率"] == [2, 4]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
@pytest.mark.thorough
def test_shares_by_factors_are_formulas_that_give_what_the_answer_says(site, engine, tmp_path):
    with engine.begin() as connection:
        connection.execute(text(AREA_COUNTS))
    asked = {"month": "2026-09", "total": 100, "base": 10, "weight": ["residents=60", "matters=40"]}
    told = site.client.get("/api/statistics/workload", params=asked).json()
    answer = site.client.get("/api/statistics/workload", params={**asked, "f": "xlsx"})
    (tmp_path / "workload.xlsx").write_bytes(answer.content)
    sheets = compute_workbook(tmp_path / "workload.xlsx", tmp_path)
    figures = [list(row) for row in sheets["村居工作量表"].values]
    assert [row[:6] for row in figures[4:]] == [
        [r["key"], r["name"], r["households"], r["residents"], r["grids"], r["matters"]]
        for r in told["rows"]
    ]
    table = [list(row) for row in sheets["因素法测算表"].values]
    assert "仅供测算参考" in table[0][0]
    assert table[5][2:5] == [60, 40, 100]
    shares = told["allocation"]["shares"]
    computed = [row[4:7] for row in table[6 : 6 + len(shares)]]
    for cells, share in zip(computed, shares, strict=True):
        wanted = [share["base"], share["by_factors"], share["amount"]]
        assert cells == pytest.approx(wanted, abs=1e-9)
    assert table[6 + len(shares)][6] == pytest.approx(100)
    # another amount in the sheet makes other shares: they are computed, not written
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    book["因素法测算表"]["C3"] = 200
    book["因素法测算表"]["D6"] = 0
    book.save(tmp_path / "changed.xlsx")
    changed = compute_workbook(tmp_path / "changed.xlsx", tmp_path)["因素法测算表"]
    residents = [row["residents"] or 0 for row in told["rows"]]
    rest = 200 - 10 * len(shares)
    assert [row[6] for row in list(changed.values)[6 : 6 + len(shares)]] == pytest.approx(
        [10 + rest * each / sum(residents) for each in residents]
    )


def test_numbers_of_communities_come_by_a_file_and_amounts_that_cannot_be_are_refused(
    site, govgrid, tmp_path
):
    head = "村居编码,截至日期,户数,人口数,数据来源\n"
    path = tmp_path / "基数.csv"
    path.write_text(
        f"{head}{C1},2026-06-30,900,2500,街道\n{C1},2026-09-30,910,2600,街道\n", "utf-8"
    )
    done = json.loads(govgrid("import", "area-counts", path, "--json").out)
    assert (done["inserted"], done["quarantined"]) == (2, 0)
    path.write_text(f"{head}{C1},2026-09-30,910,2700,街道\n{C1},2026-09-30,1,1,街道\n", "utf-8")
    again = json.loads(govgrid("import", "area-counts", path, "--json", code=3).out)
    assert (again["updated"], again["quarantined"]) == (1, 1)  # one row a day
    told = site.client.get("/api/statistics/workload", params={"month": "2026-09"}).json()
    one = next(row for row in told["rows"] if row["key"] == C1)
    assert (one["residents"], one["counted_on"], told["allocation"]) == (2700, "2026-09-30", None)
    words = ("incident", "workload", "--month", "2026-09")
    assert json.loads(govgrid(*words, "--json").out)["rows"] == told["rows"]
    shared = govgrid(*words, "--total", "100", "--weight", "residents=1")
    assert "100.0" in shared.out
    out = tmp_path / "workload.xlsx"
    govgrid(*words, "--out", out)
    assert openpyxl.load_workbook(out).sheetnames == ["村居工作量表"]
    for more in (["--total", "9"], ["--weight", "noise=1"], ["--base", "1"]):
        govgrid(*words, *more, code=2)
    for params in ({"total": 9}, {"total": 9, "weight": "gaps=1"}, {"weight": "area=1"}):
        asked = {"month": "2026-09", **params}
        assert site.client.get("/api/statistics/workload", params=asked).status_code == 400


def compute_workbook(path, folder):
    """Return the sheets of a workbook with what LibreOffice computes of its formulas."""
    out = folder / "computed"
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return openpyxl.load_workbook(out / path.name, data_only=True)
