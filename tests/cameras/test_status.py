"""States of cameras: files and messages in, connections and online figures that follow."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from geo.base.errors import LayerError, StoreError
from geo.cameras import status_live
from geo.cli import main
from geo.coverage import compute, who_sees
from geo.coverage import report as coverage_report
from geo.coverage.incremental import Live
from geo.store import db, frames
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

ZONE = "Asia/Shanghai"
EAST = "340802001001002"


def rows_of(engine, statement):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement)


def connections(engine):
    found = rows_of(engine, "SELECT code, connection FROM govgrid.camera ORDER BY code")
    return dict(zip(found["code"], found["connection"], strict=True))


def history(engine, code="K1"):
    found = rows_of(engine, "SELECT * FROM govgrid.camera_status ORDER BY camera_code, since")
    return found.loc[found["camera_code"] == code, "status"].tolist()


def states(path, *rows, header="设备编码,在线状态,起始时间"):
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def taken(engine, path, **options):
    """Import without any coordinate system; return the counts and the findings that matter."""
    report = bring_in(engine, "camera-status", path, crs=None, **options)
    change = report.change
    counts = (change.inserted, change.updated, change.unchanged, report.quarantined)
    return counts, [(f.row, f.code) for f in report.findings if f.severity == "error"]


def online_m2(engine):
    report = coverage_report.read_report(
        engine, SYSTEM, area=EAST, device_set="online", certainty="certain"
    )
    return report["areas"][0]["covered_demand_m2"]


def told(at, *rows):
    return status_live.report(at, SYSTEM, rows, timezone=ZONE)


def test_states_go_in_by_their_words_and_a_second_time_change_nothing(town, tmp_path):
    path = states(
        tmp_path / "s.csv",
        "K1,OFF,2026-09-30 21:40",
        "K2,在线,2026-09-30 21:40",
        "K3,不详,2026-09-30 21:40",
    )
    assert taken(town, path) == ((3, 0, 0, 0), [])
    assert connections(town) == {"K1": "offline", "K2": "online", "K3": "unknown", "K4": "online"}
    assert taken(town, path) == ((0, 0, 3, 0), [])
    since = rows_of(town, "SELECT since FROM govgrid.camera_status")["since"]
    assert since.iloc[0].isoformat() == "2026-09-30T13:40:00+00:00"
    runs = rows_of(
        town,
        "SELECT DISTINCT r.layer, r.inserted FROM govgrid.camera_status s"
        " JOIN govgrid.import_run r ON r.id = s.import_run",
    )
    assert runs.to_numpy().tolist() == [["camera-status", 3]]


def test_an_older_message_is_kept_and_overrides_nothing(town, tmp_path):
    taken(town, states(tmp_path / "a.csv", "K1,离线,2026-09-30 21:40"))
    older = states(tmp_path / "b.csv", "K1,在线,2026-09-30 20:00")
    assert taken(town, older) == ((1, 0, 0, 0), [])
    assert connections(town)["K1"] == "offline"
    assert history(town) == ["online", "offline"]
    newer = states(tmp_path / "c.csv", "K1,在线,2026-09-30 22:00")
    taken(town, newer)
    assert connections(town)["K1"] == "online"


def test_a_log_of_several_moments_is_taken_and_the_last_one_holds(town, tmp_path):
    log = ["K1,离线,2026-09-30 21:40", "K1,在线,2026-09-30 21:50", "K1,离线,2026-09-30 21:45"]
    assert taken(town, states(tmp_path / "log.csv", *log)) == ((3, 0, 0, 0), [])
    assert history(town) == ["offline", "offline", "online"]
    assert connections(town)["K1"] == "online"


def test_a_workbook_with_real_times_is_in_the_districts_zone(town, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["设备编码", "状态", "时间"])
    book.active.append(["K1", "离线", datetime(2026, 9, 30, 21, 40)])
    book.save(tmp_path / "s.xlsx")
    assert taken(town, tmp_path / "s.xlsx")[0] == (1, 0, 0, 0)
    since = rows_of(town, "SELECT since FROM govgrid.camera_status")["since"].iloc[0]
    assert since.isoformat() == "2026-09-30T13:40:00+00:00"


def test_two_states_of_one_moment_contradict_each_other(town, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线,2026-09-30 21:40", "K1,在线,2026-09-30 21:40")
    assert taken(town, path) == ((1, 0, 0, 1), [(3, "CODE_DUPLICATE")])
    blank = states(tmp_path / "t.csv", "K4,离线,", "K4,在线,")
    assert taken(town, blank) == ((1, 0, 0, 1), [(3, "CODE_DUPLICATE")])


def test_a_corrected_message_is_an_update(town, tmp_path):
    taken(town, states(tmp_path / "a.csv", "K1,离线,2026-09-30 21:40"))
    assert taken(town, states(tmp_path / "b.csv", "K1,在线,2026-09-30 21:40"))[0] == (0, 1, 0, 0)
    assert history(town) == ["online"]


def test_without_a_time_a_state_holds_from_now_on_and_goes_on_while_it_is_the_same(town, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线", "K4,在线", header="编码,状态")
    before = datetime.now(UTC)
    assert taken(town, path)[0] == (2, 0, 0, 0)
    first = rows_of(town, "SELECT since FROM govgrid.camera_status")["since"]
    assert (first >= before).all() and (first <= datetime.now(UTC)).all()  # noqa: PT018
    assert taken(town, path)[0] == (0, 0, 2, 0)
    taken(town, states(tmp_path / "t.csv", "K1,在线", header="编码,状态"))
    assert history(town) == ["offline", "online"]
    assert connections(town)["K1"] == "online"


def test_unknown_codes_are_quarantined_and_the_others_taken(town, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线,2026-09-30 21:40", "K9,离线,2026-09-30 21:40")
    assert taken(town, path, strict=True) == ((0, 0, 0, 1), [(3, "CODE_UNKNOWN")])
    assert history(town) == []
    assert taken(town, path) == ((1, 0, 0, 1), [(3, "CODE_UNKNOWN")])
    assert connections(town)["K1"] == "offline"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("K1,离线,昨天", "DATE_TEXT"),
        ("K1,离线,2099-01-01 00:00", "DATE_FUTURE"),
        ("K1,半通,2026-09-30 21:40", "VALUE_CHOICE"),
        ("K1,,2026-09-30 21:40", "VALUE_REQUIRED"),
        (",离线,2026-09-30 21:40", "VALUE_REQUIRED"),
    ],
)
def test_a_row_without_a_usable_code_state_or_time_is_quarantined(town, tmp_path, row, code):
    assert taken(town, states(tmp_path / "s.csv", row)) == ((0, 0, 0, 1), [(2, code)])


def test_a_state_cannot_begin_later_today_but_clocks_may_differ_a_little(town, tmp_path):
    now = datetime.now(UTC)
    later, soon = ((now + timedelta(minutes=m)).isoformat(timespec="seconds") for m in (30, 3))
    path = states(tmp_path / "s.csv", f"K1,离线,{later}", f"K4,离线,{soon}")
    counts, findings = taken(town, path)
    assert (counts, len(findings)) == ((1, 0, 0, 1), 1)
    assert findings[0][1] == "DATE_FUTURE"
    assert connections(town)["K4"] == "offline"


def test_times_of_a_change_of_clocks_are_taken_and_named(town, tmp_path):
    rows = ("K1,离线,1990-04-15 02:30", "K4,离线,1990-09-16 01:30")
    report = bring_in(town, "camera-status", states(tmp_path / "s.csv", *rows), crs=None)
    assert [(f.row, f.code, f.severity) for f in report.findings] == [
        (2, "DATE_AMBIGUOUS", "warning"),
        (3, "DATE_AMBIGUOUS", "warning"),
    ]
    since = rows_of(town, "SELECT since FROM govgrid.camera_status ORDER BY since")["since"]
    assert [each.isoformat() for each in since] == [
        "1990-04-14T18:30:00+00:00",
        "1990-09-15T16:30:00+00:00",
    ]


def test_the_newest_message_comes_back_over_an_older_register(town, town_files, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线,2026-09-30 21:40")
    taken(town, path)
    bring_in(town, "cameras", town_files["cameras"])
    assert connections(town)["K1"] == "online"
    assert taken(town, path)[0] == (0, 1, 0, 0)
    assert connections(town)["K1"] == "offline"


def test_a_message_amends_the_run_in_memory_and_names_what_opened(town):
    compute.compute(town)
    live = Live(town)
    before = online_m2(town)
    done = told(live, {"code": "K1", "status": "offline", "since": "2026-09-30T21:40:00+08:00"})
    assert (done.change.inserted, done.findings, done.amendment.revision) == (1, (), 2)
    opened = status_live.opened_gaps(done.amendment)
    assert {gap["grid_code"] for gap in opened} == {EAST}
    areas = [gap["opened_m2"] for gap in opened]
    assert areas == sorted(areas, reverse=True)
    assert sum(areas) == pytest.approx(before - online_m2(town), abs=1)
    (west, south), (east, north) = place(0, -20), place(20, 20)
    assert all(west <= gap["lon"] <= east and south <= gap["lat"] <= north for gap in opened)
    again = told(live, {"code": "K1", "status": "offline"})
    assert (again.change.unchanged, again.amendment.revision) == (1, 2)
    back = told(live, {"code": "K1", "status": "online"}, {"code": "K9", "status": "online"})
    assert (back.amendment.revision, status_live.opened_gaps(back.amendment)) == (3, [])
    assert [f.code for f in back.findings] == ["CODE_UNKNOWN"]
    assert online_m2(town) == pytest.approx(before)
    assert compute.compute(town).unchanged


def test_a_message_to_a_database_takes_up_its_newest_run(town):
    assert told(town, {"code": "K1", "status": "在线"}).amendment is None
    compute.compute(town)
    since = datetime(2026, 9, 30, 21, 40)  # no zone: the district's own
    done = told(town, {"code": "K4", "status": "OFF", "since": since})
    assert (done.amendment.revision, done.amendment.cameras) == (2, ("K4",))
    found = rows_of(town, "SELECT since FROM govgrid.camera_status WHERE camera_code = 'K4'")
    assert found["since"].iloc[0].isoformat() == "2026-09-30T13:40:00+00:00"


def test_messages_without_codes_or_states_are_refused(town):
    with pytest.raises(LayerError):
        told(town, {"code": "K1"})


def test_states_hold_even_where_computing_fails_and_are_made_up_for(town):
    compute.compute(town)
    live = Live(town)
    before = online_m2(town)
    live.refresh()
    with db.open_transaction(town) as connection:
        connection.execute(
            text("ALTER TABLE govgrid.coverage_run ADD CONSTRAINT calm CHECK (revision < 2)")
        )
    with pytest.raises(StoreError):
        told(live, {"code": "K1", "status": "offline"})
    assert connections(town)["K1"] == "offline"
    assert online_m2(town) == before
    with db.open_transaction(town) as connection:
        connection.execute(text("ALTER TABLE govgrid.coverage_run DROP CONSTRAINT calm"))
    live.refresh()
    assert online_m2(town) < before
    assert compute.compute(town).unchanged


def test_whether_a_camera_was_online_then_is_what_it_had_reported_last(town, tmp_path):
    log = ["K1,离线,2026-09-30 21:40", "K1,在线,2026-09-30 21:50", "K2,不详,2026-09-30 21:00"]
    taken(town, states(tmp_path / "s.csv", *log))
    lon, lat = place(4, 0)

    def online(moment):
        at = None if moment is None else pd.Timestamp(moment, tz=ZONE).to_pydatetime()
        found = who_sees.seeing_one(town, SYSTEM, lon, lat, at=at, timezone=ZONE)
        return [camera["online"] for camera in found["cameras"][:3]]

    assert online("2026-09-30 21:30") == [None, None, None]
    assert online("2026-09-30 21:40") == [False, None, None]
    assert online("2026-09-30 22:00") == [True, None, None]
    assert online(None) == [True, None, True]


@pytest.fixture
def govgrid(town, database_url, monkeypatch, capfd):
    """Run the command line on the town; return what it printed and its exit code."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (*capfd.readouterr(), ended.value.code or 0)

    return run


def test_the_import_prints_the_revision_and_the_gaps_that_opened(town, govgrid, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线,2026-09-30 21:40")
    run = compute.compute(town).run.id
    trial = json.loads(govgrid("import", "camera-status", path, "--dry-run", "--json")[0])
    assert (trial["inserted"], trial["amended"], trial["opened"]) == (1, None, [])
    assert history(town) == []
    out, err, code = govgrid("import", "camera-status", path)
    assert code == 0
    assert f"The change of 1 cameras is in run {run} now (revision 2); 1 grids are touched." in err
    assert EAST in out
    back = states(tmp_path / "t.csv", "K1,在线,2026-09-30 21:50", "K4,离线,2026-09-30 21:50")
    report = json.loads(govgrid("import", "camera-status", back, "--json")[0])
    assert report["amended"] == {
        "run": run,
        "revision": 3,
        "cameras": ["K1", "K4"],
        "grids": [EAST],
    }
    assert {*report["opened"][0]} == {"grid_code", "opened_m2", "area_m2", "lon", "lat"}
    again = json.loads(govgrid("import", "camera-status", back, "--json")[0])
    assert (again["unchanged"], again["amended"], again["opened"]) == (2, None, [])


def test_without_a_run_the_import_says_how_to_make_one(town, govgrid, tmp_path):
    path = states(tmp_path / "s.csv", "K1,离线,2026-09-30 21:40", "K9,离线,2026-09-30 21:40")
    _, err, code = govgrid("import", "camera-status", path)
    assert code == 3
    assert "govgrid coverage compute" in err
    assert "CODE_UNKNOWN" in err
    assert history(town) == ["offline"]
