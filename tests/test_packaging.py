"""A wheel built from the tree, installed elsewhere, finds its SQL, words, templates and assets."""

import subprocess
import sys
import zipfile

import pytest

from tests import ROOT

PROBE = """
import sys
from pathlib import Path
from geo.store import db
from geo.base.words import say
from maps import assets, console_files
import geo
assert "site" in geo.__file__, geo.__file__
assert db.newest_revision() == "0046"
assert say("import.read", "zh") == "读取文件"
built = console_files.console_files()
assert built.script.startswith("/static/console/assets/")
assert all((console_files.FOLDER / each.name).exists() for each in map(Path, built.words.values()))
assert all(assets.read_style(name) for name in assets.STYLES)
assert all(assets.read_script(name) for name in (*assets.LIBRARIES, *assets.SCRIPTS))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_ships_only_the_three_packages(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"geo", "api", "maps"}
    assert any(name.endswith("0001_areas.sql") for name in names)
    assert any("static/vendor" in name for name in names)
    assert any("static/console/assets/maplibre-gl-worker" in name for name in names)
    assert not any(name.endswith((".vue", ".ts")) for name in names)


@pytest.mark.slow
def test_the_wheel_runs_from_another_folder(wheel, tmp_path):
    target = tmp_path / "site"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--disable-pip-version-check", "--target", target, wheel),
        ],
        check=True,
        capture_output=True,
    )
    # The checkout's own environment lends the libraries; -P keeps the working folder off the path.
    environment = {"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    probe = subprocess.run([sys.executable, "-P", "-c", PROBE], check=False, **run)
    assert probe.returncode == 0, probe.stderr
    launched = subprocess.run(
        [sys.executable, "-P", "-c", "from geo.cli import main; main()", "--help"],
        check=False,
        **run,
    )
    assert launched.returncode == 0, launched.stderr
    assert "coverage" in launched.stdout
