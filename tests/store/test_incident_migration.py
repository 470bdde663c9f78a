"""Incidents of databases that are older than their life: states by a vocabulary, one move each."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.store import db, undo

pytestmark = pytest.mark.postgis


BEFORE = "0020"
OLD = (
    "INSERT INTO govgrid.incident (code, title, state, reported_at, closed_at) VALUES"
    " ('A1', 'x', '待受理', '2026-09-01 08:00+08', NULL),"
    " ('A2', 'x', '挂账', '2026-09-01 08:00+08', NULL),"
    " ('A3', 'x', '提级办理', '2026-09-01 08:00+08', NULL),"
    " ('A4', 'x', 'self_handled', '2026-09-01 08:00+08', NULL),"
    " ('A5', 'x', '移交消防', '2026-09-01 08:00+08', NULL),"
    " ('A6', 'x', '移交消防', '2026-09-01 08:00+08', '2026-09-02 08:00+08'),"
    " ('A7', 'x', NULL, NULL, '2026-09-02 08:00+08'),"
    " ('A8', 'x', NULL, NULL, NULL)"
)


def migrated(url, *statements):
    engine = db.connect(url)
    db.migrate(engine, revision=BEFORE)
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))
    db.migrate(engine)
    return engine


def rows(engine, statement):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_old_states_are_read_by_a_vocabulary_and_unknown_ones_are_kept_beside(empty_url):
    engine = migrated(empty_url, OLD)
    asked = (
        "SELECT code, state, on_hold, self_handled, state_given FROM govgrid.incident ORDER BY 1"
    )
    assert rows(engine, asked) == [
        ("A1", "reported", False, False, None),
        ("A2", "in_progress", True, False, None),
        ("A3", "assigned", False, False, None),
        ("A4", "done", False, True, None),
        ("A5", "reported", False, False, "移交消防"),
        ("A6", "closed", False, False, "移交消防"),
        ("A7", "closed", False, False, None),
        ("A8", "reported", False, False, None),
    ]
    engine.dispose()


def test_each_old_incident_has_one_move_and_an_id_and_keeps_its_dispatch(empty_url):
    sent = "INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES ('A3', 'U1')"
    engine = migrated(empty_url, OLD, sent)
    asked = (
        "SELECT i.code, m.move, m.to_state = i.state, m.reason FROM govgrid.incident i"
        " JOIN govgrid.incident_move m ON m.incident = i.id WHERE i.code IN ('A1', 'A5') ORDER BY 1"
    )
    assert rows(engine, asked) == [
        ("A1", "imported", True, None),
        ("A5", "imported", True, "移交消防"),
    ]
    assert rows(engine, "SELECT count(DISTINCT id), count(*) FROM govgrid.incident") == [(8, 8)]
    assert rows(engine, "SELECT incident_code, unit_code, state FROM govgrid.dispatch") == [
        ("A3", "U1", "sent")
    ]
    engine.dispose()


def test_an_import_of_before_is_still_undone(empty_url):
    run = (
        "INSERT INTO govgrid.import_run (layer, source, file_sha256, options, by_whom, state, read,"
        " inserted, updated, unchanged, quarantined)"
        " VALUES ('incidents', 'x.csv', '', '{}', 'x', 'done', 1, 0, 1, 0, 0)"
    )
    change = "UPDATE govgrid.incident SET title = 'y' WHERE code = 'A6'"
    told = "SELECT set_config('govgrid.import_run', '1', true)"
    engine = migrated(empty_url, OLD, run, told, change)
    with engine.begin() as connection:
        before = connection.execute(
            text("SELECT id FROM govgrid.incident WHERE code = 'A6'")
        ).scalar()
        assert undo.undo_changes(connection, 1) == undo.UndoCounts(removed=0, restored=1)
        asked = text("SELECT id, title, state, version FROM govgrid.incident WHERE code = 'A6'")
        assert connection.execute(asked).one() == (before, "x", "closed", 1)
    engine.dispose()


def test_moves_are_never_changed_and_go_with_their_incident_alone(empty_url):
    engine = migrated(empty_url, OLD)
    for attempt in (
        "UPDATE govgrid.incident_move SET note = 'x'",
        "DELETE FROM govgrid.incident_move",
    ):
        with engine.connect() as connection, pytest.raises(DBAPIError, match="only grow"):
            connection.execute(text(attempt))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.incident WHERE code = 'A1'"))
        left = "SELECT count(*) FROM govgrid.incident_move"
        assert connection.execute(text(left)).scalar() == 7
    engine.dispose()


def test_numbers_count_by_the_day_of_the_district(empty_url):
    engine = db.connect(empty_url)
    db.migrate(engine)
    made, add = [], "INSERT INTO govgrid.incident (title) VALUES ('x') RETURNING code"
    for moment in ("2026-09-30 15:59+00", "2026-09-30 15:59:30+00", "2026-09-30 16:00+00"):
        with engine.begin() as connection:
            connection.execute(
                text("SELECT set_config('govgrid.clock', :at, true)"), {"at": moment}
            )
            made.append(connection.execute(text(add)).scalar())
    assert made == ["20260930-0001", "20260930-0002", "20261001-0001"]
    engine.dispose()
