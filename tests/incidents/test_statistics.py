"""Statistics: every figure beside one computed by hand from the rows; periods, issues, rights."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.base import clock
from geo.base.errors import ForbiddenError, InputError, StateError
from geo.incidents import (
    statistics,
    statistics_answer,
    statistics_issues,
    statistics_scopes,
)
from geo.incidents.rules.periods import Period, Scope
from geo.incidents.rules.rates import COUNTS, FLOW
from geo.incidents.statistics import BY
from geo.incidents.statistics_query import StatisticsQuery
from geo.store import db
from geo.store.cluster import cluster
from tests.incidents.counted_town import (
    B2,
    C1,
    C2,
    C4,
    DISTRICT,
    GRIDS,
    NOW,
    ZONE,
    B,
    build_counted_town,
    counts_by_hand,
    facts,
    flow_by_hand,
    keys_of,
    stored_rows,
)
from tests.incidents.moving_town import principal_of
from tests.signed_in import SYSTEM

pytestmark = pytest.mark.postgis
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def counted(engine, tmp_path):
    file = tmp_path / "clock"
    file.write_text(NOW.isoformat(), encoding="utf-8")
    clock.follow(file)
    build_counted_town(engine)
    yield engine
    clock.follow(None)


@pytest.fixture
def service(counted, database_url):
    found = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


def read(engine, who=SYSTEM, *, starts=1, **asked):
    query = StatisticsQuery(**{"year": "2026", **asked})
    return statistics.read_statistics(
        engine, who, query, timezone="Asia/Shanghai", month_starts=starts
    )


def assert_as_by_hand(found, rows, by, since, until, only=lambda row: True):
    """Compare all counts of all keys; a key without a count need not be there."""
    counts = counts_by_hand(rows, by, since, until, only)
    flow = flow_by_hand(rows, by, since, until, only)
    told = {row.key: row for row in found.rows}
    assert counts.keys() | flow.keys() == told.keys(), by
    for key, row in told.items():
        by_hand = {name: counts.get(key, {}).get(name, 0) for name in COUNTS}
        assert dict(row.counts) == by_hand, (by, key)
        assert dict(row.flow) == {n: flow.get(key, {}).get(n, 0) for n in FLOW}, (by, key)


def test_every_count_of_every_key_is_that_of_the_rows_before_and_after_days_are_summed(counted):
    rows = stored_rows(counted)
    assert sum(facts(row)["overdue"] for row in rows) > 10  # the town is not a trivial one
    for summed in (False, True):
        for by in BY:
            assert_as_by_hand(read(counted, by=by), rows, by, *YEAR)
        month = read(counted, by="community", year=None, month="2026-03")
        assert_as_by_hand(month, rows, "community", date(2026, 3, 1), date(2026, 3, 31))
        if not summed:
            assert statistics_issues.sum_changed_days(counted) > 250
            assert statistics_issues.sum_changed_days(counted) == 0


def test_what_is_written_after_days_were_summed_counts_at_once(counted):
    statistics_issues.sum_changed_days(counted)
    with counted.begin() as connection:
        for change in (
            "UPDATE govgrid.incident SET state = 'closed', closed_at = '2026-09-01 12:00+08',"
            " outcome = 'resolved' WHERE state = 'assigned'",
            "UPDATE govgrid.incident SET community_code = '340802001002' WHERE code < 'N0040'",
            "DELETE FROM govgrid.incident WHERE code > 'N0390'",
            "UPDATE govgrid.category SET grade = 'important' WHERE name = '市容'",
            "UPDATE govgrid.category SET grade = 'ordinary' WHERE name = '市容'",
        ):
            connection.execute(text(change))
    rows = stored_rows(counted)
    for by in ("community", "month"):
        assert_as_by_hand(read(counted, by=by), rows, by, *YEAR)
    statistics_issues.sum_changed_days(counted)
    assert_as_by_hand(read(counted, by="community"), rows, "community", *YEAR)


def test_what_becomes_overdue_by_the_clock_alone_counts_at_once(counted, tmp_path):
    def put(moment):
        (tmp_path / "clock").write_text(moment.isoformat(), encoding="utf-8")

    def assert_overdue(moment):
        by_hand = counts_by_hand(stored_rows(counted), "community", *YEAR, now=moment)
        told = {row.key: row.counts["overdue"] for row in read(counted).rows}
        assert told == {key: counts["overdue"] for key, counts in by_hand.items()}
        return sum(told.values())

    found = []
    for days in (200, 100, 150, 0):  # also put back
        moment = NOW - timedelta(days=days)
        put(moment)
        found.append(assert_overdue(moment))
        statistics_issues.sum_changed_days(counted)
        assert assert_overdue(moment) == found[-1]
    assert found[0] < found[2] < found[1] < found[3]


def test_days_are_marked_while_they_are_summed(counted):
    statistics_issues.sum_changed_days(counted)
    touch = text("UPDATE govgrid.incident SET state = 'cancelled' WHERE code = 'N0001'")
    with counted.connect() as writer:
        writer.execute(touch)  # not committed yet: the sum is that of before
        assert statistics_issues.sum_changed_days(counted) == 0
        writer.commit()
    assert_as_by_hand(read(counted), stored_rows(counted), "community", *YEAR)


def test_conditions_and_named_scopes_cut_what_is_counted(counted):
    rows = stored_rows(counted)
    statistics_scopes.write_scope(counted, SYSTEM, Scope("试点", (C1, GRIDS[3]), None, None))
    july = Scope("主题教育以来", None, date(2026, 7, 1), None)
    statistics_scopes.write_scope(counted, SYSTEM, july)
    cases = {
        "source": ("手机APP", lambda row: keys_of(row, "source") == ["app"]),
        "category": ("01", lambda row: keys_of(row, "category") == ["市容"]),
        "grade": ("一般", lambda row: keys_of(row, "grade") == ["ordinary"]),
        "level": ("township", lambda row: row["level"] == "township"),
        "unit": ("市政所", lambda row: row["unit_code"] == "U2"),
        "area": (B2, lambda row: row["township_code"] == B2),
    }
    for name, (word, only) in cases.items():
        assert_as_by_hand(read(counted, **{name: word}), rows, "community", *YEAR, only)
    assert_as_by_hand(read(counted, area=DISTRICT), rows, "community", *YEAR)
    pilot = read(counted, by="source", source="app", year=None, scopes=("试点", "主题教育以来"))
    assert (pilot.period.since, pilot.period.until) == (date(2026, 7, 1), date(2026, 10, 8))

    def meant(row):
        own = row["community_code"] == C1 or keys_of(row, "grid") == [GRIDS[3]]
        return own and keys_of(row, "source") == ["app"]

    assert_as_by_hand(pilot, rows, "source", date(2026, 7, 1), date(2026, 10, 8), meant)
    assert pilot.total.counts["collected"] > 3


def test_rates_name_numerator_denominator_and_definition_and_few_cases_are_not_ranked(counted):
    found = read(counted)
    told = statistics_answer.describe_statistics(found, "zh")
    total, rows = told["total"], {row["key"]: row for row in told["rows"]}
    assert rows[C1]["name"] == "社区C1"
    assert rows[""]["name"] == "未落到区域"
    rates = {rate["name"]: rate for rate in told["rates"]}
    assert rates["closure"]["numerator"] == total["closed"]
    assert rates["closure"]["denominator"] == total["collected"]
    assert rates["closure"]["share"] == total["closed"] / total["collected"]
    late = total["on_time"] + total["late"] + total["overdue"]
    assert (rates["on_time"]["numerator"], rates["on_time"]["denominator"]) == (
        total["on_time"],
        late,
    )
    assert rates["small_matters"]["denominator"] == total["small_closed"]
    assert rates["flow_closure"]["numerator"] == total["flow"]["closed"]
    assert all(rate["definition"] for rate in told["rates"])
    ranked = {key: row["rank"] for key, row in rows.items() if row["rank"]}
    assert sorted(ranked) == [C1, C2, C4]
    best = max(ranked, key=lambda key: rows[key]["closed"] / rows[key]["collected"])
    assert ranked[best] == 1
    one_day = read(counted, year=None, since=date(2026, 9, 1), until=date(2026, 9, 2))
    few = statistics_answer.describe_statistics(one_day, "zh")["rows"]
    assert {row["rank"] for row in few} == {None}
    assert all(row["rates"]["closure"]["few"] for row in few)


def test_a_statistics_month_may_start_on_the_26th_and_is_compared_with_its_own_kind(counted):
    rows = stored_rows(counted)
    found = read(counted, starts=26, year=None, month="2026-03", compare=True)
    assert (found.period.since, found.period.until) == (date(2026, 2, 26), date(2026, 3, 25))
    assert_as_by_hand(found, rows, "community", date(2026, 2, 26), date(2026, 3, 25))
    before = found.previous.period
    assert (before.since, before.until) == (date(2026, 1, 26), date(2026, 2, 25))
    by_hand = counts_by_hand(rows, "district", before.since, before.until)[""]
    assert found.previous.total.counts["collected"] == by_hand["collected"]
    assert found.previous.spring_festival  # 17 February 2026
    assert not found.spring_festival
    assert (found.year_before.period.since, found.year_before.period.until) == (
        date(2025, 2, 26),
        date(2025, 3, 25),
    )
    months = read(counted, starts=26, by="month")
    march = next(row for row in months.rows if row.key == "2026-03")
    assert march.counts["collected"] == found.total.counts["collected"]


def test_an_issued_period_stays_and_what_comes_later_is_told_apart(counted, service):
    september = Period(date(2026, 9, 1), date(2026, 9, 30))
    rows = stored_rows(counted)
    statistics_issues.issue_period(
        service, principal_of(counted, "chief.a", "supervisor"), september, month_starts=1
    )
    with counted.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.incident (code, title, state, reported_at, closed_at, outcome,"
                " community_code, township_code) VALUES ('L1', 'x', 'closed',"
                " '2026-09-15 10:00+08', '2026-09-16 10:00+08', 'resolved', :c, :b)"
            ),
            {"c": C1, "b": B},
        )
    found = read(counted, year=None, month="2026-09")
    assert found.issue is not None
    assert_as_by_hand(found, rows, "community", september.since, september.until)
    (late,) = found.corrections
    assert late.key == C1
    assert {k: v for k, v in late.counts.items() if v} == dict.fromkeys(
        ("collected", "accepted", "closed", "resolved", "ended", "small_closed", "level_unknown"), 1
    )
    assert late.flow["closed"] == 1
    for by in ("township", "category", "paired", "source", "grid"):
        frozen = read(counted, year=None, month="2026-09", by=by)
        assert_as_by_hand(frozen, rows, by, september.since, september.until)
    with pytest.raises(StateError, match="before"):
        statistics_issues.issue_period(counted, SYSTEM, september, month_starts=1)
    with counted.begin() as connection, pytest.raises(Exception, match="stay as they are"):
        connection.execute(text("UPDATE govgrid.statistics_issue_count SET collected = 0"))


def test_a_period_that_goes_on_is_not_issued_nor_by_who_sees_a_part(counted):
    october = Period(date(2026, 10, 1), date(2026, 10, 31))
    with pytest.raises(StateError):
        statistics_issues.issue_period(counted, SYSTEM, october, month_starts=1)
    part = principal_of(counted, "desk.b", "dispatcher", B)
    with pytest.raises(ForbiddenError):
        statistics_issues.issue_period(
            counted, part, Period(date(2026, 8, 1), date(2026, 8, 31)), month_starts=1
        )


def test_figures_are_cut_to_the_areas_that_are_granted(counted, service):
    rows = stored_rows(counted)
    statistics_issues.sum_changed_days(counted)
    grants = {
        "town.t": (B, lambda row: row["township_code"] == B),
        "com.c": (C1, lambda row: row["community_code"] == C1),
        "grid.g": (GRIDS[0], lambda row: keys_of(row, "grid") == [GRIDS[0]]),
    }
    for name, (area, only) in grants.items():
        who = principal_of(counted, name, "dispatcher", area)
        for by in ("community", "month", "category", "grid"):
            assert_as_by_hand(read(service, who, by=by), rows, by, *YEAR, only)
    whole = principal_of(counted, "plan.w", "planner")
    assert_as_by_hand(read(service, whole), rows, "community", *YEAR)
    with pytest.raises(ForbiddenError):
        read(service, principal_of(counted, "oper.o", "operator"))


def test_a_query_that_forgets_who_asks_counts_only_what_the_session_is_granted(counted, service):
    ask = text(
        "SELECT sum(collected) FROM govgrid.count_facts('collected', '2000-01-01', '2100-01-01',"
        " '', 1, '{}')"
    )
    tallied = text(
        "SELECT sum(collected) FROM govgrid.count_tallied('collected', '2000-01-01',"
        " '2100-01-01', '', 1)"
    )
    with service.connect() as connection:  # nobody
        assert connection.execute(ask).scalar_one() is None
        assert connection.execute(tallied).scalar_one() is None
    rows = counts_by_hand(stored_rows(counted), "township", date(2000, 1, 1), date(2100, 1, 1))
    with transaction.open_as(service, principal_of(counted, "town.b", "dispatcher", B)) as asking:
        assert asking.execute(ask).scalar_one() == rows[B]["collected"]
        assert asking.execute(tallied).scalar_one() == rows[B]["collected"]


def test_wrong_questions_name_what_was_found_and_what_is_known(counted):
    wrong = (
        {"by": "colour"},
        {"month": "2026-13"},
        {"year": "26"},
        {"year": "2026", "month": "2026-01"},
        {"year": None, "since": date(2026, 2, 1), "until": date(2026, 1, 1)},
        {"area": "nowhere"},
        {"scopes": ("没有",)},
        {"unit": "没有"},
        {"level": "street"},
    )
    for asked in wrong:
        with pytest.raises(InputError):
            read(counted, **{"year": None, **asked})
    for scope in (
        Scope("空", None, None, None),
        Scope("", (C1,), None, None),
        Scope("反", None, date(2026, 2, 1), date(2026, 1, 1)),
        Scope("错", ("nowhere",), None, None),
    ):
        with pytest.raises(InputError):
            statistics_scopes.write_scope(counted, SYSTEM, scope)
    assert statistics_scopes.list_scopes(counted, SYSTEM) == []


def test_the_days_of_figures_are_those_of_the_district(counted):
    late = NOW.replace(month=9, day=30, hour=23, minute=59).astimezone(ZONE)
    with counted.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.incident"))
        connection.execute(
            text("INSERT INTO govgrid.incident (code, title, reported_at) VALUES ('D', 'x', :at),"
                 " ('E', 'x', :next)"),
            {"at": late, "next": late + timedelta(minutes=2)},
        )  # fmt: skip
    assert read(counted, year=None, month="2026-09").total.counts["collected"] == 1
    assert read(counted, year=None, month="2026-10").total.counts["collected"] == 1
