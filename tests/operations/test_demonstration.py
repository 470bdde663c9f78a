"""The demonstration in its own home: never among other data, and never half of it taken for it."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from geo.access.audit import checkpoints
from geo.access.audit import verify as audit_verification
from geo.access.principal import system_principal
from geo.base.errors import StateError
from geo.demo import DemoFile
from geo.operations import database, demonstration
from geo.store import db
from tests.signed_in import account

pytestmark = pytest.mark.postgis


def synthetic(files: dict[str, Path]) -> list[DemoFile]:
    """Return the toy town as the files of a demonstration."""
    levels = {"areas": {"level": "grid"}}
    return [
        DemoFile(layer, path, {"crs": "wgs84", **levels.get(layer, {})})
        for layer, path in files.items()
    ]


def build(engine, settings, files):
    reports, kept = [], []
    demonstration.begin_building(engine)
    demonstration.bring_in(engine, settings, synthetic(files), on_import=reports.append)
    demonstration.finish_building(engine, kept.extend)
    return reports, kept


def test_it_is_built_from_its_files_and_known_as_whole(engine, settings, town_files):
    reports, kept = build(engine, settings, town_files)
    assert [report.layer for report in reports] == list(town_files)
    assert {"operator", "admin", "security", "auditor"} <= {row.name for row in kept}
    found = demonstration.read_holding(engine)
    assert (found.kind, found.whole, found.foreign) == ("demo", True, False)


def test_who_cannot_have_the_passwords_has_no_demonstration(engine, settings, town_files):
    def full(made):
        raise OSError(28, "No space left on device")

    demonstration.begin_building(engine)
    demonstration.bring_in(engine, settings, synthetic(town_files), on_import=lambda _: None)
    with pytest.raises(OSError, match="No space"):
        demonstration.finish_building(engine, full)
    assert not demonstration.read_holding(engine).whole
    assert demonstration.read_holding(engine).accounts == ()


def test_half_of_it_is_worked_on_by_nobody(engine, settings):
    demonstration.begin_building(engine)
    with pytest.raises(StateError) as refused, database.open_database(settings):
        pass
    assert "not built to its end" in str(refused.value)


def test_it_does_not_go_where_other_data_or_accounts_are(town, settings):
    account(town, "security", "security_administrator")
    with pytest.raises(StateError) as refused:
        demonstration.require_own(demonstration.read_holding(town), settings)
    said = str(refused.value)
    assert "7 imports" in said
    assert "security" in said
    assert "home of its own" in said


def test_it_is_taken_away_whole_and_built_anew(engine, settings, town_files, database_url):
    build(engine, settings, town_files)
    heads = checkpoints.file_of(settings.home)
    heads.parent.mkdir()
    heads.write_text("date,seal_no,hash\n", encoding="utf-8")
    engine.dispose()
    apart = db.connect(database_url, pool_size=1)
    demonstration.clear_home(apart, settings)
    assert demonstration.read_holding(apart).kind == "nothing"
    assert not heads.exists()  # else they would call the new chain broken
    build(apart, settings, town_files)
    assert demonstration.read_holding(apart).whole
    assert audit_verification.verify_chain(
        apart, system_principal("os:test"), expected=[]
    ).walk.whole
    apart.dispose()


def test_it_is_not_taken_away_with_what_it_did_not_make(engine, settings, town_files):
    build(engine, settings, town_files)
    account(engine, "li", "operator")
    with pytest.raises(StateError) as refused:
        demonstration.require_own(demonstration.read_holding(engine), settings)
    assert "1 accounts: li" in str(refused.value)
    assert database.describe_place(settings) in str(refused.value)


def test_it_is_not_taken_away_under_who_works_with_it(engine, settings, town_files, monkeypatch):
    build(engine, settings, town_files)
    monkeypatch.setattr(database.count_others, "__kwdefaults__", {"patience_s": 0.0})
    other = db.connect(settings.database_url)
    with other.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(StateError) as refused:
            demonstration.clear_home(engine, settings)
    other.dispose()
    assert "connections use" in str(refused.value)
    assert demonstration.read_holding(engine).whole


def test_who_comes_second_is_told_that_it_waits_and_goes_on_after_the_first(tmp_path):
    order, told = [], threading.Event()

    def second():
        with demonstration.lock_home(tmp_path, waiting=told.set):
            order.append("second")

    with demonstration.lock_home(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
