"""Incidents of files: history that is located and routed, and that no file writes over."""

import pytest
from sqlalchemy import text

from geo.base.errors import StateError
from geo.exchange.imports import runs
from tests.incidents.moving_town import EAST, SYSTEM, ZONE, move
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

HEAD = "编号,标题,事项类别,状态,上报时间,办理时限,结案时间,经度,纬度"


def brought(engine, folder, *rows, head=HEAD):
    """Import incidents; of each row code, state, reported, due, closed."""
    file = folder / "history.csv"
    lines = [head]
    for code, state, reported, due, closed, *title in rows:
        lon, lat = place(4, 0)
        name = title[0] if title else "垃圾"
        lines.append(f"{code},{name},市容环境,{state},{reported},{due},{closed},{lon},{lat}")
    file.write_text("\n".join(lines), encoding="utf-8")
    return bring_in(engine, "incidents", file)


def all_of(engine, statement, **values):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


MARCH = "2026-03-02 08:30"


def test_a_row_is_located_routed_and_has_one_move_and_no_event_of_its_own(town, tmp_path):
    report = brought(town, tmp_path, ("T1", "结案", MARCH, "2026-03-03 08:30", "2026-03-03 08:00"))
    assert report.change.inserted == 1
    asked = (
        "SELECT state, status, grid_code, proposed_unit_code, routing ->> 'reason', due_given"
        " FROM govgrid.incident WHERE code = 'T1'"
    )
    assert all_of(town, asked) == [("closed", "inside", EAST, "U1", "routing.category", True)]
    moves = (
        "SELECT m.move, m.to_state FROM govgrid.incident_move m"
        " JOIN govgrid.incident i ON i.id = m.incident WHERE i.code = 'T1'"
    )
    assert all_of(town, moves) == [("imported", "closed")]
    told = (
        "SELECT kind, code FROM govgrid.outbox WHERE layer = 'incidents' AND data ->> 'run' = :run"
    )
    assert all_of(town, told, run=str(report.run)) == [("imported", None)]
    for table in ("notification", "clock_event"):
        assert all_of(town, f"SELECT count(*) FROM govgrid.{table}") == [(0,)]


def test_states_of_files_become_states_with_flags_and_unknown_ones_are_kept_beside(town, tmp_path):
    report = brought(
        town,
        tmp_path,
        ("S1", "挂账", MARCH, "", ""),
        ("S2", "移交消防", MARCH, "", ""),
        ("S3", "移交消防", MARCH, "", "2026-03-03 08:00"),
        ("S4", "", MARCH, "", "2026-03-03 08:00"),
    )
    assert report.change.inserted == 4
    asked = (
        "SELECT state, on_hold, state_given FROM govgrid.incident"
        " WHERE code LIKE 'S%' ORDER BY code"
    )
    assert all_of(town, asked) == [
        ("in_progress", True, None),
        ("reported", False, "移交消防"),
        ("closed", False, "移交消防"),
        ("closed", False, None),
    ]
    noted = "SELECT reason FROM govgrid.incident_move WHERE reason IS NOT NULL"
    assert all_of(town, noted) == [("移交消防",)] * 2


def test_the_same_file_again_changes_nothing(town, tmp_path):
    rows = (("R1", "挂账", MARCH, "", ""), ("R2", "移交", MARCH, "2026-03-03 08:00", ""))
    brought(town, tmp_path, *rows)
    again = brought(town, tmp_path, *rows)
    assert (again.change.inserted, again.change.updated, again.change.unchanged) == (0, 0, 2)
    assert not [f for f in again.findings if f.code == "INCIDENT_CHANGED_HERE"]


def test_a_row_that_comes_again_changes_only_what_nobody_changed_here(town, tmp_path):
    brought(town, tmp_path, ("C1", "待受理", MARCH, "", ""), ("C2", "待受理", MARCH, "", ""))
    one = all_of(town, "SELECT id FROM govgrid.incident WHERE code = 'C1'")[0][0]
    move(town, SYSTEM, one, "accept")
    report = brought(
        town,
        tmp_path,
        ("C1", "已派遣", MARCH, "", "", "垃圾成堆"),
        ("C2", "结案", MARCH, "", "2026-03-04 08:00"),
    )
    kept = [f for f in report.findings if f.code == "INCIDENT_CHANGED_HERE"]
    assert [(f.row, f.column, f.facts["verified"]) for f in kept] == [(2, "状态", "accepted")]
    asked = "SELECT code, state, title FROM govgrid.incident WHERE code LIKE 'C%' ORDER BY code"
    assert all_of(town, asked) == [("C1", "accepted", "垃圾成堆"), ("C2", "closed", "垃圾")]
    versions = "SELECT version FROM govgrid.incident WHERE code LIKE 'C%' ORDER BY code"
    assert all_of(town, versions) == [(3,), (2,)]


def test_an_import_whose_incidents_were_moved_here_is_not_undone(town, tmp_path):
    report = brought(
        town, tmp_path, ("U1", "待受理", MARCH, "", ""), ("U2", "待受理", MARCH, "", "")
    )
    one = all_of(town, "SELECT id FROM govgrid.incident WHERE code = 'U2'")[0][0]
    move(town, SYSTEM, one, "accept")
    with pytest.raises(StateError, match=r"moved here since.*U2"):
        runs.undo_run(town, report.run, who=SYSTEM)
    assert len(all_of(town, "SELECT FROM govgrid.incident WHERE code IN ('U1', 'U2')")) == 2
    other = brought(town, tmp_path, ("U3", "待受理", MARCH, "", ""))
    assert runs.undo_run(town, other.run, who=SYSTEM).removed == 1
    assert all_of(town, "SELECT FROM govgrid.incident WHERE code = 'U3'") == []


def test_a_limit_of_the_category_is_computed_where_the_file_gives_none(town, tmp_path):
    with town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.category (code, name, limit_amount, limit_unit)"
                " VALUES ('01', '市容环境', 4, 'working_hours')"
            )
        )
    brought(
        town,
        tmp_path,
        ("L1", "结案", "2026-10-01 00:30", "", "2026-10-08 14:30"),
        ("L2", "结案", "2026-10-01 00:30", "", "2026-10-08 14:31"),
        ("L3", "结案", "2026-10-01 00:30", "2026-10-03 00:00", "2026-10-08 14:30"),
    )
    asked = (
        f"SELECT (due_at AT TIME ZONE '{ZONE}')::text, closed_at <= due_at, due_given"
        " FROM govgrid.incident WHERE code LIKE 'L%' ORDER BY code"
    )
    assert all_of(town, asked) == [
        ("2026-10-08 14:30:00", True, False),
        ("2026-10-08 14:30:00", False, False),
        ("2026-10-03 00:00:00", False, True),
    ]


def test_an_order_of_the_hotline_that_comes_again_with_another_text_is_a_further_wish(
    town, tmp_path
):
    file = tmp_path / "orders.csv"
    lon, lat = place(4, 0)

    def take(words):
        row = f"AQ1,垃圾,{words},12345,2026-03-02 08:30,2026-03-04 08:30,{lon},{lat}"
        head = "工单号,标题,内容,来源,上报时间,办理时限,经度,纬度"
        file.write_text(f"{head}\n{row}", encoding="utf-8")
        return bring_in(town, "incidents", file).change

    assert take("路口垃圾").inserted == 1
    asked = (
        "SELECT o.number, o.due_at = i.due_at FROM govgrid.hotline_order o"
        " JOIN govgrid.incident i ON i.id = o.incident"
    )
    assert all_of(town, asked) == [("AQ1", True)]
    assert take("井盖也松了").updated == 1
    for again in ("井盖也松了", "路口垃圾"):
        assert take(again).unchanged == 1
    told = "SELECT description FROM govgrid.incident WHERE code = 'AQ1'"
    assert all_of(town, told) == [("路口垃圾\n补充诉求：井盖也松了",)]


def test_numbers_of_persons_are_left_out_of_texts_however_they_are_written(town, tmp_path):
    dates = (MARCH, "2026-03-03 08:30", "")
    rows = [
        ("T1", "处置中", *dates, "联系 １３８１２３４５６７８"),
        ("T2", "处置中", *dates, "电话一三八一二三四五六七八"),
        ("T3", "处置中", *dates, "垃圾三处"),
    ]
    report = brought(town, tmp_path, *rows)
    told = [(f.row, f.column, f.value) for f in report.findings if f.code == "VALUE_PERSONAL"]
    assert told == [(2, "标题", ""), (3, "标题", "")]
    asked = "SELECT title FROM govgrid.incident WHERE code IN ('T1', 'T2', 'T3') ORDER BY code"
    titles = [("联系 〔号码已略〕",), ("电话〔号码已略〕",), ("垃圾三处",)]
    assert all_of(town, asked) == titles
    assert "1234" not in str(all_of(town, "SELECT imported FROM govgrid.incident"))
    again = brought(town, tmp_path, *rows)
    assert (again.change.unchanged, again.change.updated) == (3, 0)
    assert all_of(town, asked) == titles
