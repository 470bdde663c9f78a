"""Homes: the folders in which a private database, its keys and its results lie."""

import os
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
CLUSTER, POINTER = "cluster", "cluster.location"
"""Either one makes a folder the home of a cluster: the data, or where they lie."""


def default_home() -> Path:
    """Return the home of a command that names none: where an older version left one, that."""
    return older_home() or data_home()


def data_home() -> Path:
    """Return the home of real data: ``var/home`` of the checkout, else below XDG_DATA_HOME."""
    return CHECKOUT / "var" / "home" if _in_checkout() else _shared() / "govgrid"


def demo_home() -> Path:
    """Return the home of the demonstration, beside that of real data."""
    return CHECKOUT / "var" / "demo" if _in_checkout() else _shared() / "govgrid-demo"


def older_home() -> Path | None:
    """Return ``var/`` of the checkout where an older version keeps its cluster there, else None."""
    found = CHECKOUT / "var"
    return found if _in_checkout() and holds_cluster(found) else None


def holds_cluster(home: Path) -> bool:
    """Tell whether a folder is the home of a private cluster."""
    return (home / CLUSTER).is_dir() or (home / POINTER).is_file()


def _in_checkout() -> bool:
    return (CHECKOUT / "pyproject.toml").is_file()


def _shared() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
