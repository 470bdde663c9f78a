"""Relocation of the cluster of one home to another, with its keys and results."""

from pathlib import Path
from typing import Final

from geo.base.errors import ClusterError
from geo.base.homes import CLUSTER, POINTER, holds_cluster
from geo.store.cluster.location import find_place
from geo.store.cluster.lock import hold_lock
from geo.store.cluster.process import socket_of_running

# Keys, heads of the audit, results, data.
PARTS: Final = ("secrets", "audit", "out", POINTER, CLUSTER)


def move_cluster(home: Path, target: Path) -> list[str]:
    """Move a stopped cluster with its keys and results; return their names.

    Data kept outside of the home stay there, and the new home points at them; other files stay.

    Parameters
    ----------
    home
        Folder that holds the cluster.
    target
        Folder to move to, created if absent.

    Raises
    ------
    ClusterError
        If the cluster runs, or `target` has something of the same name.
    """
    with hold_lock(home):
        place = find_place(home)
        if socket_of_running(place.data) is not None:
            raise ClusterError("cluster.runs", home=home)
        found = [name for name in PARTS if (home / name).exists()]
        taken = [target / name for name in found if (target / name).exists()]
        if taken or holds_cluster(target):
            raise ClusterError("cluster.taken", path=(taken or [target])[0])
        target.mkdir(parents=True, exist_ok=True)
        _move_all(found, home, target)
        if POINTER in found:
            place.write(place.base / "home", f"{target}\n")
    return found


def _move_all(names: list[str], home: Path, target: Path) -> None:
    """Move all of them or none: a cluster without its keys is worth little."""
    moved: list[str] = []
    try:
        for name in names:
            (home / name).rename(target / name)
            moved.append(name)
    except OSError:
        for name in moved:
            (target / name).rename(home / name)
        raise
