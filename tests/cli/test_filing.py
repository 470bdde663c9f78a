"""``govgrid compliance filing`` and ``filed`` as their user types them."""

import json

import openpyxl
import pytest

from geo.access.accounts.local_cli import acting_principal
from tests import filed_town
from tests.command_line import alone, commands
from tests.filed_town import NUMBER, POLICE, SCHOOL
from tests.signed_in import account
from tests.toy_town import bring_in

pytestmark = pytest.mark.postgis
EAST = "340802001001002"


@pytest.fixture
def govgrid(database_url, tmp_path, monkeypatch, capfd):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    return commands(monkeypatch, capfd)


@pytest.fixture
def folder(town, tmp_path):
    filed_town.filed(town, tmp_path)
    return tmp_path


def test_the_sheet_of_a_unit_is_written(govgrid, folder):
    out = folder / "police.xlsx"
    printed = govgrid("compliance", "filing", POLICE, out)
    assert "3 cameras" in printed.err
    assert printed.out == ""
    pages = openpyxl.load_workbook(out)
    assert pages.sheetnames == ["基本信息", "采集设备", "变更", "待补"]
    told = json.loads(govgrid("compliance", "filing", POLICE, out, "--json", "--force").out)
    assert told["sheets"] == [
        {"unit": POLICE, "file": str(out), "cameras": 3, "lacking": 4, "changes": 0}
    ]


def test_the_sheets_of_all_units_go_into_a_folder_under_safe_names(govgrid, folder):
    out = folder / "new" / "sheets"
    found = json.loads(govgrid("--lang", "zh", "compliance", "filing", "--all", out, "--json").out)
    assert [row["unit"] for row in found["sheets"]] == [SCHOOL, POLICE]
    assert sorted(path.name for path in out.iterdir()) == [
        "备案表-一中_保卫处.xlsx",
        f"备案表-{POLICE}.xlsx",
    ]


def test_a_sheet_goes_out_and_is_registered_as_filed(govgrid, town, folder):
    out = folder / "police.xlsx"
    govgrid("compliance", "filing", POLICE, out)
    printed = govgrid("compliance", "filed", out, "--number", "BA-9", "--on", "2025-11-01")
    assert "BA-9 (迎江分局, 2025-11-01)" in printed.err
    again = govgrid("compliance", "filed", out, "--number", "BA-9", "--on", "2025-11-01", "--json")
    told = json.loads(again.out)
    assert (told["number"], told["filed_on"], told["cameras"]) == ("BA-9", "2025-11-01", 3)
    govgrid("import", "undo", told["run"])
    changed = filed_town.cameras(folder, "2.csv", K1={"备案号": "BA-9", "录像保存天数": 15})
    bring_in(town, "cameras", changed)
    told = json.loads(govgrid("compliance", "filing", POLICE, out, "--json", "--force").out)
    assert told["sheets"][0]["changes"] == 1


def test_what_is_to_be_written_must_be_named(govgrid, folder):
    assert "Say where to write" in govgrid("compliance", "filing", POLICE, code=2).err
    both = govgrid("compliance", "filing", "--all", POLICE, folder / "a.xlsx", code=2)
    assert "Say where to write" in both.err
    assert ".xlsx" in govgrid("compliance", "filing", POLICE, folder / "a.csv", code=2).err
    blocked = folder / "file"
    blocked.write_text("x")
    assert "cannot be written" in govgrid("compliance", "filing", "--all", blocked, code=2).err
    assert POLICE in govgrid("compliance", "filing", "nobody", folder / "a.xlsx", code=2).err
    assert not (folder / "a.xlsx").exists()


def test_an_account_needs_a_reason_and_the_permission(govgrid, town, folder):
    out = folder / "a.xlsx"
    for role in ("planner", "operator", "auditor"):
        account(town, role, role)
    asked = ("compliance", "filing", POLICE, out)
    assert "needs a reason" in govgrid("--as", "planner", *asked, code=2).err
    govgrid("--as", "planner", *asked, "--reason", "备案")
    for role in ("operator", "auditor"):
        assert "may not" in govgrid("--as", role, *asked, "--reason", "x", "--force", code=2).err
    filed = ("compliance", "filed", out, "--number", "B", "--on", "2025-11-01")
    assert "may not" in govgrid("--as", "planner", *filed, code=2).err


def test_a_sheet_of_an_account_is_cut_to_it(govgrid, town, folder):
    account(town, "social", "planner", EAST, classes=("social",))
    assert not acting_principal(town, "social").everything
    out = folder / "a.xlsx"
    printed = govgrid(
        "--as", "social", "compliance", "filing", POLICE, out, "--reason", "x", "--json"
    )
    assert json.loads(printed.out)["sheets"][0]["cameras"] == 1


def test_a_filing_of_the_future_or_of_an_older_day_is_refused(govgrid, folder):
    out = folder / "a.xlsx"
    govgrid("compliance", "filing", POLICE, out)
    late = govgrid("compliance", "filed", out, "--number", "B", "--on", "2999-01-01", code=2)
    assert "lies after today" in late.err
    early = govgrid("compliance", "filed", out, "--number", NUMBER, "--on", "2025-01-01", code=2)
    assert "2025-06-20" in early.err
