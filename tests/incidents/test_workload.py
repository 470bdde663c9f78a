"""Attendance, hot spots, unseen matters and workload, each beside a count by hand of the rows."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from geo.base import clock
from geo.base.errors import ForbiddenError, InputError
from geo.incidents import hot_spots, whistle_attendance, workload
from geo.incidents.rules.allocation import Allotment
from geo.incidents.rules.hot_spots import HOURS, hide_small
from geo.incidents.statistics_query import StatisticsQuery
from geo.store import db
from geo.store.cluster import cluster
from tests.incidents.counted_town import (
    B2,
    C1,
    C2,
    C4,
    GRIDS,
    NOW,
    ZONE,
    B,
    build_counted_town,
    counts_by_hand,
    facts,
    keys_of,
    stored_rows,
)
from tests.incidents.moving_town import principal_of
from tests.signed_in import SYSTEM

pytestmark = pytest.mark.postgis
WHISTLES = (
    "INSERT INTO govgrid.whistle (incident, kind, level, state, blown_at, blown_by, report_by)"
    " SELECT id, 'enforcement', 'township', CASE WHEN code LIKE '%9' THEN 'called_off'"
    "  WHEN code LIKE '%8' THEN 'ended' ELSE 'open' END, reported_at + interval '1 hour', 'desk',"
    "  reported_at + interval '90 minutes' FROM govgrid.incident WHERE code < 'N0080'"
)
CALLED = (
    "INSERT INTO govgrid.dispatch (incident_code, unit_code, state, lead, kind, whistle,"
    " reported_in_at) SELECT i.code, u.code, 'sent', false,"
    " CASE u.code WHEN 'P8' THEN 'paired' ELSE 'whistle' END, w.id,"
    " CASE WHEN (ascii(right(i.code, 1)) + u.n) % 3 > 0"
    "  THEN w.blown_at + ((ascii(right(i.code, 1)) * 7 + u.n * 11) % 40) * interval '1 minute' END"
    " FROM govgrid.whistle w JOIN govgrid.incident i ON i.id = w.incident"
    " CROSS JOIN (VALUES ('U1', 1), ('U2', 2), ('P8', 3)) AS u (code, n)"
)
ANSWERS = (
    "INSERT INTO govgrid.camera_answer (incident, no, geom, revision)"
    " SELECT id, n.no, ST_SetSRID(ST_MakePoint(117, 30), 4326), 1 FROM govgrid.incident"
    " CROSS JOIN (VALUES (1), (2)) AS n (no) WHERE code < 'N0200' AND code NOT LIKE '%7'",
    # the first answer of all named one; the newest names a camera for some, and for others one
    # that is near and turned away
    "INSERT INTO govgrid.incident_camera (incident, no, rank, camera_code, relation)"
    " SELECT incident, no, 1, 'K1', CASE WHEN no = 1 OR code LIKE '%1' THEN 'sees'"
    "  WHEN code LIKE '%2' THEN 'possible' ELSE 'near' END FROM govgrid.camera_answer"
    " JOIN govgrid.incident ON id = incident",
    "UPDATE govgrid.incident SET unseen_demand = true WHERE code LIKE '%5'",
)
COUNTS = (
    "INSERT INTO govgrid.area_count (area_code, day, households, residents, unmanaged_estates,"
    f" source) VALUES ('{C1}', '2026-06-30', 900, 2500, 1, '街道台账'), ('{C1}', '2026-09-30', 910,"
    f" 2600, NULL, '街道台账'), ('{C1}', '2026-12-31', 999, 2999, 9, '街道台账'),"
    f" ('{C2}', '2026-09-30', NULL, 1400, NULL, '公安口径')",
    "INSERT INTO govgrid.place (code, name, kind, geom) VALUES ('E1', '老院', '无物管小区',"
    " ST_SetSRID(ST_MakePoint(117.05, 30.05), 4326))",
)


@pytest.fixture
def counted(engine, tmp_path):
    file = tmp_path / "clock"
    file.write_text(NOW.isoformat(), encoding="utf-8")
    clock.follow(file)
    build_counted_town(engine, size=260)
    with engine.begin() as connection:
        for statement in (WHISTLES, CALLED, *ANSWERS, *COUNTS):
            connection.execute(text(statement))
    yield engine
    clock.follow(None)


@pytest.fixture
def service(counted, database_url):
    found = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


def ask(use_case, engine, who=SYSTEM, *more, starts=1, **asked):
    query = StatisticsQuery(**{"year": "2026", **asked})
    return use_case(engine, who, query, *more, timezone="Asia/Shanghai", month_starts=starts)


def attendance(engine, who=SYSTEM, **asked):
    return ask(whistle_attendance.count_attendance_of_period, engine, who, **asked)


def spots(engine, who=SYSTEM, **asked):
    return ask(hot_spots.read_hot_spots, engine, who, **asked)


def sheets_by_hand(engine, since, until, only=lambda row: True):
    """Return the whistles of a period that count, with their units, read as they stand."""
    with engine.connect() as connection:
        whistles = connection.execute(
            text(
                "SELECT w.*, i.community_code, i.township_code FROM govgrid.whistle w"
                " JOIN govgrid.incident i ON i.id = w.incident"
            )
        ).mappings()
        sent = connection.execute(
            text("SELECT * FROM govgrid.dispatch WHERE whistle IS NOT NULL")
        ).mappings()
        units = defaultdict(list)
        for row in sent:
            units[row["whistle"]].append(row)
        return [
            (row, units[row["id"]])
            for row in whistles
            if since <= row["blown_at"].astimezone(ZONE).date() <= until
            and row["state"] != "called_off"
            and (row["state"] == "ended" or row["report_by"] < NOW)
            and only(row)
        ]


def attended_by_hand(sheets):
    """Return 应到, 报到, 按时, 首家, 集体按时, 结对应到, 结对报到 of each unit."""
    found = defaultdict(lambda: [0] * 7)
    for whistle, called in sheets:
        due = [each for each in called if each["kind"] != "paired"]
        came = [each for each in due if each["reported_in_at"]]
        first = min(came, key=lambda e: (e["reported_in_at"], e["unit_code"]), default=None)
        together = len(came) == len(due) and all(
            each["reported_in_at"] <= whistle["report_by"] for each in came
        )
        for each in called:
            here, at = found[each["unit_code"]], each["reported_in_at"]
            if each["kind"] == "paired":
                here[5] += 1
                here[6] += at is not None
                continue
            here[0] += 1
            here[1] += at is not None
            here[2] += at is not None and at <= whistle["report_by"]
            here[3] += each is first
            here[4] += together
    return {unit: tuple(counts) for unit, counts in found.items()}


def told(rows):
    names = ("expected", "came", "in_time", "first", "all_in_time", "paired_expected")
    return {row.unit: (*(getattr(row, name) for name in names), row.paired_came) for row in rows}


def test_attendance_of_a_year_and_of_each_month_is_that_of_the_rows(counted, service):
    year = (date(2026, 1, 1), date(2026, 12, 31))
    sheets = sheets_by_hand(counted, *year)
    found = attendance(counted)
    assert found.whistles == len(sheets) > 30
    assert told(found.rows) == attended_by_hand(sheets)
    assert len(found.months) > 5
    for each in found.months:
        mine = [s for s in sheets if f"{s[0]['blown_at'].astimezone(ZONE):%Y-%m}" == each.month]
        assert (each.whistles, told(each.rows)) == (len(mine), attended_by_hand(mine))
    shares = {rate.name: (rate.numerator, rate.denominator) for rate in found.rates}
    sums = [sum(column) for column in zip(*attended_by_hand(sheets).values(), strict=True)]
    assert (shares["came"], shares["in_time"]) == ((sums[1], sums[0]), (sums[2], sums[0]))
    assert shares["paired"] == (sums[6], sums[5])
    assert not any(rate.few for rate in found.rates)
    who = principal_of(counted, "town.b", "dispatcher", B2)
    mine = sheets_by_hand(counted, *year, lambda row: row["township_code"] == B2)
    assert told(attendance(service, who).rows) == attended_by_hand(mine) != {}
    assert told(attendance(counted, area=B2).rows) == attended_by_hand(mine)
    later = attendance(counted, year=None, month="2026-03", starts=26)
    march = sheets_by_hand(counted, date(2026, 2, 26), date(2026, 3, 25))
    assert (later.whistles, [m.month for m in later.months]) == (len(march), ["2026-03"])
    with pytest.raises(ForbiddenError):
        attendance(service, principal_of(counted, "oper.o", "operator"))


def hours_by_hand(rows, since=date(2026, 1, 1), until=date(2026, 12, 31)):
    found = defaultdict(Counter)
    for row in rows:
        at = row["reported_at"].astimezone(ZONE)
        if since <= at.date() <= until and facts(row)["collected"]:
            place = (row["community_code"] or "", keys_of(row, "grid")[0])
            found[place][None if (at.hour, at.minute) == (0, 0) else at.hour] += 1
    return found


def test_hot_spots_are_the_rows_by_grid_and_hour_without_cells_under_three(counted, service):
    by_hand = hours_by_hand(stored_rows(counted))
    found = spots(counted)
    assert {(row.community, row.grid) for row in found.rows} == by_hand.keys()
    for row in found.rows:
        counts = by_hand[row.community, row.grid]
        cells = hide_small([*(counts[hour] for hour in range(HOURS)), counts[None]])
        assert row.collected == sum(counts.values())
        assert (*row.hours, row.timeless) == cells
        assert row.few == (sum(counts.values()) < 10)
    assert [row.collected for row in found.rows] == sorted(
        (row.collected for row in found.rows), reverse=True
    )
    assert found.total.collected == sum(map(Counter.total, by_hand.values()))
    # a sensitive matter is in no grid, for whoever asks
    only = spots(counted, category="纠纷")
    assert {row.grid for row in only.rows} == {""}
    assert all(row.rank is None for row in only.rows)
    who = principal_of(counted, "grid.g", "dispatcher", GRIDS[0])
    (mine,) = spots(service, who).rows
    assert (mine.grid, mine.collected) == (GRIDS[0], sum(by_hand[C1, GRIDS[0]].values()))


def test_what_no_camera_could_see_is_told_to_who_may_know_of_gaps(counted, service):
    rows = [row for row in stored_rows(counted) if facts(row)["collected"]]
    year = [row for row in rows if row["reported_at"].astimezone(ZONE).year == 2026]
    asked = [row for row in year if row["code"] < "N0200" and row["code"][-1] != "7"]
    unseen = [row for row in asked if row["code"][-1] not in "12"]
    found = spots(counted)
    assert (found.unseen.numerator, found.unseen.denominator) == (len(unseen), len(asked))
    assert found.unseen.share == len(unseen) / len(asked)
    in_grid = Counter(keys_of(row, "grid")[0] for row in unseen)
    for row in found.rows:
        if row.grid and row.unseen is not None:
            assert row.unseen == in_grid[row.grid]
    assert found.total.ticked == sum(row["code"][-1] == "5" for row in year)
    # who may read figures but no gaps is told neither

    who = principal_of(counted, "plan.p", "planner")
    assert spots(service, who).unseen == found.unseen
    shallow = replace(who, grants=tuple(replace(g, depth="count") for g in who.grants))
    closed = spots(service, shallow)
    assert closed.unseen is None
    assert {(row.asked, row.unseen, row.ticked) for row in closed.rows} == {(None,) * 3}
    assert [row.collected for row in closed.rows] == [row.collected for row in found.rows]


def test_workload_has_the_newest_counts_by_the_end_of_the_period(counted, service):
    found = ask(workload.read_workload, counted, SYSTEM, year=None, month="2026-09")
    rows = {row.key: row for row in found.rows}
    assert list(rows) == [C1, C2, C4]
    one, two, four = rows.values()
    assert (one.households, one.residents, one.counted_on) == (910, 2600, date(2026, 9, 30))
    assert (two.households, two.residents, two.source) == (None, 1400, "公安口径")
    assert (four.residents, four.counted_on, four.source) == (None, None, None)
    assert [row.grids for row in found.rows] == [2, 1, 1]
    # the three lie on one another: an estate belongs to the smallest code that covers it
    assert [row.estates for row in found.rows] == [1, 0, 0]
    assert (one.gaps, one.gap_m2) == (None, None)  # nothing was computed yet
    assert one.area_km2 == pytest.approx(9.6 * 11.1, rel=0.02)
    by_hand = counts_by_hand(stored_rows(counted), "community", date(2026, 9, 1), date(2026, 9, 30))
    assert {row.key: row.matters for row in found.rows} == {
        key: by_hand.get(key, {}).get("collected", 0) for key in rows
    }
    june = ask(workload.read_workload, counted, SYSTEM, year=None, month="2026-06")
    assert (june.rows[0].households, june.rows[0].estates_reported, june.rows[0].estates) == (
        *(900, 1, 1),
    )
    who = principal_of(counted, "town.b2", "planner", B2)
    assert [row.key for row in ask(workload.read_workload, service, who).rows] == [C4]
    assert [r.key for r in ask(workload.read_workload, counted, SYSTEM, area=B).rows] == [C1, C2]
    shared = ask(
        workload.read_workload,
        counted,
        SYSTEM,
        Allotment(100, 10, {"residents": 1, "grids": 1}),
        year=None,
        month="2026-09",
    ).allocation
    assert [share.amount for share in shared.shares] == pytest.approx(
        [10 + 35 * (2600 / 4000 + 0.5), 10 + 35 * (1400 / 4000 + 0.25), 10 + 35 * 0.25]
    )
    assert [share.missing for share in shared.shares] == [(), (), ("residents",)]
    with pytest.raises(InputError, match="gaps"):
        ask(workload.read_workload, counted, SYSTEM, Allotment(100, 10, {"gaps": 1}))


def test_a_matter_at_midnight_sharp_has_a_day_and_no_hour(counted):
    midnight = datetime(2026, 9, 10, tzinfo=ZONE)
    with counted.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.incident"))
        for n, minutes in enumerate((0, 0, 0, 1, 1, 1)):
            connection.execute(
                text(
                    "INSERT INTO govgrid.incident (code, title, reported_at, township_code,"
                    " community_code, grid_code) VALUES (:code, 'x', :at, :b, :c, :g)"
                ),
                {"code": f"M{n}", "at": midnight + timedelta(minutes=minutes), "b": B, "c": C1,
                 "g": GRIDS[0]},
            )  # fmt: skip
    (row,) = spots(counted).rows
    assert (row.hours[0], row.timeless, row.peak) == (3, 3, 0)
