"""PostgreSQL's programs on this machine: the newest with PostGIS beside it."""

import re
import shutil
import subprocess
from pathlib import Path

from geo.base.errors import ClusterError

MIN_SERVER = 15
DEBIAN_ROOT = Path("/usr/lib/postgresql")


def find_binaries(*, major: int | None = None, root: Path = DEBIAN_ROOT) -> Path:
    """Return the folder of ``initdb`` and ``pg_ctl`` of the newest server that has PostGIS.

    Looks at ``<root>/<major>/bin`` as Debian lays them out, then at the ``pg_config`` on the path.

    Parameters
    ----------
    major
        Accept this server version only: data can be read by the version that made them alone.
    root
        Folder that holds one folder per server version.

    Raises
    ------
    ClusterError
        If there is no server of at least version 15, or none with PostGIS.
    """
    servers = [folder for folder in _candidates(root) if _fits(folder, major)]
    for folder in servers:
        if (_share(folder) / "extension" / "postgis.control").is_file():
            return folder
    if servers:
        raise ClusterError("cluster.no_postgis", major=major_of(servers[0]), folder=servers[0])
    raise ClusterError("cluster.no_server", major=major or MIN_SERVER, root=root)


def major_of(folder: Path) -> int:
    """Return the server version of a folder of programs, 0 where they do not answer."""
    found = re.search(r"\(PostgreSQL\) (\d+)", _ask([str(folder / "postgres"), "--version"]))
    return int(found[1]) if found else 0


def _candidates(root: Path) -> list[Path]:
    folders = [each / "bin" for each in root.glob("*") if each.name.isdigit()]
    folders.sort(key=lambda folder: int(folder.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        folders.append(Path(_ask([config, "--bindir"]).strip() or Path(config).parent))
    return [folder for folder in folders if (folder / "initdb").is_file()]


def _fits(folder: Path, major: int | None) -> bool:
    found = major_of(folder)
    return found == major if major else found >= MIN_SERVER


def _share(folder: Path) -> Path:
    return Path(_ask([str(folder / "pg_config"), "--sharedir"]).strip() or folder.parent / "share")


def _ask(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return ""
