"""What is refused is refused before anything loads that computes or draws."""

import json
import os
import subprocess
import sys

import pytest

from tests.cli.test_rules import ANYBODY, DEMANDS, arguments
from tests.signed_in import account
from tests.toy_town import write_geojson

pytestmark = pytest.mark.postgis

LATE = ("pandas", "geopandas", "numba", "folium")
# Runs commands one after the other in a fresh interpreter; each is told with what it loaded.
RUN = """
import json, sys
from geo.cli import main
told = []
for words in json.load(sys.stdin):
    before = set(sys.modules)
    sys.argv = ["govgrid", *words]
    try:
        main()
    except SystemExit as ended:
        told.append([words, ended.code, sorted(set(sys.modules) - before)])
with open("told.json", "w") as file:
    json.dump(told, file)
"""
WRONG = """
import cameras missing.csv
import planets cameras.csv
import cameras cameras.csv --crs mars
import areas grids.geojson --crs wgs84 --level planet
import cameras cameras.csv --source nobody
import cameras cameras.csv --findings found.pdf
import cameras cameras.pdf
import cameras empty.csv
import template planets form.xlsx
import template cameras form.pdf
import show 99
import undo 99
import retry 99 cameras.csv
import quarantine 99 rows.xlsx
import quarantine 1 rows.xlsx
import quarantine 1 rows.pdf
import forget cameras nobody
area history 999
locate
locate 117.05 30.5 --crs mars
locate 200 100
locate 117.05 30.5 --at noon
locate --points missing.csv --out out.csv
locate --points cameras.csv --out nowhere/out.csv
locate --points cameras.csv --out out.csv --crs mars
cameras seeing 200 100
cameras seeing 117.05 30.5 --crs mars
cameras seeing 10 10 --at noon
check partition --out defects.pdf
coverage compute --detail sharp
coverage report --area 999
coverage report --detail 7
coverage report --out report.pdf
gaps --detail 7
gaps --out gaps.pdf
coverage loss --share 5
coverage loss --area 999
coverage loss --out loss.pdf
survey list --area 999
survey list --out form.pdf
map nowhere/map.html
map map.html --area 999
export planets out.gpkg
export cameras out.pdf
export cameras out.gpkg --crs mars
export units out.pmtiles
export grids out.pmtiles --crs zone
setup completeness --by planet
setup completeness --out completeness.pdf
compliance report --area 999
compliance report --kind BROKEN
compliance report --out report.pdf
compliance filing nobody out.xlsx
compliance filed missing.xlsx --number 1 --on 2026-01-01
compliance filed cameras.csv --number 1 --on 2026-01-01 --crs mars
audit list --from noon
audit redact 99 --reason x
audit export out.pdf
register list --from noon
register report --month noon
register export out.pdf
user add BAD!
user disable nobody
user grant nobody operator
user grant other king
user grant other operator --area 999
user import missing.xlsx
user template nowhere/accounts.xlsx
key list --account nobody
key revoke 99
"""


@pytest.fixture
def refusals(seen_town, town, database_url, tmp_path):
    """Return what runs commands in a fresh process, and gives each with its code and modules."""
    account(town, "other", "responder")
    env = {n: v for n, v in os.environ.items() if not n.startswith("GOVGRID_")}
    env |= {"GOVGRID_HOME": str(tmp_path / "home"), "GOVGRID_DATABASE_URL": database_url}

    def run(calls):
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=env,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads((tmp_path / "told.json").read_text())

    return run


def late(modules):
    return [name for name in LATE if name in modules]


def test_an_account_without_rights_is_refused_before_anything_computes(town, refusals, tmp_path):
    account(town, "li", None)
    given = arguments(tmp_path)
    calls = [
        ["--as", "li", *command, *map(str, given.get(command, []))]
        for command, demand in DEMANDS.items()
        if demand != ANYBODY
    ]
    told = refusals(calls)
    assert [words for words, _, _ in told] == calls
    assert {(*words, *late(modules)) for words, _, modules in told if late(modules)} == set()
    assert {code for _, code, _ in told} == {2}


def test_what_is_not_there_is_refused_before_anything_computes(refusals, tmp_path):
    (tmp_path / "cameras.csv").write_text("编码,名称,经度,纬度\nK1,甲,117.05,30.5\n", "utf-8")
    (tmp_path / "cameras.pdf").write_text("x", "utf-8")
    (tmp_path / "empty.csv").touch()
    write_geojson(tmp_path / "grids.geojson", [])
    calls = [line.split() for line in WRONG.strip().splitlines()]
    told = refusals(calls)
    assert [words for words, _, _ in told] == calls
    assert {(*words, *late(modules)) for words, _, modules in told if late(modules)} == set()
    assert {tuple(words): code for words, code, _ in told if code != 2} == {}


def test_help_loads_neither_the_database_nor_what_computes():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from geo.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "geo.cli.app" in loaded
    assert not loaded & {*LATE, "numpy", "sqlalchemy"}
