"""Losses of cameras in the toy town: what to maintain first, figures before and after, files."""

import json
import os
import sys

import openpyxl
import pandas as pd
import pyogrio
import pytest
from sqlalchemy import text

from geo.base.errors import InputError, NotFoundError, StateError
from geo.cli import main
from geo.coverage import compute
from geo.coverage import report as coverage_report
from geo.planning.failing_cameras import CASES, COLUMNS
from geo.planning.failure_analysis import analyse_loss, write_analysis
from geo.store import db
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"


def covered_m2(engine, code, device_set="online"):
    found = coverage_report.read_report(
        engine, SYSTEM, area=code, device_set=device_set, certainty="certain", detail=20
    )
    return found["areas"][0]["covered_demand_m2"]


def without(engine, code):
    """Take a camera off line and compute."""
    with db.open_transaction(engine) as connection:
        connection.execute(
            text("UPDATE govgrid.camera SET connection = 'offline' WHERE code = :code"),
            {"code": code},
        )
    compute.compute(engine)


def opens_m2(found):
    return dict(zip(found.maintain["code"], found.maintain["opens_m2"], strict=True))


@pytest.fixture
def computed(town, tmp_path):
    path = tmp_path / "doors.csv"
    doors = [("D1", *place(4, 0)), ("D2", *place(-18, 18)), ("D3", *place(8.3, 0.2))]
    lines = ["编码,经度,纬度", *(",".join(map(str, door)) for door in doors)]
    path.write_text("\n".join(lines), encoding="utf-8")
    bring_in(town, "entrances", path)
    compute.compute(town)
    return town


def test_without_a_run_there_is_nothing_to_lose(town):
    with pytest.raises(StateError, match="coverage compute"):
        analyse_loss(town)


def test_each_camera_opens_what_the_figures_lose_without_it(computed):
    found = analyse_loss(computed)
    codes = found.maintain["code"].tolist()
    assert sorted(codes) == ["K1", "K3", "K4"]  # K2 is off line
    assert found.maintain["rank"].tolist() == [1, 2, 3]
    assert found.maintain["opens_m2"].is_monotonic_decreasing
    before = covered_m2(computed, "~district")
    assert found.facts["covered_demand_m2"]["before"] == pytest.approx(before, abs=1)
    opens = opens_m2(found)
    without(computed, codes[0])
    assert before - covered_m2(computed, "~district") == pytest.approx(opens[codes[0]], abs=1)


def test_entrances_that_only_one_camera_sees_stand_beside(computed):
    table = analyse_loss(computed).maintain.set_index("code")
    assert table["entrances"].to_dict() == {"K1": 1, "K3": 0, "K4": 1}
    assert table["grid_code"].tolist() == [EAST, EAST, EAST]
    assert table.loc["K1", ["lon", "lat"]].tolist() == pytest.approx(place(1, 0))


def test_a_camera_whose_place_another_sees_as_well_opens_less(computed):
    online = opens_m2(analyse_loss(computed))
    with db.open_transaction(computed) as connection:
        connection.execute(
            text(
                "UPDATE govgrid.camera_view SET heading_deg = 90, heading_source = 'surveyed'"
                " WHERE camera_code = 'K2'"
            )
        )
    everybody = analyse_loss(computed, device_set="all")
    assert opens_m2(everybody)["K1"] < online["K1"] / 2
    assert everybody.facts["cameras"] == 4
    assert opens_m2(analyse_loss(computed))["K1"] == online["K1"]


def test_the_answer_says_whether_the_run_saw_the_same(computed):
    assert analyse_loss(computed).facts["current"]
    with db.open_transaction(computed) as connection:
        connection.execute(text("UPDATE govgrid.camera_view SET heading_deg = 0"))
    assert not analyse_loss(computed).facts["current"]
    compute.compute(computed, details=[20, 40])
    assert analyse_loss(computed).facts["current"]


def test_a_loss_of_all_leaves_nothing_and_a_small_one_at_least_one_camera(computed):
    everything = analyse_loss(computed, share=1).facts
    assert everything["lost"] == 3
    assert everything["covered_demand_m2"] == {**dict.fromkeys(CASES, 0.0), "before": pytest.approx(
        covered_m2(computed, "~district"), abs=1)}  # fmt: skip
    one = analyse_loss(computed, share=0.05)
    assert one.facts["lost"] == 1
    m2 = one.facts["covered_demand_m2"]
    opens = opens_m2(one)
    assert m2["before"] - m2["worst"] == pytest.approx(max(opens.values()), abs=0.2)
    assert m2["before"] - m2["mean"] == pytest.approx(sum(opens.values()) / 3, abs=0.2)
    share = one.facts["covered_demand_share"]
    assert share["before"] == pytest.approx(m2["before"] / one.facts["demand_m2"], rel=1e-4)


def test_an_area_has_its_own_demand_and_the_cameras_that_see_it(computed):
    west, east = (analyse_loss(computed, area=code) for code in (WEST, EAST))
    assert (west.facts["cameras"], west.maintain["code"].tolist()) == (1, ["K3"])
    assert west.facts["covered_demand_m2"]["before"] == pytest.approx(
        covered_m2(computed, WEST), abs=1
    )
    assert east.facts["cameras"] == 3
    both = opens_m2(west)["K3"] + opens_m2(east)["K3"]
    assert both == pytest.approx(opens_m2(analyse_loss(computed))["K3"], abs=0.2)


def test_what_is_asked_for_must_be_there(computed):
    with pytest.raises(NotFoundError, match="no area of code"):
        analyse_loss(computed, area="1")
    with pytest.raises(NotFoundError):
        analyse_loss(computed, device_set="red")
    with pytest.raises(InputError, match="above 0"):
        analyse_loss(computed, share=0)


def test_without_cameras_nothing_opens(engine, town_files):
    for layer in ("areas", "roads"):
        bring_in(engine, layer, town_files[layer])
    compute.compute(engine)
    found = analyse_loss(engine)
    assert len(found.maintain) == 0
    assert (found.facts["cameras"], found.facts["covered_demand_share"]["worst"]) == (0, 0)


def test_the_table_is_written_for_people_and_for_maps(computed, tmp_path):
    found = analyse_loss(computed)
    book = tmp_path / "loss.xlsx"
    assert write_analysis(computed, found, book, lang="zh") == 3
    first, second = openpyxl.load_workbook(book).worksheets
    assert (first.title, second.title) == ("优先维护", "损失影响")
    assert [cell.value for cell in first[1]][:5] == [
        "序号",
        "编码",
        "名称",
        "网格编码",
        "失效后无人可见（平方米）",
    ]
    assert second.max_row == 1 + len(CASES)
    table = tmp_path / "loss.csv"
    write_analysis(computed, found, table, lang="en")
    assert len(pd.read_csv(table)) == 3
    layer = tmp_path / "loss.gpkg"
    write_analysis(computed, found, layer, lang="en")
    points = pyogrio.read_dataframe(layer)
    assert set(COLUMNS) <= set(points)
    assert points.geometry.x.tolist() == pytest.approx(points["lon"].tolist())


@pytest.fixture
def govgrid(computed, database_url, monkeypatch, capfd):
    """Run the command line on the town; return what it printed."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    def run(*args, code=0):
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code
        return capfd.readouterr()

    return run


def test_the_command_prints_the_cameras_and_the_sentence(govgrid, computed, tmp_path):
    answer = json.loads(govgrid("coverage", "loss", "--limit", "2", "--json").out)
    assert [row["rank"] for row in answer["maintain"]] == [1, 2]
    assert {"code", "name", "grid_code", "opens_m2", "entrances", "unit", "phone"} <= set(
        answer["maintain"][0]
    )
    printed = govgrid("coverage", "loss", "--out", tmp_path / "l.csv")
    assert "朝东枪机" in printed.out
    assert "A loss of 5% of 3 cameras (1)" in printed.err
    assert "wrote" in printed.err
    assert "have changed since" not in printed.err
    assert "at most 1" in govgrid("coverage", "loss", "--share", "2", code=2).err
    govgrid("coverage", "loss", "--out", tmp_path / "l.odt", code=2)
