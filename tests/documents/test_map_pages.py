"""The kept map page: drawn once while nothing changes, never older than the answers of the API."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access import principal
from geo.coverage.incremental import Live
from geo.documents import map_pages
from geo.exchange.imports import runs
from geo.store import db
from tests.signed_in import signed_in
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

STEPS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")  # the watermark says when it was looked at


@pytest.fixture
def client(seen_town, settings):
    with TestClient(create_app(settings)) as found:
        yield signed_in(found, seen_town, "administrator")


def page(client):
    answer = client.get("/map")
    assert answer.status_code == 200
    return STEPS.sub("", answer.text)


def anew(client):
    """Return the page as it is drawn where none is kept."""
    state = client.app.state
    kept, state.map_pages = state.map_pages, map_pages.MapPages(state.engine, state.settings)
    drawn = page(client)
    state.map_pages = kept
    return drawn


def push(client, _engine, _folder):
    states = {"states": [{"code": "K1", "status": "offline", "since": "2026-01-01T08:00:00+08:00"}]}
    assert client.post("/api/camera-status", json=states).json()["inserted"] == 1


def amend(_client, engine, _folder):
    live = Live(engine)
    live.refresh()
    sql(engine, "UPDATE govgrid.camera_view SET heading_deg = 0 WHERE camera_code = 'K1'")
    live.refresh(["K1"])


def sql(engine, statement):
    with db.open_transaction(engine) as connection:
        connection.execute(text(statement))


WRITES = {
    "area": "UPDATE govgrid.area SET name = '新格' WHERE code = '340802001001001'",
    "building": "DELETE FROM govgrid.building",
    "incident": "UPDATE govgrid.incident SET title = '改过' WHERE code = 'M1'",
    "coverage": "DELETE FROM govgrid.coverage_run",
}


def held(client, before):
    """Hold the page against one that is drawn now, and against the one before."""
    after = page(client)
    assert after == anew(client)
    assert after != before


def test_no_page_is_older_than_its_layers(client, seen_town):
    for write in WRITES.values():
        before = page(client)
        sql(seen_town, write)
        held(client, before)


@pytest.mark.parametrize("write", [push, amend], ids=["push", "amendment"])
def test_no_page_is_older_than_the_answers_of_the_api(client, seen_town, tmp_path, write):
    before = page(client)
    write(client, seen_town, tmp_path)
    held(client, before)


def test_no_page_shows_what_was_undone(client, seen_town, tmp_path):
    path = tmp_path / "more.csv"
    path.write_text(f"编码,名称,经度,纬度\nK9,新枪机,{place(3, 3)[0]},{place(3, 3)[1]}\n")
    run = bring_in(seen_town, "cameras", path).run
    before = page(client)
    assert "新枪机" in before
    runs.undo_run(seen_town, run, who=principal.system_principal("test"))
    held(client, before)


def test_a_page_is_drawn_once_while_nothing_changes(client, seen_town, monkeypatch):
    before = page(client)
    sql(seen_town, "UPDATE govgrid.incident SET title = title WHERE code = 'nobody'")
    monkeypatch.setattr(map_pages, "map_page", None)
    assert page(client) == before


def test_a_page_that_was_being_drawn_while_somebody_wrote_is_drawn_again(
    client, seen_town, monkeypatch
):
    drawing = map_pages.map_page

    def interrupted(*args, **options):
        drawn = drawing(*args, **options)
        sql(seen_town, WRITES["incident"])
        monkeypatch.setattr(map_pages, "map_page", drawing)
        return drawn

    monkeypatch.setattr(map_pages, "map_page", interrupted)
    assert "改过" not in page(client)
    assert "改过" in page(client)
