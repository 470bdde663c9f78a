"""Every route that a coarse role may read: no exact place of a camera, no word of one."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.identity import list_routes, rule_of
from geo.access.roles import COARSE, PERMISSIONS
from tests.signed_in import account, sign_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis

FILLED = {
    "layer": ("cameras", "viewsheds", "gaps", "incidents", "grids"),
    "code": ("K1", "K3"),
}
# 7.5 steps east and 0.5 steps north of the origin: nothing else of the town has these digits
HIDDEN = (place(7.53, 0.57), place(3.13, -0.41))
WORDS = ("门牌十二号", "东侧灯杆", "朝东枪机")


@pytest.fixture
def client(seen_town, settings):
    with seen_town.begin() as connection:
        for code, (lon, lat) in zip(("K1", "K3"), HIDDEN, strict=True):
            connection.execute(
                text(
                    "UPDATE govgrid.camera SET address = '门牌十二号', site = '东侧灯杆',"
                    " position_source = 'verified', name = '朝东枪机',"
                    " geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),"
                    " reported_geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
                    " WHERE code = :code"
                ),
                {"lon": lon, "lat": lat, "code": code},
            )
    with TestClient(create_app(settings)) as found:
        yield found


def addresses(path: str) -> list[str]:
    """Return the addresses of a route, its parts filled in with what the town has."""
    found = [path]
    for part in re.findall(r"\{(\w+)(?::\w+)?\}", path):
        words = FILLED.get(part, ())
        found = [re.sub(rf"\{{{part}(:\w+)?\}}", word, each) for each in found for word in words]
    return found


def asked(client, path: str) -> list[str]:
    """Return the texts that a route answers with."""
    lon, lat = place(4, 0)
    if path.startswith("/api/collections"):
        queries = ({}, {"f": "html"}, {"f": "csv"}) if path.endswith("/items") else ({},)
    else:
        queries = ({"lon": lon, "lat": lat, "limit": 1000},)
    return [client.get(each, params=query).text for each in addresses(path) for query in queries]


@pytest.mark.parametrize("role", sorted(COARSE))
def test_no_route_tells_a_coarse_role_where_a_camera_stands(client, seen_town, role):
    sign_in(client, seen_town, account(seen_town, role, role, depth="picture"))
    mine = [
        route.path
        for route in list_routes(client.app)
        if "GET" in route.methods and (rule := rule_of(route)) is not None
        if rule.action is None or rule.action in PERMISSIONS[role]
    ]
    read = {path: asked(client, path) for path in mine}
    digits = [f"{number:.6f}"[:-1] for at in HIDDEN for number in at]
    for path, bodies in read.items():
        for body in bodies:
            assert [each for each in (*digits, *WORDS) if each in body] == [], path
    if "map" in PERMISSIONS[role]:
        assert '"K1"' in read["/api/collections/{layer}/items"][0]


def test_the_same_words_and_digits_are_told_to_who_may_know_them(client, seen_town):
    sign_in(client, seen_town, account(seen_town, "li", "planner"))
    (cameras, page, file, *_), lon = asked(client, "/api/collections/{layer}/items"), HIDDEN[0][0]
    for told in (cameras, page, file):
        assert all(each in told for each in (*WORDS, f"{lon:.6f}"[:-1]))
