"""Who sees a place among the cameras nearby: the same as among all of them."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from geo.access import predicates, transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.exact_answers import IncidentPlace
from geo.coverage import nearby, sight_lines
from tests.access import attack_town
from tests.signed_in import SYSTEM, account, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis

READERS = (
    [("operator", None, "picture")],
    [("operator", attack_town.WEST, "picture")],
    [("responder", None, "position")],
    [("responder", attack_town.EAST, "picture"), ("planner", attack_town.WEST, "gaps")],
    [("dispatcher", attack_town.EAST, "position")],
    [("display", attack_town.WEST, "position")],
)
PLACES = {False: 12, True: 170}
"""Places a reader; a thorough run asks for a thousand of them."""


@pytest.fixture
def full_town(engine, tmp_path):
    attack_town.fill(engine, tmp_path)
    statements = (
        # one sees far, one is removed, one stands alone at the edge
        "UPDATE govgrid.camera_view SET range_m = 2000, res_h_px = 100000"
        " WHERE camera_code = 'K005'",
        "UPDATE govgrid.camera SET status = 'removed' WHERE code = 'K007'",
        "INSERT INTO govgrid.camera_view (camera_code, no, heading_deg, heading_source, hfov_deg)"
        " VALUES ('K009', 2, 10, 'surveyed', 40), ('K010', 2, NULL, 'unknown', NULL)",
    )
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    return engine


def make_readers(engine):
    found = [SYSTEM]
    for n, grants in enumerate(READERS):
        uuid = account(engine, f"a{n}", None)
        with engine.begin() as connection:
            for role, area, depth in grants:
                grant(connection, uuid, role, area, depth=depth)
        found.append(acting_principal(engine, f"a{n}"))
    return found


def lines(engine, reader, read, granted, at):
    found = sight_lines.lines_at(engine, reader, read, IncidentPlace("", *at), granted, detail=20)
    return found.lines, found.withheld


def test_places_have_the_same_lines_as_among_all_cameras(full_town, thorough):
    rng, farthest = np.random.default_rng(5), attack_town.HALF * 3
    for reader in make_readers(full_town):
        for x, y in rng.uniform(-farthest, farthest, (PLACES[thorough], 2)):
            at = place(x, y)
            with transaction.open_read_only(full_town, reader) as connection:
                granted = predicates.visible_cameras(connection, reader)
                near = sight_lines.scene_nearby(connection, *at, granted, detail=20)
                whole = sight_lines.scene_around(connection, *at, detail=20)
            told, withheld = lines(full_town, reader, near, granted, at)
            exact, expected = lines(full_town, reader, whole, granted, at)
            pd.testing.assert_frame_equal(told, exact)
            pd.testing.assert_series_equal(withheld, expected)


def test_views_are_read_anew_where_a_camera_changed_and_not_else(full_town, monkeypatch):
    read, views = [], nearby.scene.read_views
    nearby._kept.clear()
    monkeypatch.setattr(nearby.scene, "read_views", lambda *given: read.append(1) or views(*given))
    change = "UPDATE govgrid.camera_view SET range_m = 30 WHERE camera_code = 'K001'"
    for statement in ("SELECT 1", "SELECT 1", change, "SELECT 1"):
        with full_town.begin() as connection:
            connection.execute(text(statement))
        with full_town.begin() as connection:
            kept = nearby.kept_views(connection, detail=20)
    assert len(read) == 2
    assert kept.range_m[kept.codes == "K001"].tolist() == [30.0]
