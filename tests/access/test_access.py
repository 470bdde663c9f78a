"""Who sees what of the toy town: its two grids, the cameras of the east, their looks westwards."""

import pytest
from sqlalchemy import text

from geo.access import principal, transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.principal import RESTRICTED_LAYERS
from geo.access.roles import CLASSES, COARSE, DEPTHS, PERMISSIONS, SECOND_FACTOR, UNIT_ONLY
from geo.areas import lookup
from geo.base.errors import ForbiddenError, NotFoundError, StoreError
from geo.coverage import report as coverage_report
from geo.coverage import who_sees
from geo.exchange.publish import collections, map_content
from geo.exchange.publish import export as layer_export
from geo.operations import database
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def names():
    return iter(f"a{n}" for n in range(1000))


@pytest.fixture
def service(seen_town, settings):
    """Return the pool of the service: the role that is fenced in."""
    found = database.service_pool(settings, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture
def reader(seen_town, names):
    """Return what makes a reader with one role in one area, as the service would find it."""

    def make(role, area=None, **more):
        name = next(names)
        account(seen_town, name, role, area, **more)
        return acting_principal(seen_town, name)

    return make


def codes(engine, reader, layer):
    return collections.read_page(engine, reader, layer).iloc[:, 0].tolist()


def test_an_area_of_the_own_is_seen_and_no_other(service, reader):
    west = reader("operator", WEST)
    assert codes(service, west, "grids") == [WEST]
    assert codes(service, reader("operator"), "grids") == [WEST, EAST]


def test_a_camera_of_others_that_looks_in_is_a_code_a_relation_and_a_distance(service, reader):
    page = collections.read_page(service, reader("operator", WEST), "cameras").set_index("code")
    looks_in = page.loc["K3"]
    told = looks_in.dropna().drop(["relation", "distance_m"])
    assert (looks_in["relation"], looks_in["geometry"]) == ("looks_in", None)
    assert looks_in["distance_m"] == 50  # it stands 19 m from there: the first step
    assert told.to_dict() == {}


def test_cameras_that_do_not_look_in_are_not_known(service, reader):
    west = set(codes(service, reader("operator", WEST), "cameras"))
    assert "K1" not in west  # it stands in the east and looks further east


def test_own_cameras_are_seen_whole(service, reader):
    page = collections.read_page(service, reader("operator", EAST), "cameras").set_index("code")
    assert page.index.tolist() == ["K1", "K2", "K3", "K4"]
    assert page.loc["K1", "heading_deg"] == 90
    assert page["relation"].unique().tolist() == ["own"]


def test_a_class_that_is_not_granted_is_not_known_wherever_it_looks(service, reader):
    east = reader("operator", EAST, classes=["social"])
    assert codes(service, east, "cameras") == ["K2", "K4"]
    west = reader("operator", WEST, classes=["social"])
    assert "K3" not in codes(service, west, "cameras")


def test_a_camera_of_unknown_kind_needs_both_classes(seen_town, service, reader):
    with seen_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.camera SET owner_kind = NULL WHERE code = 'K1'"))
    assert "K1" in codes(service, reader("operator", EAST, classes=CLASSES), "cameras")
    assert "K1" not in codes(service, reader("operator", EAST, classes=["skynet"]), "cameras")


@pytest.mark.parametrize(
    ("depth", "cameras", "heading", "viewsheds", "gaps"),
    [
        ("count", 0, None, 0, 0),
        ("position", 4, None, 0, 0),
        ("direction", 4, 90, 1, 0),
        ("gaps", 4, 90, 1, 1),
        ("picture", 4, 90, 1, 1),
    ],
)
def test_a_depth_shows_what_it_says(service, reader, depth, cameras, heading, viewsheds, gaps):
    east = reader("planner", EAST, depth=depth)
    page = collections.read_page(service, east, "cameras").set_index("code")
    assert len(page) == cameras
    if cameras:
        found = page.loc["K1", "heading_deg"]
        assert found == heading or (heading is None and found != found)
    assert bool(codes(service, east, "viewsheds")) == bool(viewsheds)
    assert bool(codes(service, east, "gaps")) == bool(gaps)
    counted = coverage_report.read_report(service, east)["cameras"]
    assert sum(row.registered for row in counted) == 4


def test_viewsheds_of_cameras_of_others_are_not_shown(service, reader):
    assert codes(service, reader("planner", WEST), "viewsheds") == []


def test_gaps_are_those_of_own_grids(service, reader):
    west = collections.read_page(service, reader("planner", WEST), "gaps")
    assert set(west["grid_code"]) == {WEST}


def test_cameras_that_only_count_stand_in_the_figures_of_the_map(service, reader):
    def shown(depth):
        who = reader("planner", None, depth=depth)
        return map_content.read_content(service, who, lang="zh", timezone="Asia/Shanghai")

    wall = shown("count")
    assert (len(wall["cameras"]), wall["counted"]) == (0, {"skynet": 2, "social": 2})
    near = shown("position")
    assert (len(near["cameras"]), near["counted"]) == (4, {})


def test_a_matter_is_seen_in_the_own_area_or_where_the_own_unit_is_sent(seen_town, service, reader):
    west = reader("operator", WEST, unit="U9")
    assert codes(service, west, "incidents") == ["M3"]
    with seen_town.begin() as connection:
        connection.execute(
            text("INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES ('M1', 'U9')")
        )
    assert codes(service, west, "incidents") == ["M1", "M3"]
    assert codes(service, reader("operator", WEST, unit="U8"), "incidents") == ["M3"]


def test_a_responder_sees_what_it_is_sent_to_and_nothing_else_of_its_area(
    seen_town, service, reader
):
    with seen_town.begin() as connection:
        connection.execute(
            text("INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES ('M1', 'U7')")
        )
    page = collections.read_page(service, reader("responder", EAST, unit="U7"), "incidents")
    exact = collections.read_page(service, SYSTEM, "incidents").set_index("code").geometry
    assert list(page["code"]) == ["M1"]
    assert page.geometry[0].equals(exact["M1"])


def test_a_wall_gets_rounded_places(service, reader):
    page = collections.read_page(service, reader("display", EAST), "incidents")
    points = page.set_index("code").geometry
    exact = collections.read_page(service, SYSTEM, "incidents").set_index("code").geometry
    assert sorted(points.index) == ["M1", "M2"]
    assert not points["M2"].equals(exact["M2"])
    assert round(points["M2"].x, 3) == points["M2"].x


def test_the_database_alone_shows_nothing_to_who_says_not_who_asks(service):
    with service.connect() as connection:
        for table in ("camera", "camera_view", "viewshed", "incident", "account", "role_grant"):
            count = connection.execute(text(f"SELECT count(*) FROM govgrid.{table}")).scalar_one()
            assert count == 0, table


def test_the_database_alone_cuts_a_query_that_forgot_its_predicate(service, reader):
    west = reader("operator", WEST)
    with transaction.open_as(service, west) as connection:
        found = connection.execute(text("SELECT code FROM govgrid.incident")).scalars().all()
        cameras = connection.execute(text("SELECT code FROM govgrid.camera")).scalars().all()
    assert (found, cameras) == (["M3"], [])


def test_who_draws_sees_no_matter_account_or_register(service, reader):
    tables = ("incident", "account", "access_register", "audit", "session", "api_key")
    for table in tables:
        with (
            pytest.raises(StoreError, match="permission denied"),
            transaction.open_read_only(service, reader("operator")) as connection,
        ):
            connection.execute(text(f"SELECT * FROM govgrid.{table}"))


def test_the_next_transaction_of_a_connection_knows_nothing_of_the_last_reader(service, reader):
    with transaction.open_as(service, reader("operator")) as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 4
    for _ in range(3):
        with service.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM govgrid.camera")).scalar_one() == 0


def test_a_place_of_others_is_outside_and_its_cameras_are_nobody_s(service, reader):
    west = reader("operator", WEST)
    lon, lat = place(4, 0)
    found = lookup.locate_one(service, west, lon, lat)
    assert (found["status"], found["grid_code"]) == ("outside", "")
    assert found["candidates"] == []
    assert found["nearest_code"] == WEST
    with pytest.raises(NotFoundError):
        who_sees.seeing_one(service, west, lon, lat, timezone=ZONE)


def test_of_a_camera_of_others_that_sees_a_place_only_code_relation_distance_are_told(
    service, reader
):
    lon, lat = place(-2, 0)
    west = who_sees.seeing_one(service, reader("operator", WEST), lon, lat, timezone=ZONE)
    told = {row["code"]: row for row in west["cameras"]}["K3"]
    known = {name: value for name, value in told.items() if value is not None}
    assert known == {"code": "K3", "relation": "possible", "distance_m": 50}


def test_positions_are_needed_to_ask_who_sees_a_place(service, reader):
    lon, lat = place(4, 0)
    with pytest.raises(ForbiddenError):
        who_sees.seeing_one(service, reader("display", EAST), lon, lat, timezone=ZONE)


def test_the_map_holds_nothing_of_others(service, reader):
    content = map_content.read_content(service, reader("operator", WEST), lang="zh", timezone=ZONE)
    assert content["areas"]["code"].tolist() == [WEST]
    assert len(content["cameras"]) == 0
    assert content["incidents"]["code"].tolist() == ["M3"]
    assert set(content["gaps"]["grid_code"]) <= {WEST}
    assert content["seeing"][["bearing_deg", "heading_deg", "px_per_m"]].isna().all().all()


def test_a_display_shows_no_camera_no_gap_and_no_figure_of_few_cameras_on_its_map(service, reader):
    content = map_content.read_content(service, reader("display"), lang="zh", timezone=ZONE)
    assert len(content["cameras"]) == len(content["gaps"]) == 0
    assert len(content["areas"]) == 3
    assert content["areas"]["covered_share"].isna().all()


def test_figures_are_those_of_own_areas(service, reader):
    west = coverage_report.read_report(service, reader("operator", WEST))
    assert {row["code"] for row in west["areas"]} == {WEST}
    assert sum(row.registered for row in west["cameras"]) == 0


def test_gaps_need_their_depth(service, reader):
    with pytest.raises(ForbiddenError):
        coverage_report.read_gaps(service, reader("planner", EAST, depth="direction"))


def test_an_export_as_any_role_holds_nothing_of_other_areas(seen_town, reader):
    none = ("cameras", "viewsheds", "camera-status", "camera-status-history", "buildings", "duties")
    own = {"grids": {WEST}, "areas": {WEST}, "incidents": {"M3"}, **{name: set() for name in none}}
    everything = {
        layer: layer_export.read_layer(seen_town, SYSTEM, layer)
        for layer in collections.names_for(SYSTEM)
    }
    assert set(own) <= set(everything)
    for role in PERMISSIONS:
        west = reader(role, WEST, depth="picture")
        for layer, all_of_it in everything.items():
            part = layer_export.read_layer(seen_town, west, layer)
            assert set(part.columns) <= set(all_of_it.columns) | {"geometry"}, (role, layer)
            if layer == "incidents" and role in UNIT_ONLY:
                assert len(part) == 0
            elif layer in own:
                assert set(part.iloc[:, 0]) == own[layer], (role, layer)
            if layer == "gaps":
                assert set(part["grid_code"]) <= {WEST}, role


def test_who_has_no_grant_sees_nothing_at_all(seen_town, service, names):
    name = next(names)
    account(seen_town, name, None)
    nobody = acting_principal(seen_town, name)
    assert nobody.actions == frozenset()
    for layer in set(collections.placed()) - RESTRICTED_LAYERS:
        assert len(collections.read_page(service, nobody, layer)) == 0, layer


def test_a_grant_ends_on_its_day(seen_town, service, reader):
    west = reader("operator", WEST)
    with seen_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.role_grant SET until = govgrid.today() - 1"))
    assert acting_principal(seen_town, west.account).grants == ()


def test_grants_of_roles_that_show_no_places_open_none():
    auditor = principal.Principal("x", grants=(principal.Grant("auditor"),))
    assert auditor.cut("map").grants == ()
    assert not auditor.cut("map").everything


def test_a_key_is_cut_to_its_scopes():
    grants = (principal.Grant("administrator"),)
    key = principal.Principal("x", grants=grants, scopes=frozenset({"import"}))
    assert key.may("import")
    assert not key.may("accounts")


def test_the_same_key_of_a_cache_means_the_same_rights():
    one, two = (
        principal.Principal(n, grants=(principal.Grant("operator", 7, "x"),)) for n in ("a", "b")
    )
    other = principal.Principal("a", grants=(principal.Grant("operator", 8, "y"),))
    assert one.key == two.key != other.key


def test_the_three_administrators_are_apart():
    powers = ({"accounts", "import"}, {"grants"}, {"audit", "register"})
    for role in PERMISSIONS:
        held = sum(bool(PERMISSIONS[role] & power) for power in powers)
        assert held <= 1, role
    assert {"administrator", "security_administrator", "auditor"} == SECOND_FACTOR
    assert set(PERMISSIONS) >= COARSE
    assert DEPTHS[0] == "count"
