"""The nightly backup: when it is due, which files are kept, what is noted."""

from datetime import UTC, date, datetime, timedelta

import pytest

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.operations.backup import create, journal, nightly
from geo.operations.backup.create import MadeBackup

NIGHT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)  # 02:30 on the 30th in the district


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    return Settings(home=tmp_path / "home", backup_dir=folder, lang="en")


@pytest.fixture
def made(monkeypatch):
    """Return the files that were asked for; each is made empty."""
    found = []

    def make(settings, path, *, passphrase=None, **more):
        path.touch()
        found.append((path.name, passphrase))
        return MadeBackup(path, 0, False, None)

    monkeypatch.setattr(create, "create_backup", make)
    return found


def test_it_is_made_once_a_day_from_two_o_clock_on_in_the_district(config, made):
    assert nightly.run_nightly(config, NIGHT - timedelta(minutes=31)) is None
    assert nightly.run_nightly(config, NIGHT).name == "govgrid-20261130-0230.backup"
    assert nightly.run_nightly(config, NIGHT + timedelta(hours=5)) is None
    late = NIGHT + timedelta(hours=36)  # the machine was off at night
    assert nightly.run_nightly(config, late).name == "govgrid-20261201-1430.backup"
    assert [name for name, _ in made] == [
        "govgrid-20261130-0230.backup",
        "govgrid-20261201-1430.backup",
    ]


def test_without_a_folder_none_is_made(config, made):
    assert nightly.run_nightly(config.model_copy(update={"backup_dir": None}), NIGHT) is None
    assert made == []


def test_its_passphrase_comes_from_a_file_of_the_owner_only(config, made, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text("correct horse battery\n", encoding="utf-8")
    told = config.model_copy(update={"backup_passphrase_file": file})
    file.chmod(0o644)
    with pytest.raises(InputError, match="0644"):
        nightly.run_nightly(told, NIGHT)
    assert "0644" in journal.read_journal(config.home).failure
    file.chmod(0o600)
    nightly.run_nightly(told, NIGHT)
    assert [passphrase for _, passphrase in made] == ["correct horse battery"]
    file.write_text("short", encoding="utf-8")
    with pytest.raises(InputError, match="12 characters"):
        nightly.run_nightly(told, NIGHT + timedelta(days=1))


def test_a_folder_that_is_gone_is_a_failure_that_is_noted(config):
    config.backup_dir.rmdir()
    with pytest.raises(InputError, match="Is the disk mounted"):
        nightly.run_nightly(config, NIGHT)
    found = journal.read_journal(config.home)
    assert (found.at, "mounted" in found.failure) == ("", True)
    assert found.is_late(NIGHT)
    journal.note_backup(config.home, config.backup_dir / "x", 5, 7)
    found = journal.read_journal(config.home)
    assert (found.bytes, found.rows, found.failure, found.failed_at) == (5, 7, "", "")
    assert not found.is_late(found.moment + timedelta(hours=47))
    assert found.is_late(found.moment + timedelta(hours=49))


def test_days_and_first_ones_of_months_are_kept_and_nothing_else_is_touched(tmp_path):
    today = date(2026, 11, 30)
    for back in range(500):
        (tmp_path / f"govgrid-{today - timedelta(days=back):%Y%m%d}-0230.backup").touch()
    strange = ("notes.txt", "govgrid-20200101-0230.backup.bak", "other-20200101-0230.backup")
    for name in (*strange, "govgrid-20261130-0230.backup.part", "govgrid-20269999-0230.backup"):
        (tmp_path / name).touch()
    nightly.remove_old(tmp_path, today, days=14, months=3)
    kept = sorted(path.name[8:16] for path in tmp_path.glob("govgrid-20*-0230.backup"))
    expected = [f"202611{day}" for day in range(17, 31)] + ["20269999"]
    assert kept == sorted(["20260801", "20260901", "20261001", "20261101", *expected])
    assert all((tmp_path / name).exists() for name in strange)
    assert not list(tmp_path.glob("*.part"))


def test_the_newest_is_kept_however_old_it_is(tmp_path):
    (tmp_path / "govgrid-20200101-0230.backup").touch()
    (tmp_path / "govgrid-20200102-0230.backup").touch()
    assert [p.name for p in nightly.remove_old(tmp_path, date(2026, 11, 30), days=1, months=1)] == [
        "govgrid-20200101-0230.backup"
    ]
