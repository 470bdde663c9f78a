"""The clock of the district, and that nothing in a domain looks at another."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geo.base import clock
from geo.base.errors import InputError, StateError
from geo.operations import database
from geo.store import db, holding, installation
from tests import ROOT

SOLSTICE = datetime(2030, 6, 21, 13, 40, tzinfo=UTC)
REAL_TIME = (  # accounts, sessions, the audit and what keeps the service going
    "geo/access/",
    "geo/base/clock.py",
    "geo/cli/law/audit.py",
    "geo/demo/",
    "geo/exchange/tiles.py",  # the hour in which bulk reads are counted
    "geo/incidents/file_store.py",  # how old a file on the disk is
    "geo/operations/backup/",  # when a copy was made, whatever the clock of a test home says
    "geo/operations/processes.py",
    "geo/operations/readiness.py",
    "geo/store/cluster/archiving.py",
    "geo/operations/worker.py",
    "geo/store/doctor.py",
    "geo/store/idempotency.py",
    "api/server/",
)
PRESENT = re.compile(
    r"\bdate\.today\(|\bdatetime\.now\(|\btime\.time\(|(?<!govgrid\.)(?<!clock\.)\bnow\(\)"
    r"|\bclock_timestamp\(|\bCURRENT_(DATE|TIME)",
    re.IGNORECASE,
)
ACCOUNTS = {
    *("account", "role_grant", "session", "api_key", "login_failure", "bulk_read", "audit"),
    *("export_register", "idempotency_key", "audit_anchor", "is_expired"),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clock"
    path.write_text("2030-06-21T21:40+08:00\n", encoding="utf-8")
    yield path
    clock.follow(None)


def test_a_clock_stands_where_its_file_says_and_moves_when_the_file_is_written_again(file):
    clock.follow(file)
    assert clock.now() == clock.set_time() == SOLSTICE
    assert clock.today("Asia/Shanghai").isoformat() == "2030-06-21"
    assert clock.today("Pacific/Auckland").isoformat() == "2030-06-22"
    file.write_text("2030-06-21T13:50:30Z", encoding="utf-8")
    assert clock.now() == SOLSTICE + timedelta(minutes=10, seconds=30)


def test_a_running_clock_goes_on_from_when_its_file_was_written(file):
    file.write_text("2030-06-21T13:40Z running", encoding="utf-8")
    os.utime(file, times=(0, datetime.now(UTC).timestamp() - 3600))
    clock.follow(file)
    first = clock.now()
    assert SOLSTICE + timedelta(hours=1) <= first <= clock.now()


def test_real_time_holds_where_no_file_is_followed():
    before = datetime.now(UTC)
    assert clock.set_time() is None
    assert before <= clock.now() <= datetime.now(UTC)


@pytest.mark.parametrize("content", ["", "noon", "2030-06-21T21:40", "2030-06-21T21:40Z walking"])
def test_a_file_that_is_no_clock_is_refused_with_what_is_expected(file, content):
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="2026-09-30T21:40"):
        clock.follow(file)
    assert clock.set_time() is None


@pytest.mark.postgis
def test_the_database_says_the_same_within_a_transaction(engine, file):
    clock.follow(file)
    asked = text("SELECT govgrid.now(), govgrid.today()")
    with db.open_transaction(engine) as connection:
        assert tuple(connection.execute(asked).one()) == (SOLSTICE, clock.today("Asia/Shanghai"))
    clock.follow(None)
    before = datetime.now(UTC)
    with db.open_transaction(engine) as connection:  # nothing of it stays on the connection
        assert connection.execute(text("SELECT govgrid.now()")).scalar_one() >= before


@pytest.mark.postgis
def test_only_a_test_home_has_a_clock_of_its_own(engine, settings, file):
    config = settings.model_copy(update={"clock": file})
    with pytest.raises(StateError, match="init --test"), database.open_database(config):
        pass
    assert clock.set_time() is None
    with db.open_transaction(engine) as connection:
        installation.store_value(connection, holding.TEST, True)
    with database.open_database(config):
        assert clock.now() == SOLSTICE
    with database.open_database(settings):
        assert clock.set_time() is None


def test_no_domain_asks_another_clock():
    found = []
    for top in ("geo", "api", "maps"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name.startswith(REAL_TIME):
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{name}:{n}" for n, line in enumerate(lines, 1) if PRESENT.search(line)]
    assert found == []


@pytest.mark.postgis
def test_no_default_view_or_function_of_a_domain_asks_another_clock(engine):
    texts = text(
        "SELECT c.relname AS name, pg_get_expr(d.adbin, d.adrelid) AS body FROM pg_attrdef d"
        " JOIN pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = 'govgrid'::regnamespace"
        " UNION ALL SELECT viewname, definition FROM pg_views WHERE schemaname = 'govgrid'"
        " UNION ALL SELECT proname, prosrc FROM pg_proc"
        " WHERE pronamespace = 'govgrid'::regnamespace"
    )
    with db.open_transaction(engine) as connection:
        rows = connection.execute(texts).all()
    assert len(rows) > len(ACCOUNTS)
    others = {row.name for row in rows if PRESENT.search(row.body)} - ACCOUNTS
    assert others == {"now"}
