"""What a database holds is read from its import runs: the demonstration, one's own, or nothing."""

import hashlib

import pytest
from sqlalchemy import text

from geo.access.accounts import demo_accounts
from geo.base import homes
from geo.base.errors import StateError
from geo.store import holding, installation
from geo.store.holding import DatabaseContents
from tests import ROOT
from tests.signed_in import account
from tests.toy_town import bring_in

pytestmark = pytest.mark.postgis


def held(engine) -> DatabaseContents:
    with engine.begin() as connection:
        return holding.read_holding(connection)


def build(engine, files, *, whole=True):
    """Bring the toy town in as the demonstration is brought in."""
    with engine.begin() as connection:
        holding.begin_building(connection)
    for layer, path in files.items():
        bring_in(engine, layer, path, demo=True)
    if whole:
        with engine.begin() as connection:
            made = demo_accounts.make_accounts(connection)
            holding.finish_building(connection, [row.id for row in made])


def test_empty_tables_hold_nothing_and_a_bare_database_too(engine, empty_url):
    from geo.store import db

    assert held(engine) == DatabaseContents("nothing")
    bare = db.connect(empty_url)
    assert held(bare) == DatabaseContents("nothing")
    bare.dispose()


def test_an_import_or_an_account_makes_a_database_ones_own(engine, town_files):
    account(engine, "li", "operator")
    assert held(engine) == DatabaseContents("own", runs=0, accounts=("li",))
    bring_in(engine, "areas", town_files["areas"])
    assert held(engine) == DatabaseContents("own", runs=1, accounts=("li",))


def test_rows_without_any_run_are_ones_own_too(town):
    with town.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.import_run"))
    assert held(town) == DatabaseContents("own")


def test_what_init_made_is_ones_own_before_anything_came(engine):
    with engine.begin() as connection:
        installation.store_value(connection, holding.OWN, {"by": "os:test"})
    assert held(engine) == DatabaseContents("own")


def test_a_demonstration_is_whole_only_at_its_end(engine, town_files):
    with engine.begin() as connection:
        holding.begin_building(connection)
    assert held(engine) == DatabaseContents("demo", whole=False)
    build(engine, town_files, whole=False)
    assert held(engine) == DatabaseContents("demo", whole=False)
    with engine.begin() as connection, pytest.raises(StateError) as refused:
        holding.require_whole(connection, str(homes.demo_home()))
    assert "scripts/demo" in str(refused.value)


def test_a_whole_demonstration_knows_its_own_runs_and_accounts(engine, town_files):
    build(engine, town_files)
    assert held(engine) == DatabaseContents("demo", whole=True)
    assert not held(engine).foreign
    account(engine, "li", "operator")
    assert held(engine) == DatabaseContents("demo", whole=True, accounts=("li",))
    assert held(engine).foreign


def test_no_other_file_goes_into_a_demonstration_and_the_refusal_says_where_to(engine, town_files):
    build(engine, town_files, whole=False)
    before = rows(engine)
    with pytest.raises(StateError) as refused:
        bring_in(engine, "cameras", town_files["cameras"])
    assert f"govgrid --home {homes.data_home()} init" in str(refused.value)
    with pytest.raises(StateError):
        bring_in(engine, "cameras", town_files["cameras"], dry_run=True)
    assert rows(engine) == before


def test_ones_own_data_stay_ones_own_where_a_demonstration_came_on_top(town, town_files):
    bring_in(town, "cameras", town_files["cameras"], demo=True)
    assert held(town).kind == "own"
    bring_in(town, "cameras", town_files["cameras"])


def test_the_demonstration_of_an_older_version_is_known_by_its_district(engine):
    district = ROOT / "data" / "boundaries" / "district.geojson"
    assert hashlib.sha256(district.read_bytes()).hexdigest() == holding.DISTRICT_SHA256
    bring_in(engine, "areas", district, level="district")
    with engine.begin() as connection:
        demo_accounts.make_accounts(connection)
    found = held(engine)
    assert (found.kind, found.whole) == ("demo", True)
    assert found.foreign  # nobody can tell any more what else it holds: it is never taken away


def test_the_invented_boundaries_brought_in_by_hand_are_no_demonstration(engine, town_files):
    bring_in(engine, "areas", ROOT / "data" / "boundaries" / "district.geojson", level="district")
    account(engine, "demo", "administrator")
    assert held(engine).kind == "own"
    bring_in(engine, "cameras", town_files["cameras"])


def rows(engine):
    with engine.begin() as connection:
        return [
            connection.execute(text(f"SELECT count(*) FROM govgrid.{table}")).scalar_one()
            for table in ("import_run", "camera", "area", "audit")
        ]
