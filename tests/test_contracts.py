"""The import contracts bite: what they forbid is named by the linter."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ROOT

PURE = {
    "geo.files": "geo/files/schema/fields.py",
    "geo.demo": "geo/demo/land/lattice.py",
    "geo.areas.rules": "geo/areas/rules/locate.py",
    "geo.cameras.rules": "geo/cameras/rules/compliance.py",
    "geo.exchange.rules": "geo/exchange/rules/typed_coordinates.py",
    "geo.incidents.rules": "geo/incidents/rules/routing.py",
    "geo.planning.rules": "geo/planning/rules/survey.py",
    "geo.coverage.sight": "geo/coverage/sight/optics.py",
    "geo.coverage.demand": "geo/coverage/demand/demand.py",
    "geo.coverage.measure": "geo/coverage/measure/gaps.py",
    "maps": "maps/palette.py",
}


@pytest.fixture
def lint(tmp_path: Path) -> Callable[..., str]:
    """Return a function that adds lines to files of a copy and returns what the linter says."""
    for room in ("geo", "api", "maps"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "sql", "*.toml")
        shutil.copytree(ROOT / room, tmp_path / room, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(**added: tuple[str, tuple[str, ...]]) -> str:
        for line, files in added.values():
            for file in files:
                path = tmp_path / file
                path.write_text(path.read_text("utf-8") + f"\n{line}\n", encoding="utf-8")
        command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout
        return done.stdout

    return run


def test_a_database_in_a_pure_room_and_a_table_in_a_route_break_the_contracts(lint):
    said = lint(
        pure=("import sqlalchemy", tuple(PURE.values())),
        route=("import geo.areas.store.versions", ("api/routes/data/locate.py",)),
    )
    for room, file in PURE.items():
        module = file.removesuffix(".py").replace("/", ".")
        assert f"{module} -> sqlalchemy" in said, room
    assert "api.routes.data.locate -> geo.areas.store.versions" in said


def test_every_pure_folder_has_its_row_here():
    rules = {f"geo.{path.parent.name}.rules" for path in (ROOT / "geo").glob("*/rules")}
    assert rules <= set(PURE)


def test_a_circle_among_neighbours_breaks_the_contract(lint):
    said = lint(back=("import geo.coverage.measure.gaps", ("geo/coverage/sight/optics.py",)))
    assert "no import circle among neighbours BROKEN" in said


def test_a_new_room_has_to_be_placed(lint, tmp_path):
    (tmp_path / "geo" / "attic").mkdir()
    (tmp_path / "geo" / "attic" / "__init__.py").write_text("")
    said = lint()
    assert "geo.attic" in said
