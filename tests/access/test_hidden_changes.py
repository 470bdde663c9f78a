"""Whatever happens to what a reader is not shown, every answer of the OGC service stays the same.

Each reader asks the same questions twice: pages, files, tiles, filters, orders, forged positions,
single rows by codes that are hidden. Between them all that is hidden from that reader is changed,
and rows are added. A difference in status, header or body would tell of it.
"""

import io
import re
import sqlite3
from itertools import product

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.exchange.publish.collections import COLLECTIONS
from geo.exchange.rules.published_columns import COLUMNS
from tests.api.test_rules import UNLIMITED
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WEST = "340802001001001"
ITEMS = "/api/collections/{}/items"
NEW = ("K0", "K15", "P15", "X15")
"""Codes of rows that are added, hidden from all."""
READERS = {
    "exact, one grid": ("operator", WEST, "picture"),
    "positions, one grid": ("planner", WEST, "position"),
    "edits, one grid": ("administrator", WEST, "gaps"),
    "coarse, everywhere": ("display", None, "direction"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")
COARSE = "coarse, everywhere"
TEXTS = "name = 'zz' || code, site = 'zz', local_code = 'zz', address = 'zz', area_reported = 'zz'"
OUTSIDE = (
    f"UPDATE govgrid.camera SET {TEXTS}, status = 'repair', retention_days = 99, form = 'dome',"
    " mount_height_m = 9, duty_phone = 'zz', installed_on = '2020-02-02'",
    "UPDATE govgrid.camera_view SET hfov_deg = 33, res_h_px = 999 WHERE camera_code <> 'K3'",
    "UPDATE govgrid.pole SET name = 'zz', kind = 'zz', height_m = 99 WHERE code = 'P2'",
    "UPDATE govgrid.incident SET title = 'zz', description = 'zz', address = 'zz', accuracy_m = 77,"
    " reported_at = '2020-02-02' WHERE code IN ('M1', 'M2')",
    "UPDATE govgrid.area SET name = 'zz' WHERE code = '340802001001002'",
    "INSERT INTO govgrid.camera (code, name, owner_kind, geom) SELECT code, 'zz', 'skynet',"
    " ST_SetSRID(ST_MakePoint({far}), 4326) FROM unnest(ARRAY['K0', 'K15']) AS code",
    "INSERT INTO govgrid.pole (code, name, kind, height_m, geom) VALUES ('P15', 'zz', 'zz', 5,"
    " ST_SetSRID(ST_MakePoint({far}), 4326))",
    "INSERT INTO govgrid.place (code, name, kind, geom) VALUES ('X15', 'zz', 'zz',"
    " ST_SetSRID(ST_MakePoint({far}), 4326))",
)
# A coarse reader knows of every camera; not its words, nor where in its square it stands.
WITHIN = (
    f'UPDATE govgrid.camera SET {TEXTS}, attributes = \'{{"zz": "zz"}}\', verified_on = now()',
    "UPDATE govgrid.camera c SET geom = m.geom FROM (SELECT n.code, (array_agg(n.geom ORDER BY"
    " ST_Distance(n.geom, n.old) DESC))[1] AS geom FROM (SELECT code, geom AS old,"
    " ST_Translate(geom, x * 1e-5, y * 1e-5) AS geom FROM govgrid.camera,"
    " generate_series(-3, 3) AS x, generate_series(-3, 3) AS y) n WHERE"
    " govgrid.coarsen_point(n.geom) = govgrid.coarsen_point(n.old) GROUP BY n.code) m"
    " WHERE m.code = c.code",
    "UPDATE govgrid.incident SET title = 'zz', description = 'zz', address = 'zz', accuracy_m = 77"
    " WHERE code IN ('M1', 'M2')",
)
# of which nobody reads in a layer
SENSITIVE = (
    "UPDATE govgrid.incident SET title = 'zz', description = 'zz', address = 'zz',"
    " geom = ST_Translate(geom, 1e-4, 1e-4), reported_at = '2020-02-02' WHERE code = 'M3'",
)


@pytest.fixture
def town_with_more(seen_town):
    with seen_town.begin() as connection:
        kept_back = "SELECT code FROM govgrid.category WHERE sensitive ORDER BY code LIMIT 1"
        statement = f"UPDATE govgrid.incident SET category = ({kept_back}) WHERE code = 'M3'"
        assert connection.execute(text(statement)).rowcount == 1
        connection.execute(
            text(
                "UPDATE govgrid.camera SET position_source = 'verified', reported_geom = geom,"
                " verified_on = '2026-01-02', site = '杆' || code, address = '门牌' || code"
            )
        )
        for code, x in (("P1", -3), ("P2", 3)):
            connection.execute(
                text(
                    "INSERT INTO govgrid.pole (code, name, kind, height_m, geom) VALUES (:code,"
                    " :code, 'x', 5, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
                ),
                {"code": code} | dict(zip(("lon", "lat"), place(x, 0), strict=True)),
            )
    return seen_town


def questions() -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Return method, path, parameter and value of everything that is asked."""
    found = [("GET", f"/api/collections/{layer}", {}) for layer in ("cameras", "incidents")]
    for layer in COLLECTIONS:
        found.append(("GET", ITEMS.format(layer), {}))
        for z in (0, 12, 16):
            found.append(("GET", tile_path(layer, z, *place(2, 0)), {}))
    found += [
        ("GET", tile_path("cameras", z, *place(x, 0)), {}) for x, z in product((1, 9), (18, 20))
    ]
    for layer in ("cameras", "incidents", "poles"):
        path = ITEMS.format(layer)
        found += [("GET", path, {"f": form}) for form in ("csv", "fgb", "gpkg", "html")]
        found += [("GET", path, {"filter": each}) for each in filters(layer)]
        found += [
            ("GET", path, {"sortby": f"-{name}", "limit": "1"})
            for name in (*list(COLUMNS[layer])[:9], *list(COLUMNS[layer])[-5:])
        ]
        found += [("GET", path, {"after": code, "limit": "1"}) for code in ("K0", "K1", "K2", "M1")]
        # of another order, and of a row that is hidden
        found += [
            ("GET", path, {"sortby": "name", "limit": "1", "after": forged})
            for forged in ("WyJ6eiIsIksxNSJd", "W251bGwsIksxIl0", "WyIiLCIiXQ")
        ]
        found += [
            ("GET", path, {"bbox": f"{x - 3e-5},{y - 3e-5},{x + 3e-5},{y + 3e-5}"})
            for x, y in (place(n, 0) for n in (1, 2, 4, 9, 14))
        ]
        found += [("GET", path, {"datetime": each}) for each in ("../2021-01-01", "2020-02-02")]
    for layer, code in product(
        ("cameras", "poles", "places", "views"), (*NEW, "K1", "P2", "K15/1")
    ):
        found += [(m, f"{ITEMS.format(layer)}/{code}", {}) for m in ("GET", "PATCH", "DELETE")]
    return [(method, path, tuple(query.items())) for method, path, query in found]


def filters(layer: str) -> list[str]:
    texts = [name for name, kind in COLUMNS[layer].items() if kind == "text"]
    lon, lat = place(1, 0)
    found = [f"{name} = 'zz'" for name in texts] + [f"{name} LIKE '%z%z%'" for name in texts[:3]]
    found += ["code IN ('K0', 'K15', 'M3', 'P15')", "NOT code = 'K15'", "code > 'K14'"]
    shape = f"POLYGON(({lon} {lat},{lon + 2e-5} {lat},{lon} {lat + 2e-5},{lon} {lat}))"
    for relation in ("INTERSECTS", "DISJOINT", "TOUCHES", "OVERLAPS", "EQUALS", "CROSSES"):
        found.append(f"S_{relation}(geometry, {shape})")
    numbers = [name for name, kind in COLUMNS[layer].items() if kind in ("number", "integer")]
    found += [f"{name} > 1e308 OR {name} < -1e308 OR {name} IS NULL" for name in numbers]
    return found


def tile_path(layer: str, z: int, lon: float, lat: float) -> str:
    from math import asinh, pi, radians, tan

    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**z)
    return f"/api/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}"


def told(answer) -> tuple[int, dict[str, str], object]:
    """Return all that an answer tells, but the time and numbers drawn for it alone."""
    passing = ("date", "x-request-id", "content-security-policy", "content-length")
    headers = {name: value for name, value in answer.headers.items() if name not in passing}
    if "content-disposition" in headers:  # of a file that was written for this answer
        del headers["last-modified"], headers["etag"]
    kind = headers.get("content-type", "")
    if kind.startswith("application/geopackage"):
        return answer.status_code, headers, rows_of_package(answer.content)
    if "json" in kind or "html" in kind:
        body = re.sub(r'"timeStamp":"[^"]*"|nonce="[^"]*"|"csrf[^>]*>', "", answer.text)
        return answer.status_code, headers, body
    return answer.status_code, headers, answer.content


def rows_of_package(content: bytes) -> list[object]:
    with io.BytesIO(content) as file:
        package = sqlite3.connect(":memory:")
        package.deserialize(file.read())
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree%'"
    found: list[object] = []
    for (name,) in sorted(package.execute(tables).fetchall()):
        for row in package.execute(f'SELECT * FROM "{name}"').fetchall():
            found.append(
                (name, [cell for cell in row if not re.match(r"\d{4}-\d\d-\d\dT\d\d:", str(cell))])
            )
    package.close()
    return found


def change(engine, statements) -> None:
    lon, lat = place(14, 14)
    with engine.begin() as connection:
        for each in statements:
            statement = each.replace("{far}", f"{lon}, {lat}").replace(":", "\\:")
            assert connection.execute(text(statement)).rowcount > 0, each


@pytest.fixture
def asking(town_with_more, settings):
    """Return what asks everything as one of the readers."""
    most = {**UNLIMITED, "bulk_rows": 10**6, "bulk_questions": 10**6}
    app, asked = create_app(settings.model_copy(update=most)), questions()
    with TestClient(app, raise_server_exceptions=False) as client:
        visitors, made = Visitors(client, town_with_more), {}
        for n, (name, (role, area, depth)) in enumerate(READERS.items()):
            made[name] = account(town_with_more, f"r{n}", role, area, depth=depth)

        def answers(name):
            reader = visitors.become(made[name])
            return {each: told(ask(reader, *each)) for each in asked}

        yield answers


def same(before, after) -> None:
    assert {each for each, (status, *_) in before.items() if status == 200}
    assert [each for each, (status, *_) in before.items() if status >= 500] == []
    for question, old in before.items():
        assert after[question] == old, question


def test_a_change_outside_of_what_is_granted_changes_no_answer(town_with_more, asking):
    before = {name: asking(name) for name in READERS if name != COARSE}
    change(town_with_more, (*OUTSIDE, *SENSITIVE))
    for name, answers in before.items():
        same(answers, asking(name))


def test_a_change_of_words_and_exact_places_changes_no_coarse_answer(town_with_more, asking):
    before = asking(COARSE)
    change(town_with_more, (*WITHIN, *SENSITIVE))
    same(before, asking(COARSE))


def ask(client, method, path, query):
    more = {"json": {"type": "Feature", "properties": {"name": "新"}}} if method == "PATCH" else {}
    headers = {} if method == "GET" else {"if-match": '"1"'}
    return client.request(method, path, params=dict(query), headers=headers, **more)
