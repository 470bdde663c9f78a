"""A camera tried over HTTP: what it would see and change, and to whom that is told."""

import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.geometry import shape
from sqlalchemy import text

from api.app import create_app
from geo.store import db
from tests.coverage.engine.running import ready, running
from tests.signed_in import Visitors, account, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
WEST_GROUND = shapely.box(*place(-20, -20), *place(0, 20))


@pytest.fixture
def ask(seen_town, database_url, settings):
    """Return what tries a camera as an account, with an engine that is ready."""
    with (
        running(database_url, settings.home) as (client, _, _),
        TestClient(create_app(settings)) as browser,
    ):
        ready(client)
        visitors = Visitors(browser, seen_town)

        def asking(made, x, y, heading_deg=90.0, **more):
            lon, lat = place(x, y)
            body = {"lon": lon, "lat": lat, "heading_deg": heading_deg, "range_m": 60, **more}
            own = visitors.become(made)
            return own.post("/api/what-if", json=body, headers={"accept-language": "en"})

        yield asking


def planner(engine, name="li", area=None, **more):
    return account(engine, name, "planner", area, **more)


def test_a_planner_of_the_district_is_told_everything(seen_town, ask):
    told = ask(planner(seen_town), 12, 0).json()
    (grid,) = told["grids"]
    assert grid["grid_code"] == EAST
    assert told["withheld"] == 0
    for certainty in ("certain", "possible"):
        before, after = grid[certainty]["before"], grid[certainty]["after"]
        assert after["covered_demand_m2"] > before["covered_demand_m2"]
        assert {gap["grid_code"] for gap in told["gaps"][certainty]} == {EAST}
        seen = shape(told["viewsheds"][certainty]["geometry"])
        assert seen.buffer(1e-6).contains(shapely.Point(place(14, 0)))
        assert not seen.buffer(-1e-6).intersects(shapely.Point(place(6.5, 0)))  # the slab
    assert (told["detail"], told["placement"], told["moved_m"]) == (20.0, "open", 0.0)


def test_nothing_is_stored(seen_town, ask):
    def rows():
        with db.open_transaction(seen_town) as connection:
            tables = ("camera", "viewshed", "area_coverage", "gap", "coverage_run")
            counted = ", ".join(f"(SELECT count(*) FROM govgrid.{name})" for name in tables)
            return connection.execute(text(f"SELECT {counted}")).one()

    made, before = planner(seen_town), rows()
    assert ask(made, 12, 0).status_code == 200
    assert rows() == before


def test_a_private_zone_in_view_is_measured(seen_town, ask):
    made = planner(seen_town)
    assert ask(made, 12, 0).json()["viewsheds"]["certain"]["privacy_zone_m2"] == 0
    with db.open_transaction(seen_town) as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.privacy_zone (code, geom) VALUES ('P1',"
                " ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326)))"
            ),
            dict(zip("wsen", (*place(13, -1), *place(15, 1)), strict=True)),
        )
    while True:  # the engine follows when the ground has come to rest
        seen = ask(made, 12, 0)
        if seen.status_code == 200 and seen.json()["viewsheds"]["certain"]["privacy_zone_m2"]:
            break
    assert seen.json()["viewsheds"]["certain"]["privacy_zone_m2"] > 0


def test_of_a_grid_that_a_foreign_camera_sees_only_its_number_is_told(seen_town, ask):
    """K1 and K3 stand in the east; K3 looks into the west."""
    made = planner(seen_town, area=WEST)
    answer = ask(made, -1, 0, 90.0)
    told = answer.json()
    assert (told["grids"], told["gaps"]) == ([], {"certain": [], "possible": []})
    assert told["withheld"] == 2
    assert EAST not in answer.text


def test_what_is_seen_ends_at_the_border_of_the_granted_areas(seen_town, ask):
    told = ask(planner(seen_town, area=WEST), -1, 0, 90.0).json()
    whole = ask(planner(seen_town, "wang"), -1, 0, 90.0).json()
    for certainty in ("certain", "possible"):
        seen, all_seen = (each["viewsheds"][certainty] for each in (told, whole))
        assert WEST_GROUND.buffer(1e-6).contains(shape(seen["geometry"]))
        assert not WEST_GROUND.buffer(1e-6).contains(shape(all_seen["geometry"]))
        assert (seen["area_m2"], seen["privacy_zone_m2"]) == (None, None)


def test_with_exact_grants_of_all_cameras_a_grid_is_told(seen_town, ask):
    """Whoever is granted both grids knows all cameras that see them."""
    made = planner(seen_town, area=WEST)
    with seen_town.begin() as connection:
        grant(connection, made, "planner", EAST)
    told = ask(made, -1, 0, 90.0).json()
    assert {grid["grid_code"] for grid in told["grids"]} == {WEST, EAST}
    assert told["withheld"] == 0


@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("planner", {"classes": ["social"]}),
        ("planner", {"depth": "direction"}),
        ("display", {"depth": "gaps"}),  # coarse
    ],
)
def test_who_is_not_granted_gaps_exactly_and_of_all_classes_is_refused(seen_town, ask, role, more):
    kind = "display" if role == "display" else "person"
    answer = ask(account(seen_town, "li", role, kind=kind, **more), 12, 0)
    assert answer.status_code == 403
    assert "Ask the security administrator" in answer.json()["detail"]


def test_a_place_elsewhere_is_not_found(seen_town, ask):
    assert ask(planner(seen_town, area=WEST), 12, 0).status_code == 404


def test_gaps_count_as_read_in_bulk(seen_town, ask, settings):
    made = planner(seen_town)
    told = ask(made, 12, 0).json()
    with db.open_transaction(seen_town) as connection:
        (rows,) = connection.execute(
            text("SELECT rows FROM govgrid.bulk_read WHERE what = 'gaps'")
        ).scalars()
    assert rows == sum(map(len, told["gaps"].values())) > 0


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"lon": 181.0}, "lon"),
        ({"heading_deg": 361}, "heading_deg"),
        ({"hfov_deg": 0}, "hfov_deg"),
        ({"range_m": 2001}, "range_m"),
        ({"form": "balloon"}, "form"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_no_camera_can_be_is_refused_by_name(seen_town, ask, more, found):
    answer = ask(planner(seen_town), 12, 0, **more)
    assert (answer.status_code, found in answer.json()["detail"]) == (422, True)


def test_without_an_engine_it_is_tried_again_later_and_who_sees_goes_on(seen_town, settings):
    lon, lat = place(4, 0)
    with TestClient(create_app(settings)) as browser:
        own = Visitors(browser, seen_town).become(planner(seen_town))
        answer = own.post(
            "/api/what-if", json={"lon": lon, "lat": lat}, headers={"accept-language": "en"}
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "engine is not there" in answer.json()["detail"]
        assert own.get("/readyz").json()["engine"] == "down"
        seeing = own.get("/api/cameras/seeing", params={"lon": lon, "lat": lat})
    assert [each["code"] for each in seeing.json()["cameras"]][:1] == ["K1"]


def test_readiness_tells_of_an_engine_that_is_ready(seen_town, database_url, settings):
    with (
        running(database_url, settings.home) as (client, _, _),
        TestClient(create_app(settings)) as browser,
    ):
        ready(client)
        found = browser.get("/readyz").json()
        assert found["engine"] == "ready"
        heard = found["processes"]["engine"]
        assert (heard["alive"], heard["state"]) == (True, "ready")
        assert heard["epoch"] >= 1
        assert heard["heartbeat_s"] >= 0
        assert found["processes"]["worker"] == {"alive": False, "heartbeat_s": None}
