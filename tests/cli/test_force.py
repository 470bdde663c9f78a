"""Files that are there already are never written over, unless ``--force`` asks for it."""

import os
import stat
import sys

import pytest
import typer

from geo.cli import main
from geo.cli.app import app

pytestmark = pytest.mark.postgis

WRITTEN = ("out", "findings", "sheets")
"""What options and arguments are called that name a file to be written."""
COMMANDS = {
    "cameras.csv": "export cameras FILE",
    "cameras.shp": "export cameras FILE",
    "cameras.pmtiles": "export cameras FILE",
    "map.html": "map FILE",
    "answers.csv": "locate --points POINTS --out FILE",
    "defects.gpkg": "check partition --out FILE",
    "coverage.xlsx": "coverage report --out FILE",
    "gaps.gpkg": "gaps --out FILE",
    "loss.xlsx": "coverage loss --out FILE",
    "form.xlsx": "survey list --out FILE",
    "sheets.html": "survey list --sheets FILE",
    "completeness.xlsx": "setup completeness --out FILE",
    "empty.xlsx": "import template cameras FILE",
    "mend.xlsx": "import quarantine 8 FILE",
    "findings.xlsx": "import cameras POINTS --crs wgs84 --findings FILE",
    "register.xlsx": "register export FILE",
    "month.xlsx": "register report --out FILE",
    "audit.csv": "audit export FILE",
    "compliance.xlsx": "compliance report --out FILE",
    "sheet.xlsx": "compliance filing 大桥派出所 FILE",
    "accounts.xlsx": "user template FILE",
    "figures.xlsx": "incident statistics --out FILE",
}
CODES = {"findings.xlsx": 3}
"""How a command ends whose rows are not all taken."""


@pytest.fixture
def govgrid(seen_town, database_url, tmp_path, monkeypatch, capfd):
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "en")
    points = tmp_path / "points.csv"
    points.write_text("编码,名称,经度,纬度,管理单位\nK9,零,0,0,\n", encoding="utf-8")
    cameras = tmp_path / "more.csv"
    row = "K8,桥,117.05,30.5,大桥派出所\nK9,零,0,0,\n"
    cameras.write_text(f"编码,名称,经度,纬度,管理单位\n{row}", encoding="utf-8")

    def run(words, *more, file, code=0):
        given = {"FILE": str(file), "POINTS": str(points)}
        typed = [given.get(word, word) for word in (*words.split(), *more)]
        monkeypatch.setattr(sys, "argv", ["govgrid", *typed])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        assert (ended.value.code or 0) == code, (typed, printed.err)
        return printed.err

    run("import cameras FILE --crs wgs84", file=cameras, code=3)
    return run


def test_each_command_leaves_what_is_there_alone_until_it_is_forced(govgrid, tmp_path):
    for name, words in COMMANDS.items():
        file = tmp_path / name
        file.write_text("mine", encoding="utf-8")
        said = govgrid(words, file=file, code=2)
        assert "--force" in said, name
        assert name in said
        assert file.read_text(encoding="utf-8") == "mine", name
    for name, words in COMMANDS.items():
        file = tmp_path / name
        govgrid(words, "--force", file=file, code=CODES.get(name, 0))
        assert file.read_bytes() != b"mine", name


def test_companions_of_a_shapefile_are_left_alone_as_well(govgrid, tmp_path):
    (tmp_path / "cameras.dbf").write_text("mine", encoding="utf-8")
    assert "cameras.dbf" in govgrid("export cameras FILE", file=tmp_path / "cameras.shp", code=2)
    assert (tmp_path / "cameras.dbf").read_text(encoding="utf-8") == "mine"


def test_a_folder_with_workbooks_is_left_alone_as_well(govgrid, tmp_path):
    folder = tmp_path / "sheets"
    govgrid("compliance filing FILE --all", file=folder)
    assert "--force" in govgrid("compliance filing FILE --all", file=folder, code=2)
    govgrid("compliance filing FILE --all", "--force", file=folder)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())]
    assert modes == [0o700] + [0o600] * (len(modes) - 1)


def test_every_command_that_writes_a_file_can_be_forced():
    without = [
        path
        for path, command in commands(typer.main.get_command(app))
        if {param.name for param in command.params} & set(WRITTEN)
        and "force" not in {param.name for param in command.params}
    ]
    assert without == []


def commands(command, path=()):
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))
    else:
        yield path, command
