"""Migrations, sessions, and driver errors that become ours."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import pytest
from sqlalchemy import text

from geo.base.errors import StateError, StoreError, UnavailableError
from geo.store import db

pytestmark = pytest.mark.postgis
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
    "0034",
    "0035",
    "0036",
    "0037",
    "0038",
    "0039",
    "0040",
    "0041",
    "0042",
    "0043",
    "0044",
    "0045",
    "0046",
)


def test_empty_database_is_brought_to_the_newest_revision(empty_url):
    engine = db.connect(empty_url)
    with pytest.raises(StateError, match="no govgrid tables"):
        db.require_current(engine)
    assert db.migrate(engine) == db.newest_revision() == REVISIONS[-1]
    db.require_current(engine)
    engine.dispose()


@pytest.mark.parametrize("earlier", REVISIONS)
def test_each_earlier_revision_is_brought_to_the_newest(empty_url, earlier):
    engine = db.connect(empty_url)
    assert db.migrate(engine, revision=earlier) == earlier
    assert db.migrate(engine) == REVISIONS[-1]
    engine.dispose()


def test_every_revision_has_its_sql_file():
    names = {f.name[:4] for f in resources.files("geo.store.migrations").joinpath("sql").iterdir()}
    assert names == set(REVISIONS)


def test_older_tables_say_what_to_do(empty_url):
    engine = db.connect(empty_url)
    db.migrate(engine, revision="0002")
    with pytest.raises(StateError, match=re.escape("revision 0002, this program needs 0046")):
        db.require_current(engine)
    engine.dispose()


def test_newer_tables_are_not_touched(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.revision SET version_num = '9999'"))
    with pytest.raises(StateError, match="newer than this program"):
        db.require_current(engine)


def test_a_database_that_is_down_is_said_to_be_down():
    engine = db.connect("postgresql+psycopg2://nobody@/nowhere?host=/nonexistent")
    with pytest.raises(UnavailableError, match="does not answer"), db.open_transaction(engine):
        pass
    engine.dispose()


def test_a_refusal_rolls_everything_back_and_shows_no_sql(engine):
    twice = text("INSERT INTO govgrid.setting VALUES ('a', '1'), ('a', '2')")
    with pytest.raises(StoreError) as caught, db.open_transaction(engine) as connection:
        connection.execute(twice)
    assert "INSERT" not in str(caught.value)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.setting")).scalar_one() == 0


def test_a_transaction_that_is_not_kept_leaves_nothing(engine):
    with db.open_transaction(engine, keep=False) as connection:
        connection.execute(text("INSERT INTO govgrid.setting VALUES ('a', '1')"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.setting")).scalar_one() == 0


def test_a_statement_beyond_its_time_is_stopped(database_url):
    engine = db.connect(database_url, statement_timeout_s=0.2)
    with (
        pytest.raises(StoreError, match="longer than allowed"),
        db.open_transaction(engine) as connection,
    ):
        connection.execute(text("SELECT pg_sleep(5)"))
    engine.dispose()


def test_sessions_speak_utc_whatever_the_host_says(engine):
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"


def test_two_first_migrations_at_once_both_succeed(empty_url):
    def one(_):
        engine = db.connect(empty_url)
        try:
            return db.migrate(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one, range(2))) == [REVISIONS[-1]] * 2


def test_the_same_work_waits_its_turn(database_url):
    first, second = db.connect(database_url), db.connect(database_url, statement_timeout_s=0.2)
    order = []

    def late():
        with db.open_transaction(second) as connection:
            db.take_turn(connection, db.IMPORTING)
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with db.open_transaction(first) as connection:
            db.take_turn(connection, db.IMPORTING)
            waiting = pool.submit(late)
            time.sleep(0.5)
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]
    first.dispose()
    second.dispose()


def test_today_is_the_day_of_the_district_not_of_the_server(database_url):
    days = []
    for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):  # 26 hours apart
        engine = db.connect(database_url, timezone=zone)
        with db.open_transaction(engine) as connection:
            days.append(connection.execute(text("SELECT govgrid.today()")).scalar_one())
        engine.dispose()
    assert days[0] < days[1]


def test_whoever_waits_for_a_turn_is_told_so(database_url):
    told = []
    engines = [db.connect(database_url), db.connect(database_url)]
    with db.open_transaction(engines[0]) as first:
        db.take_turn(first, db.IMPORTING, waiting=lambda: told.append("first"))
        with pytest.raises(StoreError):
            _impatient(engines[1], lambda: told.append("second"))
    for engine in engines:
        engine.dispose()
    assert told == ["second"]


def _impatient(engine, waiting):
    """Ask for a turn, and give up after a moment instead of waiting for ever."""
    with db.open_transaction(engine) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        db.take_turn(connection, db.IMPORTING, waiting=waiting)
