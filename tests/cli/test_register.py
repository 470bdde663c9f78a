"""``govgrid register`` as its user types it, on a database of its own."""

import json

import openpyxl
import pytest
from sqlalchemy import text

from geo.access.accounts.local_cli import acting_principal
from geo.operations import database
from geo.viewing import view as viewing
from geo.viewing.register_entry import ViewingRequest
from tests.command_line import alone, commands
from tests.signed_in import account

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"


@pytest.fixture
def govgrid(database_url, tmp_path, monkeypatch, capfd):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    return commands(monkeypatch, capfd)


@pytest.fixture
def looked(town, settings):
    """Three viewings: two of K1, one of K2 with a formula for a reason."""
    account(town, "operator", "operator", EAST)
    account(town, "auditor", "auditor")
    account(town, "west", "auditor", WEST)
    who = acting_principal(town, "operator")
    engine = database.service_pool(settings, pool_size=1)
    for camera, reason in (("K1", "patrol"), ("K1", "incident"), ("K2", "=1+1")):
        viewing.record_viewing(engine, who, ViewingRequest(camera, reason=reason), config=settings)
    engine.dispose()
    return town


def test_the_register_is_listed(govgrid, looked):
    rows = json.loads(govgrid("register", "list", "--json").out)["rows"]
    assert [row["camera_code"] for row in rows] == ["K2", "K1", "K1"]
    assert rows[0]["holder"] == "测试员"
    found = govgrid("register", "list", "--camera", "K1", "--unit", "测试", "--act", "view").out
    assert found.count("K1") == 2
    assert "handling an incident" in found
    assert "No row" in govgrid("register", "list", "--account", "nobody").err
    assert (
        json.loads(govgrid("register", "list", "--from", "2999-01-01", "--json").out)["rows"] == []
    )


def test_only_who_may_read_it_lists_it(govgrid, looked):
    assert "may not" in govgrid("--as", "operator", "register", "list", code=2).err
    assert "K1" in govgrid("--as", "auditor", "register", "list").out
    rows = json.loads(govgrid("--as", "west", "register", "list", "--json").out)["rows"]
    assert rows == []


def test_it_is_exported_with_a_reason(govgrid, looked, tmp_path):
    out = tmp_path / "register.xlsx"
    assert "reason" in govgrid("--as", "auditor", "register", "export", out, code=2).err
    assert not out.exists()
    told = govgrid(
        "--as", "auditor", "register", "export", out, "--reason", "季度检查", "--json"
    ).out
    assert json.loads(told)["rows"] == 3
    sheet = openpyxl.load_workbook(out).active
    assert "季度检查" in sheet.oddFooter.left.text
    assert "'=1+1" in [cell.value for cell in sheet[2]]
    govgrid("register", "export", tmp_path / "register.csv", code=2)
    with looked.connect() as connection:
        rows = connection.execute(text("SELECT account_name, reason FROM govgrid.export_register"))
        assert rows.all() == [("auditor", "季度检查")]


def test_a_month_is_reported(govgrid, looked, tmp_path):
    found = json.loads(govgrid("register", "report", "--json").out)
    assert (found["rows"], found["without_incident"]) == (3, 3)
    assert found["proof"]["whole"]
    printed = govgrid("register", "report", "--month", found["period"])
    assert "video patrol" in printed.out
    assert "Most viewed cameras" in printed.out
    out = tmp_path / "report.xlsx"
    govgrid("register", "report", "--out", out)
    assert openpyxl.load_workbook(out).sheetnames[0] == "By unit, act, reason"
    assert "no month" in govgrid("register", "report", "--month", "spring", code=2).err


def test_a_row_that_somebody_changed_is_named(govgrid, looked):
    assert json.loads(govgrid("register", "verify", "--json").out)["whole"]
    assert "match" in govgrid("register", "verify").err
    with looked.begin() as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register DISABLE TRIGGER USER"))
        changed = connection.execute(
            text(
                "UPDATE govgrid.access_register SET holder = '他人' WHERE camera_code = 'K2'"
                " RETURNING CAST(id AS text)"
            )
        ).scalar_one()
    (defect,) = json.loads(govgrid("register", "verify", "--json", code=3).out)["defects"]
    assert (defect["id"], defect["kind"]) == (changed, "changed")
    assert changed in govgrid("register", "verify", code=3).out
    assert "may not" in govgrid("--as", "operator", "register", "verify", code=2).err
