"""Edits of the toy town and the amendments that follow: figures, gaps, revisions, messages."""

import select
import threading

import numpy as np
import pandas as pd
import psycopg2
import pytest
import shapely
from sqlalchemy import make_url, text

from geo.base.errors import StateError, StoreError
from geo.coverage import compute
from geo.coverage.incremental import Live
from geo.coverage.store import results
from geo.store import db, frames, installation
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
KEY = ["level", "code", "device_set", "detail", "certainty"]


def run_sql(engine, statement, **parameters):
    with db.open_transaction(engine) as connection:
        connection.execute(text(statement), parameters)


def switch(engine, code, connection):
    run_sql(
        engine,
        "UPDATE govgrid.camera SET connection = :connection WHERE code = :code",
        code=code,
        connection=connection,
    )


def newest(engine):
    with db.open_transaction(engine) as connection:
        return results.require_newest(connection)


def figures(engine):
    """The figures of the newest run, by area, set, detail and certainty; depths as columns."""
    with db.open_transaction(engine) as connection:
        found = results.read_figures(connection, results.require_newest(connection).id)
    found = found.set_index(KEY).sort_index().drop(columns=["name", "kind", "parent_code"])
    depths = np.array(found.pop("k_area_m2").tolist())
    found = found.join(pd.DataFrame(depths, index=found.index).add_prefix("k"))
    return found.astype(float)


def gaps(engine):
    with db.open_transaction(engine) as connection:
        return frames.read_layer(
            connection,
            "SELECT device_set, detail, certainty, grid_code, area_m2, weight, road_m, entrances,"
            " geom FROM govgrid.gap ORDER BY device_set, detail, certainty, grid_code,"
            " round(area_m2::numeric, 4), round(ST_XMin(geom)::numeric, 4),"
            " round(ST_YMin(geom)::numeric, 4)",
            srid=installation.metric_srid(connection),
        )


def viewsheds(engine):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(
            connection,
            "SELECT camera_code, view_no, detail, certainty, inputs_hash FROM govgrid.viewshed"
            " ORDER BY 1, 2, 3, 4",
        )


def everything(engine):
    """All that a run has written, to be compared as it is."""
    run = newest(engine)
    shown = gaps(engine)
    plain = pd.DataFrame(shown.drop(columns="geometry")).assign(
        wkb=shapely.to_wkb(shown.geometry.to_numpy())
    )
    tables = [figures(engine), plain, viewsheds(engine)]
    return (run.id, run.revision, run.inputs_hash, *(table.to_csv() for table in tables))


def assert_as_if_computed(engine, details=(20.0,)):
    """The amended run is what a computation from the start gives, and the computation agrees."""
    amended = newest(engine)
    assert compute.compute(engine, details=details).unchanged
    ours, our_gaps, our_views = figures(engine), gaps(engine), viewsheds(engine)
    fresh = compute.compute(engine, details=details, full=True)
    assert fresh.run.inputs_hash == amended.inputs_hash
    assert fresh.run.assumptions == amended.assumptions
    pd.testing.assert_frame_equal(ours, figures(engine), rtol=0, atol=1e-6)
    pd.testing.assert_frame_equal(our_views, viewsheds(engine))
    plain = [pd.DataFrame(g.drop(columns="geometry")) for g in (our_gaps, gaps(engine))]
    pd.testing.assert_frame_equal(*plain, rtol=0, atol=1e-6)
    apart = our_gaps.geometry.symmetric_difference(gaps(engine).geometry, align=False)
    assert apart.area.sum() < 1e-6


def changed(before, after):
    """The device sets whose figures differ."""
    apart = (before - after).abs().max(axis=1) > 1e-6
    return set(before.index.get_level_values("device_set")[apart])


@pytest.fixture
def live(seen_town):
    found = Live(seen_town)
    found.refresh()
    return found


def test_the_first_refresh_computes_and_a_later_process_takes_that_up(town):
    first = Live(town).refresh()
    assert (first.revision, first.cameras, len(first.opened)) == (1, (), 0)
    assert first.run == newest(town).id
    before = everything(town)
    again = Live(town).refresh()
    assert (again.run, again.revision) == (first.run, 1)
    assert everything(town) == before
    assert_as_if_computed(town)


def test_without_areas_there_is_nothing_to_refresh(engine, town_files):
    bring_in(engine, "roads", town_files["roads"])
    with pytest.raises(StateError, match="import areas"):
        Live(engine).refresh()


def test_a_camera_off_line_is_missing_at_once_in_the_online_figures_only(town, live):
    before = figures(town)
    switch(town, "K1", "offline")
    done = live.refresh(["K1"])
    after = figures(town)
    assert (done.revision, done.cameras, done.grids) == (2, ("K1",), (EAST,))
    assert changed(before, after) == {"online"}
    online = ("grid", EAST, "online", 20.0, "certain")
    assert after.loc[online, "covered_demand_m2"] < before.loc[online, "covered_demand_m2"] - 100
    assert_as_if_computed(town)


def test_the_gaps_that_open_are_named_and_are_what_nobody_else_sees(town, live):
    before = figures(town)
    switch(town, "K1", "offline")
    opened = live.refresh(["K1"]).opened
    after = figures(town)
    assert set(opened["device_set"]) == {"online"}
    assert set(opened["certainty"]) == {"certain", "possible"}
    assert set(opened["grid_code"]) == {EAST}
    for certainty in ("certain", "possible"):
        key = ("grid", EAST, "online", 20.0, certainty)
        lost = before.loc[key, "covered_demand_m2"] - after.loc[key, "covered_demand_m2"]
        named = opened[opened["certainty"] == certainty].drop_duplicates("piece")
        assert named["opened_m2"].sum() == pytest.approx(lost, abs=3)
        assert (named["opened_m2"] <= named["area_m2"] + 1e-6).all()


def test_back_on_line_restores_everything_and_opens_nothing(town, live):
    before = everything(town)
    switch(town, "K1", "offline")
    live.refresh(["K1"])
    assert everything(town)[3:] != before[3:]
    switch(town, "K1", "online")
    done = live.refresh(["K1"])
    after = everything(town)
    assert (done.revision, len(done.opened)) == (3, 0)
    assert after[0] == before[0]
    assert after[2:] == before[2:]


def test_a_refresh_without_a_change_leaves_the_run_as_it_is(town, live):
    before = everything(town)
    for codes in (None, [], ["K1"], ["K1", "K4"], ["nobody"]):
        done = live.refresh(codes)
        assert (done.revision, done.cameras, done.grids) == (1, (), ())
        assert {"grid_code", "certainty", "device_set", "detail", "opened_m2"} <= set(done.opened)
    run_sql(town, "UPDATE govgrid.camera SET name = '别名', address = '某处'")
    assert live.refresh().revision == 1
    assert everything(town) == before


def test_only_cameras_that_differ_are_named(town, live):
    switch(town, "K4", "offline")
    assert live.refresh(["K1", "K2", "K4"]).cameras == ("K4",)


def test_a_turned_camera_sees_elsewhere(town, live):
    run_sql(town, "UPDATE govgrid.camera_view SET heading_deg = 0 WHERE camera_code = 'K1'")
    done = live.refresh(["K1"])
    assert set(done.opened["device_set"]) == {"all", "skynet", "online"}
    assert_as_if_computed(town)


def test_a_further_view_a_new_camera_and_a_camera_moved_to_another_grid(town, live, tmp_path):
    lon, lat = place(-10, 1)
    path = tmp_path / "more.csv"
    rows = [f"K1,朝东枪机,NE;SW,60,在线,{lon},{lat}", f"K8,新枪机,180,60,在线,{lon},{lat}"]
    path.write_text("\n".join(["编码,名称,监视方位,有效距离,状态,经度,纬度", *rows]), "utf-8")
    bring_in(town, "cameras", path)
    done = live.refresh(["K1", "K8"])
    assert (done.cameras, done.grids) == (("K1", "K8"), (WEST, EAST))
    assert_as_if_computed(town)


def test_a_camera_that_goes_leaves_figures_and_viewsheds(town, live):
    run_sql(town, "UPDATE govgrid.camera SET status = 'removed' WHERE code = 'K1'")
    removed = live.refresh(["K1"])
    run_sql(town, "DELETE FROM govgrid.camera WHERE code = 'K4'")
    deleted = live.refresh()
    assert (removed.cameras, removed.grids) == (("K1",), (EAST,))
    assert (deleted.cameras, deleted.grids) == (("K4",), (EAST,))
    assert set(removed.opened["device_set"]) == {"all", "skynet", "online"}
    assert set(deleted.opened["device_set"]) == {"all", "social", "online"}
    assert set(viewsheds(town)["camera_code"]) == {"K2", "K3"}
    assert_as_if_computed(town)


def test_the_last_camera_may_go(town, live):
    run_sql(town, "DELETE FROM govgrid.camera")
    done = live.refresh()
    assert len(done.cameras) == 4
    assert (figures(town)["covered_area_m2"] == 0).all()
    assert len(viewsheds(town)) == 0
    assert_as_if_computed(town)


def test_a_new_building_is_measured_in_its_grid_alone(town, live, tmp_path):
    before = figures(town)
    # Between the slab and K4, which looks at its rear: nobody else reaches this place.
    hut = write_geojson(
        tmp_path / "hut.geojson", [({"height": 9, "code": "H"}, rectangle(8.4, -1, 8.8, 1))]
    )
    bring_in(town, "buildings", hut)
    done = live.refresh()
    assert (done.revision, done.cameras, done.grids) == (2, ("K4",), (EAST,))
    assert set(done.opened["device_set"]) == {"all", "social", "online"}
    west = figures(town).xs(WEST, level="code")
    pd.testing.assert_frame_equal(west, before.xs(WEST, level="code"), rtol=0, atol=0)
    assert_as_if_computed(town)


def test_a_building_that_goes_gives_everything_back(town, live, tmp_path):
    before = everything(town)
    hall = write_geojson(
        tmp_path / "hall.geojson", [({"height": 9, "code": "H"}, rectangle(-3, -1, 4, 1))]
    )
    bring_in(town, "buildings", hall)
    assert live.refresh().grids == (WEST, EAST)
    run_sql(town, "DELETE FROM govgrid.building WHERE code = 'H'")
    assert live.refresh().revision == 3
    after = everything(town)
    assert after[2] == before[2]
    assert_as_if_computed(town)


def test_a_privacy_zone_is_no_demand(town, live):
    run_sql(
        town,
        "INSERT INTO govgrid.privacy_zone (code, geom) VALUES ('Z', ST_Multi(ST_MakeEnvelope("
        ":x0, :y0, :x1, :y1, 4326)))",
        **dict(zip(("x0", "y0", "x1", "y1"), (*place(-10, -2), *place(-5, 2)), strict=True)),
    )
    before = figures(town)
    done = live.refresh()
    assert done.grids == (WEST,)
    area = ("grid", WEST, "all", 20.0, "certain")
    assert figures(town).loc[area, "demand_m2"] < before.loc[area, "demand_m2"]
    assert_as_if_computed(town)


def test_a_new_road_is_computed_from_the_start(town, live, tmp_path):
    lane = {"type": "LineString", "coordinates": [place(-5, -15), place(-5, 15)]}
    path = write_geojson(tmp_path / "lane.geojson", [({"code": "L", "class": "支路"}, lane)])
    first = newest(town)
    bring_in(town, "roads", path)
    done = live.refresh()
    assert (done.run, done.revision) == (first.id + 1, 1)
    switch(town, "K1", "offline")
    assert live.refresh(["K1"]).revision == 2
    assert_as_if_computed(town)


def test_every_detail_of_the_run_is_amended(town, tmp_path):
    first = compute.compute(town, details=[40, 20, 20.0])
    live = Live(town)
    before = figures(town)
    assert (live.refresh().run, live.refresh().revision) == (first.run.id, 1)
    switch(town, "K1", "offline")
    done = live.refresh(["K1"])
    after = figures(town)
    assert (done.revision, set(done.opened["detail"])) == (2, {20.0, 40.0})
    for detail in (20.0, 40.0):
        key = ("grid", EAST, "online", detail, "certain")
        assert after.loc[key, "covered_area_m2"] < before.loc[key, "covered_area_m2"]
    hall = write_geojson(tmp_path / "hall.geojson", [({"code": "H"}, rectangle(3, -1, 4, 1))])
    bring_in(town, "buildings", hall)
    assert live.refresh().revision == 3
    assert_as_if_computed(town, details=(20, 40))


def test_a_camera_higher_than_all_before_looks_over_buildings(town):
    run_sql(town, "UPDATE govgrid.camera SET mount_height_m = 6")
    compute.compute(town, heights=True)
    live = Live(town)
    live.refresh()
    run_sql(town, "UPDATE govgrid.camera SET mount_height_m = 30 WHERE code = 'K1'")
    live.refresh(["K1"])
    assert_as_if_computed(town)
    run_sql(town, "UPDATE govgrid.camera SET mount_height_m = 6 WHERE code = 'K1'")
    live.refresh(["K1"])
    assert_as_if_computed(town)


def test_edits_of_another_process_are_noticed(town, live, database_url):
    engine = db.connect(database_url)
    other, first = Live(engine), figures(town)
    try:
        switch(town, "K1", "offline")
        other.refresh()
        assert other.refresh().revision == newest(town).revision
        switch(town, "K4", "offline")
        live.refresh(["K4"])
        assert_as_if_computed(town)
        switch(town, "K1", "online")
        other.refresh(["K1"])
        switch(town, "K4", "online")
        live.refresh(["K4"])
        pd.testing.assert_frame_equal(first, figures(town), rtol=0, atol=1e-6)
    finally:
        engine.dispose()


def test_a_run_computed_meanwhile_is_the_one_that_is_amended(town, live):
    first = newest(town).id
    compute.compute(town, full=True)
    switch(town, "K1", "offline")
    done = live.refresh(["K1"])
    assert (done.run, done.revision) == (first + 1, 2)
    assert len(done.opened)
    assert_as_if_computed(town)


def test_runs_that_were_deleted_are_computed_again(town, live):
    run_sql(town, "DELETE FROM govgrid.coverage_run")
    assert live.refresh(["K1"]).revision == 1
    assert_as_if_computed(town)


BREAK = (
    "CREATE FUNCTION govgrid.broken() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RAISE EXCEPTION ''disk on fire''; END'"
)


def test_a_failure_in_the_middle_leaves_all_tables_and_the_next_refresh_works(town, live):
    run_sql(town, BREAK)
    before, turned = everything(town), []
    for table, event in (("viewshed", "INSERT"), ("gap", "INSERT"), ("coverage_run", "UPDATE")):
        run_sql(town, "UPDATE govgrid.camera_view SET heading_deg = 45 WHERE camera_code = 'K1'")
        run_sql(
            town,
            f"CREATE TRIGGER broken BEFORE {event} ON govgrid.{table}"
            " FOR EACH ROW EXECUTE FUNCTION govgrid.broken()",
        )
        with pytest.raises(StoreError, match="disk on fire"):
            live.refresh(["K1"])
        assert everything(town) == before
        run_sql(town, f"DROP TRIGGER broken ON govgrid.{table}")
        live.refresh(["K1"])
        turned.append(figures(town))
        pd.testing.assert_frame_equal(turned[-1], turned[0], rtol=0, atol=1e-6)
        if len(turned) < 3:
            back = "UPDATE govgrid.camera_view SET heading_deg = 90 WHERE camera_code = 'K1'"
            run_sql(town, back)
            live.refresh(["K1"])
            before = everything(town)
    assert_as_if_computed(town)


@pytest.fixture
def heard(database_url):
    """Return how often a revision of the figures was heard of so far."""
    address = make_url(database_url).set(drivername="postgresql")
    listener = psycopg2.connect(address.render_as_string(hide_password=False))
    listener.autocommit = True
    listener.cursor().execute("LISTEN govgrid")

    def so_far():
        while select.select([listener], [], [], 0.5)[0]:
            listener.poll()
        return sum(notice.payload.startswith("coverage ") for notice in listener.notifies)

    yield so_far
    listener.close()


def computed_data(engine):
    """Return what events tell of figures."""
    with db.open_transaction(engine) as connection:
        found = connection.execute(
            text("SELECT data FROM govgrid.outbox WHERE kind = 'computed' ORDER BY xact, id")
        )
        return list(found.scalars())


def computed(engine):
    """Return the revisions of the figures that events tell."""
    return [data["revision"] for data in computed_data(engine)]


def test_listeners_hear_of_a_change_once_it_holds(town, live, heard):
    run = newest(town).id
    switch(town, "K1", "offline")
    live.refresh(["K1"])
    live.refresh(["K1"])
    assert heard() == 1
    assert computed(town)[-1] == f"{run}.2"
    with db.open_transaction(town) as connection:
        results.notify_change(connection, "coverage", "9.9")
        assert computed(town)[-1] == f"{run}.2"
    assert computed(town)[-1] == "9.9"


def test_nobody_hears_of_a_change_that_failed(town, live, heard):
    run_sql(town, BREAK)
    run_sql(
        town,
        "CREATE CONSTRAINT TRIGGER broken AFTER UPDATE ON govgrid.coverage_run"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION govgrid.broken()",
    )
    switch(town, "K1", "offline")
    told = computed(town)
    with pytest.raises(StoreError, match="disk on fire"):
        live.refresh(["K1"])
    assert heard() == 0
    assert computed(town) == told


def test_chosen_figures_are_committed_first_and_say_that_the_others_are_pending(town):
    Live(town).refresh()
    told = []

    def look(_):
        told.append((newest(town), figures(town)))  # of another connection: what is committed

    live = Live(town, chosen_first=True, fence=look)
    live.refresh()
    before, told[:] = figures(town), []
    run_sql(town, "UPDATE govgrid.camera_view SET heading_deg = 0 WHERE camera_code = 'K1'")
    done = live.refresh(["K1"])
    (first, _), (second, halfway) = told
    assert (first.pending, second.pending, newest(town).pending) == (False, True, False)
    assert second.revision == first.revision + 1 == newest(town).revision == done.revision
    kind = {"device_set": "all", "certainty": "certain"}
    chosen = [row for row in before.index if {row[2], row[4]} == set(kind.values())]
    others = [row for row in before.index if row not in set(chosen)]
    pd.testing.assert_frame_equal(halfway.loc[chosen], figures(town).loc[chosen])
    pd.testing.assert_frame_equal(halfway.loc[others], before.loc[others])
    assert changed(before, halfway) == {"all"}
    assert set(done.opened["device_set"]) == {"all", "skynet", "online"}
    assert [each.get("pending") for each in computed_data(town)[-2:]] == [True, None]
    assert_as_if_computed(town)


def test_what_fails_after_the_chosen_figures_is_computed_anew(town):
    live = Live(town, chosen_first=True)
    live.refresh()
    run = newest(town)
    run_sql(town, BREAK)
    run_sql(
        town,
        "CREATE TRIGGER broken BEFORE INSERT ON govgrid.viewshed"
        " FOR EACH ROW EXECUTE FUNCTION govgrid.broken()",
    )
    run_sql(town, "UPDATE govgrid.camera_view SET heading_deg = 0 WHERE camera_code = 'K1'")
    with pytest.raises(StoreError, match="disk on fire"):
        live.refresh(["K1"])
    assert (newest(town).id, newest(town).pending) == (run.id, True)
    run_sql(town, "DROP TRIGGER broken ON govgrid.viewshed")
    done = live.refresh(["K1"])
    assert (done.run, newest(town).pending) == (run.id + 1, False)
    assert_as_if_computed(town)


def test_a_run_computed_between_the_chosen_and_the_other_figures_stands(town):
    Live(town).refresh()
    turns = []

    def another(_):
        turns.append(1)
        if len(turns) == 3:  # its own first, then the edit's two
            run_sql(town, "UPDATE govgrid.coverage_run SET revision = revision + 1")

    live = Live(town, chosen_first=True, fence=another)
    live.refresh()
    run_sql(town, "UPDATE govgrid.camera_view SET heading_deg = 0 WHERE camera_code = 'K1'")
    run = newest(town)
    assert live.refresh(["K1"]).run == run.id + 1
    assert_as_if_computed(town)


def test_amendments_wait_for_each_other(town, live, database_url):
    other = db.connect(database_url)
    second = Live(other)
    second.refresh()
    switch(town, "K1", "offline")
    switch(town, "K4", "offline")
    works = [
        threading.Thread(target=each.refresh, args=([code],))
        for each, code in ((live, "K1"), (second, "K4"))
    ]
    for work in works:
        work.start()
    for work in works:
        work.join()
    other.dispose()
    assert_as_if_computed(town)


def test_what_changes_the_tables_is_amended_with_what_it_opened(town):
    compute.compute(town)
    live = Live(town)

    def write():
        switch(town, "K1", "offline")
        return "written", ["K1"]

    done, amendment = live.amended(write)
    assert (done, amendment.revision, amendment.cameras) == ("written", 2, ("K1",))
    assert len(amendment.opened)


def _anything(rng, engine):
    """Do something to the town that somebody might."""
    code = f"K{rng.integers(1, 8)}"
    x, y = rng.uniform(-18, 18, 2).tolist()
    lon, lat = place(x, y)
    at = {"code": code, "lon": lon, "lat": lat}
    other = {"deg": float(rng.integers(0, 360)), "state": str(rng.choice(["online", "offline"]))}
    point = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
    deeds = [
        ("UPDATE govgrid.camera SET connection = :state WHERE code = :code", True),
        (f"UPDATE govgrid.camera SET geom = {point} WHERE code = :code", True),
        ("UPDATE govgrid.camera_view SET heading_deg = :deg, heading_source = 'surveyed'"
         " WHERE camera_code = :code", True),
        ("DELETE FROM govgrid.camera WHERE code = :code", True),
        ("INSERT INTO govgrid.camera (code, name, form, connection, geom) VALUES (:code, '新',"
         f" 'fixed', :state, {point}) ON CONFLICT DO NOTHING; INSERT INTO govgrid.camera_view"
         " (camera_code, no, heading_deg, heading_source, range_m)"
         " VALUES (:code, 1, :deg, 'rounded8', 50) ON CONFLICT DO NOTHING", True),
        ("INSERT INTO govgrid.building (code, geom) VALUES (:code, ST_Multi(ST_Expand("
         f"{point}, 0.00008))) ON CONFLICT (code) DO UPDATE SET geom = excluded.geom", False),
        ("DELETE FROM govgrid.building WHERE code = :code", False),
        ("INSERT INTO govgrid.privacy_zone (code, geom) VALUES (:code, ST_Multi(ST_Expand("
         f"{point}, 0.0001))) ON CONFLICT (code) DO UPDATE SET geom = excluded.geom", False),
    ]  # fmt: skip
    statement, of_cameras = deeds[rng.integers(len(deeds))]
    named = {name: v for name, v in {**at, **other}.items() if f":{name}" in statement}
    run_sql(engine, statement, **named)
    return [code] if of_cameras and rng.random() < 0.7 else None


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_edits_ends_where_a_computation_does(town, seed, thorough):
    rng = np.random.default_rng(seed)
    live = Live(town, chosen_first=bool(seed))
    live.refresh()
    for _ in range(24 if thorough else 8):
        before = newest(town).revision
        done = live.refresh(_anything(rng, town))
        assert done.revision in (before, before + 1)
    live.refresh()
    assert_as_if_computed(town)
