"""Answers about cameras that are granted only coarsely, or not at all."""

from contextlib import suppress

import pytest
from shapely import Point
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo.access import coarse, exact_answers
from geo.access.accounts.local_cli import acting_principal
from geo.base.errors import ForbiddenError, NotFoundError
from geo.cameras.law import compliance
from geo.coverage import report, who_sees
from geo.exchange.imports import runs
from geo.exchange.publish import collections, map_content
from geo.operations import database
from geo.store import db
from tests.signed_in import SYSTEM, account, grant
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ZONE = "Asia/Shanghai"
WORDS = ["name", "local_code", "site", "address", "area_reported", "grid_code"]


@pytest.fixture
def service(seen_town, settings):
    found = database.service_pool(settings, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture
def reader(seen_town):
    """Return what makes a reader with some grants, (role, area, depth) each."""

    def make(*grants, unit=None, **more):
        name = f"a{sum(1 for _ in made)}"
        uuid = account(seen_town, name, None, unit=unit)
        made.append(uuid)
        with seen_town.begin() as connection:
            for role, area, depth in grants:
                grant(connection, uuid, role, area, depth=depth, **more)
        return acting_principal(seen_town, name)

    made = []
    return make


def do(engine, statement, **values):
    with db.open_transaction(engine) as connection:
        return connection.execute(text(statement), values)


def coarse_of(engine, code):
    row = do(
        engine,
        "SELECT ST_X(coarse_geom), ST_Y(coarse_geom) FROM govgrid.camera WHERE code = :code",
        code=code,
    )
    return tuple(row.one())


def move(engine, code, x, y):
    lon, lat = place(x, y)
    do(
        engine,
        "UPDATE govgrid.camera SET geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
        " WHERE code = :code",
        lon=lon,
        lat=lat,
        code=code,
    )


def send(engine, unit, *incidents):
    for code in incidents:
        do(
            engine,
            "INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES (:code, :unit)",
            code=code,
            unit=unit,
        )


def seeing(engine, who, x, y):
    return who_sees.seeing_one(engine, who, *place(x, y), timezone=ZONE)


def of(found, code):
    return {row["code"]: row for row in found["cameras"]}[code]


def test_a_coarse_camera_has_a_coarse_place_and_no_words_of_it(service, seen_town, reader):
    do(
        seen_town,
        "UPDATE govgrid.camera SET site = 's', address = 'a', local_code = 'l',"
        " area_reported = 'r', position_source = 'verified',"
        ' attributes = \'{"门牌": "12"}\'',
    )
    who = reader(("responder", None, "picture"))
    page = collections.read_page(service, who, "cameras").set_index("code")
    assert page.loc["K4"].geometry.equals(Point(117.051, 30.5))
    assert page.loc["K1"].geometry.equals(Point(117.05, 30.5))
    hidden = [*WORDS, "reported_lon", "reported_lat", "position_verified_on"]
    assert page[hidden].isna().all().all()
    assert "门牌" not in page
    assert page["position_source"].unique().tolist() == ["coarse"]
    assert page.loc["K1", ["owner_kind", "form", "heading_deg"]].tolist() == ["skynet", "fixed", 90]


def test_a_row_is_as_exact_as_the_most_exact_grant_that_covers_it(service, reader):
    who = reader(("operator", EAST, "picture"), ("responder", None, "gaps"))
    exact = collections.read_page(service, SYSTEM, "cameras").set_index("code").geometry
    page = collections.read_page(service, who, "cameras").set_index("code").geometry
    assert page.equals(exact)
    away = reader(("operator", WEST, "picture"), ("responder", None, "gaps"))
    page = collections.read_page(service, away, "cameras").set_index("code").geometry
    assert not page.geom_equals(exact).any()
    content = map_content.read_content(service, away, lang="zh", timezone=ZONE)
    assert set(content["cameras"].geometry) == {Point(117.05, 30.5), Point(117.051, 30.5)}


def test_a_grant_of_counts_makes_nothing_exact(service, reader):
    who = reader(("planner", EAST, "count"), ("responder", EAST, "position"))
    page = collections.read_page(service, who, "cameras").set_index("code").geometry
    assert page["K4"].equals(Point(117.051, 30.5))


def test_matters_are_as_exact_as_the_grant_that_covers_them(service, reader):
    who = reader(("operator", WEST, "picture"), ("display", None, "position"))
    page = collections.read_page(service, who, "incidents").set_index("code").geometry
    exact = collections.read_page(service, SYSTEM, "incidents").set_index("code").geometry
    assert page.geom_equals(exact).to_dict() == {"M1": False, "M2": False, "M3": True}


def test_a_coarse_place_stays_until_the_camera_is_clearly_elsewhere(seen_town):
    # 117.0505 is where 117.050 and 117.051 part
    move(seen_town, "K1", 4.9, 0)
    assert coarse_of(seen_town, "K1") == (117.05, 30.5)
    move(seen_town, "K1", 5.8, 0)
    assert coarse_of(seen_town, "K1") == (117.05, 30.5)
    move(seen_town, "K1", 6.2, 0)
    assert coarse_of(seen_town, "K1") == (117.051, 30.5)
    move(seen_town, "K1", 5.2, 0)
    assert coarse_of(seen_town, "K1") == (117.051, 30.5)


def test_an_import_that_is_undone_leaves_the_coarse_places_as_they_were(seen_town, tmp_path):
    before = coarse_of(seen_town, "K1"), coarse_of(seen_town, "K4")
    path = tmp_path / "moved.csv"
    rows = [f"{code},x,{place(x, 0)[0]},{place(x, 0)[1]}" for code, x in (("K1", 30), ("K9", 5))]
    path.write_text("\n".join(["编码,名称,经度,纬度", *rows]), encoding="utf-8")
    run = bring_in(seen_town, "cameras", path).run
    assert coarse_of(seen_town, "K1") == (117.053, 30.5)
    runs.undo_run(seen_town, run, who=SYSTEM)
    assert (coarse_of(seen_town, "K1"), coarse_of(seen_town, "K4")) == before


def test_a_coarse_camera_is_answered_by_cells_without_measures(service, reader):
    who = reader(("responder", None, "picture"))
    told = of(seeing(service, who, 3, 0), "K1")
    assert (told["relation"], told["why"], told["name"]) == ("possible", "by_cell", None)
    assert told["distance_m"] == 50
    assert {told[n] for n in ("bearing_deg", "heading_deg", "px_per_m")} == {None}
    # where K1 is turned away from, but may stand anywhere around its coarse place, and no farther
    assert of(seeing(service, who, -3, 0), "K1")["relation"] == "possible"
    assert of(seeing(service, who, -19, 0), "K1")["relation"] == "near"


def test_who_is_sent_to_a_place_is_told_exactly_who_sees_it(service, seen_town, reader):
    send(seen_town, "U7", "M1")
    who = reader(("responder", None, "position"), unit="U7")
    sent = seeing(service, who, 4, 0)
    assert {row["code"]: row["relation"] for row in sent["cameras"]} == {
        "K1": "sees",
        "K2": "possible",
        "K3": "near",
        "K4": "near",
    }
    assert {(row["name"], row["distance_m"]) for row in sent["cameras"]} == {
        (None, 50),
        (None, 100),
    }
    other = seeing(service, who, 4, 1)
    assert {row["relation"] for row in other["cameras"]} == {"possible"}


def test_a_unit_is_told_exactly_at_twenty_places_a_camera_and_day(service, seen_town, reader):
    count = coarse.EXACT_ANSWERS + 2
    for n in range(count):
        do(
            seen_town,
            "INSERT INTO govgrid.incident (code, title, geom) VALUES (:code, 'x',"
            " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))",
            code=f"N{n:02}",
            lon=place(3 + n / 20, 0)[0],
            lat=place(0, 0)[1],
        )
    send(seen_town, "U7", *(f"N{n:02}" for n in range(count)))
    who = reader(("responder", None, "position"), unit="U7")

    def relations():
        asked = (seeing(service, who, 3 + n / 20, 0) for n in range(count))
        return [of(each, "K1")["relation"] for each in asked]

    first = relations()
    assert first == ["sees"] * coarse.EXACT_ANSWERS + ["possible"] * 2
    assert relations() == first  # what was told once is told again
    do(seen_town, "UPDATE govgrid.exact_answer SET day = day - 1")
    assert relations()[0] == "sees"


def test_answers_of_two_requests_at_once_are_counted_together(service, seen_town, reader):
    who = reader(("responder", None, "position"), unit="U7")
    pairs = [(f"N{n}", "K1") for n in range(30)]
    taken = exact_answers.allowed_pairs(service, who, pairs[:15]) | exact_answers.allowed_pairs(
        service, who, pairs[10:]
    )
    assert len(taken) == coarse.EXACT_ANSWERS
    with pytest.raises(DBAPIError, match="row-level security"), service.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.exact_answer (unit_code, camera_code, incident_code)"
                " VALUES ('U8', 'K1', 'x')"
            )
        )


def test_a_matter_elsewhere_may_be_asked_for_by_who_is_sent_there(service, seen_town, reader):
    send(seen_town, "U7", "M3")
    who = reader(("responder", EAST, "position"), unit="U7")
    assert seeing(service, who, -15, -15)["withheld"] == 0


def test_cameras_that_are_not_granted_are_a_number_and_how_to_ask(service, reader):
    who = reader(("operator", EAST, "picture"), classes=["social"])
    found = seeing(service, who, 3, 0)
    assert {row["code"] for row in found["cameras"]} == {"K2", "K4"}
    assert found["withheld"] == 2  # K1 and K3
    assert "安全管理员" in found["ask"]
    nothing = seeing(service, reader(("operator", EAST, "picture")), 3, 0)
    assert (nothing["withheld"], nothing["ask"]) == (0, None)


def test_no_camera_that_sees_a_place_is_passed_over(service, reader):
    readers = [
        reader(("operator", WEST, "picture")),
        reader(("operator", None, "picture"), classes=["social"]),
        reader(("responder", EAST, "position")),
        reader(("planner", EAST, "count"), ("responder", WEST, "position")),
    ]
    for x in range(-12, 13, 6):
        for y in (-6, 0, 6):
            seen = {
                row["code"]
                for row in seeing(service, SYSTEM, x, y)["cameras"]
                if row["relation"] != "near"
            }
            for who in readers:
                found = None
                with suppress(NotFoundError):  # of a place elsewhere nothing is told
                    found = seeing(service, who, x, y)
                if found is None:
                    continue
                told = {r["code"] for r in found["cameras"] if r["relation"] != "near"}
                assert len(seen - told) <= found["withheld"], (x, y, who.account)


def test_viewsheds_of_coarse_cameras_are_unions_of_cells(service, reader):
    who = reader(("responder", None, "direction"))
    rows = collections.read_page(service, who, "viewsheds").to_crs(4548)
    assert set(rows["certainty"]) == {"possible"}
    exact = (
        collections.read_page(service, SYSTEM, "viewsheds").to_crs(4548).set_index("code").geometry
    )
    for code, shape in zip(rows["code"], rows.geometry, strict=True):
        corners = [c for part in getattr(shape, "geoms", [shape]) for c in part.exterior.coords]
        assert all(abs(v / 50 - round(v / 50)) < 1e-4 for corner in corners for v in corner)
        assert shape.buffer(0.01).covers(exact[code])


def test_gaps_are_refused_where_places_are_coarse(service, reader):
    assert len(collections.read_page(service, reader(("responder", None, "gaps")), "gaps")) == 0
    with pytest.raises(ForbiddenError):
        report.read_gaps(service, reader(("responder", None, "gaps")))


def test_gaps_are_those_of_the_granted_class_and_clear_of_cameras_of_others(service, reader):
    west = collections.read_page(service, reader(("planner", WEST, "gaps")), "gaps").to_crs(4548)
    whole = collections.read_page(service, reader(("planner", None, "gaps")), "gaps").to_crs(4548)
    part = whole[whole["grid_code"] == WEST]
    assert 0 < west.area.sum() < part.area.sum()  # K3 looks in from the east
    assert west.union_all().difference(part.union_all().buffer(0.01)).area < 0.1
    cut = west[west["weight"].isna()]
    assert len(cut)
    assert cut["road_m"].isna().all()
    social = reader(("planner", EAST, "gaps"), classes=["social"])
    found = collections.read_page(service, social, "gaps").to_crs(4548).union_all()
    all_of_it = report.read_gaps(service, SYSTEM, device_set="social").to_crs(4548)
    east = all_of_it[all_of_it["grid_code"] == EAST].union_all()
    assert found.symmetric_difference(east).area < 0.1
    with_all = report.read_gaps(service, social, device_set="online")
    assert with_all.empty


def test_a_class_that_is_not_granted_is_not_none(service, reader):
    social = reader(("operator", EAST, "picture"), classes=["social"])
    rows = {row.owner_kind: row for row in report.read_report(service, social)["cameras"]}
    assert rows["skynet"].registered is None
    assert rows["social"].registered == 2
    content = map_content.read_content(service, social, lang="zh", timezone=ZONE)
    assert content["closed"] == ["skynet"]
    assert content["areas"]["closed"].tolist() == ["skynet"]
    assert content["incidents"].set_index("code").loc["M1", "withheld"] == 2


def test_a_responder_sees_no_shares_on_its_map(service, reader):
    content = map_content.read_content(
        service, reader(("responder", None, "gaps")), lang="zh", timezone=ZONE
    )
    assert content["areas"]["covered_share"].isna().all()
    assert content["figures"] is False
    both = reader(("responder", None, "gaps"), ("planner", EAST, "gaps"))
    content = map_content.read_content(service, both, lang="zh", timezone=ZONE)
    shares = content["areas"].set_index("code")["covered_share"].notna()
    assert (shares[EAST], shares[WEST]) == (True, False)


SEEN = (
    *("covered_area_m2", "covered_share", "covered_demand_m2", "covered_demand_share"),
    *("covered_open_ground_m2", "sliver_m2", "road_seen_m", "longest_blind_m", "junctions_seen"),
)


def figures(service, who, **chosen):
    """Return figures by level, code, device set and certainty."""
    keys = ("level", "code", "device_set", "certainty")
    rows = report.read_report(service, who, **chosen)["areas"]
    return {tuple(row[key] for key in keys): row for row in rows}


def told(row):
    """Return whether any seen camera is shown, and whether all are."""
    known = [row[name] is not None for name in SEEN] + [bool(row["k_area_m2"])]
    return any(known), all(known)


def test_figures_of_few_cameras_are_told_where_all_of_them_are_granted_exactly(service, reader):
    whole, east = figures(service, SYSTEM), reader(("planner", EAST, "gaps"))
    assert figures(service, east) == {k: v for k, v in whole.items() if k[1] == EAST}
    screen = figures(service, reader(("display", None, "picture")))
    assert {told(row) for row in screen.values()} == {(False, False)}
    assert {row["area_m2"] for row in screen.values()} == {r["area_m2"] for r in whole.values()}
    # K1 to K4 stand in the east and look in
    west = figures(service, reader(("planner", WEST, "gaps")))
    assert {told(row) for row in west.values() if row["device_set"] == "skynet"} == {(False, False)}
    content = map_content.read_content(
        service, reader(("display", None, "count")), lang="zh", timezone=ZONE
    )
    assert content["figures"] is False
    assert content["areas"][["covered_share", "covered_demand_share"]].isna().all(axis=None)


def test_figures_of_a_class_that_is_not_granted_are_not_told(service, reader):
    social = reader(("planner", EAST, "gaps"), classes=["social"])
    whole, found = figures(service, SYSTEM, by="grid"), figures(service, social, by="grid")
    for key, row in found.items():
        if key[2] == "social":
            assert row == whole[key]
        else:
            assert told(row) == (False, False), key


def test_figures_of_many_hidden_cameras_are_told_in_steps(service, seen_town, reader):
    # twelve times K1 and its views, which see all there is to see together
    do(
        seen_town,
        "WITH more AS (SELECT k.*, 'X' || n AS new FROM govgrid.camera k, generate_series(1, 12) n"
        " WHERE k.code = 'K1') INSERT INTO govgrid.camera (code, name, owner_kind, geom)"
        " SELECT new, name, owner_kind, geom FROM more",
    )
    do(
        seen_town,
        "INSERT INTO govgrid.viewshed (camera_code, view_no, detail, certainty, inputs_hash, geom)"
        " SELECT 'X' || n, view_no, detail, certainty, inputs_hash, geom FROM govgrid.viewshed,"
        " generate_series(1, 12) n WHERE camera_code = 'K1'",
    )
    (key,) = [
        k
        for k in figures(service, SYSTEM)
        if k[2:] == ("all", "possible") and k[1] != EAST and k[0] != "grid"
    ]
    exact = figures(service, SYSTEM)[key]
    found = figures(service, reader(("display", None, "count")))[key]
    for whole, seen in (
        ("area_m2", "covered_area_m2"),
        ("demand_m2", "covered_demand_m2"),
        ("road_m", "road_seen_m"),
    ):
        step = exact[whole] / 20  # less than a hectare, or 100 m of road
        assert found[whole] == exact[whole]
        assert found[seen] == pytest.approx(round(exact[seen] / step) * step)
        assert found[seen] != pytest.approx(exact[seen])
    step = exact["area_m2"] / 20
    expected = [round(k / step) * step for k in exact["k_area_m2"]]
    assert found["k_area_m2"] == pytest.approx(expected, abs=0.001)
    assert found["covered_share"] == found["covered_open_ground_m2"] / exact["open_ground_m2"]


def test_findings_of_coarse_cameras_have_neither_name_nor_measures(service, seen_town, reader):
    do(
        seen_town,
        "INSERT INTO govgrid.privacy_zone (code, geom) SELECT 'P1', ST_Multi(ST_Buffer("
        "CAST(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geography), 9)::geometry)",
        lon=place(4, 0)[0],
        lat=place(4, 0)[1],
    )
    move(seen_town, "K1", 1.5, 0)
    for who, exact in ((SYSTEM, True), (reader(("auditor", None, "direction")), False)):
        found = compliance.compliance_findings(service, who, timezone=ZONE)
        rows = found.rows[found.rows["kind"].isin(["PRIVACY_VIEW", "MOVED"])]
        assert set(rows["kind"]) == {"PRIVACY_VIEW", "MOVED"}
        assert rows["name"].notna().all() == exact
        assert rows["geometry"].notna().any() == exact
        said = [row.finding for row in compliance.describe_findings(rows, "zh")]
        assert [("米" in each) == exact for each in said] == [True] * len(said), said


def test_who_knows_no_exact_place_reads_no_line_of_an_incident(service, reader):
    screen = reader(("display", None, "count"))
    listed = collections.read_page(service, screen, "incidents")
    assert listed["title"].tolist() == listed["category"].tolist()
    drawn = map_content.read_content(service, screen, lang="zh", timezone=ZONE)["incidents"]
    assert drawn["title"].tolist() == drawn["category"].tolist()
    whole = collections.read_page(service, reader(("operator", None, "picture")), "incidents")
    assert (whole["title"] != whole["category"]).all()
