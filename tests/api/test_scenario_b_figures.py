"""The dispatcher's papers: a file of the hotline, a merged community, the ledger and statistics."""

import io
import shutil
import subprocess
from datetime import datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import text

from geo.base.words import say
from geo.documents.statistics_workbook import COUNTS, SHARES
from tests.incident_day import DAY, serve_day
from tests.incident_town import C1, C2, C3, B
from tests.operations.jobs.working import ended, working
from tests.toy_town import place

pytestmark = pytest.mark.postgis
SEPTEMBER, OCTOBER = {"month": "2026-09"}, {"month": "2026-10"}
NAMES = {C1: "村居C1", C2: "村居C2", C3: "村居C3"}
MIDDLES = {C1: (-10, 5), C2: (30, 5), C3: (50, 5)}
HEADS = (
    *("工单号", "诉求", "分类", "来电时间", "办结时间", "等级", "办结层级", "办结方式", "村居"),
    *("来源", "经度", "纬度", "坐标系"),
)
PERSONAL = ("姓名", "电话", "身份证")
MAPPING = {"title": "诉求", "category": "分类", "reported_at": "来电时间"}
GCJ02 = (0.00543, -0.00231)  # degrees by which the hotline's map is off here, within a metre
METRE = 1e-5


def community_of(k):
    """Return the community of the `k`-th of thirty orders of a month: 13, 12 and 5 of them."""
    if k < 3 or 7 <= k < 17:
        return C1
    return C2 if k in (3, 4, 6, 28) or 17 <= k < 25 else C3


def make_order(month, k, number=None, at=None):
    """Return the cells of an order: the first of a month have no place, the last two GCJ-02."""
    code, at = community_of(k), at or datetime(2026, month, 1 + k % 28, 10)
    closed = k in (*range(6), *range(7, 15), *range(17, 23), 25, 26, 27)
    grade = "重要" if k in (7, 8, 9) else "一般"
    level = {7: "乡街", 8: "乡街", 9: "区", 10: "网格", 13: "乡街"}.get(k, "村居")
    outcome = "解释说明" if k in (1, 7) else "已解决"
    (lon, lat), system = place_of(k), "WGS84"
    if k < 6 or (k == 6 and month < 8):
        lon = lat = system = None
    elif k >= 28:
        lon, lat, system = lon + GCJ02[0], lat + GCJ02[1], "GCJ-02"
    return [
        *(number or f"H{month:02d}{k:02d}", f"{month}月第{k}件", "暴露垃圾", at),
        *((at + timedelta(days=1), grade, level, outcome) if closed else (None, grade, None, None)),
        *(NAMES[code], "12345", lon, lat, system),
        *("张某某", f"138{month:04d}{k:04d}", "340802199001010014"),
    ]


def place_of(k):
    x, y = MIDDLES[community_of(k)]
    return place(x, y + k / 10)


def write_orders(path, rows):
    """Write orders as a hotline does: a title over all, heads of two lines, cells merged."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["12345政务服务便民热线工单"])
    sheet.append([*HEADS, "来电人"])
    sheet.append([None] * len(HEADS) + list(PERSONAL))
    last = len(HEADS) + len(PERSONAL)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=last)
    sheet.merge_cells(start_row=2, end_row=2, start_column=len(HEADS) + 1, end_column=last)
    for column in range(1, len(HEADS) + 1):
        sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def bring(town, path, *steps, **declared):
    """Return what each step of an import of a file said."""
    client, told = town.become("admin"), []
    asked = {"layer": "incidents", "name": path.name}
    job = client.post("/api/imports", params=asked, content=path.read_bytes()).json()
    for step in steps:
        answer = client.post(f"/api/imports/{job['id']}/{step}", json=declared)
        assert answer.status_code == 202, answer.text
        told.append(ended(client, job, "/api/imports")["result"])
    return told


def changes(report):
    return tuple(report[name] for name in ("inserted", "updated", "unchanged", "quarantined"))


def read(town, path, **asked):
    answer = town.ask("district", "GET", path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer


def read_sheets(town, path, **asked):
    """Return the cells of a workbook of a route by the names of its sheets."""
    book = openpyxl.load_workbook(io.BytesIO(read(town, path, f="xlsx", **asked).content))
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book}


def stored(engine, columns):
    asked = f"SELECT {columns} FROM govgrid.incident WHERE code ~ '^H0[4-9]' ORDER BY code"
    with engine.connect() as connection:
        return connection.execute(text(asked)).all()


@pytest.fixture
def day(incident_town, settings, database_url, tmp_path):
    """Return the town of the scenarios with an administrator, and a worker for imports."""
    with serve_day(incident_town, settings, tmp_path) as town:
        town.add("admin", "administrator", None, None)
        with working(database_url, settings):
            yield town


def test_what_a_dispatcher_counts_and_prints(day, engine, tmp_path):
    before = announce_merger(day)
    file_of_the_hotline(day, engine, tmp_path)
    merged_community(day, before, tmp_path)
    ledger_of_september(day)
    statistics_of_september(day, tmp_path)
    printed_ledger(day, tmp_path)


def announce_merger(town):
    """B10: on the eve C3 is merged into C2 from the next day on; return an incident of that eve."""
    town.turn("2026-09-30T20:00")
    asked = {"codes": [C3], "valid_from": "2026-10-01"}
    done = town.ask("admin", "POST", f"/api/areas/{C2}/merge", json=asked)
    assert done.status_code == 200, done.text
    return town.create("b", "暴露垃圾", "路边垃圾", MIDDLES[C3])


def file_of_the_hotline(town, engine, folder):
    """B9: half a year of orders, read as those of the month before; brought in again, nothing."""
    town.turn(f"{DAY}T09:00")
    march = write_orders(folder / "三月.xlsx", [make_order(3, 0)])
    (first,) = bring(town, march, "take", crs="wgs84", mapping=MAPPING, remember="热线")
    assert changes(first) == (1, 0, 0, 0)
    orders = [make_order(month, k) for month in range(4, 10) for k in range(30)]
    path = write_orders(folder / "半年.xlsx", orders)
    preview, taken = bring(town, path, "preview", "take", source="热线")
    said = preview["preview"]
    assert (preview["read"], said["header_row"], said["refused"]) == (180, 3, [*PERSONAL])
    assert {name: said["mapping"][name] for name in MAPPING} == MAPPING
    assert {*said["mapping"].values()} == {*HEADS}
    for told in (preview, taken):
        refused = [each for each in told["findings"] if each["code"] == "COLUMN_PERSONAL"]
        assert [(each["row"], each["column"]) for each in refused] == [(3, p) for p in PERSONAL]
        assert all("整列未导入" in each["advice"] for each in refused)
        shifted = [each["row"] for each in told["findings"] if each["code"] == "CRS_GCJ02"]
        assert shifted == [4 + 30 * month + k for month in range(6) for k in (28, 29)]
    assert changes(taken) == (180, 0, 0, 0)
    rows = stored(engine, "code, community_code, grid_code, located_by, ST_X(geom), ST_Y(geom)")
    for code, community, grid, _, lon, lat in rows:
        k = int(code[3:])
        assert (community, grid is None) == (community_of(k), lon is None)
        assert lon is None or (lon, lat) == pytest.approx(place_of(k), abs=METRE)
    assert [row.located_by for row in rows if row.grid_code is None] == ["area"] * 40
    kept = "".join(row.all for row in stored(engine, "to_jsonb(incident)::text AS all"))
    assert not any(word in kept for word in ("张某某", "1380004", "340802199001010014"))
    (again,) = bring(town, path, "take", source="热线")
    assert changes(again) == (0, 0, 180, 0)


def merged_community(town, before, folder):
    """B10: what was reported before the merger keeps C3; the communities add up to the township."""
    after = town.create("b", "暴露垃圾", "路边垃圾", MIDDLES[C3])
    seen = [town.show("b", each)["community_code"] for each in (before, after)]
    assert seen == [C3, C2]
    october = [
        # both still say 村居C3: the first has nothing else, the second has a place
        make_order(10, 5, at=datetime(2026, 10, 5, 9)),
        make_order(10, 25, at=datetime(2026, 10, 5, 9)),
    ]
    (taken,) = bring(town, write_orders(folder / "十月.xlsx", october), "take", source="热线")
    lost = [each for each in taken["findings"] if each["code"] == "INCIDENT_AREA"]
    assert [(each["row"], each["value"]) for each in lost] == [(4, "村居C3"), (5, "村居C3")]
    by_hand = {
        "2026-08": {C1: 13, C2: 12, C3: 5},
        "2026-09": {C1: 13, C2: 12, C3: 6},
        "2026-10": {C1: 0, C2: 2, C3: 0},
    }
    for month, counts in by_hand.items():
        ledgers = {area: read(town, "/api/ledger", area=area, month=month).json() for area in NAMES}
        assert {area: told["collected"] for area, told in ledgers.items()} == counts
        whole = read(town, "/api/ledger", area=B, month=month).json()
        listed = [row["code"] for told in ledgers.values() for row in told["rows"]]
        assert sorted(listed) == sorted(row["code"] for row in whole["rows"])
        assert sum(told["closed"] for told in ledgers.values()) == whole["closed"]
        figures = read(town, "/api/statistics", month=month, area=B).json()
        assert {row["key"]: row["collected"] for row in figures["rows"]} == {
            area: count for area, count in counts.items() if count
        }
        assert figures["total"]["collected"] == whole["collected"] == sum(counts.values())


def ledger_of_september(town):
    """B11: what is printed says what the route says."""
    told = read(town, "/api/ledger", area=C1, **SEPTEMBER).json()
    assert (told["collected"], told["closed"], told["resolved"]) == (13, 11, 9)
    assert told["closure"] == {"numerator": 11, "denominator": 13, "share": 11 / 13}
    (cells,) = read_sheets(town, "/api/ledger", area=C1, **SEPTEMBER).values()
    assert cells[3][0] == "收集 13 件　办结 11 件　其中解决 9 件　办结率 84.6%（11/13）"
    assert cells[4] == list(told["columns"].values())
    printed = [[cell or "" for cell in row] for row in cells[5:18]]
    assert printed == [[row[name] for name in told["columns"]] for row in told["rows"]]
    assert {row["remark"] for row in told["rows"]} == {""}


def statistics_of_september(town, folder):
    """B11: rates with what they are made of; September is issued, what comes later told apart."""
    told = assert_printed(town, 1)
    rows = {row["key"]: row for row in told["rows"]}
    assert rates_of(rows[C1]) == {
        "closure": (11, 13), "solved": (9, 11), "small_matters": (7, 8), "big_matters": (2, 3),
    }  # fmt: skip
    assert rates_of(rows[C2])["closure"] == (8, 12)
    assert {key: row["rank"] for key, row in rows.items()} == {C1: 1, C2: 2, C3: None}
    assert (rows[C3]["rates"]["closure"]["few"], rows[C3]["collected"]) == (True, 6)
    whole = {rate["name"]: rate for rate in told["rates"]}
    assert (whole["small_matters"]["label"], whole["big_matters"]["label"]) == (
        *("小事不出社区", "大事不出街道"),
    )
    issued = town.ask("district", "POST", "/api/statistics/issues", json=SEPTEMBER)
    assert issued.status_code == 201, issued.text
    town.turn(f"{DAY}T16:30")
    late = [make_order(9, 12, number="H0999"), *(make_order(9, k) for k in range(30))]
    late[16][4:8] = [datetime(2026, 10, 8, 11), "一般", "村居", "已解决"]  # the one of k = 15
    (taken,) = bring(town, write_orders(folder / "补.xlsx", late), "take", source="热线")
    assert changes(taken) == (1, 1, 29, 0)
    frozen = assert_printed(town, 2)
    assert frozen["rows"] == told["rows"]
    assert (frozen["total"], frozen["rates"]) == (told["total"], told["rates"])
    assert frozen["frozen"]["issued_by"] == "of.district"
    names = ("key", "collected", "closed", "resolved", "overdue")
    assert [tuple(later[name] for name in names) for later in frozen["corrections"]] == [
        (C1, 1, 2, 2, -1),
        (C3, 0, 0, 0, 1),  # that of the eve: its limit of 14:30 has passed since
    ]
    ledger = read(town, "/api/ledger", area=C1, **SEPTEMBER).json()
    marked = {row["code"]: row["remark"] for row in ledger["rows"] if row["remark"]}
    assert marked == {"H0999": "补报", "H0915": "补报（2026-10-08 有变动）"}
    assert ledger["collected"] == 14


def printed_ledger(town, folder):
    """B11: the PDF has the heads and cells of the screen in their order, wherever lines end."""
    if shutil.which("pdftotext") is None:
        pytest.skip("all but the PDF of the ledger was compared: no pdftotext (poppler-utils) here")
    asked = {"area": C1, **SEPTEMBER}
    told = read(town, "/api/ledger", **asked).json()
    (folder / "账本.pdf").write_bytes(read(town, "/api/ledger", f="pdf", **asked).content)
    command = ["pdftotext", "-raw", "-enc", "UTF-8", folder / "账本.pdf", "-"]
    read_back = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    columns = told["columns"]
    rows = ["".join(str(row[name]) for name in columns) for row in told["rows"]]
    wanted = ["收集14件办结13件其中解决11件办结率92.9%（13/14）", "".join(columns.values()), *rows]
    text_of_pdf, at = "".join(read_back.split()), 0
    for each in ("".join(line.split()) for line in wanted):
        at = text_of_pdf.index(each, at) + len(each)


def rates_of(row):
    names = ("closure", "solved", "small_matters", "big_matters")
    return {n: (row["rates"][n]["numerator"], row["rates"][n]["denominator"]) for n in names}


def assert_printed(town, tables):
    """Compare the workbook with the route, cell by cell; return what the route says."""
    told = read(town, "/api/statistics", **SEPTEMBER).json()
    sheets = read_sheets(town, "/api/statistics", **SEPTEMBER)
    *printed, definitions = sheets.values()
    assert len(printed) == tables
    assert printed[0][2][0] == f"收集于本期，截至 {DAY} 09:00"
    assert any(row[0] == "不足 10 件，不排名" for row in printed[0])
    for cells, rows in zip(printed, (told["rows"], told["corrections"]), strict=False):
        head = next(n for n, row in enumerate(cells) if row[0] == "村居")
        columns = [say(f"statistics.count.{name}", "zh") for name in COUNTS]
        columns += [say(f"statistics.rate.{name}", "zh") for name in SHARES]
        assert cells[head][1 : 1 + len(columns)] == columns
        listed = [row[: 1 + len(columns)] for row in cells[head + 1 : head + 1 + len(rows)]]
        assert listed == [cells_of(row) for row in rows]
    names = ("label", "numerator", "denominator", "share", "definition")
    assert definitions[1 : 1 + len(told["rates"])] == [
        [share_cell(rate[name]) if name == "share" else rate[name] for name in names]
        for rate in told["rates"]
    ]
    return told


def cells_of(row):
    shares = [share_cell(row["rates"][name]["share"]) for name in SHARES]
    return [row["name"], *(row[name] for name in COUNTS), *shares]


def share_cell(share):
    return "—" if share is None else pytest.approx(share, rel=1e-12)
