"""The blocks of the guide, typed as they stand from top to bottom in one terminal."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from geo.base.errors import ClusterError
from geo.store.cluster import cluster
from tests import PATIENCE_S, ROOT, warm_commands

READMES = ("README.md", "README.zh-CN.md")
GUIDES = ("docs/guide.md", "docs/guide.zh-CN.md")
TWINS = (READMES, GUIDES, ("docs/ogc.md", "docs/ogc.zh-CN.md"))
# kernels go along compiled
LEFT_BEHIND = (".venv", ".git", "var", "node_modules", "*_cache", ".hypothesis")
DEMONSTRATION = "scripts/demo --once"  # typed by .ci/run


def lines(name: str) -> list[str]:
    """Return all lines of the blocks of a readme or guide."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return "".join(re.findall(r"```\n(.*?)```", text, re.DOTALL)).splitlines()


def bare(line: str) -> str:
    """Return a line without its remark."""
    return re.sub(r"\s+#.*", "", line)


@dataclass(frozen=True)
class Typed:
    """One line, how it ended, and which files there were then: name → when it was written."""

    line: str
    code: int
    files: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def walked(thorough):
    """Return what came of each line, typed in a scratch copy of the checkout.

    The commands are forks of one process, to save their loading; where it is thorough they are
    the program as it is installed.
    """
    try:
        cluster.find_binaries()
    except ClusterError as error:
        pytest.skip(f"no PostGIS here: {error}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        top = Path(folder) / "govgrid"
        shutil.copytree(ROOT, top, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
        try:
            with as_installed(top) if thorough else as_forks(top):
                yield walk(top)
        finally:
            cluster.stop_cluster(top / "var" / "try")


@contextmanager
def as_installed(top: Path):
    (top / ".venv").symlink_to(sys.prefix)
    yield


@contextmanager
def as_forks(top: Path):
    folder, address = top / ".venv" / "bin", top / "govgrid.socket"
    folder.mkdir(parents=True)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    warm_commands.install(folder, address)
    with subprocess.Popen(
        [sys.executable, "-P", Path(warm_commands.__file__), address],
        env=environment(top),
        stdout=subprocess.PIPE,
    ) as server:
        try:
            assert server.stdout.readline() == b"ready\n"
            yield
        finally:
            server.kill()


def walk(top: Path) -> list[Typed]:
    typed = lines(GUIDES[0])
    script, seen = [], f"{top}.seen"
    for number, line in enumerate(typed):
        look = f"find {top}/var/town {top} -maxdepth 1 -type f -printf '%p\\t%i\\t%T@\\n'"
        script += [line, f"echo $? >{seen}.{number}; {look} >>{seen}.{number} 2>/dev/null"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=top,
        env=environment(top),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return [found(line, Path(f"{seen}.{number}")) for number, line in enumerate(typed)]


def environment(top: Path) -> dict[str, str]:
    """Return that of a terminal in which the copy's own code runs."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GOVGRID_")}
    return {**plain, "PYTHONPATH": str(top), "LC_ALL": "C.UTF-8"}


def found(line: str, path: Path) -> Typed:
    code, *rows = path.read_text(encoding="utf-8").splitlines()
    files = {name: (inode, at) for name, inode, at in (row.split("\t") for row in rows)}
    return Typed(bare(line), int(code), files)


def test_both_readmes_begin_with_the_demonstration():
    assert [bare(lines(name)[0]) for name in READMES] == [DEMONSTRATION] * 2


@pytest.mark.parametrize("pair", TWINS)
def test_both_languages_have_the_same_lines(pair):
    first, second = ([bare(line) for line in lines(name)] for name in pair)
    assert first == second


@pytest.mark.slow
@pytest.mark.postgis
def test_no_line_fails_or_waits_for_anything(walked):
    assert [each.line for each in walked if each.code != 0] == []


@pytest.mark.slow
@pytest.mark.postgis
def test_no_line_writes_over_a_file_that_another_wrote(walked):
    over = []
    for before, after in pairwise(walked):
        kept = {name: before.files[name] for name in before.files if name in after.files}
        over += [(after.line, name) for name, at in kept.items() if after.files[name] != at]
        assert set(kept) == set(before.files)  # and none takes one away
    assert over == []
    assert {"map.html", "gaps.gpkg", "sheet.xlsx"} <= {Path(n).name for n in walked[-1].files}
