"""The README's first line on a machine that has nothing but Debian's smallest system."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import ROOT

CODENAME = "bookworm"
GIVEN = (
    *("etc/apt", "etc/ssl/certs", "usr/local/share/ca-certificates", "etc/resolv.conf"),
    *("etc/hosts", "etc/pip.conf", "etc/npmrc", "root/.npmrc"),
)
"""How this machine reaches its archives."""
INSIDE = """
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
exec chroot "$1" /bin/bash -c 'cd /srv/govgrid && scripts/demo --once'
"""


@pytest.mark.thorough
def test_the_first_line_of_the_readme_does_on_a_bare_debian_what_it_says(tmp_path):
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap, to make a bare Debian in a folder")
    bare = tmp_path / "debian"
    command = ["debootstrap", "--variant=minbase", CODENAME, bare, archive()]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[-2_000:] + made.stderr[-2_000:]
    give_ways_out(bare)
    check_out(bare / "srv" / "govgrid")
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", INSIDE, "sh", bare],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    out = bare / "srv" / "govgrid" / "var" / "demo" / "out"
    for name in ("map.html", "coverage.xlsx", "gaps.gpkg"):
        assert (out / name).stat().st_size > 0, name


def archive() -> str:
    """Return where this machine has the packages of Debian from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\n")
    found = [line.split()[0] for line in told if line.endswith(f" {CODENAME}")]
    return found[0] if found else pytest.skip(f"this machine knows no archive of {CODENAME}")


def give_ways_out(bare: Path) -> None:
    """Let a machine reach what this one reaches."""
    for name in GIVEN:
        source, target = Path("/") / name, bare / name
        if source.is_dir():
            shutil.copytree(source, target, ignore_dangling_symlinks=True, dirs_exist_ok=True)
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def check_out(folder: Path) -> None:
    """Put what is committed into a folder."""
    folder.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "x", "-C", folder], input=packed.stdout, check=True)
