"""Filters, orders and counts tell nothing of rows and values that are not shown.

Whatever is stored is probed, value by value and place by place, by readers with all kinds of
grants. The answer must be what somebody finds who evaluates the filter on the features that this
reader is shown (`cql2`'s own evaluator, which knows nothing of tables).
"""

import csv
import json
from datetime import date, datetime

import cql2
import pytest
import shapely
from sqlalchemy import text

from geo.access.accounts.local_cli import acting_principal
from geo.exchange.publish import asked_features, layer_files, questions
from geo.exchange.publish.items import Items
from geo.exchange.publish.layer_files import FileAsked
from geo.exchange.publish.matches import Matches
from geo.exchange.publish.questions import LayerQuestion
from geo.exchange.publish.shown_rows import ShownRows
from geo.exchange.rules.published_columns import COLUMNS
from geo.exchange.store import asked_rows
from geo.exchange.store.asked_rows import RowQuestion, Source
from geo.store import db, revisions
from tests.signed_in import SYSTEM, account, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis

ZONE = "Asia/Shanghai"
WEST, EAST = "340802001001001", "340802001001002"
ACCOUNTS = {
    "exact, one grid": [("operator", WEST, "picture", ["skynet", "social"])],
    "coarse, everywhere": [("responder", None, "picture", ["skynet", "social"])],
    "coarse, one grid": [("responder", EAST, "picture", ["skynet", "social"])],
    "positions of one class": [("dispatcher", None, "position", ["social"])],
    "numbers only": [("planner", EAST, "count", ["skynet", "social"])],
    "both": [
        ("operator", EAST, "direction", ["skynet"]),
        ("display", WEST, "position", ["skynet", "social"]),
    ],
    "nothing": [],
}
LAYERS = ("cameras", "incidents", "gaps")
SORTING = ("the system", "coarse, one grid", "both", "nothing")


@pytest.fixture
def town_of_secrets(seen_town):
    """Return the toy town with a value in every column that is told to some and not to others."""
    with seen_town.begin() as connection:
        connection.execute(
            text(
                "UPDATE govgrid.camera SET address = '门牌' || code, site = '杆' || code,"
                " name = '枪机' || code, area_reported = '社区' || code, local_code = 'L',"
                " position_source = 'verified', verified_on = '2026-01-02',"
                " reported_geom = geom, installed_on = '2025-03-04', retention_days = 30"
            )
        )
        connection.execute(
            text(
                "UPDATE govgrid.incident SET description = '详情' || code,"
                " address = '地址' || code, reported_at = '2026-09-30T21:40:00+08',"
                " sensitive = code = (SELECT min(code) FROM govgrid.incident)"
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


def readers_of(engine):
    found = {"the system": SYSTEM}
    for n, (name, grants) in enumerate(ACCOUNTS.items()):
        made = account(engine, f"a{n}", None)
        with engine.begin() as connection:
            for role, area, depth, classes in grants:
                grant(connection, made, role, area, depth=depth, classes=classes)
        found[name] = acting_principal(engine, f"a{n}")
    return found


def asked(engine, reader, layer, **question):
    page = questions.read_page(
        engine, reader, layer, LayerQuestion(**question), limit=10_000, zone=ZONE
    )
    features = [json.loads(each) for each in asked_features.write_features(page, LayerQuestion())]
    assert page.matched == len(features)
    return features


def found_by_hand(features, written):
    """Return the ids of those features on which a filter is true; unknown is not true."""
    parsed, found = cql2.parse_text(written), []
    for feature in features:
        try:
            if parsed.matches(feature):
                found.append(feature["id"])
        except Exception as error:
            if "boolean" not in str(error):  # unknown, for which the library has no class
                raise
    return found


def literal(value):
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP('{value:%Y-%m-%dT%H:%M:%SZ}')"
    if isinstance(value, date):
        return f"DATE('{value}')"
    return "'" + str(value).replace("'", "''") + "'"


def probes(engine, layer):
    """Return filters that ask for what is stored: each value of each column, each place."""
    with engine.begin() as connection:
        tables = {"cameras": "published_camera", "incidents": "incident", "poles": "pole"}
        if layer not in tables:
            return ["code LIKE 'K%'" if layer == "viewsheds" else "area_m2 > 0"]
        rows = connection.execute(text(f"SELECT * FROM govgrid.{tables[layer]}")).mappings().all()
    written = {
        f"{name} = {literal(row[name])}"
        for row in rows[:2]
        for name, kind in COLUMNS[layer].items()
        if row.get(name) is not None and kind not in ("date", "time")
    }
    for row in rows:
        at = shapely.from_wkb(row["geom"])
        box = ",".join(map(str, at.buffer(1e-6).bounds))
        written |= {
            f"S_INTERSECTS(geometry,BBOX({box}))",
            f"code = {literal(row['code'])} AND NOT geometry IS NULL",
            f"code = {literal(row['code'])} AND S_DISJOINT(geometry,BBOX({box}))",
        }
    return sorted(written)


def test_a_filter_finds_what_is_true_of_the_features_that_are_shown(town_of_secrets, tmp_path):
    engine = town_of_secrets
    matches = Matches(engine, Items(engine, tmp_path / "snapshots"), ZONE)
    with db.open_transaction(engine) as connection:
        now = revisions.current_revisions(connection)
    found_by_somebody = set()
    for name, reader in readers_of(engine).items():
        for layer in ("cameras", "incidents", "poles"):
            shown = asked(engine, reader, layer)
            for written in probes(engine, layer):
                expected = found_by_hand(shown, written)
                found = [each["id"] for each in asked(engine, reader, layer, filter=written)]
                assert found == expected, (name, layer, written)
                if layer != "incidents":
                    view = matches.view(layer, reader, LayerQuestion(filter=written), now)
                    kept = [view.rows.code(row) for row in view.visible.tolist()]
                    assert kept == expected, (name, layer, written)
                if expected:
                    found_by_somebody.add((name, layer, written))
    assert len(found_by_somebody) > 100
    assert not [each for each in found_by_somebody if each[0] == "nothing"]
    hidden = "name = '枪机K1'"
    assert ("the system", "cameras", hidden) in found_by_somebody
    assert ("coarse, everywhere", "cameras", hidden) not in found_by_somebody


def test_an_order_is_that_of_the_values_that_are_shown(town_of_secrets):
    engine = town_of_secrets
    readers = readers_of(engine)
    for name in SORTING:
        reader = readers[name]
        for layer in LAYERS:
            shown = asked(engine, reader, layer)
            for column in COLUMNS[layer]:
                told = [each["properties"].get(column) for each in shown]
                ranked = sorted(
                    (i for i, value in enumerate(told) if value is not None), key=told.__getitem__
                )
                empty = [i for i, value in enumerate(told) if value is None]
                expected = [shown[i]["id"] for i in (*ranked, *empty)]
                found = [each["id"] for each in asked(engine, reader, layer, sortby=column)]
                assert found == expected, (name, layer, column)


def test_a_file_holds_what_is_shown_and_nothing_else(town_of_secrets, tmp_path):
    full = set()
    for name, reader in readers_of(town_of_secrets).items():
        for layer in (*LAYERS, "viewsheds"):
            shown = asked(town_of_secrets, reader, layer)
            wanted, path = (
                FileAsked(reader, layer, LayerQuestion(), None, ZONE),
                tmp_path / "rows.csv",
            )
            assert layer_files.count_rows(town_of_secrets, wanted) == len(shown)
            layer_files.write_layer(town_of_secrets, wanted, "csv", path)
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            key = next(iter(COLUMNS[layer]))
            assert [row[key] for row in rows] == [each["id"] for each in shown], (name, layer)
            for row, each in zip(rows, shown, strict=True):
                told = {n for n, value in each["properties"].items() if value not in (None, "")}
                cells = {n for n in COLUMNS[layer] if row[n]}
                assert cells <= told, (name, layer, each["id"])
                placed = bool(row.get("lon") or row.get("wkt"))
                assert placed == (each["geometry"] is not None), (name, layer, each["id"])
                full |= {(layer, n) for n in cells}
    assert {("cameras", "heading_deg"), ("incidents", "title"), ("gaps", "area_m2")} <= full


def test_a_condition_is_never_tried_on_a_row_that_is_not_shown(town_of_secrets, tmp_path):
    engine = town_of_secrets
    reader = readers_of(engine)["exact, one grid"]
    items = Items(engine, tmp_path / "snapshots")
    with db.open_transaction(engine) as connection:
        now = revisions.current_revisions(connection)
    for layer, table in (("poles", "pole"), ("cameras", "camera")):
        view = items.view(layer, reader, now)
        expected = [view.rows.code(row) for row in view.visible.tolist()]
        assert 0 < len(expected) < len(view.rows)
        # it fails on all others, which stand in the other grid and see nothing of this one
        told = ", ".join(f"'{code}'" for code in expected)
        failing = f"1 / (CASE WHEN p.code IN ({told}) THEN 1 ELSE 0 END) > 0"
        with questions.open_rows(engine, reader, layer, LayerQuestion(), zone=ZONE) as (
            connection,
            source,
            wanted,
            _,
        ):
            tried = RowQuestion(wanted.columns, [failing])
            assert asked_rows.count_rows(connection, source, tried) == len(expected)
            kept = ShownRows().source(layer, reader, view)
            numbers = asked_rows.select_numbers(connection, kept, tried).tolist()
            assert numbers == list(range(1, len(expected) + 1))
            # and it would be, were there nothing between
            bare = Source(f"SELECT * FROM govgrid.{table}", {})
            with pytest.raises(Exception, match="division by zero"), connection.begin_nested():
                asked_rows.count_rows(connection, bare, tried)
