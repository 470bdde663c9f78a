"""``govgrid user`` and ``key`` as their user types them; accounts of 57 centres from a table."""

import json
import re
import stat

import openpyxl
import pytest
from sqlalchemy import text

from geo.access import principal
from geo.access.accounts import api_keys, demo_accounts, sessions
from geo.access.accounts.local_cli import acting_principal
from geo.access.login import login
from geo.access.roles import PERMISSIONS
from geo.base.errors import InputError, UnknownReaderError
from tests.command_line import alone, commands
from tests.signed_in import account

pytestmark = pytest.mark.postgis

WEST = "340802001001001"


@pytest.fixture
def govgrid(town, database_url, tmp_path, monkeypatch, capfd):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    return commands(monkeypatch, capfd)


def password_in(printed):
    return re.search(r"shown this once\): (\S+)", printed.err)[1]


def test_an_account_is_made_granted_listed_disabled_and_reset(govgrid, town, settings):
    made = govgrid("user", "add", "li", "--holder", "李娜", "--role", "operator", "--area", WEST)
    assert login.log_in(town, "li", password_in(made), config=settings).stage == "change"
    assert [g.area_code for g in acting_principal(town, "li").grants] == [WEST]
    govgrid("user", "grant", "li", "planner", "--depth", "gaps", "--until", "2099-01-01")
    rows = json.loads(govgrid("user", "grants", "li", "--json").out)["grants"]
    assert {row["role"] for row in rows} == {"operator", "planner"}
    assert "李娜" in govgrid("user", "list").out
    assert WEST in govgrid("user", "grants").out
    govgrid("user", "ungrant", rows[0]["id"])
    govgrid("user", "disable", "li")
    assert "disabled" in govgrid("user", "list").out
    govgrid("user", "enable", "li")
    govgrid("user", "unlock", "li")
    new = password_in(govgrid("user", "reset", "li"))
    assert login.log_in(town, "li", new, config=settings).stage == "change"
    govgrid("user", "link", "li", "https://i", "s")


def test_a_code_card_is_issued_once_and_revoked(govgrid, town, settings, tmp_path):
    made = password_in(govgrid("user", "add", "li"))
    listed = re.findall(r"^(\d\d) (\d{4} \d{4})$", govgrid("user", "card", "li").out, re.MULTILINE)
    assert [number for number, _ in listed] == [f"{n:02d}" for n in range(1, 31)]
    out = tmp_path / "card.html"
    assert "print it" in govgrid("user", "card", "li", "--out", out).err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    sheet = out.read_text(encoding="utf-8")
    (code, *_), old = re.findall(r"<b>\d\d</b> (\d{4} \d{4})<", sheet), listed[0][1]
    assert "85.6mm" in sheet
    assert "<script" not in sheet
    assert "already" in govgrid("user", "card", "li", "--out", out, code=2).err
    begun = login.log_in(town, "li", made, config=settings)
    session = sessions.find_session(town, begun.token)
    with pytest.raises(UnknownReaderError):
        login.second_factor(town, session, old, config=settings)
    assert login.second_factor(town, session, code, config=settings).stage == "change"
    govgrid("user", "revoke-card", "li")
    assert "no code card" in govgrid("user", "revoke-card", "li", code=2).err
    rows = json.loads(govgrid("user", "list", "--json").out)["accounts"]
    assert {row["name"]: row["codes_left"] for row in rows} == {"li": 0}


def test_a_client_certificate_is_registered_and_removed(govgrid, town):
    govgrid("user", "add", "li")
    assert "ab" * 20 in govgrid("user", "certificate", "li", "AB:" * 19 + "AB").err
    assert "one of the two" in govgrid("user", "certificate", "li", code=2).err
    assert "one of the two" in govgrid("user", "certificate", "li", "x", "--remove", code=2).err
    govgrid("user", "certificate", "li", "--remove")
    with town.begin() as connection:
        asked = text("SELECT certificate, factor_owed FROM govgrid.account WHERE name = 'li'")
        assert tuple(connection.execute(asked).one()) == (None, True)


def test_what_cannot_be_done_is_one_sentence(govgrid):
    assert "2 to 64" in govgrid("user", "add", "李", code=2).err
    assert "no account" in govgrid("user", "disable", "nobody", code=2).err
    govgrid("user", "add", "li")
    assert "operator" in govgrid("user", "grant", "li", "king", code=2).err


def test_an_account_does_by_the_command_line_what_it_may(govgrid, town):
    account(town, "admin", "administrator")
    account(town, "security", "security_administrator")
    govgrid("--as", "admin", "user", "add", "li")
    govgrid("--as", "security", "user", "grant", "li", "operator")
    govgrid("--as", "admin", "user", "grant", "li", "planner", code=2)
    govgrid("--as", "security", "user", "add", "wang", code=2)
    govgrid("--as", "admin", "user", "add", "wang", "--role", "operator", code=2)
    assert "wang" not in govgrid("user", "list").out


@pytest.mark.parametrize("command", ["serve", "worker", "demo", "init"])
def test_the_service_is_run_by_no_account(govgrid, command):
    assert "--as" in govgrid("--as", "li", command, code=2).err


def test_keys_are_made_listed_and_revoked(govgrid, town):
    govgrid("user", "add", "robot", "--kind", "service", "--role", "administrator")
    made = govgrid("key", "add", "push", "--account", "robot", "--scope", "import")
    key = made.out.strip()
    assert made.out == f"{key}\n"
    assert key not in made.err
    assert api_keys.find_owner(town, key).actions == {"import"}
    rows = json.loads(govgrid("key", "list", "--account", "robot", "--json").out)["keys"]
    assert "push" in govgrid("key", "list", "--account", "robot").out
    govgrid("key", "revoke", rows[0]["id"])
    assert api_keys.find_owner(town, key) is None


def table(path, rows, head=("账号", "使用人", "单位名称", "角色", "辖区编码")):
    book = openpyxl.Workbook()
    for row in (head, *rows):
        book.active.append(row)
    book.save(path)
    return path


def centres(count):
    return [(f"centre.{n:02d}", f"使用人{n}", f"综治中心{n}", "受理员", WEST) for n in range(count)]


def test_accounts_of_57_centres_come_from_one_table(govgrid, town, tmp_path, settings):
    file, out = table(tmp_path / "centres.xlsx", centres(57)), tmp_path / "passwords.xlsx"
    assert "57" in govgrid("user", "import", file, "--check").err
    assert json.loads(govgrid("user", "list", "--json").out)["accounts"] == []
    govgrid("user", "import", file, "--passwords", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(openpyxl.load_workbook(out).active.iter_rows(values_only=True))
    assert len(rows) == 58
    name, *_, password = rows[57]
    assert login.log_in(town, name, password, config=settings).stage == "change"
    assert len(json.loads(govgrid("user", "grants", "--json").out)["grants"]) == 57
    again = govgrid("user", "import", file).err
    assert "0 accounts made, 0 changed, 57 unchanged" in again


def test_a_table_with_one_fault_makes_no_account(govgrid, tmp_path):
    rows = [*centres(3), ("李", "", "", "国王", ""), ("wang", "", "", "受理员", "999")]
    said = govgrid("user", "import", table(tmp_path / "a.xlsx", rows), "--check", code=2).err
    assert "第 5 行“账号”" in said
    assert "第 5 行“角色”" in said
    rows = [*centres(3), ("wang", "", "", "受理员", "999")]
    out = tmp_path / "passwords.xlsx"
    file = table(tmp_path / "b.xlsx", rows)
    said = govgrid("user", "import", file, "--passwords", out, code=2).err
    assert "Row 5" in said
    assert not out.exists()
    assert json.loads(govgrid("user", "list", "--json").out)["accounts"] == []


def test_what_is_no_table_of_accounts_is_refused(govgrid, tmp_path):
    text = tmp_path / "a.xlsx"
    text.write_text("x", encoding="utf-8")
    assert "XLSX" in govgrid("user", "import", text, code=2).err
    other = table(tmp_path / "b.xlsx", [("x",)], head=("名称",))
    assert "账号" in govgrid("user", "import", other, code=2).err
    empty = table(tmp_path / "c.xlsx", [])
    govgrid("user", "import", empty, code=2)
    new = table(tmp_path / "d.xlsx", centres(1))
    assert "--passwords" in govgrid("user", "import", new, code=2).err
    assert "exists" in govgrid("user", "import", new, "--passwords", text, code=2).err


def test_who_makes_accounts_brings_in_no_roles(govgrid, town, tmp_path):
    account(town, "admin", "administrator")
    file, out = table(tmp_path / "a.xlsx", centres(2)), tmp_path / "p.xlsx"
    govgrid("--as", "admin", "user", "import", file, "--passwords", out, code=2)
    plain = table(
        tmp_path / "b.xlsx", [row[:3] for row in centres(2)], head=("账号", "使用人", "单位名称")
    )
    govgrid("--as", "admin", "user", "import", plain, "--passwords", out)
    assert acting_principal(town, "centre.01").grants == ()


def test_the_template_is_a_table_that_can_be_brought_in(govgrid, tmp_path):
    out = tmp_path / "template.xlsx"
    govgrid("user", "template", out)
    book = openpyxl.load_workbook(out)
    head = [cell.value for cell in book.worksheets[0][1]]
    assert head[:2] == ["账号", "类型"]
    words = {cell.value for row in book.worksheets[1].iter_rows() for cell in row}
    assert {"受理员", "画面（须登记）", "大屏"} <= words
    said = govgrid("user", "import", out, "--check", code=2).err
    assert "340802001" in said  # the area of its example is none of this town


def test_an_account_for_an_unknown_area_is_not_made(govgrid):
    said = govgrid("user", "add", "li", "--role", "operator", "--area", "999", code=2)
    assert "999" in said.err
    assert "One-time" not in said.err
    assert "--role" in govgrid("user", "add", "li", "--area", WEST, code=2).err
    assert json.loads(govgrid("user", "list", "--json").out)["accounts"] == []


def test_the_demonstration_has_an_account_for_each_role(town, settings):
    with town.begin() as connection:
        made = demo_accounts.make_accounts(connection)
    assert {row.role for row in made} == set(PERMISSIONS)
    for row in made:
        done = login.log_in(town, row.name, row.password, config=settings)
        assert done.stage in {"full", "enrol"}
    who = acting_principal(town, "operator")
    assert who.holder
    assert who.unit_name
    assert principal.system_principal("x").may("view")


def test_the_demonstration_touches_no_account_that_is_there_already(town):
    account(town, "security", "operator")
    before = row_of(town)
    with pytest.raises(InputError), town.begin() as connection:
        demo_accounts.make_accounts(connection)
    assert row_of(town) == before


def row_of(engine):
    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT a, g FROM govgrid.account a JOIN govgrid.role_grant g ON g.account = a.id")
        )
        return found.all()
