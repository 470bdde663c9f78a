"""Connections that break in the midst: no refusal, and no word that nothing was written."""

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import text

from geo.base.errors import DiskFullError, InputError, StoreError, UnavailableError, UncertainError
from geo.store import db, disk, frames

pytestmark = pytest.mark.postgis

ADD = "INSERT INTO govgrid.pole (code, geom) VALUES ('a', ST_SetSRID(ST_MakePoint(117, 30), 4326))"
KILL_AT_COMMIT = """
CREATE FUNCTION pg_temp.die() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_terminate_backend(pg_backend_pid());
    PERFORM pg_sleep(60);
    RETURN NULL;
END $$;
CREATE TEMP TABLE last (n integer);
CREATE CONSTRAINT TRIGGER die AFTER INSERT ON last DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION pg_temp.die();
INSERT INTO last VALUES (1);
"""
KILL = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"


def in_one(engine, *steps):
    """Take steps in one transaction, each given its connection."""
    with db.open_transaction(engine) as connection:
        for step in steps:
            step(connection)


def run(statement):
    return lambda connection: connection.exec_driver_sql(statement)


@pytest.mark.parametrize("time", ["0716-09-10T14:31:00+16:43", "300000-01-01T00:00:00Z", "soon"])
def test_a_time_that_no_database_keeps_is_a_mistake_of_who_asks(engine, time):
    with pytest.raises(InputError, match="2026-09-30"):
        in_one(engine, run(f"SELECT '{time}'::timestamptz"))


def kill_from_beside(engine):
    def kill(connection):
        number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with db.open_transaction(engine) as other:
            other.execute(text("SELECT pg_terminate_backend(:number, 60000)"), {"number": number})

    return kill


def test_a_connection_that_breaks_while_asking_is_unavailable(engine):
    with pytest.raises(UnavailableError) as caught:
        in_one(engine, run(KILL))
    assert type(caught.value) is UnavailableError
    in_one(engine, run("SELECT 1"))


def test_so_is_one_that_broke_before_it_was_asked_again(engine):
    with pytest.raises(UnavailableError):
        in_one(engine, kill_from_beside(engine), run(ADD))


def test_so_is_one_that_breaks_before_rows_are_copied(engine):
    poles = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.Point(117, 30)], crs=4326)
    with pytest.raises(UnavailableError):
        in_one(
            engine,
            kill_from_beside(engine),
            lambda connection: frames.copy_in(connection, "pole", poles),
        )


def test_one_that_breaks_during_commit_is_uncertain(engine):
    with pytest.raises(UncertainError) as caught:
        in_one(engine, run(ADD), run(KILL_AT_COMMIT))
    assert caught.value.exit_code == 4
    for lang in ("zh", "en"):
        assert "没有写入" not in caught.value.text(lang)
        assert "othing was written" not in caught.value.text(lang)


def test_a_refusal_at_commit_is_a_refusal(engine):
    refuse = KILL_AT_COMMIT.replace(
        "PERFORM pg_terminate_backend(pg_backend_pid());", "RAISE EXCEPTION 'no';"
    )
    with pytest.raises(StoreError, match="Nothing was written") as caught:
        in_one(engine, run(refuse))
    assert not isinstance(caught.value, UnavailableError)


def test_on_a_full_disk_transactions_only_read(engine, database_url, tmp_path):
    full = db.connect(database_url, guard=disk.Guard(tmp_path, reserve_mb=10**9))
    with db.open_transaction(full) as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.pole")).scalar_one() == 0
    with pytest.raises(DiskFullError), db.open_transaction(full) as connection:
        connection.execute(text(ADD))
    with db.skip_if_disk_full("test"), db.open_transaction(full) as connection:
        connection.execute(text(ADD))
    full.dispose()
    roomy = db.connect(database_url, guard=disk.Guard(tmp_path, reserve_mb=0))
    with db.open_transaction(roomy) as connection:
        connection.execute(text(ADD))
    roomy.dispose()


def test_ballast_is_kept_while_there_is_room_and_makes_way_where_there_is_none(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(disk, "BALLAST_MB", 1)
    assert disk.keep_ballast(tmp_path)
    file = tmp_path / "ballast"
    assert file.stat().st_blocks * 512 >= disk.MB
    assert file.stat().st_mode & 0o077 == 0
    assert not disk.make_way(tmp_path)
    monkeypatch.setattr(disk, "BALLAST_MB", 10**9)
    assert disk.make_way(tmp_path)
    assert not file.exists()
    assert not disk.keep_ballast(tmp_path)
