"""Dumps of earlier revisions, made by the programs of their time: brought to the newest, whole."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from geo.access.audit import seal
from geo.access.audit import verify as audit_verification
from geo.areas.lookup import locate_one
from geo.cameras.store import moved_trigger
from geo.exchange.imports import runs
from geo.store import db
from geo.store.cluster import client_programs
from tests import ROOT
from tests.signed_in import SYSTEM
from tests.toy_town import place

pytestmark = pytest.mark.postgis

KEPT = sorted((ROOT / "tests" / "store" / "kept").glob("*.dump"))
WEST, EAST = "340802001001001", "340802001001002"


@pytest.fixture
def restored(empty_url, request, tmp_path):
    """Return the database of a dump, brought to the newest revision."""
    dump = shutil.copy(request.param, tmp_path)
    engine = db.connect(empty_url)
    db.prepare_database(engine)
    client_programs.restore_dump(empty_url, Path(dump), without=moved_trigger.TRIGGER)
    with db.open_transaction(engine) as connection:
        moved_trigger.create_moved_trigger(connection)
    assert db.current_revision(engine) == request.param.stem
    assert db.migrate(engine) == db.newest_revision()
    yield engine
    engine.dispose()


def asked(engine, query):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_dumps_of_several_revisions_are_kept():
    assert [path.stem for path in KEPT] == ["0007", "0009", "0011"]


@pytest.mark.parametrize("restored", KEPT, indirect=True, ids=lambda path: path.stem)
def test_a_kept_dump_is_brought_to_the_newest_with_its_data_right(restored):
    assert asked(restored, "SELECT code, name, level FROM govgrid.area_now ORDER BY code") == [
        (WEST, "西格", "grid"),
        (EAST, "东格", "grid"),
        ("~district", "本辖区", "district"),
    ]
    assert asked(
        restored,
        "SELECT code, name, owner_kind, connection FROM govgrid.camera ORDER BY code",
    ) == [
        ("K1", "朝东枪机", "skynet", "online"),
        ("K2", "朝向不详", "social", "offline"),
        ("K3", "背向枪机", "skynet", "online"),
        ("K4", "楼后枪机", "social", "online"),
    ]
    assert asked(restored, "SELECT code, title, state FROM govgrid.incident ORDER BY code") == [
        ("M1", "垃圾堆放", "reported"),
        ("M2", "</script><img src=x onerror=alert(1)>", "reported"),
        ("M3", "井盖缺失", "reported"),
    ]
    assert asked(restored, "SELECT code, name, duty_phone FROM govgrid.unit") == [
        ("U1", "城管中队", "0556-1")
    ]
    assert asked(restored, "SELECT count(*) FROM govgrid.coverage_run") == [(1,)]
    assert locate_one(restored, SYSTEM, *place(4, 0))["grid_code"] == EAST
    seal.seal_rows(restored)
    assert audit_verification.verify_chain(restored, SYSTEM).walk.whole
    ((run,),) = asked(restored, "SELECT id FROM govgrid.import_run WHERE layer = 'incidents'")
    assert runs.undo_run(restored, run, who=SYSTEM).removed == 3
    assert asked(restored, "SELECT count(*) FROM govgrid.incident") == [(0,)]
