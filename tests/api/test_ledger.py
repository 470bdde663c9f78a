"""The ledger and the bulletin: the same figures on screen and on paper; old ledgers come in."""

import io
import json
import shutil
import subprocess
from datetime import date

import docx
import openpyxl
import pikepdf
import pytest
from sqlalchemy import text

from geo.base.errors import InputError
from geo.documents import bulletin_paper
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.incidents import bulletin
from tests.command_line import alone, commands
from tests.incidents.counted_site import serve_counted_town
from tests.incidents.counted_town import (
    C1,
    C2,
    DISTRICT,
    GRIDS,
    ZONE,
    B,
    facts,
    stored_rows,
)
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis
MONTH = {"month": "2026-09"}


@pytest.fixture
def site(engine, settings, tmp_path):
    with serve_counted_town(engine, settings, tmp_path, size=300) as visitors:
        yield visitors


@pytest.fixture
def govgrid(monkeypatch, capfd, database_url):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "zh")
    return commands(monkeypatch, capfd)


def of_september(engine, area=C1):
    return [
        row
        for row in stored_rows(engine)
        if (area is None or area in (row["community_code"], row["township_code"]))
        and row["reported_at"].astimezone(ZONE).date().isoformat()[:7] == "2026-09"
    ]


def test_the_ledger_says_the_same_on_screen_in_xlsx_and_on_the_command_line(
    site, engine, govgrid, tmp_path
):
    path, asked = "/api/ledger", {**MONTH, "area": C1}
    told = site.client.get(path, params=asked).json()
    rows = of_september(engine)
    collected = [row for row in rows if facts(row)["collected"]]
    assert sorted(row["code"] for row in told["rows"]) == sorted(row["code"] for row in collected)
    assert told["collected"] == len(collected)
    assert told["closed"] == sum(facts(row)["closed"] for row in rows)
    assert told["resolved"] == sum(facts(row)["resolved"] for row in rows)
    assert told["duplicates"] == sum(facts(row)["duplicates"] for row in rows)
    assert told["number"] == "社区C1〔2026〕9号"
    figures = site.client.get("/api/statistics", params={**MONTH, "area": C1}).json()["total"]
    assert (figures["collected"], figures["closed"]) == (told["collected"], told["closed"])
    book = openpyxl.load_workbook(
        io.BytesIO(site.client.get(path, params={**asked, "f": "xlsx"}).content)
    ).active
    assert book.page_setup.orientation == "landscape"
    cells = [[cell.value for cell in row] for row in book.iter_rows()]
    assert cells[4] == list(told["columns"].values())
    printed = [[value or "" for value in row] for row in cells[5 : 5 + len(collected)]]
    assert printed == [[row[name] for name in told["columns"]] for row in told["rows"]]
    pdf = site.client.get(path, params={**asked, "f": "pdf"})
    with pikepdf.open(io.BytesIO(pdf.content)) as pages:
        assert len(pages.pages) >= 1
    out = tmp_path / "ledger.xlsx"
    again = json.loads(
        govgrid("incident", "ledger", C1, "--month", "2026-09", "--out", out, "--json").out
    )
    assert again["rows"] == told["rows"]
    assert openpyxl.load_workbook(out).active.max_row == book.max_row


def test_the_ledger_of_each_level_holds_what_lies_in_its_area(site, engine):
    def collected(area):
        answer = site.client.get("/api/ledger", params={**MONTH, "area": area})
        return {row["code"] for row in answer.json()["rows"]}

    rows = [row for row in of_september(engine, None) if facts(row)["collected"]]
    for level, area in (("community", C1), ("township", B), ("grid", GRIDS[0])):
        own = {row["code"] for row in rows if row[f"{level}_code"] == area}
        assert collected(area) == own != set()
    figures = site.client.get("/api/statistics", params={**MONTH, "area": DISTRICT}).json()
    whole = {row["code"] for row in rows}
    assert collected(DISTRICT) == whole
    assert figures["total"]["collected"] == len(whole)


def test_a_sensitive_matter_is_told_to_who_handles_it_and_by_category_to_others(site, engine):
    asked = {"area": C1, "since": "2020-01-01", "until": "2026-12-31"}

    def titles():
        rows = site.client.get("/api/ledger", params=asked).json()["rows"]
        return {row["title"] for row in rows if row["category"] == "纠纷"}

    assert titles() == {"x"}
    site.become(account(engine, "lin", "planner"))
    assert titles() == {"纠纷"}


OLD = (
    "日期,来源,民情,村居,类别,办理情况,办结方式,办结日期,认领支部/岗位,评价,备注",
    "2026-03-02,来访,路灯不亮,340802001001,市容,已更换,已解决,2026-03-03,第一网格党支部,满意,纸质账本",
    "2026-03-05,说事会,下水道堵,先锋,市容,已疏通,已解决,2026-03-09,,,",
    "2026-03-06,来访,树枝挡灯,没有的社区,市容,,,,,,",
)


def test_an_old_paper_ledger_comes_in_by_date_and_community_alone_and_only_once(
    site, engine, tmp_path
):
    with engine.begin() as connection:
        rename = "UPDATE govgrid.area SET name = '先锋社区' WHERE code = :code"
        connection.execute(text(rename), {"code": C2})
    file = tmp_path / "old.csv"
    file.write_text("\n".join(OLD), encoding="utf-8")

    def bring():
        options = ImportOptions()
        return imports.import_file(
            engine, "incidents", file, options, who=SYSTEM, timezone="Asia/Shanghai"
        )

    first = bring()
    assert first.change.inserted == 3
    assert [(f.row, f.code, f.value) for f in first.findings if f.code == "INCIDENT_AREA"] == [
        (4, "INCIDENT_AREA", "没有的社区")
    ]
    second = bring()
    assert (second.change.inserted, second.change.updated) == (0, 0)
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT title, community_code, township_code, located_by, area_unit_id IS NOT NULL"
                " FROM govgrid.incident WHERE import_run IS NOT NULL ORDER BY reported_at"
            )
        ).all()
    assert [tuple(row) for row in found] == [
        ("路灯不亮", C1, B, "area", True),
        ("下水道堵", C2, B, "area", True),
        ("树枝挡灯", None, None, None, False),
    ]
    march = {"area": C1, "since": "2026-03-02", "until": "2026-03-02"}
    rows = site.client.get("/api/ledger", params=march).json()["rows"]
    (row,) = [each for each in rows if each["title"] == "路灯不亮"]
    assert (row["day"], row["closed_on"], row["outcome"]) == ("2026-03-02", "2026-03-03", "已解决")
    assert (row["claimed"], row["rating"], row["remark"]) == ("第一网格党支部", "满意", "纸质账本")


def test_the_bulletin_holds_the_figures_of_the_statistics_and_can_be_edited(
    site, govgrid, tmp_path
):
    told = site.client.get("/api/bulletin", params=MONTH).json()
    figures = site.client.get("/api/statistics", params={**MONTH, "by": "township"}).json()
    rates = {rate["name"]: rate for rate in figures["rates"]}
    closure = rates["closure"]
    percent = f"{100 * closure['numerator'] / closure['denominator']:.1f}"
    assert f"办结率{percent}%（{closure['numerator']}/{closure['denominator']}）" in told["text"]
    small = rates["small_matters"]
    assert f"（{small['numerator']}/{small['denominator']}）；重要" in told["text"]
    totals = told["tables"][0]["rows"][-1]
    assert totals[1:3] == [str(figures["total"]["collected"]), str(figures["total"]["closed"])]
    edited = told["text"].replace("一、总体情况", "一、基本情况") + "\n特此通报。"
    answer = site.client.post("/api/bulletin", json={**MONTH, "text": edited})
    written = docx.Document(io.BytesIO(answer.content))
    said = [paragraph.text for paragraph in written.paragraphs]
    assert "一、基本情况" in said
    assert said.index("特此通报。") > said.index("一、基本情况")
    assert "{{" not in "".join(said)
    assert [cell.text for cell in written.tables[0].rows[-1].cells] == totals
    assert site.client.post("/api/bulletin", json={**MONTH, "text": " "}).status_code == 400
    template = tmp_path / "template.docx"
    out = tmp_path / "bulletin.docx"
    govgrid("incident", "bulletin", "2026-09", "--template-out", template)
    govgrid("incident", "bulletin", "2026-09", out, "--template", template)
    assert docx.Document(str(out)).tables[0].rows[0].cells[0].text == "乡街"
    plain = govgrid("incident", "bulletin", "2026-09").out
    assert plain.startswith("# 一、总体情况")


def make_bulletin(**more):
    told = {
        "title": "题", "place": "迎江区", "month": "2026年9月", "as_of": "2026-10-08 09:00",
        "day": date(2026, 10, 8), "paragraphs": (bulletin.Paragraph("正文一"),), "tables": (),
    }  # fmt: skip
    return bulletin.Bulletin(**{**told, **more})


def test_a_template_of_the_site_keeps_its_head_and_takes_the_text_at_its_place(tmp_path):
    document = docx.Document()
    document.add_paragraph("XX区文件")
    split = document.add_paragraph()
    for part in ("{{标", "题}}", "（", "{{月份}}）"):
        split.add_run(part)
    document.add_paragraph("{{正文}}").style = "Quote"
    table = document.add_table(rows=1, cols=1)
    table.rows[0].cells[0].text = "截至 {{截至}}"
    file = tmp_path / "site.docx"
    document.save(str(file))
    made = docx.Document(io.BytesIO(bulletin_paper.bulletin_bytes(make_bulletin(), file)))
    told = [(paragraph.text, paragraph.style.name) for paragraph in made.paragraphs]
    assert told == [("XX区文件", "Normal"), ("题（2026年9月）", "Normal"), ("正文一", "Quote")]
    assert made.tables[0].rows[0].cells[0].text == "截至 2026-10-08 09:00"


def test_a_template_that_is_none_or_has_no_place_for_the_text_is_refused(tmp_path):
    broken, empty = tmp_path / "broken.docx", tmp_path / "empty.docx"
    broken.write_bytes(b"no document")
    docx.Document().save(str(empty))
    for file in (broken, empty, tmp_path / "nothing.docx"):
        with pytest.raises(InputError):
            bulletin_paper.bulletin_bytes(make_bulletin(), file)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
@pytest.mark.thorough
def test_libreoffice_opens_the_bulletin_with_its_table(tmp_path):
    rows = (("宜城路街道", "10"), ("合计", "10"))
    tables = (bulletin.BulletinTable("附表1", ("乡街", "收集数"), rows),)
    file = tmp_path / "b.docx"
    file.write_bytes(bulletin_paper.bulletin_bytes(make_bulletin(tables=tables), None))
    told = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    subprocess.run(
        [*told, "--convert-to", "pdf", "--outdir", tmp_path, file], check=True, capture_output=True
    )
    with pikepdf.open(tmp_path / "b.pdf") as pages:
        box = [float(side) for side in pages.pages[0].mediabox]
    assert box[2:] == pytest.approx([595, 842], abs=2)
