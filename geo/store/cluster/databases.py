"""Databases of a private cluster: one that is filled apart takes the place of an empty one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from geo.store.cluster.cluster import (
    DATABASE,
    EXTENSIONS,
    ROLE,
    Cluster,
    start_cluster,
    stop_cluster,
)
from geo.store.cluster.location import find_place
from geo.store.cluster.superuser import SUPERUSER, open_superuser_session

STAGING: Final = "govgrid_restoring"
"""A database while it is filled; nobody looks at it."""
QUICK: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
    "autovacuum": "off",
}


@contextmanager
def fill_apart(cluster: Cluster) -> Iterator[str]:
    """Give the address of an empty database with extensions; at the end it becomes *the* database.

    The one that was there is dropped. Where filling fails, the new one is.
    """
    _drop(cluster, STAGING)
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute(f"CREATE DATABASE {STAGING} OWNER {ROLE}")
    try:
        with open_superuser_session(cluster.socket, STAGING) as cursor:
            for extension in EXTENSIONS:
                cursor.execute(f"CREATE EXTENSION {extension}")
        yield cluster.admin_url(STAGING)
    except BaseException:
        _drop(cluster, STAGING)
        raise
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute("CHECKPOINT")  # what was loaded without waiting is on the disk now
    _drop(cluster, DATABASE)
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute(f"ALTER DATABASE {STAGING} RENAME TO {DATABASE}")
        cursor.execute("CHECKPOINT")


@contextmanager
def start_throwaway(folder: Path) -> Iterator[Cluster]:
    """Run a cluster that writes without caution, and remove it at the end.

    Parameters
    ----------
    folder
        Where its data lie meanwhile.
    """
    with start_cluster_in(folder) as found:
        with open_superuser_session(found.socket, SUPERUSER) as cursor:
            for name, value in QUICK.items():
                cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            cursor.execute("SELECT pg_reload_conf()")
        yield found


@contextmanager
def start_cluster_in(folder: Path) -> Iterator[Cluster]:
    """Run a cluster in a new home, and remove both at the end.

    Parameters
    ----------
    folder
        In which the home is.
    """
    home = Path(tempfile.mkdtemp(prefix="govgrid-verify-", dir=folder))
    home.chmod(0o711)  # the server's account goes through it
    try:
        yield start_cluster(home)
    finally:
        remove_cluster(home)
        shutil.rmtree(home, ignore_errors=True)


def remove_cluster(home: Path) -> None:
    """Stop the cluster of a home and delete its data."""
    stop_cluster(home)
    place = find_place(home)
    shutil.rmtree(place.base, ignore_errors=True)


def _drop(cluster: Cluster, name: str) -> None:
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
