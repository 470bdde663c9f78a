"""Where places belong, from memory: equal to the rule by frames, for every reader and every day."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access.accounts.local_cli import acting_principal
from geo.areas import lookup
from geo.areas.places import Places
from geo.areas.rules import locate
from geo.areas.rules.locate_point import locate_point, prepare_areas
from geo.base import clock
from geo.base.errors import StateError
from geo.store import db, revisions
from tests import ROOT
from tests.signed_in import SYSTEM, account, signed_in
from tests.toy_town import place

WEST, EAST = "340802001001001", "340802001001002"
SRID = 4548


def spots(grids, rng):
    """Return places in all of the box, on corners, on edges and within a metre of them."""
    west, south, east, north = grids.total_bounds
    anywhere = rng.uniform((west, south), (east, north), (400, 2))
    corners = shapely.get_coordinates(grids.geometry.to_numpy())
    corners = corners[rng.integers(0, len(corners) - 1, 300)]
    near = corners + rng.normal(0, 1e-5, corners.shape)
    return np.vstack([anywhere, corners, near])


@pytest.mark.parametrize("part", [1, 3])
def test_a_thousand_places_are_where_the_rule_by_frames_has_them(part):
    grids = gpd.read_file(ROOT / "data/boundaries/grids.geojson")[["code", "geometry"]]
    rng = np.random.default_rng(part)
    accuracy_m = rng.choice([0.0, 0.0, 3.0, 40.0], 1000)
    xy = spots(grids, rng)
    whole = prepare_areas(grids["code"].tolist(), grids.geometry.to_numpy(), SRID)
    which = np.arange(len(whole.codes)) % part == 0
    areas = whole.select(which)
    kept = grids[grids["code"].isin(areas.codes)]
    slow = locate.locate_points(*xy.T, locate.make_locator(kept, srid=SRID), accuracy_m=accuracy_m)
    for (lon, lat), metres, row in zip(xy, accuracy_m, slow.itertuples(), strict=True):
        found = locate_point(areas, lon, lat, metres)
        assert (found.status, found.code, list(found.candidates), found.nearest_code) == (
            row.status,
            row.code,
            row.candidates,
            row.nearest_code,
        )
        assert found.nearest_m == pytest.approx(row.nearest_m, abs=1e-9)
    assert {*slow["status"]} == {"inside", "border", "outside"}


def now(engine):
    with db.open_transaction(engine) as connection:
        return revisions.current_revisions(connection)


def assert_equal(engine, held, reader):
    for x in range(-30, 31, 3):
        lon, lat = place(x, 0)
        told = held.view(reader, now(engine)).ask(lon, lat, 2.0)
        slow = lookup.locate_one(engine, reader, lon, lat, accuracy_m=2.0)
        assert told == {**slow, "nearest_m": pytest.approx(slow["nearest_m"], abs=1e-9)}


@pytest.mark.postgis
def test_answers_are_cut_to_who_asks_and_follow_each_write_and_each_day(seen_town, tmp_path):
    readers = [SYSTEM]
    for area in (WEST, EAST, None):
        name = f"a.{(area or 'all')}"
        account(seen_town, name, "operator", area)
        readers.append(acting_principal(seen_town, name))
    held = Places(seen_town)
    for reader in readers:
        assert_equal(seen_town, held, reader)
    with db.open_transaction(seen_town) as connection:
        connection.execute(
            text(
                "UPDATE govgrid.area SET geom = ST_Translate(geom, 1e-4, 0),"
                " valid = daterange('2026-01-01', '2026-03-02') WHERE code = :code"
            ),
            {"code": WEST},
        )
    file = tmp_path / "clock"
    try:
        for moment in ("2026-03-01T23:59:59+08:00", "2026-03-02T00:00:00+08:00"):
            file.write_text(moment)
            clock.follow(file)
            for reader in (readers[0], readers[2], readers[3]):
                assert_equal(seen_town, held, reader)
        with pytest.raises(StateError):
            held.view(readers[1], now(seen_town)).ask(*place(0, 0))
    finally:
        clock.follow(None)


@pytest.mark.postgis
def test_the_service_answers_one_place_and_many(seen_town, settings):
    with TestClient(create_app(settings)) as client:
        signed_in(client, seen_town, "operator")
        asked = [place(x, 0) for x in (-4, 0, 4, 400)]
        one = [client.get("/api/locate", params={"lon": p[0], "lat": p[1]}).json() for p in asked]
        again = [client.get("/api/locate", params={"lon": p[0], "lat": p[1]}).json() for p in asked]
        many = client.post("/api/locate", json={"points": asked}).json()["places"]
        assert one == again == many
        assert [each["status"] for each in many] == ["inside", "border", "inside", "outside"]
        too_many = client.post("/api/locate", json={"points": [[117, 30]] * 10_001})
        assert too_many.status_code == 422
        assert client.post("/api/locate", json={"points": []}).json() == {"places": []}
        nowhere = client.post("/api/locate", json={"points": [asked[0], [-4.5e16, 0.0]]})
        assert nowhere.status_code == 400
        assert "第 2 个位置" in nowhere.json()["detail"]
