"""Search in the toy town: what is found by which words, and by whom."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from sqlalchemy import text

from geo.access import principal
from geo.access.principal import Grant, Principal
from geo.exchange.rules.typed_coordinates import parse_coordinates
from geo.exchange.search import search_places
from geo.store import db
from geo.store.cluster import cluster
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
WEST, EAST = "340802001001001", "340802001001002"


def point(x, y):
    lon, lat = place(x, y)
    return f"ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"


def line(*corners):
    ends = ", ".join(" ".join(map(str, place(*corner))) for corner in corners)
    return f"ST_GeomFromText('MULTILINESTRING(({ends}))', 4326)"


ROWS = (
    f"INSERT INTO govgrid.place (code, name, kind, geom) VALUES"
    f" ('P1', '钱牌楼小区', 'estate', {point(-5, 5)}), ('P2', '重庆饭店', 'hotel', {point(10, 5)})",
    f"INSERT INTO govgrid.address (code, name, kind, alias, geom) VALUES"
    f" ('A1', '一路七号', 'door', '老邮局', {point(-4, 1)}),"
    f" ('A2', '一路二十三号', 'door', NULL, {point(12, 1)})",
    f"INSERT INTO govgrid.road (code, name, class, geom) VALUES"
    f" ('R2', '龙山路', 'local', {line((-10, -10), (-10, 10))}),"
    f" ('R3', '枞阳路', 'local', {line((15, -10), (15, 10))})",
    f"INSERT INTO govgrid.pole (code, name, kind, geom) VALUES"
    f" ('DG-0012', NULL, 'lamp', {point(8, 1)})",
    "INSERT INTO govgrid.restricted_zone (code, name, kind, geom) VALUES ('Z1', '九号库', 'depot',"
    " ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(117.0495, 30.5), 4326), 0.0001)))",
)


@pytest.fixture
def found_town(town):
    """Return the toy town with some more to be found."""
    with town.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement))
    return town


@pytest.fixture
def service(found_town, database_url):
    """Return a pool of the role of the service: row-level security holds for it."""
    engine = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield engine
    engine.dispose()


def reader(engine, role="operator", area=None, **more):
    """Return who holds one role in an area."""
    with engine.begin() as connection:
        unit = connection.execute(
            text("SELECT unit_id FROM govgrid.area_now WHERE code = :code"), {"code": area}
        ).scalar()
    return Principal("li", grants=(Grant(role, unit, area, **more),))


def told(engine, who, typed, **more):
    return [
        (each["kind"], each["code"])
        for each in search_places(engine, who, typed, **more)["results"]
    ]


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("钱牌楼", ("estate", "P1")),
        ("牌楼", ("estate", "P1")),
        ("qplxq", ("estate", "P1")),
        ("QPL", ("estate", "P1")),
        ("qianpailou", ("estate", "P1")),
        ("cqfd", ("place", "P2")),
        ("chongqing", ("place", "P2")),
        ("一路7号", ("address", "A1")),
        ("一路 ７号", ("address", "A1")),
        ("1路七号", ("address", "A1")),
        ("七号 一路", ("address", "A1")),
        ("老邮局", ("address", "A1")),
        ("一路23号", ("address", "A2")),
        ("二十三号", ("address", "A2")),
        ("二十", ("address", "A2")),
        ("zyl", ("road", "R3")),
        ("cyl", ("road", "R3")),
        ("dg0012", ("pole", "DG-0012")),
        ("DG-0012", ("pole", "DG-0012")),
        ("0012", ("pole", "DG-0012")),
        ("k1", ("camera", "K1")),
        ("朝东", ("camera", "K1")),
        ("cdqj", ("camera", "K1")),
        (EAST, ("grid", EAST)),
        ("东格", ("grid", EAST)),
        ("dg", ("grid", EAST)),
        ("枞", ("road", "R3")),
    ],
)
def test_what_is_typed_finds_first_what_is_meant(service, found_town, typed, best):
    assert told(service, reader(found_town), typed)[0] == best


def test_an_answer_says_what_was_found_where(service, found_town):
    lon, lat = place(-5, 5)
    assert search_places(service, reader(found_town), "钱牌楼", lang="en") == {
        "query": "钱牌楼",
        "coordinates": None,
        "withheld": 0,
        "results": [
            {
                "kind": "estate",
                "kind_name": "estate",
                "layer": "places",
                "code": "P1",
                "name": "钱牌楼小区",
                "lon": pytest.approx(lon),
                "lat": pytest.approx(lat),
                "exact": True,
            }
        ],
    }


@pytest.mark.parametrize("typed", ["一路龙山路", "龙山路与一路交叉口", "一路 / 龙山路", "yl lsl"])
def test_two_streets_are_found_where_they_cross(service, found_town, typed):
    best = search_places(service, reader(found_town), typed)["results"][0]
    assert (best["kind"], best["name"], best["kind_name"]) == ("crossing", "一路 × 龙山路", "路口")
    assert (best["lon"], best["lat"]) == pytest.approx(tuple(place(-10, 0)))


def test_a_crossing_of_another_area_is_not_told(service, found_town):
    assert told(service, reader(found_town, area=EAST), "一路龙山路") == []
    ours = told(service, reader(found_town, area=EAST), "一路枞阳路")
    assert ours == [("crossing", None)]


def test_a_reader_of_one_area_finds_nothing_of_the_other(service, found_town):
    west, east = reader(found_town, area=WEST), reader(found_town, area=EAST)
    for typed in (
        "东格",
        EAST,
        "cqfd",
        "重庆饭店",
        "DG-0012",
        "二十三号",
        "枞阳路",
        "K1",
        "朝东枪机",
    ):
        assert told(service, west, typed) == [], typed
        assert told(service, east, typed) != [], typed
    # a street that runs through both
    assert told(service, west, "一路")[0] == told(service, east, "一路")[0]


def test_whoever_sees_everything_finds_the_own_area_first(service, found_town):
    everything = reader(found_town)
    west = reader(found_town, "planner", WEST)
    for own, first in ((west, "A1"), (reader(found_town, "planner", EAST), "A2")):
        both = Principal("li", grants=(*everything.grants, *own.grants))
        codes = [code for kind, code in told(service, both, "一路") if kind == "address"]
        assert codes[0] == first


def test_a_coarse_reader_learns_a_place_from_no_word_of_a_camera(service, found_town):
    coarse = reader(found_town, "responder", depth="position")
    for typed in ("朝东枪机", "cdqj", "枪机"):
        assert told(service, coarse, typed) == [], typed
    (found,) = search_places(service, coarse, "K1")["results"]
    with found_town.begin() as connection:
        lon, lat = connection.execute(
            text(
                "SELECT ST_X(coarse_geom), ST_Y(coarse_geom) FROM govgrid.camera WHERE code = 'K1'"
            )
        ).one()
    assert (found["lon"], found["lat"], found["exact"], found["name"]) == (lon, lat, False, "")
    assert (lon, lat) != tuple(place(1, 0))


def test_whoever_may_only_count_cameras_finds_none(service, found_town):
    counting = reader(found_town, "display", depth="count")
    assert told(service, counting, "K1") == []
    assert told(service, reader(found_town, classes=frozenset({"social"})), "K1") == []


def test_restricted_zones_are_found_by_nobody(service, found_town):
    for who in (SYSTEM, reader(found_town), reader(found_town, "security_administrator")):
        for typed in ("九号库", "9号库", "jhk", "Z1"):
            assert told(service, who, typed) == []


def test_incidents_are_found_by_code_by_who_may_see_them(service, found_town):
    with found_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.incident SET code = 'SX-2026-1' WHERE code = 'M1'"))
        connection.execute(
            text(
                "INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES ('SX-2026-1', 'U1')"
            )
        )
    assert told(service, reader(found_town), "SX") == []  # from three letters on
    for typed in ("SX-2026-1", "sx-2026", "SX-"):
        assert told(service, reader(found_town), typed) == [("incident", "SX-2026-1")], typed
    assert told(service, reader(found_town), "垃圾堆放") == []
    assert told(service, reader(found_town, area=WEST), "SX-2026-1") == []
    screen = reader(found_town, "display", depth="count")
    (coarse,) = search_places(service, screen, "SX-2026-1")["results"]
    assert (coarse["name"], coarse["exact"]) == (None, False)
    sent = Principal("li", unit_code="U1", grants=(reader(found_town, area=WEST).grants))
    assert told(service, sent, "SX-2026-1") == [("incident", "SX-2026-1")]


def test_what_is_found_follows_each_write_of_its_transaction(service, found_town):
    who = reader(found_town)
    with db.open_transaction(found_town, keep=False) as connection:
        connection.execute(text("UPDATE govgrid.place SET name = '新名' WHERE code = 'P1'"))
        found = "SELECT count(*) FROM govgrid.search_text WHERE title = '新名'"
        assert connection.execute(text(found)).scalar_one() == 1
    assert told(service, who, "钱牌楼") == [("estate", "P1")]
    with found_town.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.place SET name = '新名', code = 'P9' WHERE code = 'P1'")
        )
        connection.execute(text("DELETE FROM govgrid.road WHERE code = 'R3'"))
        connection.execute(text("TRUNCATE govgrid.pole"))
    assert told(service, who, "新名") == [("estate", "P9")]
    assert told(service, who, "钱牌楼") == told(service, who, "枞阳路") == []
    assert told(service, who, "DG-0012") == []


def test_the_role_of_the_service_writes_without_a_right_to_the_words(service, found_town):
    with db.open_transaction(found_town) as connection:
        before = connection.execute(text("SELECT xmin FROM govgrid.search_text")).all()
    with db.open_transaction(service) as connection:
        connection.execute(text("SELECT set_config('govgrid.granted', 'all', true)"))
        push = "UPDATE govgrid.camera SET connection = 'unknown' WHERE code = 'K1'"
        assert connection.execute(text(push)).rowcount == 1
    with db.open_transaction(found_town) as connection:
        after = connection.execute(text("SELECT xmin FROM govgrid.search_text")).all()
    assert before == after  # a state changes no word


def test_cameras_beyond_the_bulk_limit_are_left_out_and_places_are_not(service, found_town):
    from dataclasses import replace

    made = account(found_town, "wang", "operator")
    who = replace(reader(found_town), id=made)
    first = search_places(service, who, "K", bulk=4)
    assert {each["code"] for each in first["results"]} == {"K1", "K2", "K3", "K4"}
    second = search_places(service, who, "K", bulk=4)
    assert (second["results"], second["withheld"]) == ([], 4)
    assert told(service, who, "钱牌楼", bulk=4) == [("estate", "P1")]


NAMES = st.text(
    alphabet="钱牌楼迎江区人民路枞阳重庆长乐行政村社区新建三里街龙山凤水宜城大桥老峰炮营锡麟",
    min_size=2,
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, east=st.booleans())
def test_every_name_is_found_by_its_initials_by_who_may_see_it_and_by_nobody_else(
    service, found_town, name, east
):
    spot = point(10 if east else -10, 12)
    with found_town.begin() as connection:
        connection.execute(text("DELETE FROM govgrid.place WHERE code = 'X'"))
        insert = f"INSERT INTO govgrid.place (code, name, kind, geom) VALUES ('X', :n, 'x', {spot})"
        connection.execute(text(insert), {"n": name})
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    whole = "".join(lazy_pinyin(name, v_to_u=False))
    for typed in (initials, whole, name):
        for area in (None, EAST, WEST):
            may = area is None or (area == EAST) == east
            found = ("place", "X") in told(service, reader(found_town, area=area), typed)
            assert found == may, (typed, area)
    assert ("place", "X") not in told(service, principal.NOBODY, initials)


@pytest.mark.parametrize(
    "typed",
    [
        "117.05,30.51",
        "30.51 117.05",
        "１１７．０５，３０．５１",
        "东经117.05度北纬30.51度",
        "北纬30度30分36秒，东经117度3分0秒",
        "N30°30'36\" E117°03'00\"",
        "117°3′0″E, 30°30′36″N",
        "经度：117.05 纬度：30.51",
        "lon 117.05 lat 30.51",
    ],
)
def test_coordinates_are_read_in_the_notations_people_use(typed):
    found = parse_coordinates(typed)
    assert (found.lon, found.lat) == pytest.approx((117.05, 30.51))


@pytest.mark.parametrize("typed", ["12 5", "人民路12号", "117.05", "999.5, 999.5", "", "3-5-7"])
def test_what_is_no_pair_of_coordinates_is_none(typed):
    assert parse_coordinates(typed) is None


def test_coordinates_come_with_the_question_of_their_system(service, found_town):
    found = search_places(service, reader(found_town), "117.05,30.51", lang="en")["coordinates"]
    assert (found["lon"], found["lat"]) == (117.05, 30.51)
    assert found["apart_m"] == pytest.approx(
        111_195
        * (
            ((found["if_gcj02"]["lon"] - 117.05) * 0.8616) ** 2
            + (found["if_gcj02"]["lat"] - 30.51) ** 2
        )
        ** 0.5,
        rel=0.002,
    )
    assert 300 < found["apart_m"] < 800
    assert "GCJ-02" in found["question"]
    assert f"{round(found['apart_m'])} m" in found["question"]
    abroad = search_places(service, reader(found_town), "2.35,48.85")["coordinates"]
    assert (abroad["apart_m"], abroad["question"]) == (0, None)
