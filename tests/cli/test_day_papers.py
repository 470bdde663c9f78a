"""``govgrid incident paper | receipt | shift``: papers of the day from the command line."""

import json

import pikepdf
import pytest

from tests.command_line import alone, commands
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def run(incident_town, database_url, monkeypatch, capfd, tmp_path):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))
    call = commands(monkeypatch, capfd)

    def incident(*words, lang="en", **more):
        return call("--lang", lang, "--database", database_url, "incident", *words, **more)

    return incident


def pages(file):
    with pikepdf.open(file) as pdf:
        return len(pdf.pages)


def test_an_order_is_printed_and_its_receipt_written_down(run, tmp_path):
    lon, lat = place(-2.09, 0.0)
    made = json.loads(run("add", "井盖缺失", "井盖没了", lon, lat, "--json").out)
    code, order, notice = made["code"], tmp_path / "order.pdf", tmp_path / "notice.pdf"
    assert "send it before" in run("paper", "order", code, order, code=2).err
    run("move", code, "accept")
    run("move", code, "assign", "--set", "unit=U2")
    assert "supervise it first" in run("paper", "notice", code, notice, code=2).err
    run("move", code, "supervise", "--set", "reason=超期")
    for kind, file in (("order", order), ("notice", notice), ("report", tmp_path / "r.pdf")):
        run("paper", kind, code, file)
        assert pages(file) == 1
    run("paper", "evidence", code, tmp_path / "e.xlsx")
    assert "--force" in run("paper", "order", code, order, code=2).err
    for words, said in (
        (("letter", code, tmp_path / "x.pdf"), "order, notice, report, evidence"),
        (("order", code, tmp_path / "x.docx"), ".pdf"),
        (("notice", code, tmp_path / "x.pdf", "--unit", "U2"), "belongs to an order"),
    ):
        assert said in run("paper", *words, code=2).err
    (unit,) = json.loads(run("receipt", code, "--json").out)["units"]
    assert unit["parts"] == ["sign_for", "report_in", "unit_done", "return"]
    assert "市政所" in run("receipt", code, lang="zh").out
    done = run("receipt", code, "--post", "值班岗", "--result", "已更换", lang="zh").out
    assert "单位处置完毕" in done
    shown = run("show", code).out
    assert "Unit is done" in shown
    assert "Taken" in shown
    assert "known already" in run("receipt", code, "--result", "x", code=2).err
    assert "no order" in run("receipt", "19990101-0001", code=2).err


def test_a_shift_is_taken_handed_over_and_printed(run, tmp_path):
    log = tmp_path / "log.pdf"
    assert "no shift" in run("shift", "log", log, code=2).err.lower()
    first = json.loads(run("shift", "take", "值班岗一", "--leader", "带班岗", "--json").out)
    assert "值班岗一" in run("shift", "take", "值班岗二", lang="zh", code=2).err
    assert json.loads(run("shift", "now", "--json").out)["shift"]["id"] == first["id"]
    assert "未办结" in run("shift", "now", lang="zh").out
    run("shift", "hand-over", "--note", "无")
    assert run("shift", "hand-over", first["id"], code=2).err
    assert len(json.loads(run("shift", "list", "--json").out)["shifts"]) == 1
    run("shift", "log", log)
    assert pages(log) == 1
    assert "13812345678" not in run("shift", "take", "张三 13812345678", code=2).err
