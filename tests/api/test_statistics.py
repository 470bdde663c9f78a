"""Statistics over HTTP and on the command line: the same figures as JSON, XLSX and table."""

import csv
import io
import json
from collections import Counter
from datetime import date

import openpyxl
import pytest

from tests.command_line import alone, commands
from tests.incidents.counted_site import serve_counted_town
from tests.incidents.counted_town import C1, counts_by_hand, stored_rows

pytestmark = pytest.mark.postgis


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
