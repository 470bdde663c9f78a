"""The engine: it follows what is written, answers over a socket, and there is one at a time."""

import json
import socket
import stat

import pytest
from sqlalchemy import text

from geo.base.errors import InputError, StateError, UnavailableError
from geo.coverage import compute
from geo.coverage.engine import protocol
from geo.coverage.engine.client import EngineClient
from geo.coverage.engine.server import serve_questions
from geo.coverage.engine.state import HeldCoverage
from geo.coverage.store import engine as epochs
from geo.coverage.store import results
from geo.store import db
from tests.coverage.engine.running import ready, running, until
from tests.toy_town import place

pytestmark = pytest.mark.postgis

EAST = "340802001001002"


def newest(engine):
    with db.open_transaction(engine) as connection:
        return results.require_newest(connection)


def figures(engine, grid=EAST, certainty="certain", device_set="all"):
    with db.open_transaction(engine) as connection:
        rows = results.figure_rows(connection, results.require_newest(connection).id)
    kind = (grid, certainty, device_set)
    (found,) = [r for r in rows if (r["code"], r["certainty"], r["device_set"]) == kind]
    return found


def switch(engine, code, connection):
    with db.open_transaction(engine) as opened:
        opened.execute(
            text("UPDATE govgrid.camera SET connection = :connection WHERE code = :code"),
            {"code": code, "connection": connection},
        )


def trial(x, y, heading_deg, **more):
    lon, lat = place(x, y)
    return {"lon": lon, "lat": lat, "heading_deg": heading_deg, "range_m": 60.0, **more}


def add_camera(engine, x, y, heading_deg):
    lon, lat = place(x, y)
    with db.open_transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.camera (code, name, form, geom) VALUES ('NEW', '新', 'fixed',"
                " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"lon": lon, "lat": lat},
        )
        connection.execute(
            text(
                "INSERT INTO govgrid.camera_view (camera_code, no, heading_deg, heading_source,"
                " range_m) VALUES ('NEW', 1, :heading, 'surveyed', 60)"
            ),
            {"heading": heading_deg},
        )


def test_a_tried_camera_changes_the_figures_as_the_real_one_does(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        told = ready(client).try_camera(trial(12, 0, 90))
        before = figures(seen_town)
        run = newest(seen_town)
        add_camera(seen_town, 12, 0, 90)
        until(lambda: newest(seen_town).revision > run.revision)
    (grid,) = [each for each in told["grids"] if each["grid_code"] == EAST]
    after = figures(seen_town)
    for name in ("covered_area_m2", "covered_demand_m2", "demand_m2"):
        assert grid["certain"]["before"][name] == pytest.approx(before[name])
        assert grid["certain"]["after"][name] == pytest.approx(after[name])
    assert after["covered_demand_m2"] > before["covered_demand_m2"]
    closed_m2 = sum(gap["closed_m2"] for gap in told["gaps"]["certain"])
    gained_m2 = sum(
        each["certain"]["after"]["covered_demand_m2"]
        - each["certain"]["before"]["covered_demand_m2"]
        for each in told["grids"]
    )
    assert closed_m2 == pytest.approx(gained_m2, abs=len(told["gaps"]["certain"]) * 2)


def test_a_trial_leaves_no_trace(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        first = ready(client).try_camera(trial(15, 10, 180))
        other = client.try_camera(trial(-10, -5, 45))
        run = newest(seen_town)
        assert client.amend(None) == {
            **{"run": run.id, "revision": run.revision, "cameras": [], "grids": []},
            "epoch": first["epoch"],
        }
        assert client.try_camera(trial(15, 10, 180)) == first
    assert other["viewsheds"] != first["viewsheds"]
    assert newest(seen_town) == run


def test_what_a_trial_sees_grows_from_certain_to_possible(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        told = ready(client).try_camera(trial(15, 10, 180))
        turning = client.try_camera(trial(15, 10, None))
    seen = told["viewsheds"]
    assert 0 < seen["certain"]["area_m2"] < seen["possible"]["area_m2"]
    assert turning["viewsheds"]["certain"]["area_m2"] == 0
    assert turning["viewsheds"]["possible"]["area_m2"] > seen["possible"]["area_m2"]


def test_figures_follow_a_camera_that_went_off_line(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        ready(client)
        run, before = newest(seen_town), figures(seen_town, device_set="online")
        switch(seen_town, "K1", "offline")
        until(lambda: newest(seen_town).revision == run.revision + 1)
        after = figures(seen_town, device_set="online")
        assert after["covered_area_m2"] < before["covered_area_m2"]
        switch(seen_town, "K1", "online")
        until(lambda: newest(seen_town).revision == run.revision + 2)
    assert figures(seen_town, device_set="online") == before


def test_figures_follow_a_building_that_went(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        ready(client)
        before = figures(seen_town)["covered_area_m2"]
        with db.open_transaction(seen_town) as connection:
            connection.execute(text("DELETE FROM govgrid.building"))
        until(lambda: figures(seen_town)["covered_area_m2"] > before)


def test_an_engine_takes_up_a_run_of_somebody_else(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        ready(client)
        made = compute.compute(seen_town, full=True).run.id
        until(lambda: _answers_of(client, made))
        switch(seen_town, "K1", "offline")
        until(lambda: newest(seen_town).revision == 2)
    assert newest(seen_town).id == made


def _answers_of(client, run):
    try:
        return client.try_camera(trial(15, 10, 180))["run"] == [run, 1]
    except UnavailableError:
        return False


def test_nothing_computed_is_said_and_taken_up_once_it_is(town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, _):
        until(lambda: client.read_sign().state == "idle")
        with pytest.raises(StateError, match="coverage compute"):
            client.try_camera(trial(15, 10, 180))
        compute.compute(town)
        assert ready(client).try_camera(trial(15, 10, 180))["grids"]


def test_a_second_engine_waits_for_the_first_and_counts_on(seen_town, database_url, tmp_path):
    with running(database_url, tmp_path) as (client, _, led):
        first = ready(client).try_camera(trial(15, 10, 180))["epoch"]
        with running(database_url, tmp_path) as (_, _, led_second):
            assert client.try_camera(trial(15, 10, 180))["epoch"] == first
            assert (led, led_second) == ([1], [])
            with db.open_transaction(seen_town) as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_locks"
                        " WHERE locktype = 'advisory' AND classid = :locks AND objid = :work"
                        " AND database = (SELECT oid FROM pg_database"
                        "                 WHERE datname = current_database())"
                    ),
                    {"locks": db.LOCKS, "work": db.ENGINE},
                )
            until(lambda: _epoch(client) == first + 1)


def _epoch(client):
    try:
        return client.try_camera(trial(15, 10, 180))["epoch"]
    except UnavailableError:
        return None


def test_an_amendment_of_an_old_epoch_is_undone(seen_town):
    held = HeldCoverage(seen_town)
    with db.open_transaction(seen_town) as connection:
        held.epoch = epochs.begin_epoch(connection)
    held.load()
    run, before = newest(seen_town), figures(seen_town, device_set="online")
    with db.open_transaction(seen_town) as connection:
        epochs.begin_epoch(connection)
    switch(seen_town, "K1", "offline")
    with pytest.raises(UnavailableError, match="Another engine has taken over"):
        held.amend(["K1"])
    assert newest(seen_town) == run
    assert figures(seen_town, device_set="online") == before


def test_an_answer_of_an_old_epoch_is_not_used(seen_town, tmp_path):
    held, client = HeldCoverage(seen_town), EngineClient(tmp_path)
    with serve_questions(tmp_path, held):
        for epoch, state in ((7, "warming"), (6, "down"), (7, "warming"), (8, "warming")):
            held.epoch = epoch
            assert client.read_sign().state == state


def test_an_engine_that_still_loads_says_so(seen_town, tmp_path):
    with serve_questions(tmp_path, HeldCoverage(seen_town)):
        client = EngineClient(tmp_path)
        assert client.read_sign().state == "warming"
        with pytest.raises(UnavailableError, match="still loading"):
            client.try_camera(trial(15, 10, 180))


def test_without_an_engine_it_is_down(tmp_path):
    client = EngineClient(tmp_path)
    assert client.read_sign().state == "down"
    with pytest.raises(UnavailableError, match="not there now"):
        client.amend(None)


def test_the_socket_is_the_owners_and_takes_the_place_of_an_old_one(seen_town, tmp_path):
    home = tmp_path / ("a" * 90) / ("b" * 90)  # longer than the address of a socket may be
    for _ in range(2):
        listening = protocol.open_socket(home)
        mode = (home / protocol.NAME).lstat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)
        listening.close()
    (home / protocol.NAME).unlink()
    (home / protocol.NAME).write_text("precious")
    with pytest.raises(OSError, match="in use"):
        protocol.open_socket(home)
    assert (home / protocol.NAME).read_text() == "precious"


@pytest.mark.parametrize(
    "sent",
    [
        b"not json\n",
        b"[1]\n",
        b"no line end",
        b"x" * (protocol.MOST_QUESTION + 1),
        b"",
    ],
)
def test_what_is_no_question_gets_no_answer_and_ends_nothing(seen_town, tmp_path, sent):
    with serve_questions(tmp_path, HeldCoverage(seen_town)):
        with (
            socket.socket(socket.AF_UNIX) as connection,
            protocol.socket_address(tmp_path) as address,
        ):
            connection.connect(address)
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(10) == b""
        assert EngineClient(tmp_path).read_sign().state == "warming"


def test_an_unknown_question_fails_alone(seen_town, tmp_path, capfd):
    with serve_questions(tmp_path, HeldCoverage(seen_town)):
        client = EngineClient(tmp_path)
        with pytest.raises(UnavailableError, match="could not do that"):
            client._ask({"do": "fly"}, 5.0)
        assert client.read_sign().state == "warming"
    assert "KeyError" in capfd.readouterr().err


def test_a_camera_above_all_others_cannot_be_tried_where_heights_count(
    seen_town, database_url, tmp_path
):
    with db.open_transaction(seen_town) as connection:
        connection.execute(text("UPDATE govgrid.camera SET mount_height_m = 6"))
    compute.compute(seen_town, heights=True)
    with running(database_url, tmp_path) as (client, _, _):
        ready(client)
        assert client.try_camera(trial(15, 10, 180, mount_height_m=6.0))["grids"]
        with pytest.raises(InputError, match=r"above that of the highest camera \(6.0 m\)"):
            client.try_camera(trial(15, 10, 180, mount_height_m=6.5))


def test_values_that_are_no_numbers_of_json_become_null():
    line = protocol.encode_line({"a": float("nan"), "b": [float("inf"), 1.5], "名": (1,)})
    assert json.loads(line) == {"a": None, "b": [None, 1.5], "名": [1]}
    assert line.endswith(b"\n")
