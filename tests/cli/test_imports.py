"""``govgrid import`` as a clerk types it: preview, findings, undo, mending; and killed half-way."""

import json
import os
import signal
import subprocess
import sys
import time

import openpyxl
import pytest
from sqlalchemy import text

from geo.cli import main
from geo.store import db
from tests.toy_town import place

pytestmark = pytest.mark.postgis
COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
ROWS = 20_000


@pytest.fixture
def govgrid(town, database_url, monkeypatch, capfd):
    """Run the command line in this process on the toy town; return what it printed."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    def run(*args, code=0, lang="en"):
        monkeypatch.setenv("GOVGRID_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        done = capfd.readouterr()
        assert ended.value.code == code, done.err
        return done

    return run


@pytest.fixture
def register(tmp_path):
    """Return a register of three cameras: one right, one at 0,0, one without a heading."""
    rows = [
        ("K71", "好枪机", *place(5, 5), "90", "张三"),
        ("K72", "零点枪机", 0, 0, "90", "李四"),
        ("K73", "不详枪机", *place(6, 6), "", "王五"),
    ]
    path = tmp_path / "register.csv"
    lines = ["编码,名称,经度,纬度,监视方位,联系人", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="gb18030")
    return path


def count(engine, table="camera"):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(f"SELECT count(*) FROM govgrid.{table}")).scalar_one()


def test_a_preview_shows_how_the_file_is_read_and_writes_nothing(govgrid, town, register):
    done = govgrid("import", "cameras", register, "--crs", "gcj02", "--preview", code=3, lang="zh")
    assert "坐标系：gcj02" in done.err
    assert "文字编码：gb18030" in done.err
    assert "监视方位 → heading_deg" in done.err
    assert "不导入的列：联系人" in done.err
    assert "好枪机" in done.out
    assert "张三" not in done.out + done.err
    assert count(town) == 4


def test_a_preview_needs_no_coordinate_system_and_says_that_one_is_missing(govgrid, town, register):
    done = govgrid("import", "cameras", register, "--preview", lang="zh")
    assert "坐标系：文件没有注明，导入时须用 --crs 声明" in done.err
    assert "CRS_MISSING" not in done.err
    assert "好枪机" in done.out
    report = json.loads(govgrid("import", "cameras", register, "--preview", "--json").out)
    assert (report["preview"]["crs"], report["read"], report["repeated"]) == ("", 3, 0)
    assert "CRS_MISSING" in {finding["code"] for finding in report["findings"]}
    assert count(town) == 4
    assert "declare it with --crs" in govgrid("import", "cameras", register, code=2).err


def test_a_missing_file_is_said_to_be_missing_before_a_database_is_asked(
    govgrid, monkeypatch, tmp_path
):
    monkeypatch.setenv("GOVGRID_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    for name in ("cameras.csv", "cameras.shp", "cameras", "cameras.dwg"):
        lost = tmp_path / name
        assert f"There is no file {lost}" in govgrid("import", "cameras", lost, code=2).err


def test_a_header_that_is_mapped_but_absent_is_named_back(govgrid, town, register):
    options = ("--crs", "wgs84", "--map", "heading_deg=朝哪里", "--map", "name=名")
    done = govgrid("import", "cameras", register, *options, code=2, lang="zh")
    assert "没有“朝哪里”、“名”列" in done.err
    assert count(town) == 4


def test_all_sheets_of_a_workbook_are_taken_as_one_file(govgrid, town, tmp_path):
    path = tmp_path / "townships.xlsx"
    book = openpyxl.Workbook()
    for number, title in enumerate(("甲街道", "乙街道")):
        sheet = book.create_sheet(title)
        sheet.append(["某区台账"])
        sheet.append(["编码", "名称", "经度", "纬度"])
        sheet.append([f"K7{number}", title, *place(5, number)])
        sheet.append(["K79", "两处", *place(6, number)])
    book.remove(book["Sheet"])
    book.save(path)
    options = ("--crs", "wgs84", "--json")
    one = json.loads(govgrid("import", "cameras", path, *options, "--dry-run").out)
    codes = {finding["code"]: finding["value"] for finding in one["findings"]}
    assert (one["read"], codes["SHEETS_UNREAD"]) == (2, "乙街道")
    both = json.loads(govgrid("import", "cameras", path, *options, "--all-sheets", code=3).out)
    assert (both["read"], both["inserted"], both["quarantined"]) == (4, 3, 1)
    twice = [f for f in both["findings"] if f["code"] == "CODE_DUPLICATE"]
    assert [(f["row"], f["value"]) for f in twice] == [(1004, "K79")]
    assert count(town) == 7


def test_the_encoding_of_a_text_is_told_by_each_import(govgrid, register):
    done = govgrid("import", "cameras", register, "--crs", "wgs84", code=3)
    assert "encoding: gb18030" in done.err


def test_a_dry_run_in_json_has_the_preview_too(govgrid, register):
    done = govgrid("import", "cameras", register, "--crs", "wgs84", "--dry-run", "--json", code=3)
    report = json.loads(done.out)
    assert report["preview"]["encoding"] == "gb18030"
    assert report["preview"]["mapping"]["heading_deg"] == "监视方位"
    assert report["preview"]["rows"][0] == {
        "row": 2,
        "cells": {
            "编码": "K71",
            "名称": "好枪机",
            "经度": str(place(5, 5)[0]),
            "纬度": str(place(5, 5)[1]),
            "监视方位": "90",
        },
    }
    assert (report["run"], report["held"], report["findings_omitted"]) == (None, None, 0)


def test_an_import_is_listed_shown_and_undone(govgrid, town, register):
    done = govgrid("import", "cameras", register, "--crs", "wgs84", code=3)
    assert count(town) == 6
    run = json.loads(govgrid("import", "runs", "--json").out)["runs"][0]["run"]
    assert f"govgrid import undo {run}" in done.err
    assert "register.csv" in govgrid("import", "runs").out
    assert "ZERO_COORDINATES" in govgrid("import", "show", run).err
    shown = json.loads(govgrid("import", "show", run, "--json").out)
    assert (shown["inserted"], shown["quarantined"], shown["state"]) == (2, 1, "done")
    assert "2 restored" not in govgrid("import", "undo", run).err
    assert count(town) == 4
    assert "undone already" in govgrid("import", "undo", run, code=2).err


def test_rows_are_mended_and_given_back(govgrid, town, register, tmp_path):
    govgrid("import", "cameras", register, "--crs", "wgs84", code=3)
    run = json.loads(govgrid("import", "runs", "--json").out)["runs"][0]["run"]
    out = tmp_path / "mend.xlsx"
    govgrid("import", "quarantine", run, out)
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert "联系人" not in heads
    for column, value in zip(("经度", "纬度"), place(7, 7), strict=True):
        sheet.cell(2, heads.index(column) + 1).value = value
    book.save(out)
    report = json.loads(govgrid("import", "retry", run, out, "--json").out)
    assert (report["inserted"], report["solved"], report["quarantined"]) == (1, 1, 0)
    assert count(town) == 7
    assert "waits" in govgrid("import", "quarantine", run, out, "--force", code=2).err


def test_a_findings_file_is_the_original_with_two_columns(govgrid, register, tmp_path):
    out = tmp_path / "findings.xlsx"
    govgrid("import", "cameras", register, "--crs", "wgs84", "--findings", out, code=3, lang="zh")
    sheet = openpyxl.load_workbook(out).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][-2:] == ["状态", "说明"]
    assert [row[-2] for row in rows[1:4]] == ["已导入", "待更正", "已导入（有警告）"]
    assert "张三" not in str(rows)
    assert "不是真实位置" in rows[2][-1]


def test_a_findings_file_of_another_kind_is_refused_before_anything(govgrid, town, register):
    done = govgrid("import", "cameras", register, "--crs", "wgs84", "--findings", "x.gpkg", code=2)
    assert ".csv .xlsx" in done.err
    assert count(town) == 4


def test_a_source_is_saved_listed_and_forgotten(govgrid, register):
    assert "No source is saved" in govgrid("import", "sources").err
    govgrid("import", "cameras", register, "--crs", "wgs84", "--remember", "区公安", code=3)
    assert "区公安" in govgrid("import", "sources").out
    govgrid("import", "cameras", register, "--source", "区公安", code=3)
    govgrid("import", "forget", "cameras", "区公安")
    done = govgrid("import", "cameras", register, "--source", "区公安", code=2)
    assert "No source called" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cameras",), "No file is named"),
        (("template", "cameras"), "import template LAYER OUT.xlsx"),
        (("undo",), "import undo RUN"),
        (("undo", "alpha"), "named by its number"),
        (("undo", "1", "2"), "import undo RUN"),
        (("retry", "99", "x.csv"), "There is no import 99"),
        (("cameras", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_wrong_words_are_answered_with_how_it_goes(govgrid, arguments, said):
    assert said in govgrid("import", *arguments, code=2).err


def test_an_import_that_is_killed_leaves_nothing_half_written(town, database_url, tmp_path):
    """Ended in the middle of writing: no row stays, no run, and the next import goes through."""
    path = tmp_path / "large.csv"
    lon, lat = place(5, 5)
    lines = [
        f"G{k},点{k},{lon + k % 997 * 1e-6:.6f},{lat + k % 991 * 1e-6:.6f}" for k in range(ROWS)
    ]
    path.write_text("\n".join(["编码,名称,经度,纬度", *lines]) + "\n", encoding="utf-8")
    environment = {**os.environ, "GOVGRID_DATABASE_URL": database_url, "GOVGRID_LANG": "en"}
    command = [*COMMAND, "import", "cameras", str(path), "--crs", "wgs84", "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        assert _is_writing(town, process), process.poll()
        process.send_signal(signal.SIGKILL)
        process.wait()
    _wait_until_alone(town)
    assert (count(town), count(town, "import_change")) == (4, _changes_of_the_town(town))
    assert count(town, "import_run") == 7
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["inserted"] == ROWS, done.stderr


def _changes_of_the_town(engine):
    with db.open_transaction(engine) as connection:
        return connection.execute(
            text("SELECT count(*) FROM govgrid.import_change WHERE import_run <= 7")
        ).scalar_one()


def _is_writing(engine, process):
    """Wait until the process has brought a first part of its rows in, or has ended."""
    grown = text("SELECT pg_relation_size('govgrid.import_change') > 1000000")
    while process.poll() is None:
        with db.open_transaction(engine) as connection:
            if connection.execute(grown).scalar_one():
                return True
        time.sleep(0.05)
    return False


def _wait_until_alone(engine):
    """Wait until the server has noticed that the killed import is gone."""
    busy = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while True:
        with db.open_transaction(engine) as connection:
            if connection.execute(busy).scalar_one() == 0:
                return
        time.sleep(0.1)
