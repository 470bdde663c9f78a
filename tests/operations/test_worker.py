"""The worker: its duties, those that fail, and how fast it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, Thread
from threading import enumerate as threads

import pytest
from sqlalchemy import text

from geo.access import principal, transaction
from geo.access.accounts import sessions
from geo.access.audit import (
    checkpoints,
)
from geo.access.audit import (
    log as audit_log,
)
from geo.access.audit import (
    record as audit,
)
from geo.access.audit import (
    verify as audit_verification,
)
from geo.base.errors import UnavailableError
from geo.base.settings import Settings
from geo.operations import worker
from geo.operations.worker import Duty, DutyTurn
from geo.store import db
from tests import PATIENCE_S
from tests.signed_in import account

pytestmark = pytest.mark.postgis

SYSTEM = principal.system_principal("os:test")


def write(engine, count=3):
    with transaction.open_as(engine, SYSTEM) as connection:
        for _ in range(count):
            audit.record(connection, SYSTEM, "login")


def unsealed(engine):
    return audit_log.chain_state(engine, SYSTEM).tail.count


@contextmanager
def running(engine, settings, **more):
    """Run a worker in a thread until the end of the block."""
    stop = Event()
    thread = Thread(
        target=worker.run_duties, args=(engine, settings), kwargs={"stop": stop, **more}
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def comes(holds):
    """Wait until it holds; return whether it did before anything was taken for hanging."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_once_does_everything_a_single_time(engine, settings):
    write(engine)
    assert worker.run_duties(engine, settings, stop=Event(), once=True) == ()
    assert unsealed(engine) == 0
    (head,) = checkpoints.read_checkpoints(checkpoints.file_of(settings.home))
    assert head.seal_no == 3
    assert audit_verification.verify_chain(engine, SYSTEM, expected=[head]).walk.whole


def test_what_is_written_is_sealed_soon(engine, settings):
    with running(engine, settings):
        for _ in range(2):
            write(engine)
            assert comes(lambda: unsealed(engine) == 0)


def test_sealing_is_due_each_second():
    (seal,) = [duty for duty in worker.DUTIES if duty.name == "seal"]
    assert seal.every_s == 1


def test_a_head_is_written_once_a_day(engine, settings):
    for _ in range(2):
        write(engine)
        worker.run_duties(engine, settings, stop=Event(), once=True)
    assert len(checkpoints.read_checkpoints(checkpoints.file_of(settings.home))) == 1


def test_a_head_is_written_after_every_thousand_rows(engine, settings):
    write(engine, 2_600)
    worker.run_duties(engine, settings, stop=Event(), once=True)
    heads = checkpoints.read_checkpoints(checkpoints.file_of(settings.home))
    assert [head.seal_no for head in heads] == [1_000, 2_000]


def test_rows_that_vanish_from_the_end_are_missed_from_the_last_head_on(engine, settings):
    write(engine, 1_300)
    worker.run_duties(engine, settings, stop=Event(), once=True)
    heads = checkpoints.read_checkpoints(checkpoints.file_of(settings.home))
    for last, whole in ((1_000, True), (999, False)):
        with db.open_transaction(engine) as connection:
            connection.execute(text("ALTER TABLE govgrid.audit DISABLE TRIGGER USER"))
            connection.execute(
                text("DELETE FROM govgrid.audit WHERE seal_no > :last"), {"last": last}
            )
            connection.execute(text("ALTER TABLE govgrid.audit ENABLE TRIGGER USER"))
        found = audit_verification.verify_chain(engine, SYSTEM, expected=heads)
        assert (last, found.walk.whole) == (last, whole)


def test_an_empty_audit_has_no_head_to_write(engine, settings):
    assert worker.run_duties(engine, settings, stop=Event(), once=True) == ()
    assert not checkpoints.file_of(settings.home).exists()


def test_sessions_go_a_day_after_they_expired(engine, settings):
    made = account(engine, "op", "operator")
    with db.open_transaction(engine) as connection:
        kept, old = (sessions.begin_session(connection, made) for _ in range(2))
        for token, hours in ((kept, 23), (old, 25)):
            connection.execute(
                text(
                    "UPDATE govgrid.session SET expires_at = now() - make_interval(hours => :hours)"
                    " WHERE token_sha256 = :hash"
                ),
                {"hours": hours, "hash": sessions.hash_token(token)},
            )
    worker.run_duties(engine, settings, stop=Event(), once=True)
    with db.open_transaction(engine) as connection:
        left = connection.execute(text("SELECT token_sha256 FROM govgrid.session")).scalars()
        assert [bytes(each) for each in left] == [sessions.hash_token(kept)]


def test_a_duty_that_fails_is_told_in_one_line_and_tried_again_later(engine, settings, capfd):
    tries, others = [], []

    def failing(*_):
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise UnavailableError("store.unavailable", reason="two\nlines")

    duties = [Duty("seal", 0.1, failing), Duty("head", 0.1, lambda *_: others.append(1))]
    with running(engine, settings, duties=duties):
        assert comes(lambda: len(tries) >= 5 and len(others) > 5)
    pauses = [b - a for a, b in pairwise(tries)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.4
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("sealing the audit failed" in line and "two lines" in line for line in lines)


def test_a_duty_that_worked_again_begins_with_the_shortest_pause(settings, capfd):
    fails = iter([True, True, False, True])

    def work(*_):
        if next(fails):
            raise UnavailableError("store.unavailable", reason="gone")

    turn = DutyTurn(Duty("seal", 1.0, work))
    assert [turn.take(None, settings, Event()) for _ in range(4)] == [False, False, True, False]
    told = capfd.readouterr().err
    assert re.findall(r"(\d+) s\b", told) == ["2", "4", "2"], told


def test_a_mistake_in_one_duty_ends_no_other(engine, settings, capfd):
    done = []

    def broken(*_):
        raise ZeroDivisionError("oops")

    duties = [Duty("seal", 0.1, broken), Duty("head", 0.1, lambda *_: done.append(1))]
    assert worker.run_duties(engine, settings, stop=Event(), once=True, duties=duties) == ("seal",)
    assert done == [1]
    assert "ZeroDivisionError: oops" in capfd.readouterr().err


def test_alongside_lives_as_long_as_what_it_stands_beside(engine, settings):
    with worker.run_alongside(settings):
        write(engine)
        assert comes(lambda: unsealed(engine) == 0)
    write(engine)
    time.sleep(1.5)
    assert unsealed(engine) == 3


def test_alongside_waits_for_a_database_that_is_not_there_and_ends_at_once(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(worker, "LONGEST_PAUSE_S", 36_000.0)  # who is not told to end stays
    nowhere = Settings(home=tmp_path, database_url="sqlite:///x", lang="en")
    with worker.run_alongside(nowhere):
        assert comes(lambda: "the database is not there yet" in capfd.readouterr().err)
    assert comes(lambda: "govgrid-worker" not in [each.name for each in threads()])


def test_a_database_that_goes_away_is_waited_for(engine, settings, database_url, capfd):
    own = db.connect(database_url, pool_size=1)
    with running(own, settings):
        write(engine, 1)
        assert comes(lambda: unsealed(engine) == 0)
        with db.open_transaction(engine) as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        write(engine, 1)
        assert comes(lambda: unsealed(engine) == 0)
    own.dispose()
    capfd.readouterr()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_well_at_its_signal(engine, settings, database_url, number):
    environment = {
        **os.environ,
        "GOVGRID_DATABASE_URL": database_url,
        "GOVGRID_HOME": str(settings.home),
        "GOVGRID_LANG": "en",
    }
    command = [sys.executable, "-c", "from geo.cli import main; main()", "worker"]
    write(engine)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert comes(lambda: unsealed(engine) == 0)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0  # without being killed
        assert "the worker runs" in process.stderr.read()
