"""What others wrote reads the service: GDAL, OWSLib, curl, QGIS, a test suite of the standard.

The examples are what is run, each in a process of its own: here it would hold up the service.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyogrio
import pytest
from sqlalchemy import text

from geo.access.accounts import api_keys
from geo.access.accounts.local_cli import acting_principal
from geo.exchange.publish.collections import COLLECTIONS
from tests import PATIENCE_S, ROOT
from tests.live_site import serve_site
from tests.signed_in import account
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis

EXAMPLES = ROOT / "examples"
PROJECT = EXAMPLES / "govgrid.qgs"
POLES = 7
POLE = "code, name, kind, height_m"
POINTS = {
    "place": "code, name, kind",
    "entrance": "code, name, kind",
    "address": "code, name, kind",
    "centre": "code, name, level",
}
QGIS = Path(os.environ.get("GOVGRID_QGIS", "/usr/bin/python3"))  # a Python that can import it
OGCTESTS = os.environ.get("GOVGRID_OGCTESTS", str(ROOT / ".venv/ogctests/bin/python"))
# its client, and what it asks without one, carry the key
RUN_OGCTESTS = """
import sys
import httpx
from ogctests.main import run_ogctests
address, key = sys.argv[1:]
headers = {"Authorization": f"Bearer {key}"}
client = httpx.Client(base_url=address, headers=headers, timeout=600)
httpx.get = client.get
flags = ["-q", "-p", "no:cacheprovider", "--disable-warnings", "--tb=line"]
sys.exit(run_ogctests("features/core", test_client=client, flags=flags))
"""


@pytest.fixture
def site(seen_town, settings, tmp_path):
    """Return the address of a service with something in each layer, and a key that may read it."""
    for level, code in (
        ("district", "340802"),
        ("township", "340802001"),
        ("community", "340802001001"),
    ):
        file = tmp_path / f"{level}.geojson"
        whole = ({"code": code.ljust(12, "0"), "name": "全域"}, rectangle(-20, -20, 20, 20))
        bring_in(seen_town, "areas", write_geojson(file, [whole]), level=level)
    with seen_town.begin() as connection:
        for n in range(POLES):
            add_point(connection, "pole", POLE, [f"P{n}", "杆", "x", n], n)
        for table, columns in POINTS.items():
            add_point(connection, table, columns, ["X1", "甲", "district"], 3)
        for table in ("water", "privacy_zone"):
            shape = json.dumps(rectangle(-15, -15, -12, -12))
            connection.execute(
                text(
                    f"INSERT INTO govgrid.{table} (code, name, geom) VALUES ('W1', '塘',"
                    " ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON(:shape), 4326)))"
                ),
                {"shape": shape},
            )
    account(seen_town, "gis", "planner")
    owner = acting_principal(seen_town, "gis")
    key = api_keys.make_key(seen_town, owner, "gis", scopes=["map", "export"], days=1)
    with serve_site(settings) as address:
        yield f"{address}/api", key


def add_point(connection, table, columns, values, x):
    named = {f"v{n}": value for n, value in enumerate(values)}
    bound = ", ".join(f":{name}" for name in named)
    at = dict(zip(("lon", "lat"), place(x, 0), strict=True))
    connection.execute(
        text(
            f"INSERT INTO govgrid.{table} ({columns}, geom) VALUES ({bound},"
            " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
        ),
        named | at,
    )


def run(*words, cwd=ROOT, **environment):
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_gdal_lists_counts_pages_filters_and_cuts_to_a_box(site):
    told = json.loads(run(sys.executable, EXAMPLES / "gdal_layers.py", *site, "poles"))
    assert set(told["layers"]) == set(COLLECTIONS)
    assert told["features"] == POLES
    assert told["codes"] == [f"P{n}" for n in range(POLES)]
    box = ",".join(map(str, [*place(2.5, -1), *place(5.5, 1)]))
    asked = ("poles", "height_m > 3 AND kind = 'x'", box)
    told = json.loads(run(sys.executable, EXAMPLES / "gdal_layers.py", *site, *asked))
    assert told["codes"] == ["P4", "P5"]


def test_owslib_finds_layers_and_filtered_features_page_by_page(site):
    asked = ("poles", "height_m >= 2")
    told = json.loads(run(sys.executable, EXAMPLES / "owslib_layers.py", *site, *asked))
    assert set(told["layers"]) == set(COLLECTIONS)
    assert told["features"] == POLES
    assert told["codes"] == [f"P{n}" for n in range(2, POLES)]
    assert told["queryables"]["height_m"]["type"] == "number"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_fetches_a_layer_in_three_formats(site, tmp_path):
    run("bash", EXAMPLES / "curl_layers.sh", *site, "poles", "height_m < 2", cwd=tmp_path)
    features = json.loads((tmp_path / "poles.geojson").read_text("utf-8"))["features"]
    assert [each["id"] for each in features] == ["P0", "P1"]
    lines = (tmp_path / "poles.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["code", "P0", "P1"]
    assert list(pyogrio.read_dataframe(tmp_path / "poles.fgb")["code"]) == ["P0", "P1"]


def without_place(project: str, address: str) -> str:
    """Return a project without what differs from service to service: its address and its view."""
    plain = project.replace(address, "ADDRESS")
    return re.sub(r"<ProjectViewSettings>.*</ProjectViewSettings>\s*", "", plain, flags=re.DOTALL)


def test_the_project_for_qgis_is_what_the_catalogue_tells_and_opens(site, tmp_path):
    address, key = site
    made = tmp_path / "made.qgs"
    run(sys.executable, EXAMPLES / "qgis_project.py", address, key, made)
    written = made.read_text("utf-8")
    assert key not in written
    kept = without_place(PROJECT.read_text("utf-8"), "http://localhost:8000/api")
    assert without_place(written, address) == kept, f"make {PROJECT.name} anew by qgis_project.py"
    for title in ("网格", "摄像机", "编码", "安装地址"):
        assert f'"{title}"' in written or f">{title}<" in written
    if not has_qgis():
        pytest.skip("QGIS is not installed (Debian: python3-qgis): the project was not opened")
    reader = ROOT / "tests" / "api" / "qgis_reader.py"
    run(QGIS, reader, made, key, tmp_path, tmp_path / "told.json", PYTHONPATH="")
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    kinds = itertools.product(COLLECTIONS, ("features", "tiles"))
    assert set(told) == {f"govgrid_{name}_{kind}" for name, kind in kinds}
    assert [name for name, layer in told.items() if not layer["valid"]] == []
    poles, cameras = (told[f"govgrid_{name}_features"] for name in ("poles", "cameras"))
    assert (poles["title"], poles["features"]) == ("立杆", POLES)
    assert poles["aliases"]["height_m"] == "高度"
    assert (cameras["features"], cameras["categories"]) == (4, ["在线", "离线", "不详"])


def has_qgis() -> bool:
    asked = [QGIS, "-c", "import qgis.core"]
    there = QGIS.exists()
    return there and subprocess.run(asked, env={}, capture_output=True, check=False).returncode == 0


@pytest.mark.thorough
def test_a_test_suite_of_the_standard_finds_nothing(site, seen_town):
    with seen_town.begin() as connection:  # it knows no feature without a place, RFC 7946 does
        connection.execute(text("DELETE FROM govgrid.viewshed WHERE ST_IsEmpty(geom)"))
    asked = [OGCTESTS, "-c", "import ogctests"]
    if not Path(OGCTESTS).exists() or subprocess.run(asked, check=False).returncode:
        pytest.skip("ogctests is not installed: scripts/test --thorough does it where it can")
    assert "29 passed" in run(OGCTESTS, "-c", RUN_OGCTESTS, *site, PYTHONPATH="")
