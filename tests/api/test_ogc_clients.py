"""What others wrote reads the service: GDAL and OWSLib; its description is OpenAPI 3.0."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import text

from geo.access.accounts import api_keys
from geo.access.accounts.local_cli import acting_principal
from tests import ROOT
from tests.live_site import serve_site
from tests.signed_in import account
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def site(seen_town, settings) -> Iterator[tuple[str, str]]:
    """Return the address of the service and a key that may read its layers."""
    with seen_town.begin() as connection:
        for n in range(7):
            connection.execute(
                text(
                    "INSERT INTO govgrid.pole (code, name, kind, height_m, geom) VALUES (:code,"
                    " '杆', 'x', :n, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
                ),
                {"code": f"P{n}", "n": n} | dict(zip(("lon", "lat"), place(n, 0), strict=True)),
            )
    account(seen_town, "gis", "planner")
    owner = acting_principal(seen_town, "gis")
    key = api_keys.make_key(seen_town, owner, "gis", scopes=["map", "export"], days=1)
    with serve_site(settings) as address:
        yield f"{address}/api", key


def asked_by_gdal(site, *more):
    """Return what GDAL reads, in a process of its own: it would hold up the service in this one."""
    address, key = site
    command = [sys.executable, "examples/gdal_layers.py", address, key, "poles", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_gdal_lists_counts_pages_and_filters(site):
    told = asked_by_gdal(site)
    assert {"poles", "cameras", "grids", "incidents"} <= set(told["layers"])
    assert told["features"] == 7
    assert told["codes"] == [f"P{n}" for n in range(7)]
    assert asked_by_gdal(site, "height_m > 4 AND kind = 'x'")["codes"] == ["P5", "P6"]


def test_owslib_finds_collections_queryables_and_filtered_items(site):
    features = pytest.importorskip("owslib.ogcapi.features")
    address, key = site
    service = features.Features(address, headers={"Authorization": f"Bearer {key}"})
    assert "poles" in service.feature_collections()
    assert "conformsTo" in service.conformance()
    assert "height_m" in service.collection_queryables("poles")["properties"]
    assert service.collection("poles")["id"] == "poles"
    found = service.collection_items("poles", filter="height_m >= 5", limit=10)
    assert [each["id"] for each in found["features"]] == ["P5", "P6"]
    assert service.collection_item("poles", "P3")["properties"]["height_m"] == 3


def test_the_description_is_openapi_3_0_and_refers_to_nothing_outside(site):
    address, key = site
    headers = {"Authorization": f"Bearer {key}"}
    links = requests.get(address, headers=headers, timeout=60).json()["links"]
    (to,) = [each for each in links if each["rel"] == "service-desc"]
    answer = requests.get(to["href"], headers=headers, timeout=60)
    assert answer.headers["content-type"] == to["type"]
    described = answer.json()
    assert described["openapi"].startswith("3.0.")
    for ref in references(described):
        assert ref.startswith("#/"), ref
        inside = described
        for part in ref[2:].split("/"):
            inside = inside[part]
    page = requests.get(f"{address}/docs", headers=headers, timeout=60).text
    assert "/api/collections/{layer}/items" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def references(node) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)
