"""``govgrid setup`` as its user types it, in both languages."""

import json
import os
import sys

import openpyxl
import pytest

from geo.cli import main
from geo.coverage import compute

pytestmark = pytest.mark.postgis


@pytest.fixture
def govgrid(database_url, monkeypatch, capfd):
    """Run the command line on the database; return what it printed and its exit code."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)

    def run(*args, lang="zh"):
        monkeypatch.setenv("GOVGRID_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (*capfd.readouterr(), ended.value.code or 0)

    return run


def test_an_empty_database_is_told_what_to_type_first(govgrid):
    out, err, code = govgrid("setup", "status")
    assert code == 0
    assert "启动清单" in out
    assert "! 缺少" in out
    assert "○ 可后补" in out
    assert "1. govgrid import areas FILE --level district --crs wgs84" in err


def test_a_loaded_town_is_told_by_marks_words_and_the_next_step(govgrid, town):
    out, err, code = govgrid("setup", "status")
    assert code == 0
    assert "✓ 已有" in out
    assert "! 不全" in out
    assert "3 / 4" in out
    assert "1 台朝向不详" in out
    assert "grids.geojson test" in out
    assert "覆盖：还没有计算过" in err
    assert "建档完整率 19.8%（已填 19 / 应填 96 项）" in err
    compute.compute(town)
    assert "与现有数据一致" in govgrid("setup", "status")[1]


def test_english_has_no_chinese_but_names(govgrid, town):
    out, err, _ = govgrid("setup", "status", lang="en")
    assert "Starting up" in out
    text = out + err
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in text), text


def test_json_has_its_keys(govgrid, town):
    out, _, code = govgrid("setup", "status", "--json")
    found = json.loads(out)
    assert code == 0
    assert {"layers", "coverage", "completeness", "next"} <= set(found)
    keys = {"layer", "rows", "last_import", "needed_for", "missing_effect"}
    assert all(keys <= set(row) for row in found["layers"])
    last = found["layers"][3]["last_import"]
    assert {"run", "at", "source"} <= set(last)
    assert {"share", "filled", "applicable", "fields", "by_owner_kind", "by_area"} <= set(
        found["completeness"]
    )


def test_completeness_goes_to_a_workbook_or_the_screen(govgrid, town, tmp_path):
    out, err, code = govgrid("setup", "completeness")
    assert code == 0
    assert "管理信息" in out
    assert "合计 19.8% (19 / 96)" in err
    path = tmp_path / "c.xlsx"
    out, err, code = govgrid("setup", "completeness", "--out", path, "--by", "grid")
    assert (out, code) == ("", 0)
    assert "c.xlsx" in err
    assert openpyxl.load_workbook(path).sheetnames[0] == "按网格"
    found = json.loads(govgrid("setup", "completeness", "--by", "grid", "--json")[0])
    assert {row["level"] for row in found["by_area"]} == {"grid"}


@pytest.mark.parametrize(
    "args", [("--by", "street"), ("--out", "c.csv"), ("--out", "/nowhere/c.xlsx")]
)
def test_what_cannot_be_done_is_said_and_nothing_written(govgrid, town, args):
    out, err, code = govgrid("setup", "completeness", *args)
    assert (out, code) == ("", 2)
    assert err.strip()


def test_an_empty_register_has_no_share_and_no_crash(govgrid):
    assert govgrid("setup", "completeness")[2] == 0
