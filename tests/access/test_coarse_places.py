"""Coarse places hold: attackers with every role ask every route where the cameras stand."""

from collections.abc import Iterator
from contextlib import suppress

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import Engine, text

from geo.access import predicates, transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.principal import Principal
from geo.access.roles import DEPTHS, depth_no
from geo.areas.store import versions as area_versions
from geo.base.errors import ForbiddenError
from geo.coverage import compute, report, sight_lines
from geo.coverage.coarse_lines import GrantedLines
from geo.coverage.scene import prepare_scene
from geo.coverage.store import scene
from geo.exchange.publish import collections, map_content
from geo.exchange.publish import export as layer_export
from geo.store import db
from geo.store.cluster import cluster
from tests import databases
from tests.access import attack_town, attacker
from tests.access.attacker import Evidence
from tests.conftest import WORKER
from tests.signed_in import SYSTEM, account, grant

pytestmark = pytest.mark.postgis

ZONE = "Asia/Shanghai"
METRIC = 4548
WIDE = (5.0, (160, 180), (-400.0, -450.0))
FINE = (1.0, (100, 100), (0.0, 0.0))
MEDIAN_M, NEAR_M, NEAR_SHARE = 30.0, 10.0, 0.1


@pytest.fixture(scope="module")
def town_of_cameras(server, template, run_folder, tmp_path_factory) -> str:
    """Return the name of a database that holds the town for attackers, to be copied."""

    def fill(engine) -> None:
        attack_town.fill(engine, tmp_path_factory.mktemp("attacked"))

    return databases.made(server, run_folder, "attacked", template, fill)


@pytest.fixture(scope="module")
def attacked(server, town_of_cameras) -> Iterator[str]:
    """Return the address of a copy that all attackers ask."""
    name = f"govgrid_attacked{WORKER}"
    databases.recreate(server, name, town_of_cameras)
    yield databases.address(server, name)
    databases.drop(server, name)


@pytest.fixture
def moving(server, town_of_cameras) -> Iterator[Engine]:
    """Return a pool on a copy whose cameras may be moved."""
    name = f"govgrid_moving{WORKER}"
    databases.recreate(server, name, town_of_cameras)
    found = db.connect(databases.address(server, name))
    yield found
    found.dispose()
    databases.drop(server, name)


@pytest.fixture(scope="module")
def owner(attacked):
    found = db.connect(attacked)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def service(attacked):
    """Return the pool of the service: the role that is fenced in."""
    found = db.connect(attacked, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def truth(owner) -> gpd.GeoSeries:
    rows = collections.rows_of(owner, SYSTEM, "cameras").set_index("code").to_crs(METRIC)
    return rows.geometry


@pytest.fixture(scope="module")
def reader(owner):
    """Return what makes a reader with some grants, (role, area, depth, classes) each."""
    numbers = iter(range(1000))

    def make(*grants, unit=None) -> Principal:
        made = account(owner, name := f"at{next(numbers)}", None, unit=unit)
        with owner.begin() as connection:
            for role, area, depth, *classes in grants:
                more = {"classes": classes[0]} if classes else {}
                grant(connection, made, role, area, depth=depth, **more)
        return acting_principal(owner, name)

    return make


def spied(owner, who: Principal) -> list[str]:
    """Return the cameras whose places an attacker may not know exactly."""
    with transaction.open_read_only(owner, who) as connection:
        known = predicates.visible_cameras(connection, who)
    exact = known.index[known["exact"].astype(bool)]
    with owner.begin() as connection:
        every = connection.execute(text("SELECT code FROM govgrid.camera ORDER BY code"))
        return [code for code in every.scalars() if code not in exact]


def refused() -> suppress:
    """Pass over what the reader is refused: that says nothing."""
    return suppress(ForbiddenError)


def of_layers(service, who: Principal, found: dict[str, Evidence]) -> None:
    """Read what items and files hold: points, outlines, numbers that are coordinates."""
    for rows in (
        collections.read_page(service, who, "cameras"),
        layer_export.read_layer(service, who, "cameras"),
        collections.read_page(service, who, "viewsheds"),
    ):
        placed = rows.to_crs(METRIC)
        for row, shape in zip(rows.to_dict("records"), placed.geometry, strict=True):
            told = found.get(row.get("camera_code", row["code"]))
            if told is None:
                continue
            for x, y in coordinates(row):
                told.add("point", [x], [y])
            if shape is not None and shape.geom_type == "Point":
                told.add("point", [shape.x], [shape.y])
            elif shape is not None and not shape.is_empty:
                told.outlines.append(shape)


def coordinates(row: dict) -> list[tuple[float, float]]:
    """Return places that stand as numbers in a row, whatever their columns are called."""
    numbers = [v for v in row.values() if isinstance(v, float)]
    pairs = [(x, y) for x in numbers for y in numbers if 117 < x < 118 and 30 < y < 31]
    if not pairs:
        return []
    moved = gpd.GeoSeries(gpd.points_from_xy(*zip(*pairs, strict=True)), crs=4326).to_crs(METRIC)
    return [(p.x, p.y) for p in moved]


def of_questions(service, who: Principal, points: gpd.GeoDataFrame, found: dict[str, Evidence]):
    """Ask who sees each of many places, and return how many cameras each withholds."""
    points = points[points.intersects(granted_ground(service, who))]  # of others nothing is told
    told = asked(service, who, points)
    of_lines(told.lines.rename(columns={"point": "at"}), points.geometry, found)
    return told.withheld


def granted_ground(service, who: Principal) -> shapely.Geometry:
    """Return the ground of which a reader may ask, metric."""
    with transaction.open_read_only(service, who) as connection:
        areas = predicates.granted_areas(area_versions.valid_areas(connection), who)
    return areas.to_crs(METRIC).union_all()


def asked(service, who: Principal, points: gpd.GeoDataFrame) -> GrantedLines:
    """Ask who sees each of many places."""
    with transaction.open_read_only(service, who) as connection:
        granted = predicates.visible_cameras(connection, who)
        prepared = prepare_scene(scene.read_scene(connection, incidents=False), detail=20)
    return sight_lines.lines_to(service, who, prepared, points, granted, frozenset())


def of_lines(lines: pd.DataFrame, places: gpd.GeoSeries, found: dict[str, Evidence]) -> None:
    """Read sight lines: whether a place is seen, how far off, in which direction."""
    spied_ = lines[lines["camera_code"].isin(found)]
    at = places.get_coordinates().reindex(spied_["at"])
    for code, rows in spied_.assign(x=at["x"].to_numpy(), y=at["y"].to_numpy()).groupby(
        "camera_code"
    ):
        seen, measured = rows[rows["relation"] != "near"], rows[rows["own"].astype(bool)]
        found[code].add("seen", seen["x"], seen["y"])
        for kind, column in (("circle", "distance_m"), ("ray", "bearing_deg")):
            told = measured[measured[column].notna()]
            found[code].add(kind, told["x"], told["y"], told[column])


def of_map(service, who: Principal, found: dict[str, Evidence]) -> list:
    """Read the page of the map; return the outlines of its gaps."""
    content = map_content.read_content(service, who, lang="zh", timezone=ZONE)
    cameras = content["cameras"].to_crs(METRIC)
    for code, at in zip(cameras["code"], cameras.geometry, strict=True):
        if code in found:
            found[code].add("point", [at.x], [at.y])
    places = content["incidents"].set_index("code").to_crs(METRIC).geometry
    of_lines(content["seeing"].rename(columns={"incident_code": "at"}), places, found)
    return [g for g in content["gaps"].to_crs(METRIC).geometry if g is not None]


def of_gaps(service, who: Principal) -> list:
    """Return the outlines of gaps: of the layer, of its file, of each device set and certainty."""
    found = [
        *collections.read_page(service, who, "gaps").to_crs(METRIC).geometry,
        *layer_export.read_layer(service, who, "gaps", srid=METRIC).geometry,
    ]
    for device_set in ("all", "skynet", "social", "online"):
        with refused():
            rows = report.read_gaps(service, who, device_set=device_set, certainty="possible")
            found += list(rows.to_crs(METRIC).geometry)
    return found


def raster(step_m: float, lengths: tuple[int, int], corner=(0.0, 0.0)) -> gpd.GeoDataFrame:
    """Return places in rows and columns from a corner of the town (metres) on, metric."""
    (origin,) = gpd.GeoSeries([shapely.Point(117.05, 30.50)], crs=4326).to_crs(METRIC)
    xs, ys = (np.arange(n) * step_m for n in lengths)
    grid = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
    at = grid + np.array([origin.x + corner[0], origin.y + corner[1]])
    names = [f"{i}" for i in range(len(at))]
    return gpd.GeoDataFrame(index=names, geometry=gpd.points_from_xy(*at.T), crs=METRIC)


def by_place(points: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(points.geometry.to_numpy()).reshape(*WIDE[1], 2)


def by_number(points: gpd.GeoDataFrame, counts: pd.Series) -> np.ndarray:
    return counts.reindex(points.index).to_numpy(dtype=float).reshape(WIDE[1])


def attack(
    owner, service, who: Principal, truth: gpd.GeoSeries, hidden: list[str] | None = None
) -> dict[str, pd.Series]:
    """Return the errors of the attacker's guesses, by kind of attack.

    `hidden` are the cameras that are looked for; those that `who` may not know exactly if none.
    """
    hidden = truth[spied(owner, who) if hidden is None else hidden]
    found = {code: Evidence() for code in hidden.index}
    of_layers(service, who, found)
    wide, fine = raster(*WIDE), raster(*FINE)
    withheld = None
    if depth_no(who.depth):
        of_questions(service, who, fine, found)
        withheld = of_questions(service, who, wide, found)
    outlines = of_map(service, who, found) + of_gaps(service, who)
    looks = {row[0]: row[4:6] for row in attack_town.cameras()}
    off = {code: attacker.off_m(found[code], truth[code], looks[code]) for code in hidden.index}
    ways = {str(way): each.dropna() for way, each in pd.DataFrame.from_dict(off, "index").items()}
    known = shapely.get_coordinates(truth.drop(hidden.index).to_numpy())
    rings = [ring for g in outlines for ring in shapely.get_rings(g)]
    bordering = hidden[hidden.distance(shapely.union_all(outlines)) < attacker.REACH_M]
    gaps = attacker.centres(rings, known, most=len(bordering))
    ways["outlines of gaps"] = attacker.nearest(gaps, bordering)
    if withheld is not None:
        edges = attacker.steps(by_place(wide), by_number(wide, withheld))
        sources = attacker.sources(edges, most=len(hidden))
        ways["numbers withheld"] = attacker.nearest(sources, hidden)
    return ways


EXACT_ROLES = ("operator", "dispatcher", "planner", "administrator")
COARSE_ROLES = ("responder", "display")
SCOPES = {"district": None, "community": attack_town.WEST, "grid": f"{attack_town.WEST}001"}


def held(pooled: list[pd.Series]) -> tuple[float, float, int]:
    """Return the median of errors, the share of those below 10 m, and how many they are."""
    whole = pd.concat([each for each in pooled if len(each)] or [pd.Series(dtype=float)])
    return float(whole.median()), float((whole < NEAR_M).mean()), len(whole)


def test_the_attacker_finds_cameras_that_are_told_exactly(owner, service, truth):
    off = attack(owner, service, SYSTEM, truth, hidden=list(truth.index))
    for way in ("places", "distances", "bearings", "outlines"):
        assert held([off[way]]) == (pytest.approx(0, abs=1), 1.0, len(truth)), way
    median_m, near, _ = held([off["outlines of gaps"]])
    assert (median_m < MEDIAN_M, near > 0.3) == (True, True)


def test_the_attacker_finds_cameras_by_how_many_see_each_place_exactly(service, truth):
    wide = raster(*WIDE)
    told = asked(service, SYSTEM, wide).lines
    counts = told[told["relation"] != "near"].groupby("point").size()
    counts = counts.reindex(wide.index, fill_value=0)
    edges = attacker.steps(by_place(wide), by_number(wide, counts))
    _, near, _ = held([attacker.nearest(attacker.sources(edges, len(truth)), truth)])
    assert near > 3 * NEAR_SHARE


def attacked_by(owner, service, truth, readers) -> None:
    """Let attackers ask everything, and hold what they find against the bounds."""
    pooled: dict[str, list[pd.Series]] = {}
    for who in readers:
        for way, off in attack(owner, service, who, truth).items():
            pooled.setdefault(way, []).append(off)
    for way, some in pooled.items():
        median_m, near, n = held(some)
        assert n == 0 or (median_m > MEDIAN_M and near <= NEAR_SHARE), (way, median_m, near)


@pytest.mark.parametrize(
    ("role", "areas"),
    [("operator", (attack_town.WEST, attack_town.EAST)), ("responder", (None, attack_town.WEST))],
)
def test_nobody_finds_cameras_by_any_route(owner, service, truth, reader, role, areas):
    readers = [reader((role, area, "picture")).cut("map") for area in areas]
    attacked_by(owner, service, truth, readers)


@pytest.mark.thorough
@pytest.mark.parametrize("role", [*EXACT_ROLES, *COARSE_ROLES])
@pytest.mark.parametrize("classes", [["social"], ["skynet", "social"]])
def test_no_role_at_any_depth_finds_cameras_by_any_route(
    owner, service, truth, reader, role, classes
):
    # all scopes together: of the five cameras of a grid one coarse place may happen to be near
    scopes = [(area, depth) for area in SCOPES.values() for depth in DEPTHS]
    readers = [reader((role, area, depth, classes)).cut("map") for area, depth in scopes]
    attacked_by(owner, service, truth, readers)


@pytest.mark.parametrize("scope", SCOPES)
def test_roles_that_show_places_alike_are_asked_for_by_one_of_them(reader, scope):
    for alike in (EXACT_ROLES, COARSE_ROLES):
        told = [reader((r, SCOPES[scope], "gaps")).cut("map").parameters for r in alike]
        # which incidents a role sees says nothing of cameras
        asked_for = [{k: v for k, v in t.items() if not k.startswith("incident_")} for t in told]
        assert asked_for == asked_for[:1] * len(alike)


# The stronger claim: wherever a camera stands around its coarse place, every answer is the same.


def moved(engine, codes, seed: int) -> None:
    """Put cameras anywhere that has the same coarse place and is in the same grid."""
    rng = np.random.default_rng(seed)
    with engine.begin() as connection:
        for code in codes:
            for _ in range(200):
                east, north = rng.uniform(-0.00049, 0.00049, 2).tolist()
                done = connection.execute(MOVE, {"code": code, "east": east, "north": north})
                if done.rowcount:
                    break


MOVE = text(
    "UPDATE govgrid.camera c SET geom = m.geom FROM (SELECT code, ST_Translate(coarse_geom,"
    " :east, :north) AS geom FROM govgrid.camera WHERE code = :code) m"
    " WHERE m.code = c.code AND c.grid_code = (SELECT a.code FROM govgrid.area_now a"
    " WHERE a.level = 'grid' AND ST_Contains(a.geom, m.geom))"
)
LOOK_IN = text(
    "SELECT DISTINCT v.camera_code FROM govgrid.viewshed v, govgrid.area_now a"
    " WHERE a.code = :area AND ST_Intersects(v.geom, ST_Transform(a.geom, ST_SRID(v.geom)))"
)


def looking_in(engine) -> set[str]:
    with engine.begin() as connection:
        return set(connection.execute(LOOK_IN, {"area": attack_town.WEST}).scalars())


def answers(engine, who: Principal) -> dict[str, pd.DataFrame]:
    """Return everything that a principal is shown about cameras, as frames."""
    told = asked(engine, who, raster(11.0, (75, 85), (-410.0, -460.0)))
    content = map_content.read_content(engine, who, lang="zh", timezone=ZONE)
    frames = {
        **{name: collections.read_page(engine, who, name) for name in PROTECTED},
        "file": layer_export.read_layer(engine, who, "cameras"),
        "lines": told.lines,
        "withheld": told.withheld.to_frame(),
        **{f"map {n}": content[n] for n in ("cameras", "gaps", "incidents", "seeing")},
    }
    for device_set in ("all", "skynet", "social", "online"):
        with refused():
            found = report.read_gaps(engine, who, device_set=device_set, certainty="possible")
            frames[f"gaps {device_set}"] = found
    return frames


def assert_same(before: pd.DataFrame, after: pd.DataFrame, what: object) -> None:
    assert list(before.columns) == list(after.columns), what
    assert len(before) == len(after), what
    if "geometry" in before:
        shapes = [frame["geometry"].to_numpy() for frame in (before, after)]
        apart = shapely.hausdorff_distance(*shapes)
        assert (np.isnan(apart) | (apart < 1e-7)).all(), what
        before, after = (pd.DataFrame(f.drop(columns="geometry")) for f in (before, after))
    pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=1e-6, obj=str(what))


PROTECTED = sorted(collections.PROTECTED)


def test_answers_are_the_same_wherever_a_camera_stands_around_its_coarse_place(moving):
    engine, west = moving, attack_town.WEST
    readers = {}
    for name, grants in {
        "responder": [("responder", None, "picture")],
        "responder of a part": [("responder", west, "picture")],
        "display": [("display", None, "direction")],
        "operator of a class": [("operator", west, "picture", ["social"])],
        "mixed": [("planner", west, "gaps", ["social"]), ("responder", None, "gaps")],
    }.items():
        made = account(engine, name.replace(" ", "."), None)
        with engine.begin() as connection:
            for role, area, depth, *classes in grants:
                more = {"classes": classes[0]} if classes else {}
                grant(connection, made, role, area, depth=depth, **more)
        readers[name] = acting_principal(engine, name.replace(" ", ".")).cut("map")
    with engine.begin() as connection:
        codes = connection.execute(
            text(
                "SELECT code FROM govgrid.camera WHERE owner_kind = 'skynet' OR ST_X(geom) > 117.05"
            )
        )
        hidden = list(codes.scalars())
    before = {name: answers(engine, who) for name, who in readers.items()}
    looked = looking_in(engine)
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT code, geom::text FROM govgrid.camera")).all()
    moved(engine, hidden, seed=11)
    compute.compute(engine)
    changed = looking_in(engine) ^ looked
    with engine.begin() as connection:  # who looks in is told, so those that no more do stay
        for code, geom in kept:
            if code in changed:
                connection.execute(
                    text("UPDATE govgrid.camera SET geom = :geom WHERE code = :code"),
                    {"code": code, "geom": geom},
                )
    compute.compute(engine)
    assert looking_in(engine) == looked
    with engine.begin() as connection:
        far = text(
            "SELECT count(*) FROM govgrid.camera_change WHERE ST_Distance(before, after) > 2e-4"
        )
        assert connection.execute(far).scalar_one() > len(hidden) / 2
    assert len(changed) < len(hidden) / 3
    for name, who in readers.items():
        for what, frame in answers(engine, who).items():
            assert_same(before[name][what], frame, (name, what))
