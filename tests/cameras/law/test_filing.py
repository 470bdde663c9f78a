"""Filings: what was filed is kept as it was, what changes is told, sheets go out and come back."""

import datetime as dt
import io

import openpyxl
import pytest
from sqlalchemy import text

from geo.access import principal, transaction
from geo.access.accounts.local_cli import acting_principal
from geo.base.errors import ForbiddenError, InputError, NotFoundError
from geo.cameras.law import filing as filings
from geo.cameras.law import filing_register, filing_sheet
from geo.cameras.rules import filing
from geo.cameras.rules.filing import CAMERA, POSITION
from geo.exchange.imports import runs as import_runs
from geo.store import db, frames
from geo.store.cluster import cluster
from tests import filed_town
from tests.filed_town import NUMBER, POLICE, SCHOOL, at
from tests.signed_in import SYSTEM, account
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis
WEST, EAST = "340802001001001", "340802001001002"
ZONE = "Asia/Shanghai"
STATE = (
    "SELECT x.filing_code, x.camera_code, x.snapshot, f.unit_name, f.filed_on, f.sheet_sha256"
    " FROM govgrid.filed_camera x JOIN govgrid.filing f ON f.code = x.filing_code ORDER BY 1, 2"
)


@pytest.fixture
def folder(town, tmp_path):
    """The folder of a town whose police filed K1, K3 and K4 on 20 June 2025."""
    filed_town.filed(town, tmp_path)
    return tmp_path


def rows_of(engine, statement, **asked):
    with db.open_transaction(engine) as connection:
        found = frames.read_frame(connection, statement, asked).astype(object)
    return found.where(found.notna(), None).to_dict("records")


def run_sql(engine, statement, **asked):
    with db.open_transaction(engine) as connection:
        connection.execute(text(statement), asked)


def told(engine, reader=SYSTEM, **more):
    with transaction.open_read_only(engine, reader) as connection:
        found = filings.filing_changes(connection, reader, **more)
    assert list(found.columns) == list(filings.COLUMNS)
    return [tuple(row) for row in found.drop(columns="filed_on").itertuples(index=False)]


def register(engine, folder, **changed):
    return bring_in(engine, "cameras", filed_town.cameras(folder, "again.csv", **changed)).run


def of_police(cells):
    return dict.fromkeys(("K1", "K3", "K4"), cells)


def test_a_filing_keeps_its_cameras_as_they_were_then(town, folder):
    found = rows_of(town, STATE)
    assert [row["camera_code"] for row in found] == ["K1", "K3", "K4"]
    assert {row["filed_on"] for row in found} == {dt.date(2025, 6, 20)}
    lon, lat = place(9, 0)
    assert found[2]["snapshot"] == {
        "management_unit": POLICE,
        "name": "楼后枪机",
        "lon": lon,
        "lat": lat,
        "address": "一路9号",
        "owner_kind": "social",
        "form": "fixed",
        "point_class": None,
        "mount_height_m": 6,
        "retention_days": 90,
        "installed_on": "2024-06-01",
    }
    assert told(town) == []


def test_the_database_and_the_program_take_the_same_snapshot(town, folder):
    found = rows_of(
        town,
        "SELECT c.*, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, govgrid.filed_snapshot(c) AS kept"
        " FROM govgrid.camera c ORDER BY code",
    )
    assert [filing.filing_snapshot(row) for row in found] == [row["kept"] for row in found]


def test_each_later_change_is_told_with_the_filing_that_it_is_of(town, folder):
    register(town, folder, K1={**at(3, 0), "录像保存天数": 15}, K4={"管理单位": SCHOOL})
    places = [" ".join(f"{part:.6f}" for part in place(*p)) for p in ((1, 0), (3, 0))]
    assert told(town) == [
        ("K1", NUMBER, POSITION, *places),
        ("K1", NUMBER, "retention_days", "30", "15"),
        ("K4", NUMBER, "management_unit", POLICE, SCHOOL),
    ]
    with transaction.open_read_only(town, SYSTEM) as connection:
        found = filings.with_units(connection, SYSTEM)
    assert found["filed_on"].tolist() == [dt.date(2025, 6, 20)] * 3
    assert found["unit"].tolist() == [POLICE, POLICE, SCHOOL]  # who manages it now files it


def test_a_camera_removed_or_deleted_after_the_filing_is_told(town, folder):
    register(town, folder, K1={"设备状态": "拆除"})
    run_sql(town, "DELETE FROM govgrid.camera WHERE code = 'K3'")
    assert told(town) == [
        ("K1", NUMBER, CAMERA, "朝东枪机", None),
        ("K3", NUMBER, CAMERA, "背向枪机", None),
    ]


def test_a_camera_that_gets_the_number_later_was_filed_as_it_is_then(town, folder):
    register(town, folder, K2={"备案号": NUMBER})
    assert told(town) == []
    register(town, folder, K2={"备案号": NUMBER, "录像保存天数": 7})
    assert told(town) == [("K2", NUMBER, "retention_days", None, "7")]


def test_a_filing_of_a_later_day_is_of_the_cameras_as_they_are_then(town, folder):
    register(town, folder, K1={"录像保存天数": 15}, K3={"设备状态": "拆除"})
    assert len(told(town)) == 2
    later = filed_town.filings(folder, (NUMBER, POLICE, "2025-09-01"))
    bring_in(town, "filings", later)
    assert told(town) == []
    assert [row["camera_code"] for row in rows_of(town, STATE)] == ["K1", "K4"]


def test_a_day_that_is_only_corrected_leaves_what_was_filed(town, folder):
    register(town, folder, K1={"录像保存天数": 15})
    bring_in(town, "filings", filed_town.filings(folder, (NUMBER, POLICE, "2025-06-19")))
    assert len(told(town)) == 1


def test_of_several_filings_the_one_whose_number_a_camera_bears_counts(town, folder):
    register(
        town, folder, **{k: {"备案号": "BA-2", "录像保存天数": 60} for k in ("K1", "K3", "K4")}
    )
    assert told(town) == []  # nobody knows what was filed as BA-2
    bring_in(town, "filings", filed_town.filings(folder, ("BA-2", POLICE, "2025-10-01")))
    assert told(town) == []
    register(town, folder, **of_police({"备案号": "BA-2"}))
    assert [row[:2] for row in told(town)] == [("K1", "BA-2"), ("K3", "BA-2"), ("K4", "BA-2")]


def test_a_camera_that_lost_its_number_is_held_against_the_newest_filing(town, folder):
    run_sql(
        town, "UPDATE govgrid.camera SET filing_no = NULL, retention_days = 7 WHERE code = 'K1'"
    )
    assert told(town) == [("K1", NUMBER, "retention_days", "30", "7")]


def test_a_filing_that_was_replaced_misses_no_camera(town, folder):
    register(town, folder, K1={"设备状态": "拆除"}, K3={"备案号": "BA-2"}, K4={"备案号": "BA-2"})
    assert told(town) == [("K1", NUMBER, CAMERA, "朝东枪机", None)]
    bring_in(town, "filings", filed_town.filings(folder, ("BA-2", POLICE, "2025-10-01")))
    assert told(town) == []


def test_an_undone_filing_takes_what_it_kept_with_it(town, tmp_path):
    run = filed_town.filed(town, tmp_path)
    register(town, tmp_path, K1={"录像保存天数": 15})
    done = import_runs.undo_run(town, run, who=SYSTEM)
    assert (done.removed, done.restored) == (4, 0)
    assert rows_of(town, STATE) == []
    assert told(town) == []


def test_an_undo_puts_back_what_had_been_filed_before(town, folder):
    before = rows_of(town, STATE)
    changed = register(town, folder, K1={"录像保存天数": 15}, K2={"备案号": NUMBER})
    kept = rows_of(town, STATE)
    later = filed_town.filings(folder, (NUMBER, "分局", "2025-09-01"))
    run = bring_in(town, "filings", later).run
    assert rows_of(town, STATE) != kept
    import_runs.undo_run(town, run, who=SYSTEM)
    assert rows_of(town, STATE) == kept
    import_runs.undo_run(town, changed, who=SYSTEM)
    assert rows_of(town, STATE) == before
    assert told(town) == []


def test_who_is_limited_to_an_area_or_a_class_is_told_of_its_cameras_only(town, folder):
    register(
        town, folder, K1={"录像保存天数": 15}, K3={"设备状态": "拆除"}, K4={"录像保存天数": 15}
    )
    run_sql(town, "DELETE FROM govgrid.camera WHERE code = 'K3'")
    account(town, "east", "planner", EAST)
    account(town, "west", "planner", WEST)
    account(town, "social", "planner", EAST, classes=("social",))
    account(town, "auditor", "auditor")
    assert [row[0] for row in told(town, acting_principal(town, "east"))] == ["K1", "K3", "K4"]
    assert told(town, acting_principal(town, "west")) == []
    assert [row[0] for row in told(town, acting_principal(town, "social"))] == ["K4"]
    assert told(town, acting_principal(town, "auditor")) == []
    assert len(told(town, acting_principal(town, "auditor"), depth="count")) == 3


def test_who_sees_coarse_places_is_told_of_a_move_but_not_whence_and_whither(town, folder):
    register(town, folder, K1=at(3, 0))
    account(town, "auditor", "auditor", depth="position")
    ((*_, field, before, after),) = told(town, acting_principal(town, "auditor"))
    assert (field, before, after) == (POSITION, None, None)


def test_the_fence_shows_what_was_filed_where_it_stands(town, folder, database_url):
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    account(town, "west", "planner", WEST)
    for reader, count in ((SYSTEM, 3), (acting_principal(town, "west"), 0)):
        with transaction.open_as(service, reader) as connection:
            found = connection.execute(text("SELECT count(*) FROM govgrid.filed_camera"))
            assert found.scalar_one() == count
        assert told(service, reader) == []
    service.dispose()


# The sheet


def made(engine, unit=POLICE, reader=SYSTEM, reason="备案"):
    return filing_sheet.make_sheet(engine, reader, unit, reason=reason, timezone=ZONE)


def book(sheet):
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    assert all("非涉密系统" in each.oddHeader.center.text for each in book.worksheets)
    return book


def table(sheet):
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def yellow(sheet):
    cells = [cell for row in sheet.iter_rows() for cell in row]
    return [cell.coordinate for cell in cells if cell.fill.fgColor.rgb == "00FFFF00"]


def test_a_sheet_states_unit_cameras_and_what_is_blank(town, folder):
    found = made(town, SCHOOL)
    assert (found.unit, found.cameras, found.changes) == (SCHOOL, 1, 0)
    pages = book(found)
    assert pages.sheetnames == ["基本信息", "采集设备", "待补"]
    head = {row["项目"]: row["内容"] for row in table(pages["基本信息"])}
    assert head["表名"] == "公共安全视频图像信息系统备案基本信息表"
    assert head["管理单位"] == SCHOOL
    assert head["图像采集设备数量"] == "1 台"
    assert head["图像采集设备类型"] == "枪机 1 台"
    assert head["视频图像信息存储期限"] is None
    (row,) = table(pages["采集设备"])
    lon, lat = place(1, 1)
    assert (row["序号"], row["设备编码"], row["经度"], row["纬度"]) == (1, "K2", lon, lat)
    assert (row["建设类别"], row["坐标系"], row["录像保存天数"]) == ("社会面", "WGS-84", None)
    lacking = table(pages["待补"])
    assert lacking[-1] == {
        "位置": "K2",
        "设备名称": "朝向不详",
        "待补项目": "安装地址、录像保存天数、安装日期",
    }
    assert [row["待补项目"] for row in lacking[:-1]] == [
        "统一社会信用代码", "单位地址", "值班电话", "所在县（市、区）",
        "视频图像信息存储期限", "系统投入使用日期",
    ]  # fmt: skip
    assert found.lacking == 9
    assert len(yellow(pages["采集设备"])) == 3
    assert len(yellow(pages["基本信息"])) == 6


def test_a_sheet_of_a_unit_that_filed_says_what_has_changed(town, folder):
    pages = book(made(town))
    assert pages.sheetnames == ["基本信息", "采集设备", "变更", "待补"]
    assert table(pages["变更"]) == []
    head = {row["项目"]: row["内容"] for row in table(pages["基本信息"])}
    assert head["视频图像信息存储期限"] == "30–90 天"
    assert head["系统投入使用日期"] == "2023-05-01"
    assert head["备案号"] == NUMBER
    register(town, folder, K1={"摄像机类型": "球机"}, K3={"设备状态": "拆除"})
    found = made(town)
    assert (found.cameras, found.changes) == (2, 2)
    rows = table(book(found)["变更"])
    assert [[row[n] for n in ("设备编码", "变更事项", "备案内容", "现状")] for row in rows] == [
        ["K1", "摄像机类型", "枪机", "球机"],
        ["K3", "图像采集设备", "背向枪机", "已不在用或不在台账"],
    ]
    assert {str(row["备案日期"])[:10] for row in rows} == {"2025-06-20"}


def test_headings_and_ranges_stand_in_the_sheet_where_they_are_known(town, folder):
    rows = {row["设备编码"]: row for row in table(book(made(town))["采集设备"])}
    assert (rows["K1"]["监视方位"], rows["K1"]["有效距离"]) == ("90", 60)
    account(town, "near", "planner", EAST, depth="position")
    rows = table(book(made(town, reader=acting_principal(town, "near")))["采集设备"])
    assert {row["监视方位"] for row in rows} == {None}


def test_the_phone_and_the_district_of_the_register_stand_at_the_head(town, folder):
    run_sql(town, "INSERT INTO govgrid.unit (code, name, duty_phone) VALUES ('U9', :n, '0556-9')",
            n=POLICE)  # fmt: skip
    head = {row["项目"]: row["内容"] for row in table(book(made(town))["基本信息"])}
    assert head["值班电话"] == "0556-9"


def test_a_sheet_that_goes_out_is_registered_with_its_reason(town, folder):
    made(town, reason="年度备案")
    assert rows_of(
        town, "SELECT what, form, rows, reason, coarsened FROM govgrid.export_register"
    ) == [
        {"what": "filing-sheet", "form": "xlsx", "rows": 3, "reason": "年度备案",
         "coarsened": False},
    ]  # fmt: skip
    (row,) = rows_of(town, "SELECT action, object, note FROM govgrid.audit WHERE action = 'export'")
    assert (row["object"], row["note"]) == ("filing-sheet", "年度备案")


def test_a_sheet_is_cut_to_the_reader_and_says_so(town, folder):
    account(town, "social", "planner", EAST, classes=("social",))
    reader = acting_principal(town, "social")
    pages = book(made(town, reader=reader))
    assert [row["设备编码"] for row in table(pages["采集设备"])] == ["K4"]
    head = {row["项目"]: row["内容"] for row in table(pages["基本信息"])}
    assert head["范围"] == "仅含本账号权限内的设备"
    assert filing_sheet.managing_units(town, reader) == [SCHOOL, POLICE]
    account(town, "west", "planner", WEST)
    with pytest.raises(NotFoundError, match="—"):
        made(town, reader=acting_principal(town, "west"))


def test_no_sheet_without_permission_exact_places_a_reason_or_a_unit(town, folder):
    account(town, "operator", "operator")
    account(town, "auditor", "auditor", depth="picture")
    account(town, "count", "planner", depth="count")
    account(town, "planner", "planner")
    for name in ("operator", "auditor", "count"):
        with pytest.raises(ForbiddenError):
            made(town, reader=acting_principal(town, name))
    with pytest.raises(InputError, match="needs a reason"):
        made(town, reader=acting_principal(town, "planner"), reason="")
    with pytest.raises(NotFoundError, match=POLICE):
        made(town, "没有的单位")
    assert rows_of(town, "SELECT FROM govgrid.export_register") == []


def test_who_may_export_but_sees_rounded_places_files_nothing():
    reader = principal.Principal("x", grants=(principal.Grant("auditor", depth="picture"),))
    assert reader.coarse
    with pytest.raises(ForbiddenError):
        filing_sheet._require(reader)


def test_a_formula_in_a_name_stays_a_text(town, folder):
    run_sql(town, "UPDATE govgrid.camera SET name = '+86 号杆' WHERE code = 'K1'")
    sheet = made(town)
    assert table(book(sheet)["采集设备"])[0]["设备名称"] == "'+86 号杆"
    handed_in(town, written(folder, sheet))
    assert told(town) == []  # and is read back as what it was


def test_a_sheet_is_made_for_each_unit(town, folder):
    found = list(filing_sheet.make_sheets(town, SYSTEM, reason="备案", timezone=ZONE))
    assert [(each.unit, each.cameras) for each in found] == [(SCHOOL, 1), (POLICE, 3)]
    assert len(rows_of(town, "SELECT FROM govgrid.export_register")) == 2


def test_where_no_camera_has_a_unit_there_is_nothing_to_file(town):
    with pytest.raises(NotFoundError, match="managing unit"):
        list(filing_sheet.make_sheets(town, SYSTEM, reason="x", timezone=ZONE))


# What was handed in


def handed_in(engine, path, number="BA-9", on=dt.date(2025, 11, 1), **more):
    return filing_register.register_filing(
        engine, path, number=number, filed_on=on, who=SYSTEM, timezone=ZONE, **more
    )


def written(folder, sheet, name="sheet.xlsx"):
    path = folder / name
    path.write_bytes(sheet.content)
    return path


def test_the_sheet_that_was_handed_in_is_what_was_filed(town, folder):
    path = written(folder, made(town))
    register(town, folder, K1={"录像保存天数": 15})  # between making the sheet and registering it
    done = handed_in(town, path)
    assert (done.unit, done.cameras, done.unknown) == (POLICE, 3, 0)
    assert told(town) == [("K1", "BA-9", "retention_days", "30", "15")]
    numbers = rows_of(town, "SELECT filing_no FROM govgrid.camera ORDER BY code")
    assert [row["filing_no"] for row in numbers] == ["BA-9", None, "BA-9", "BA-9"]


def test_a_sheet_reads_back_as_the_snapshot_of_the_register(town, folder):
    before = {row["camera_code"]: row["snapshot"] for row in rows_of(town, STATE)}
    handed_in(town, written(folder, made(town)), NUMBER)
    found = rows_of(town, STATE)
    assert {row["camera_code"]: row["snapshot"] for row in found} == before
    assert {row["sheet_sha256"] is None for row in found} == {False}


def test_a_camera_of_the_unit_that_is_not_on_the_sheet_is_told(town, folder):
    handed_in(town, written(folder, made(town)))
    register(town, folder, **{k: {"备案号": "BA-9"} for k in ("K1", "K2", "K3", "K4")})
    assert told(town) == [("K2", "BA-9", CAMERA, None, "朝向不详")]
    rows = table(book(made(town, SCHOOL))["变更"])
    assert [(row["备案内容"], row["现状"]) for row in rows] == [("备案后增加", "朝向不详")]


def test_a_filing_registered_by_its_sheet_can_be_undone(town, folder):
    before = rows_of(town, STATE)
    cameras = rows_of(town, "SELECT * FROM govgrid.camera ORDER BY code")
    register_path = written(folder, made(town))
    for number in ("BA-9", NUMBER):
        run = handed_in(town, register_path, number).run
        assert rows_of(town, STATE) != before
        import_runs.undo_run(town, run, who=SYSTEM)
        assert rows_of(town, STATE) == before
        assert rows_of(town, "SELECT * FROM govgrid.camera ORDER BY code") == cameras
    assert rows_of(town, "SELECT code FROM govgrid.filing") == [{"code": NUMBER}]


def test_a_filing_filed_anew_without_a_sheet_is_of_the_register(town, folder):
    handed_in(town, written(folder, made(town)))
    register(
        town, folder, **{k: {"备案号": "BA-9", "录像保存天数": 60} for k in ("K1", "K3", "K4")}
    )
    assert len(told(town)) == 3
    bring_in(town, "filings", filed_town.filings(folder, ("BA-9", POLICE, "2025-11-20")))
    assert told(town) == []
    assert {
        row["sheet_sha256"] for row in rows_of(town, STATE) if row["filing_code"] == "BA-9"
    } == {None}


def test_the_same_sheet_registered_twice_says_the_same(town, folder):
    path = written(folder, made(town))
    handed_in(town, path)
    before = rows_of(town, STATE)
    handed_in(town, path)
    assert rows_of(town, STATE) == before
    handed_in(town, path, on=dt.date(2025, 11, 2))
    assert [r["snapshot"] for r in rows_of(town, STATE)] == [r["snapshot"] for r in before]


def sheet_of(folder, *lines, header="设备编码,设备名称,经度,纬度"):
    path = folder / "own.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_sheet_of_ones_own_states_only_its_columns(town, folder):
    lon, lat = place(1, 0)
    path = sheet_of(folder, f"K1,朝东枪机,{lon},{lat}", f"K99,不在册,{lon},{lat}")
    with pytest.raises(InputError, match="managing units"):
        handed_in(town, path, crs="wgs84")
    done = handed_in(town, path, crs="wgs84", unit=POLICE)
    assert (done.cameras, done.unknown) == (2, 1)
    assert told(town) == [("K99", "BA-9", CAMERA, "不在册", None)]


def test_a_sheet_that_cannot_be_read_registers_nothing(town, folder):
    lon, lat = place(1, 0)
    good = f"K1,朝东枪机,{lon},{lat}"
    before = rows_of(town, STATE)
    for lines, more, match in (
        ([good, "K3,零,0,0"], {}, "1 rows of the sheet.*first row 3"),
        ([f",无编码,{lon},{lat}"], {}, "Row 2 has no code"),
        ([good], {"number": " "}, "blank"),
        ([good], {"on": dt.date(2999, 1, 1)}, "after today"),
        ([good], {"number": NUMBER, "on": dt.date(2025, 1, 1)}, "before it"),
    ):
        with pytest.raises(InputError, match=match):
            handed_in(town, sheet_of(folder, *lines), crs="wgs84", unit=POLICE, **more)
    assert rows_of(town, STATE) == before


def test_only_who_brings_files_in_registers_a_sheet(town, folder):
    account(town, "planner", "planner")
    path = written(folder, made(town))
    with pytest.raises(ForbiddenError):
        filing_register.register_filing(
            town, path, number="X", filed_on=dt.date(2025, 11, 1),
            who=acting_principal(town, "planner"), timezone=ZONE,
        )  # fmt: skip
    handed_in(town, path)
    (row,) = rows_of(
        town, "SELECT account, object, facts FROM govgrid.audit WHERE action = 'filing.register'"
    )
    assert (row["account"], row["object"], row["facts"]["cameras"]) == ("test", "BA-9", 3)


# The layers of the law


def test_consents_and_permits_come_in_and_go_back(town, tmp_path):
    files = {
        "consents": "设备编码,限制区编码,同意文件,同意日期\nK1,X1,函〔2025〕1号,2025-05-10\n",
        "permits": "设备编码,事由,批准文件,批准日期\nK1,迁移,批〔2025〕2号,2025-05-10\n",
    }
    runs = []
    for layer, written_ in files.items():
        path = tmp_path / f"{layer}.csv"
        path.write_text(written_, "utf-8")
        runs.append(bring_in(town, layer, path).run)
    assert rows_of(town, "SELECT camera_code, zone_code, consented_on FROM govgrid.consent") == [
        {"camera_code": "K1", "zone_code": "X1", "consented_on": dt.date(2025, 5, 10)}
    ]
    assert rows_of(town, "SELECT camera_code, kind, document FROM govgrid.permit") == [
        {"camera_code": "K1", "kind": "moved", "document": "批〔2025〕2号"}
    ]
    for run in runs:
        import_runs.undo_run(town, run, who=SYSTEM)
    assert rows_of(town, "SELECT FROM govgrid.consent") == []
    assert rows_of(town, "SELECT FROM govgrid.permit") == []
