"""The viewing register: a row before each look, only growing, held against the audit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.store.audit import RefusalCount
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError, StoreError
from geo.operations import database
from geo.store import db
from geo.viewing import (
    approvals,
    register_entry,
    view_tokens,
)
from geo.viewing import (
    report as viewing_report,
)
from geo.viewing import (
    statistics as viewing_statistics,
)
from geo.viewing import (
    view as viewing,
)
from geo.viewing.approvals import OwnRequest
from geo.viewing.register_entry import ViewingRequest
from geo.viewing.report import Filters
from geo.viewing.store.register_counts import KindCount, ReasonCount
from geo.viewing.store.requests import RequestCounts
from geo.viewing.view_tokens import Reference
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ZONE = "Asia/Shanghai"
SKYNET, SOCIAL = "K1", "K2"
HOSTILE = "=cmd|' /C calc'!A0\n<img src=x onerror=alert(1)>\x1b[31m'; DROP TABLE x--"


@pytest.fixture
def service(town, settings):
    """Return the pool of the service: the role that is fenced in."""
    found = database.service_pool(settings, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture
def reader(town):
    """Return what makes a reader with one role in one area, as the service would find it."""
    count = iter(range(1000))

    def make(role, area=None, **more):
        name = f"{role}{next(count)}"
        account(town, name, role, area, **more)
        return acting_principal(town, name)

    return make


@pytest.fixture
def look(service, settings):
    """Return what registers a viewing as the service does."""

    def make(who, camera=SOCIAL, *, config=settings, **more):
        return viewing.record_viewing(
            service, who, ViewingRequest(camera, **{"reason": "patrol", **more}), config=config
        )

    return make


@pytest.fixture
def strict(settings):
    return settings.model_copy(update={"skynet_approval": True})


def one(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(statement), parameters).mappings().first()


def do(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(statement), parameters).rowcount


def rows(engine):
    return one(engine, "SELECT count(*) AS n FROM govgrid.access_register")["n"]


def tampered(engine, statement, **parameters):
    """Do what only the owner of the tables can who puts their triggers aside."""
    with db.open_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE govgrid.access_register DISABLE TRIGGER USER"))
        done = connection.execute(text(statement), parameters).rowcount
        connection.execute(text("ALTER TABLE govgrid.access_register ENABLE TRIGGER USER"))
    return done


# --- the row


def test_a_row_says_what_the_law_wants(town, reader, look):
    found = look(reader("operator", EAST), reason="incident", remark="井盖缺失", incident="M1")
    row = one(town, "SELECT * FROM govgrid.access_register WHERE id = :id", id=found.id)
    assert (row["holder"], row["unit_name"]) == ("测试员", "测试单位")
    assert row["reason"] == "handling an incident：井盖缺失"
    assert row["reason_kind"] == "incident"
    assert row["content"] == "live picture"
    assert "第十六条" in row["legal_basis"]
    assert (row["camera_code"], row["camera_name"]) == ("K2", "朝向不详")
    assert row["incident_code"] == "M1"
    assert row["expires_at"] - row["at"] == pytest.approx(
        timedelta(minutes=5), abs=timedelta(seconds=2)
    )


@pytest.mark.parametrize("lacking", ["holder", "unit_name"])
def test_an_account_without_name_or_unit_sees_nothing(town, reader, look, lacking):
    reader("operator", EAST)
    do(town, f"UPDATE govgrid.account SET {lacking} = ' '")
    with pytest.raises(ForbiddenError, match="no name or no unit"):
        look(acting_principal(town, "operator0"))
    assert rows(town) == 0


def test_the_table_itself_takes_no_row_without_the_four_items(town, reader):
    who = reader("operator", EAST)
    for lacking in ("reason", "content", "unit_name", "holder"):
        values = dict.fromkeys(("holder", "unit_name", "reason", "content"), "x") | {lacking: ""}
        with pytest.raises(StoreError):
            do(
                town,
                "INSERT INTO govgrid.access_register (account, account_name, holder, unit_name,"
                " camera_code, camera_name, place, act, reason_kind, reason, content, legal_basis,"
                " expires_at) VALUES (:account, 'a', :holder, :unit_name, 'K1', '',"
                " ST_SetSRID(ST_MakePoint(117, 30), 4326), 'view', 'other', :reason, :content, 'x',"
                " now())",
                account=who.id,
                **values,
            )


def test_nothing_is_seen_without_a_reason(town, reader, look):
    for blank in ("", "  \n\t", "\x00"):
        with pytest.raises(InputError, match="reason"):
            look(reader("operator", EAST), reason=blank)
    assert rows(town) == 0


@pytest.mark.parametrize(
    ("given", "missing"), [({"legal_basis": "x"}, "footage"), ({"content": "x"}, "ground")]
)
def test_to_retrieve_content_and_ground_are_to_be_said(reader, look, given, missing):
    with pytest.raises(InputError, match=missing):
        look(reader("operator", EAST), act="retrieve", **given)


def test_retrieving_is_registered_apart_from_viewing(town, reader, look):
    who = reader("operator", EAST)
    look(who)
    look(who, act="retrieve", content="9月30日 21:00 至 21:40", legal_basis="调取通知书〔2026〕3号")
    acts = viewing_report.own_viewings(town, who, Filters())
    assert [row.act for row in acts] == ["retrieve", "view"]


def test_a_matter_of_others_cannot_be_named(reader, look):
    with pytest.raises(NotFoundError, match="M3"):
        look(reader("operator", EAST), incident="M3")
    with pytest.raises(NotFoundError, match="M99"):
        look(reader("operator", EAST), incident="M99")


def test_the_next_camera_of_a_matter_needs_no_new_reason_but_a_row(town, reader, look):
    who = reader("operator", EAST)
    with pytest.raises(InputError, match="reason"):
        look(who, incident="M1", reason="")
    look(who, "K1", incident="M1", reason="井盖缺失")
    second = look(who, "K2", incident="M1", reason="")
    assert second.reason == "井盖缺失"
    assert rows(town) == 2
    with pytest.raises(InputError, match="reason"):
        look(reader("operator", EAST), incident="M1", reason="")


def test_a_text_is_not_longer_than_it_may_be(reader, look):
    for name in ("reason", "remark", "content", "legal_basis", "incident"):
        with pytest.raises(InputError, match="at most 500"):
            look(reader("operator", EAST), **{name: "长" * 501})


def test_the_same_question_asked_again_within_a_day_writes_one_row(town, reader, look):
    who = reader("operator", EAST)
    first = look(who, key="abc")
    assert look(who, key="abc").id == first.id
    assert look(who, key="abd").id != first.id
    assert look(reader("operator", EAST), key="abc").id != first.id
    assert rows(town) == 3
    with pytest.raises(StateError, match="abc"):
        look(who, "K1", key="abc")
    assert tampered(town, "UPDATE govgrid.access_register SET at = at - interval '25 hours'") == 3
    assert look(who, key="abc").id != first.id


# --- who may


def test_what_is_not_granted_cannot_be_told_from_what_is_not_there(town, reader, look):
    said = set()
    for who, code in (
        (reader("operator", WEST), "K1"),
        (reader("operator", EAST, classes=["social"]), "K1"),
        (reader("operator", EAST, depth="gaps"), "K1"),
        (reader("operator", EAST), "K99"),
        (reader("operator", EAST), "K1'; --"),
        (reader("operator", EAST), "K1\x00"),
    ):
        with pytest.raises(ForbiddenError) as refused:
            look(who, code)
        said.add(refused.value.text("en").replace(refused.value.facts["code"], "X"))
    assert len(said) == 1
    assert "ask for it" in said.pop()
    assert rows(town) == 0


@pytest.mark.parametrize(
    "role",
    ["planner", "administrator", "security_administrator", "auditor", "responder", "display"],
)
def test_other_roles_look_through_no_camera(town, reader, look, role):
    with pytest.raises(ForbiddenError):
        look(reader(role, depth="picture"))
    assert rows(town) == 0


def test_the_system_itself_looks_through_no_camera(town, look):
    with pytest.raises(ForbiddenError, match="no name or no unit"):
        look(SYSTEM)


# --- references


def test_no_reference_without_a_row(town, reader, look):
    do(town, "ALTER TABLE govgrid.access_register ADD CHECK (false) NOT VALID")
    with pytest.raises(StoreError):
        look(reader("operator", EAST))
    assert rows(town) == 0
    assert one(town, "SELECT count(*) AS n FROM govgrid.audit WHERE action ^@ 'viewing.'")["n"] == 0


def test_the_row_stands_before_there_is_a_reference(town, reader, look):
    found = look(reader("operator", EAST))
    assert rows(town) == 1
    assert not hasattr(found, "reference")


@pytest.fixture
def shown(service, settings):
    def make(who, written):
        return viewing.open_viewing(service, who, written, config=settings)

    return make


def test_a_reference_leads_to_its_row(reader, look, shown, settings):
    who = reader("operator", EAST)
    found = look(who)
    again = shown(who, viewing.viewing_token(found, settings))
    assert again.id == found.id
    assert not again.over
    assert 290 < again.left_s <= 300


def test_a_reference_is_worth_nothing_to_another_account(reader, look, shown, settings):
    written = viewing.viewing_token(look(reader("operator", EAST)), settings)
    with pytest.raises(ForbiddenError, match="another account"):
        shown(reader("operator", EAST), written)
    with pytest.raises(ForbiddenError):
        shown(reader("auditor"), written)


def test_a_reference_ends_with_its_time(reader, look, shown, settings, town):
    who = reader("operator", EAST)
    written = viewing.viewing_token(look(who), settings)
    tampered(town, "UPDATE govgrid.access_register SET expires_at = now() - interval '1 second'")
    assert shown(who, written).over
    assert shown(who, written).left_s == 0


def test_a_reference_ends_with_the_grant(town, reader, look, shown, settings):
    who = reader("operator", EAST)
    written = viewing.viewing_token(look(who), settings)
    do(town, "UPDATE govgrid.role_grant SET depth = 'gaps'")
    with pytest.raises(ForbiddenError, match="not granted"):
        shown(acting_principal(town, who.account), written)


def test_a_reference_to_another_camera_or_row_is_refused(reader, look, shown, settings):
    who = reader("operator", EAST)
    first, second = look(who, "K1"), look(reader("operator", EAST), "K1")
    ends = datetime.now(UTC) + timedelta(minutes=5)
    for number, camera in ((first.id, "K2"), (uuid4(), "K1"), (second.id, "K1")):
        with pytest.raises(ForbiddenError):
            shown(who, view_tokens.sign_token(Reference(number, who.id, camera, ends), settings))


def forged(reference: str) -> list[str]:
    """Return texts that are no reference of ours, some of them nearly."""
    head, body, sign = reference.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
    flipped = ("B" if sign[0] == "A" else "A") + sign[1:]
    other = "A" * len(body)
    return [
        *(
            "",
            "x",
            "..",
            "a.b.c",
            "登记",
            "\x00",
            reference[:-2],
            reference + "x",
            f"{head}.{body}.",
        ),
        *(f"{none}.{body}.", f"{none}.{body}.{sign}", f"{head}.{body}.{flipped}"),
        f"{head}.{other}.{sign}",
    ]


def test_a_forged_reference_is_refused(reader, look, shown, settings, tmp_path):
    who = reader("operator", EAST)
    found = look(who)
    elsewhere = settings.model_copy(update={"home": tmp_path / "other"})
    for written in (
        *forged(viewing.viewing_token(found, settings)),
        viewing.viewing_token(found, elsewhere),
    ):
        with pytest.raises(ForbiddenError, match="no valid reference"):
            shown(who, written)


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_reference(tmp_path_factory, written):
    from geo.base.settings import Settings

    config = Settings(home=tmp_path_factory.getbasetemp() / "signing", viewing_basis="条例第十六条")
    with pytest.raises(ForbiddenError):
        view_tokens.read_token(written, config)


# --- the register only grows


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE govgrid.access_register SET reason = 'other'",
        "DELETE FROM govgrid.access_register",
        "TRUNCATE govgrid.access_register",
        "UPDATE govgrid.export_register SET reason = 'other'",
        "DELETE FROM govgrid.export_register",
        "DELETE FROM govgrid.access_request",
        "TRUNCATE govgrid.access_request CASCADE",
    ],
)
def test_no_row_is_changed_or_removed(town, service, reader, look, statement):
    look(reader("operator", EAST))
    for engine in (town, service):
        with pytest.raises(StoreError):
            do(engine, statement)
    assert rows(town) == 1


def test_the_service_gives_no_row_a_time_or_a_number(service, reader):
    who = reader("operator", EAST)
    for column in ("id", "at"):
        with pytest.raises(StoreError), transaction.open_as(service, who) as connection:
            connection.execute(
                text(f"INSERT INTO govgrid.access_register ({column}) VALUES (NULL)")
            )


def test_nobody_writes_a_row_for_another(service, reader, look):
    who, other = reader("operator", EAST), reader("operator", EAST)
    look(who)
    copied = (
        "INSERT INTO govgrid.access_register (account, account_name, holder, unit_name,"
        " camera_code, camera_name, place, act, reason_kind, reason, content, legal_basis,"
        " expires_at)"
        " SELECT :other, account_name, holder, unit_name, camera_code, camera_name, place, act,"
        " reason_kind, reason, content, legal_basis, expires_at FROM govgrid.access_register"
    )
    with pytest.raises(StoreError), transaction.open_as(service, who) as connection:
        connection.execute(text(copied), {"other": other.id})


def test_the_second_fence_shows_own_rows_only(service, reader, look):
    who, other = reader("operator", EAST), reader("operator", EAST)
    look(who)
    look(other)
    seen = {}
    for each in (who, other, reader("planner"), reader("security_administrator")):
        with transaction.open_as(service, each) as connection:
            found = connection.execute(text("SELECT account_name FROM govgrid.access_register"))
            seen[each.account] = found.scalars().all()
    assert list(seen.values()) == [[who.account], [other.account], [], []]


def test_an_auditor_reads_the_rows_of_cameras_in_his_area(service, reader, look):
    look(reader("operator", EAST))
    assert len(viewing_report.list_page(service, reader("auditor"), Filters())) == 1
    assert len(viewing_report.list_page(service, reader("auditor", EAST), Filters())) == 1
    west = reader("auditor", WEST)
    assert viewing_report.list_page(service, west, Filters()) == []
    with transaction.open_as(service, west) as connection:
        count = connection.execute(text("SELECT count(*) FROM govgrid.access_register"))
        assert count.scalar_one() == 0


@pytest.mark.parametrize("role", ["operator", "dispatcher", "planner", "administrator", "display"])
def test_only_auditors_read_the_register(service, reader, role):
    with pytest.raises(ForbiddenError):
        viewing_report.list_page(service, reader(role), Filters())
    with pytest.raises(ForbiddenError):
        viewing_statistics.month_report(service, reader(role), "", timezone=ZONE)


# --- requests


def hours(count):
    return datetime.now(UTC) + timedelta(hours=count)


def test_a_skynet_camera_needs_an_approval_where_that_is_set(town, service, reader, look, strict):
    who, chief = reader("operator", EAST), reader("security_administrator")
    asked = look(who, SKYNET, config=strict)
    assert rows(town) == 0
    assert isinstance(asked.id, UUID)
    assert look(who, SKYNET, config=strict).id == asked.id
    look(who, SOCIAL, config=strict)
    approvals.decide_request(service, chief, asked.id, "approved", until=hours(2))
    found = look(who, SKYNET, config=strict)
    row = one(town, "SELECT request FROM govgrid.access_register WHERE id = :id", id=found.id)
    assert row["request"] == asked.id
    assert look(who, SKYNET, config=strict).id != found.id
    assert viewing.open_viewing(service, who, viewing.viewing_token(found, strict), config=strict)


def test_an_approval_is_for_one_account_one_camera_and_one_act(service, reader, look, strict):
    who, chief = reader("operator", EAST), reader("security_administrator")
    asked = look(who, "K1", config=strict)
    approvals.decide_request(service, chief, asked.id, "approved", until=hours(2))
    number = str(asked.id)
    assert isinstance(look(who, "K3", config=strict), OwnRequest)
    assert isinstance(look(reader("operator", EAST), "K1", config=strict), OwnRequest)
    told = {"content": "x", "legal_basis": "x"}
    assert isinstance(look(who, "K1", act="retrieve", config=strict, **told), OwnRequest)
    for person, camera in ((who, "K3"), (reader("operator", EAST), "K1")):
        with pytest.raises(ForbiddenError, match="not approved"):
            look(person, camera, request=number, config=strict)
    with pytest.raises(ForbiddenError, match="not approved"):
        look(who, "K1", act="retrieve", request=number, config=strict, **told)
    assert look(who, "K1", request=number, config=strict).request == number


def test_a_foreign_camera_is_seen_by_approval_as_long_as_it_holds(
    town, service, reader, look, shown, settings
):
    who, chief = reader("operator", WEST), reader("security_administrator", EAST)
    asked = approvals.ask_approval(
        service, who, ViewingRequest("K1", reason="police"), config=settings
    )
    with pytest.raises(ForbiddenError):
        look(who, "K1")
    ends = datetime.now(UTC) + timedelta(minutes=2)
    approvals.decide_request(service, chief, asked.id, "approved", until=ends)
    found = look(who, "K1")
    assert found.expires_at == ends
    written = viewing.viewing_token(found, settings)
    assert shown(who, written).id == found.id
    with db.open_transaction(town) as connection:
        connection.execute(text("ALTER TABLE govgrid.access_request DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE govgrid.access_request SET until = now()"))
    with pytest.raises(ForbiddenError, match="not approved"):
        shown(who, written)
    with pytest.raises(ForbiddenError, match="not granted"):
        look(who, "K1")


def test_what_is_refused_is_not_seen(service, reader, look, settings):
    who, chief = reader("operator", WEST), reader("security_administrator")
    asked = approvals.ask_approval(
        service, who, ViewingRequest("K1", reason="police"), config=settings
    )
    with pytest.raises(InputError, match="why it is refused"):
        approvals.decide_request(service, chief, asked.id, "refused", note=" \n")
    done = approvals.decide_request(service, chief, asked.id, "refused", note="非本单位职责")
    assert (done.decision, done.decision_note) == ("refused", "非本单位职责")
    with pytest.raises(ForbiddenError):
        look(who, "K1", request=str(asked.id))


def test_a_request_is_decided_once(town, service, reader, settings):
    who, chief = reader("operator", WEST), reader("security_administrator")
    asked = approvals.ask_approval(
        service, who, ViewingRequest("K1", reason="police"), config=settings
    )
    approvals.decide_request(service, chief, asked.id, "refused", note="否")
    with pytest.raises(StateError, match="decided before"):
        approvals.decide_request(service, chief, asked.id, "approved", until=hours(1))
    with pytest.raises(StoreError):
        do(town, "UPDATE govgrid.access_request SET decision_note = 'other'")


def test_nobody_decides_on_his_own_request(town, service, settings):
    both = account(town, "both", "operator", EAST)
    with db.open_transaction(town) as connection:
        from tests.signed_in import grant

        grant(connection, both, "security_administrator")
    who = acting_principal(town, "both")
    asked = approvals.ask_approval(
        service, who, ViewingRequest("K1", reason="police"), config=settings
    )
    with pytest.raises(ForbiddenError, match="own request"):
        approvals.decide_request(service, who, asked.id, "approved", until=hours(1))
    with transaction.open_as(service, who) as connection:
        changed = connection.execute(
            text(
                "UPDATE govgrid.access_request SET decision = 'refused', decided_at = now(),"
                " decided_by = 'both'"
            )
        )
        assert changed.rowcount == 0


def test_an_approval_ends_within_a_day(service, reader, settings):
    chief = reader("security_administrator")
    asked = approvals.ask_approval(
        service, reader("operator", WEST), ViewingRequest("K1", reason="police"), config=settings
    )
    for until in (None, hours(-1), hours(24.1)):
        with pytest.raises(InputError, match="24 hours"):
            approvals.decide_request(service, chief, asked.id, "approved", until=until)
    assert approvals.decide_request(service, chief, asked.id, "approved", until=hours(24))


def test_requests_are_decided_in_the_own_area_only(service, reader, settings):
    asked = approvals.ask_approval(
        service, reader("operator", WEST), ViewingRequest("K1", reason="police"), config=settings
    )
    west, east = reader("security_administrator", WEST), reader("security_administrator", EAST)
    assert approvals.waiting_requests(service, west) == []
    with pytest.raises(NotFoundError):
        approvals.decide_request(service, west, asked.id, "approved", until=hours(1))
    assert [row.id for row in approvals.waiting_requests(service, east)] == [asked.id]


@pytest.mark.parametrize("role", ["operator", "auditor", "administrator", "planner"])
def test_other_roles_decide_on_nothing(service, reader, settings, role):
    asked = approvals.ask_approval(
        service, reader("operator", WEST), ViewingRequest("K1", reason="police"), config=settings
    )
    with pytest.raises(ForbiddenError):
        approvals.decide_request(service, reader(role), asked.id, "approved", until=hours(1))
    with pytest.raises(ForbiddenError):
        approvals.waiting_requests(service, reader(role))


def test_who_asks_is_not_told_whether_there_is_such_a_camera(service, reader, settings):
    who, chief = reader("operator", WEST), reader("security_administrator")
    for code in ("K1", "K99"):
        approvals.ask_approval(service, who, ViewingRequest(code, reason="police"), config=settings)
    mine = approvals.own_requests(service, who)
    assert [row.camera_code for row in mine] == ["K99", "K1"]
    assert {type(row) for row in mine} == {OwnRequest}
    assert not {"camera_name", "there", "owner_kind"} & set(vars(mine[0]))
    told = {row.camera_code: row for row in approvals.waiting_requests(service, chief)}
    assert [told[code].there for code in ("K1", "K99")] == [True, False]
    with pytest.raises(StateError, match="No camera"):
        approvals.decide_request(service, chief, told["K99"].id, "approved", until=hours(1))


# --- read, exported, counted


def test_rows_are_found_by_each_filter_and_page_by_page(town, reader, look):
    who = reader("operator", EAST)
    for camera in ("K1", "K2", "K3", "K4", "K1"):
        look(who, camera, incident="M1")
    look(reader("operator", EAST), "K1", act="retrieve", content="x", legal_basis="x")
    chief = reader("auditor")

    def found(**words):
        wanted = viewing_report.parse_filters(timezone=ZONE, **words)
        return len(viewing_report.list_page(town, chief, wanted))

    today = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d}"
    assert found() == 6
    assert found(camera="K1") == 3
    assert found(account=who.account) == 5
    assert found(unit="测试") == 6
    assert found(unit="%") == 0
    assert found(act="retrieve") == 1
    assert found(incident="M1") == 5
    assert found(since=today, until=today) == 6
    assert found(until="2020-01-01") == 0
    first = viewing_report.list_page(town, chief, Filters(), limit=4)
    rest = viewing_report.list_page(town, chief, Filters(), limit=4, before=first[-1].id)
    assert len({row.id for row in (*first, *rest)}) == 6
    with pytest.raises(InputError, match="no time"):
        found(since="yesterday")
    with pytest.raises(InputError, match="no such act"):
        found(act="steal")


def test_an_export_is_written_down_before_it_goes_out(town, service, reader, look, tmp_path):
    look(reader("operator", EAST), reason=HOSTILE)
    chief = reader("auditor")
    with pytest.raises(InputError, match="reason"):
        viewing_report.export_register(
            service, chief, Filters(), reason=" ", timezone=ZONE, lang="zh"
        )
    content, count = viewing_report.export_register(
        service, chief, Filters(), reason="季度检查", timezone=ZONE, lang="zh"
    )
    assert count == 1
    row = one(town, "SELECT * FROM govgrid.export_register")
    assert (row["what"], row["rows"], row["reason"]) == ("access-register", 1, "季度检查")
    path = tmp_path / "register.xlsx"
    path.write_bytes(content)
    sheet = openpyxl.load_workbook(path)["查阅调取登记"]
    assert "季度检查" in sheet.oddFooter.left.text
    assert "测试员" in sheet.oddFooter.left.text
    cells = {cell.value: sheet.cell(2, k).value for k, cell in enumerate(sheet[1], start=1)}
    assert cells["事由"].startswith("'=cmd")
    assert cells["姓名"] == "测试员"
    assert "f" not in {cell.data_type for cell in sheet[2]}


def test_a_hostile_reason_is_one_line_of_plain_text_in_register_and_audit(town, reader, look):
    found = look(reader("operator", EAST), reason=HOSTILE)
    assert "\n" not in found.reason
    assert "\x1b" not in found.reason
    assert "<img src=x onerror=alert(1)>" in found.reason
    note = one(town, "SELECT note FROM govgrid.audit WHERE action = 'viewing.view'")["note"]
    assert note == found.reason


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_a_line_has_no_control_characters_whatever_was_written(written):
    line = register_entry.one_line(written)
    assert line.isprintable()
    assert line == register_entry.one_line(line)


def test_a_month_is_counted_by_unit_act_and_reason(town, service, reader, look, settings):
    who, chief = reader("operator", EAST), reader("auditor")
    look(who, "K1", incident="M1", reason="incident")
    look(who, "K1", reason="patrol")
    look(who, "K2", reason="自由填写")
    look(who, "K2", act="retrieve", reason="police", content="x", legal_basis="x")
    asked = approvals.ask_approval(
        service, who, ViewingRequest("K1", reason="help"), config=settings
    )
    approvals.ask_approval(service, who, ViewingRequest("K3", reason="help"), config=settings)
    until = hours(1)
    approvals.decide_request(
        service, reader("security_administrator"), asked.id, "approved", until=until
    )
    viewing.viewing_rights(service, reader("operator", WEST), "K1", config=settings)
    found = viewing_statistics.month_report(service, chief, "", timezone=ZONE)
    unit = "测试单位"
    assert found["counts"] == [
        ReasonCount(unit, "retrieve", "police", 1),
        ReasonCount(unit, "view", "incident", 1),
        ReasonCount(unit, "view", "other", 1),
        ReasonCount(unit, "view", "patrol", 1),
    ]
    assert found["by_kind"] == [
        KindCount("skynet", "view", 2),
        KindCount("social", "retrieve", 1),
        KindCount("social", "view", 1),
    ]
    assert (found["rows"], found["without_incident"]) == (4, 3)
    assert found["requests"] == RequestCounts(asked=2, approved=1, refused=0, waiting=1)
    assert found["refused"] == [RefusalCount("viewing.not_granted", 1)]
    assert [row.camera for row in found["most_viewed"]] == ["K1", "K2"]
    assert found["proof"] == {"rows": 4, "whole": True, "defects": []}


def test_an_auditor_of_an_area_gets_its_figures_only(service, reader, look):
    look(reader("operator", EAST))
    west = viewing_statistics.month_report(service, reader("auditor", WEST), "", timezone=ZONE)
    assert (west["rows"], west["counts"], west["refused"]) == (0, [], None)
    assert west["proof"]["rows"] == 0
    assert west["proof"]["whole"]
    east = viewing_statistics.month_report(service, reader("auditor", EAST), "", timezone=ZONE)
    assert east["rows"] == 1


@pytest.mark.parametrize(
    ("month", "begins", "ends"),
    [
        ("2026-09", "2026-09-01T00:00:00+08:00", "2026-10-01T00:00:00+08:00"),
        ("2026-12", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
    ],
)
def test_a_month_begins_and_ends_in_the_time_of_the_district(month, begins, ends):
    named, since, until = viewing_statistics.month_of(month, ZONE)
    assert (named, since.isoformat(), until.isoformat()) == (month, begins, ends)


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-9", "0000-01", "9", "２０２６-09", "2026-09-01"]
)
def test_what_is_no_month_is_refused(month):
    with pytest.raises(InputError, match="no month"):
        viewing_statistics.month_of(month, ZONE)


def test_a_month_goes_out_as_a_workbook(service, reader, look, tmp_path):
    look(reader("operator", EAST))
    content = viewing_statistics.export_report(
        service, reader("auditor"), "", reason="月报", timezone=ZONE, lang="zh"
    )
    path = tmp_path / "report.xlsx"
    path.write_bytes(content)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "按单位、行为、事由"
    assert [cell.value for cell in book.worksheets[0][2]] == ["测试单位", "查阅", "视频巡查", 1]


# --- tampering


def test_rows_that_nobody_changed_match_the_audit(town, reader, look):
    for _ in range(3):
        look(reader("operator", EAST), incident="M1", key="k")
    proof = viewing_statistics.verify_rows(town, SYSTEM)
    assert (proof.rows, proof.whole) == (3, True)


@pytest.mark.parametrize(
    "change",
    [
        "reason = reason || '。'",
        "holder = '另一人'",
        "unit_name = '另一单位'",
        "content = 'x'",
        "camera_code = 'K4'",
        "at = at - interval '1 microsecond'",
        "place = ST_SetSRID(ST_MakePoint(117, 30), 4326)",
        "incident_code = 'M1'",
    ],
)
def test_a_changed_row_is_named(town, reader, look, change):
    look(reader("operator", EAST))
    bad = look(reader("operator", EAST))
    statement = f"UPDATE govgrid.access_register SET {change} WHERE id = :id"
    assert tampered(town, statement, id=bad.id) == 1
    (defect,) = viewing_statistics.verify_rows(town, SYSTEM).defects
    assert (defect.id, defect.kind) == (str(bad.id), "changed")


def test_a_row_slipped_in_and_one_taken_away_are_named(town, service, reader, look):
    kept, lost = look(reader("operator", EAST)), look(reader("operator", EAST))
    assert tampered(town, "DELETE FROM govgrid.access_register WHERE id = :id", id=lost.id) == 1
    number = uuid4()
    tampered(
        town,
        "INSERT INTO govgrid.access_register SELECT (r).* FROM (SELECT jsonb_populate_record(x,"
        " jsonb_build_object('id', CAST(:number AS text))) AS r FROM govgrid.access_register x"
        " WHERE id = :kept) y",
        number=str(number),
        kept=kept.id,
    )
    found = viewing_statistics.verify_rows(service, reader("auditor"))
    assert {(d.id, d.kind) for d in found.defects} == {
        (str(lost.id), "gone"),
        (str(number), "unknown"),
    }
    part = viewing_statistics.verify_rows(service, reader("auditor", EAST))
    assert [d.kind for d in part.defects] == ["unknown"]
