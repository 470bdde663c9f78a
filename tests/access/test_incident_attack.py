"""Incidents tell nobody where cameras stand: an attacker takes them wherever that helps."""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from geopandas import GeoSeries
from sqlalchemy import Engine, text

from geo.access.accounts.local_cli import acting_principal
from geo.access.principal import Principal
from geo.areas.places import Places
from geo.base.crs import WGS84, project
from geo.base.settings import Settings
from geo.coverage.sight_memory import SightMemory
from geo.exchange.publish import collections
from geo.incidents import cameras, intake
from geo.incidents.book import IntakeBooks
from geo.incidents.desk import Desk
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from geo.store import db
from geo.store.cluster import cluster
from tests import databases
from tests.access import attack_town, attacker
from tests.access.attacker import Evidence
from tests.conftest import WORKER
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
METRIC = 4548
MEDIAN_M, NEAR_M, NEAR_SHARE = 30.0, 10.0, 0.1
SPOTS = [(x, y) for x in np.arange(-11.5, 0, 3.0) for y in np.arange(-38, 39, 6.0)]
"""Steps: along the border, where cameras of the other community look over."""


@pytest.fixture(scope="module")
def owner(server, template, run_folder, tmp_path_factory) -> Iterator[Engine]:
    def fill(engine: Engine) -> None:
        attack_town.fill(engine, tmp_path_factory.mktemp("attacked"))

    made = databases.made(server, run_folder, "attacked", template, fill)
    name = f"govgrid_incident_attack{WORKER}"
    databases.recreate(server, name, made)
    found = db.connect(databases.address(server, name))
    yield found
    found.dispose()
    databases.drop(server, name)


@pytest.fixture(scope="module")
def service(owner) -> Iterator[Engine]:
    found = db.connect(owner.url.render_as_string(hide_password=False), role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def truth(owner) -> GeoSeries:
    return collections.rows_of(owner, SYSTEM, "cameras").set_index("code").to_crs(METRIC).geometry


def taken_by(engine: Engine, who: Principal, home) -> dict[str, Evidence]:
    """Take an incident at each spot, read it again, and return what is told of each camera."""
    books = IntakeBooks(engine, Places(engine))
    sight = SightMemory(engine, detail=20)
    desk = Desk(engine, books, books.revisions(SYSTEM), Settings(home=home), sight)
    found: dict[str, Evidence] = {}
    for spot in SPOTS:
        lon, lat = place(*spot)
        given = Report("井盖缺失", "井盖没了", TypedPlace(lon, lat))
        taken = intake.take_incident(desk, who, given)
        view = desk.view(who)
        _, again = cameras.read_cameras(engine, who, taken.created.id, desk.config, view=view)
        (x, y) = metric(lon, lat)
        for line in (*(taken.seen.lines if taken.seen else ()), *again.lines):
            told = found.setdefault(line.code, Evidence())
            if line.relation != "near":
                told.add("seen", [x], [y])
            if line.unit or line.bearing_deg is not None or line.why:
                told.add("circle", [x], [y], [line.distance_m])
            if line.bearing_deg is not None:
                told.add("ray", [x], [y], [line.bearing_deg])
    return found


def metric(lon: float, lat: float) -> tuple[float, float]:
    point = np.array([shapely.Point(lon, lat)], dtype=object)
    x, y = shapely.get_coordinates(project(point, source=WGS84, target=METRIC))[0]
    return float(x), float(y)


def errors(found: dict[str, Evidence], truth: GeoSeries, codes) -> dict[str, list[float]]:
    """Return by way how far the places that are made of the answers are from the cameras."""
    looks = {row[0]: row[4:6] for row in attack_town.cameras()}
    off: dict[str, list[float]] = {}
    for code in sorted(codes):
        for way, metres in attacker.off_m(found[code], truth[code], looks[code]).items():
            off.setdefault(way, []).append(metres)
    return off


def test_who_may_know_them_finds_cameras_by_taking_incidents(service, truth, tmp_path):
    found = taken_by(service, SYSTEM, tmp_path)
    off = errors(found, truth, [code for code in found if len(found[code].of("ray")) > 3])
    assert np.median(off["bearings"]) < 5
    assert np.median(off["distances"]) < 5


def test_who_may_not_finds_none_of_those_that_look_over_the_border(owner, service, truth, tmp_path):
    account(owner, "west", "operator", attack_town.WEST, depth="picture")
    found = taken_by(service, acting_principal(owner, "west"), tmp_path)
    (border, _) = metric(*place(0, 0))
    foreign = [code for code in found if truth[code].x > border]
    assert len(foreign) > 5  # else nothing was tried
    off = errors(found, truth, foreign)
    assert off
    for way, metres in off.items():
        near = np.mean(np.array(metres) < NEAR_M)
        assert (np.median(metres) > MEDIAN_M, near <= NEAR_SHARE) == (True, True), (way, metres)


def test_duplicates_tell_of_no_incident_that_is_not_granted(owner, service, tmp_path):
    """Hints of earlier ones carry distances: they would place incidents of others."""
    account(owner, "eastern", "operator", attack_town.EAST)
    account(owner, "western", "operator", attack_town.WEST)
    books = IntakeBooks(service, Places(service))
    desk = Desk(service, books, books.revisions(SYSTEM), Settings(home=tmp_path))
    hints = {}
    for name, x in (("eastern", 0.5), ("western", -0.5), ("eastern", 0.4)):
        lon, lat = place(x, 0.3)
        given = Report("暴露垃圾", "垃圾", TypedPlace(lon, lat))
        taken = intake.take_incident(desk, acting_principal(owner, name), given)
        hints.setdefault(name, []).append(len(taken.hints))
    assert hints == {"eastern": [0, 1], "western": [0]}
    with owner.begin() as connection:
        asked = text("SELECT count(*) FROM govgrid.incident WHERE title = '垃圾'")
        assert connection.execute(asked).scalar() == 3
