"""The command line as its user types it: real processes, a real private database."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from geo.base.errors import ClusterError
from geo.cli import main
from geo.store.cluster import cluster
from tests import scratch
from tests.toy_town import place, rectangle, write_geojson

pytestmark = pytest.mark.postgis


@pytest.fixture(scope="module")
def home():
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        Path(folder).chmod(0o711)
        found = Path(folder) / "home"
        try:
            cluster.find_binaries()
        except ClusterError as error:
            pytest.skip(f"no PostGIS here: {error}")
        try:
            yield found
        finally:
            cluster.stop_cluster(found)


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


@pytest.fixture
def govgrid(home, monkeypatch, capfd):
    """Run the command line in this process: every command loads the same libraries."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_HOME", str(home))
    monkeypatch.setenv("GOVGRID_LANG", "en")

    def run(*args, code=0, **env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = Done(*capfd.readouterr())
        assert (ended.value.code or 0) == code, printed.stderr
        return printed

    return run


@pytest.fixture(scope="module")
def ready(home):
    """Tell that the town has been brought in once."""
    return []


@pytest.fixture
def town_home(govgrid, town_files, ready):
    if not ready:
        for layer, path in town_files.items():
            level = ["--level", "grid"] if layer == "areas" else []
            govgrid("import", layer, path, "--crs", "wgs84", *level)
        govgrid("coverage", "compute")
        ready.append(True)
    return govgrid


def test_help_names_the_commands():
    done = subprocess.run(
        [sys.executable, "-c", "from geo.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("import", "export", "locate", "coverage", "gaps", "map", "serve", "demo", "db"):
        assert command in done.stdout


def test_an_import_prints_its_report_as_json(town_home, town_files):
    report = json.loads(
        town_home("import", "cameras", town_files["cameras"], "--crs", "wgs84", "--json").stdout
    )
    keys = {"read", "inserted", "updated", "unchanged", "quarantined", "findings"}
    assert keys <= set(report)
    assert (report["read"], report["unchanged"], report["quarantined"]) == (4, 4, 0)


def test_the_scheme_of_a_heading_code_is_declared(town_home, tmp_path):
    lon, lat = place(3, 3)
    path = tmp_path / "codes.csv"
    path.write_text(f"编码,名称,监视方位,经度,纬度\nK9,甲,5,{lon},{lat}\n", encoding="utf-8")
    options = ("--crs", "wgs84", "--dry-run", "--json")
    suggested = [
        [f["suggested"] for f in json.loads(found.stdout)["findings"]]
        for found in (
            town_home("import", "cameras", path, *options),
            town_home("import", "cameras", path, *options, "--heading-scheme", "gbt28181"),
            town_home("import", "cameras", path, *options, "--heading-scheme", "gat1400"),
        )
    ]
    assert suggested == [[], ["135"], ["45"]]
    town_home("import", "cameras", path, *options, "--heading-scheme", "onvif", code=2)


def test_quarantined_rows_give_exit_code_three_and_a_findings_file(town_home, tmp_path):
    path, out = tmp_path / "bad.csv", tmp_path / "findings.xlsx"
    path.write_text("编码,名称,经度,纬度\nK9,零,0,0\n", encoding="utf-8")
    done = town_home("import", "cameras", path, "--crs", "wgs84", "--findings", out, code=3)
    assert "ZERO_COORDINATES" in done.stderr
    sheet = openpyxl.load_workbook(out).active
    assert [cell.value for cell in sheet[1]] == [
        "编码",
        "名称",
        "经度",
        "纬度",
        "Status",
        "Remarks",
    ]
    assert sheet["E2"].value == "to be corrected"


def test_a_template_comes_back_through_the_import(town_home, tmp_path):
    out = tmp_path / "cameras.xlsx"
    town_home("import", "template", "cameras", out)
    assert "编码" in str(openpyxl.load_workbook(out).active["A1"].value)


def test_locate_answers_one_place(town_home):
    lon, lat = place(4, 0)
    answer = json.loads(town_home("locate", lon, lat, "--json").stdout)
    assert (answer["status"], answer["grid_code"]) == ("inside", "340802001001002")


def test_locate_takes_negative_degrees(town_home):
    answer = json.loads(town_home("locate", -77.01, 38.9, "--json").stdout)
    assert (answer["status"], answer["grid_code"]) == ("outside", "")


def test_locate_a_file_keeps_its_columns_and_says_what_has_no_place(town_home, tmp_path):
    points, out = tmp_path / "in.csv", tmp_path / "out.csv"
    inside, border = place(4, 0), place(0, 0)
    points.write_text(
        f"id,经度,纬度,备注\n1,{inside[0]},{inside[1]},a\n2,{border[0]},{border[1]},b\n3,,,c\n",
        encoding="utf-8",
    )
    done = town_home("locate", "--points", points, "--out", out, code=3)
    assert "1 rows have no usable position" in done.stderr
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("id,经度,纬度,备注,status,grid_code,candidates,community_code")
    assert ",inside,340802001001002,340802001001002," in lines[1]
    assert ",border,340802001001001,340802001001001;340802001001002," in lines[2]
    assert lines[3] == "3,,,c,,,,,,,"


def test_a_column_with_the_name_of_an_answer_steps_aside(town_home, tmp_path):
    exported, out = tmp_path / "cameras.csv", tmp_path / "out.csv"
    town_home("export", "cameras", exported)
    town_home("locate", "--points", exported, "--out", out)
    header = out.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert (header.count("status"), header.count("status_source")) == (1, 1)


def test_a_file_with_geometry_is_located_by_it(town_home, tmp_path):
    exported, out = tmp_path / "cameras.geojson", tmp_path / "out.csv"
    town_home("export", "cameras", exported)
    town_home("locate", "--points", exported, "--out", out)
    assert out.read_text(encoding="utf-8-sig").count("340802001001002") >= 4


def test_the_cameras_of_a_place_as_json(town_home):
    found = json.loads(town_home("cameras", "seeing", *place(4, 0), "--json").stdout)
    assert [camera["relation"] for camera in found["cameras"]] == [
        "sees",
        "possible",
        "near",
        "near",
    ]
    assert set(found["cameras"][0]) == {
        *("code", "name", "relation", "why", "distance_m", "bearing_deg", "heading_deg"),
        *("px_per_m", "online", "footage_until", "unit", "phone", "supply_light"),
    }
    assert found["nearest_m"] == pytest.approx(19.2, abs=0.2)


def test_the_report_has_its_keys_and_its_files(town_home, tmp_path):
    report = json.loads(town_home("coverage", "report", "--json").stdout)
    assert {"run", "computed_at", "incidents_until", "areas", "cameras"} <= set(report)
    told = town_home("coverage", "report").stderr
    assert re.search(
        r"of the demand surface (≤ )?\d+\.\d % \(certain\) ～ \d+\.\d % \(possible\)", told
    )
    assert re.search(r"cameras that turn \(\d+ views\) \d+\.\d+ ha", told)
    again = json.loads(town_home("coverage", "compute", "--json").stdout)
    assert {"start", "read", "prepare"} <= set(again["cpu_s"])
    for row in report["areas"]:
        if row["open_ground_m2"]:
            share = row["covered_open_ground_m2"] / row["open_ground_m2"]
            assert row["covered_share"] == pytest.approx(share)
    assert len(report["areas"]) == 3 * 4 * 3  # levels, device sets, certainties
    out = tmp_path / "coverage.xlsx"
    town_home("coverage", "report", "--by", "grid", "--out", out)
    names = ["Summary", "grid", "Annex (expected)", "Definitions"]
    assert openpyxl.load_workbook(out).sheetnames == names
    on_map = tmp_path / "coverage.gpkg"
    town_home("coverage", "report", "--by", "grid", "--out", on_map)
    assert pyogrio.read_info(on_map)["features"] == 2 * 4 * 3


def test_gaps_as_json_and_as_a_layer(town_home, tmp_path):
    told = json.loads(town_home("gaps", "--json").stdout)
    assert datetime.fromisoformat(told["incidents_until"]).tzinfo is not None
    found = told["gaps"]
    assert {"rank", "grid_code", "area_m2", "weight", "lon", "lat"} <= set(found[0])
    out = tmp_path / "gaps.gpkg"
    town_home("gaps", "--out", out)
    assert pyogrio.read_info(out, layer="gaps")["features"] == len(found)
    first = pyogrio.read_dataframe(out, layer="gaps").iloc[0]
    assert first["grid_name"]
    assert first["community_name"]
    with closing(sqlite3.connect(out)) as base:
        said = base.execute("SELECT description FROM gpkg_contents WHERE table_name = 'gaps'")
        assert "settle no boundary" in said.fetchone()[0]


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "csv", "xlsx", "shp"])
def test_cameras_are_exported_in_every_format(town_home, tmp_path, ending):
    out = tmp_path / f"cameras.{ending}"
    town_home("export", "cameras", out)
    assert out.stat().st_size > 0
    assert [p.name for p in tmp_path.glob(".*")] == []
    if ending == "csv":
        assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    elif ending != "xlsx":
        assert pyogrio.read_info(out)["features"] == 4


def test_exported_areas_come_back_unchanged(town_home, tmp_path):
    out = tmp_path / "grids.geojson"
    town_home("export", "grids", out)
    report = json.loads(
        town_home("import", "areas", out, "--level", "grid", "--crs", "wgs84", "--json").stdout
    )
    assert (report["unchanged"], report["inserted"]) == (2, 0)


def test_the_map_is_written_as_one_file(town_home, tmp_path):
    out = tmp_path / "map.html"
    town_home("map", out)
    assert "西格" in out.read_text(encoding="utf-8")
    town_home("map", out, "--area", "999", code=2)


def test_the_doctor_finds_the_private_database_healthy(town_home):
    assert all(check["ok"] for check in json.loads(town_home("db", "doctor", "--json").stdout))
    assert json.loads(town_home("db", "status", "--json").stdout)["running"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "areas", "nowhere.geojson", "--crs", "wgs84"), "nowhere.geojson"),
        (("import", "beton", "nowhere.geojson"), "known ones: areas"),
        (("import", "areas", "GRIDS", "--level", "grid"), "--crs"),
        (("import", "areas", "GRIDS", "--level", "grid", "--crs", "mars"), "wgs84"),
        (("import", "areas", "TABLE", "--level", "grid", "--crs", "wgs84"), ""),
        (("import", "areas", "GRIDS", "--crs", "wgs84", "--map", "code"), "FIELD=HEADER"),
        (("export", "beton", "x.csv"), "known ones"),
        (("export", "grids", "x.doc"), ".geojson"),
        (("export", "grids", "nowhere/x.csv"), "does not exist"),
        (("export", "grids", "x.csv", "--crs", "gcj02"), "off by default"),
        (("locate", "117.05"), "Usage"),
        (("cameras", "seeing", "117.05", "30.5", "--at", "gestern"), "gestern"),
        (("cameras", "seeing", "nan", "nan"), "globe"),
        (("locate", "inf", "30"), "globe"),
        (("locate", "200", "30"), "globe"),
        (("locate", "117", "30", "--accuracy", "nan"), "metres from 0"),
        (("coverage", "report", "--area", "99"), "99"),
        (("coverage", "report", "--out", "/proc/x.xlsx"), "cannot be written"),
        (("gaps", "--out", "/proc/x.gpkg"), "cannot be written"),
        (("map", "/proc/x.html"), "cannot be written"),
        (("map", "."), "is a folder"),
        (("locate", "--points", "TABLE", "--out", "nowhere/o.csv"), "does not exist"),
        (("import", "areas", "GRIDS", "--findings", "nowhere/f.csv"), "does not exist"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(town_home, town_files, tmp_path, words, said):
    table = tmp_path / "table.csv"
    table.write_text("编码,名称\nA,甲\n", encoding="utf-8")
    files = {"GRIDS": town_files["areas"], "TABLE": table}
    done = town_home(*(files.get(word, word) for word in words), code=2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("coverage", "report", "--by", "nonsense"),
        ("gaps", "--certainty", "maybe"),
        ("map", "x.html", "--device-set", "nonsense"),
    ],
)
def test_a_word_that_an_option_does_not_know_is_refused_with_those_it_does(town_home, words):
    assert "is not one of" in town_home(*words, code=2).stderr


def test_no_postgis_installed_is_one_sentence(govgrid, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code = (
        "import geo.store.cluster.binaries as b; from pathlib import Path; "
        "import functools; b.find_binaries.__kwdefaults__['root'] = Path('/nonexistent'); "
        "from geo.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--home", str(tmp_path / "h"), "db", "start"],
        env={**os.environ, "GOVGRID_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "postgresql-15-postgis-3" in done.stderr


def test_another_database_that_is_down_is_one_sentence(govgrid):
    url = "postgresql://nobody@127.0.0.1:9/nowhere"
    done = govgrid("locate", 117, 30, GOVGRID_DATABASE_URL=url, code=2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "does not answer" in done.stderr


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x@127.0.0.1:notaport/y", "beton"])
def test_an_address_that_is_none_is_one_sentence(govgrid, url):
    done = govgrid("--database", url, "locate", 117, 30, code=2)
    assert "postgresql://user@host:port/name" in done.stderr


def test_a_port_that_is_taken_is_one_sentence(town_home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = town_home("serve", "--port", taken.getsockname()[1], code=2)
    assert "cannot be used" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_boundary_version_needs_its_date(town_home, tmp_path):
    moved = write_geojson(
        tmp_path / "moved.geojson",
        [({"code": "340802001001009", "name": "北格"}, rectangle(-20, 20, 20, 30))],
    )
    town_home("import", "areas", moved, "--level", "grid", "--crs", "wgs84")
    again = write_geojson(
        tmp_path / "again.geojson",
        [({"code": "340802001001009", "name": "北格"}, rectangle(-20, 20, 20, 31))],
    )
    done = town_home("import", "areas", again, "--level", "grid", "--crs", "wgs84", code=3)
    assert "AREA_CHANGED" in done.stderr
    town_home(
        *("import", "areas", again, "--level", "grid", "--crs", "wgs84"),
        *("--valid-from", "2026-01-01"),
    )


def test_the_partition_check_has_its_keys_and_writes_what_it_found(town_home, tmp_path):
    answer = json.loads(town_home("check", "partition", "--json").stdout)
    assert set(answer) == {"areas", "valid", "defects"}
    assert answer["areas"] == answer["valid"]
    for defect in answer["defects"]:
        assert {"kind", "codes", "area_m2"} <= set(defect)
        assert defect["kind"] in ("gap", "overlap", "sliver", "orphan", "invalid")
    out = tmp_path / "defects.gpkg"
    assert "areas" in town_home("check", "partition", "--out", out).stderr
    assert pyogrio.read_info(out)["features"] == len(answer["defects"])
