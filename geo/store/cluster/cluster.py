"""The private PostGIS cluster of one home: made, started, stopped, looked at."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from geo.base.errors import ClusterError
from geo.store import disk
from geo.store.cluster.binaries import find_binaries, major_of
from geo.store.cluster.config_files import ACCESS_RULES, identity_map, server_settings
from geo.store.cluster.location import (
    ClusterLocation,
    find_place,
    require_space,
    short_folder,
    socket_folder,
)
from geo.store.cluster.lock import hold_lock, ignore_waiting
from geo.store.cluster.process import (
    PATIENCE_S,
    PAUSE_S,
    clear_remains,
    socket_of_running,
)
from geo.store.cluster.server_log import first_line, last_complaint
from geo.store.cluster.superuser import PORT, SUPERUSER, open_superuser_session

__all__ = [
    "Cluster",
    "ClusterStatus",
    "cluster_status",
    "find_binaries",
    "is_running",
    "start_cluster",
    "stop_cluster",
]

DATABASE = ROLE = "govgrid"
SERVICE_ROLE, READING_ROLE = "govgrid_web", "govgrid_read"
ROLES = {  # each with what makes it; the owner of the tables makes no roles himself
    ROLE: f"CREATE ROLE {ROLE} LOGIN",
    READING_ROLE: f"CREATE ROLE {READING_ROLE} NOINHERIT",
    # without inheriting: else a policy for the reading role would hold for the service's as well
    SERVICE_ROLE: (
        f"CREATE ROLE {SERVICE_ROLE} LOGIN NOINHERIT IN ROLE {READING_ROLE} ROLE {ROLE}"
    ),
}
EXTENSIONS = ("postgis", "ltree", "btree_gist", "pg_trgm")
LEAST_FREE_MB = 300  # for a new cluster and its log
RUNNING_MB = 32  # for the log of one that is there
RETRY_S = 2.0
ON_ITS_WAY = ("starting up", "not yet accepting", "shutting down", "in recovery mode")


@dataclass(frozen=True)
class Cluster:
    """Running cluster: its folders and how to connect."""

    home: Path
    data: Path
    socket: Path
    server_user: str

    @property
    def url(self) -> str:
        """The address of the database for the ordinary role, which owns it."""
        return self._url(ROLE, DATABASE)

    @property
    def service_url(self) -> str:
        """The address of the database for the service's role, which owns nothing."""
        return self._url(SERVICE_ROLE, DATABASE)

    def admin_url(self, database: str = DATABASE) -> str:
        """Return the address of a database of this cluster for the superuser role."""
        return self._url(SUPERUSER, database)

    def _url(self, role: str, database: str) -> str:
        folder = quote(os.fsencode(self.socket), safe="/")
        return f"postgresql+psycopg2://{role}@/{quote(database)}?host={folder}&port={PORT}"


@dataclass(frozen=True)
class ClusterStatus:
    """What there is of a cluster; versions and size are None where there is nothing to ask."""

    exists: bool
    running: bool
    home: Path
    data: Path
    socket: Path | None
    server_user: str
    server_version: str | None
    postgis_version: str | None
    size_bytes: int | None


def start_cluster(home: Path, *, waiting: Callable[[], None] = ignore_waiting) -> Cluster:
    """Return the running cluster of `home`; make it if absent, start it if down.

    A lock in the home makes this safe in several processes at once: one makes and starts, the
    others wait and find it running. The server outlives the process that started it. Where the
    disk is full, the ballast makes way for it.

    Parameters
    ----------
    home
        Folder of the cluster; made if need be.
    waiting
        Called once where another process has the lock and keeps it for a while.

    Raises
    ------
    ClusterError
        If PostgreSQL or PostGIS is missing, the disk is nearly full, the data belong to another
        account or to another server version, or the server does not start; each with a sentence.
    """
    home = _absolute(home)
    with _translated(home):
        if not home.exists():
            require_space(home, LEAST_FREE_MB)
            home.mkdir(parents=True, exist_ok=True)
        with hold_lock(home, waiting=waiting) as lock:
            place = find_place(home)
            place.stopped.unlink(missing_ok=True)
            return _furnished(place, lock)


def revive_cluster(home: Path) -> bool:
    """Start the cluster of `home` again if it died; False if it runs or was stopped.

    Raises
    ------
    ClusterError
        See :func:`start_cluster`.
    """
    home = _absolute(home)
    with _translated(home):
        if not _died(find_place(home)):
            return False
        with hold_lock(home) as lock:
            place = find_place(home)
            if not _died(place):
                return False
            _furnished(place, lock)
            return True


def stop_cluster(home: Path) -> bool:
    """Shut the cluster of `home` down, ending its connections; False if it was not running.

    Nobody but :func:`start_cluster` starts it again.
    """
    home = _absolute(home)
    with _translated(home):
        if not home.is_dir():
            return False
        with hold_lock(home):
            place = find_place(home)
            if place.base.is_dir():
                place.stopped.touch()
            socket = socket_of_running(place.data)
            if socket is None:
                return False
            _halt(place)
            if socket == short_folder(place):
                shutil.rmtree(socket, ignore_errors=True)
            return True


def cluster_folder(home: Path) -> Path:
    """Return the folder that holds the cluster of `home`, or would hold it."""
    home = _absolute(home)
    with _translated(home):
        return find_place(home).base


def is_running(home: Path) -> bool:
    """Tell whether the cluster of `home` runs; makes, starts and changes nothing."""
    home = _absolute(home)
    with _translated(home):
        return socket_of_running(find_place(home).data) is not None


def cluster_status(home: Path) -> ClusterStatus:
    """Return what there is of the cluster of `home`; makes, starts and changes nothing."""
    home = _absolute(home)
    with _translated(home):
        place = find_place(home)
        exists = (place.data / "PG_VERSION").is_file()
        socket = socket_of_running(place.data) if exists else None
        user = place.account.pw_name
        server, postgis = _versions(place, socket) if exists else (None, None)
        return ClusterStatus(
            exists=exists,
            running=socket is not None,
            home=home,
            data=place.data,
            socket=socket,
            server_user=user,
            server_version=server,
            postgis_version=postgis,
            size_bytes=_size_bytes(place.data) if exists else None,
        )


def _died(place: ClusterLocation) -> bool:
    made = (place.data / "PG_VERSION").is_file()
    return made and not place.stopped.exists() and socket_of_running(place.data) is None


def _absolute(home: Path) -> Path:
    return Path(home).expanduser().resolve()


@contextmanager
def _translated(home: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ClusterError("cluster.not_allowed", path=error.filename or home) from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError("cluster.too_slow", seconds=round(error.timeout)) from error
    except OSError as error:
        raise ClusterError(
            "cluster.os_refused", path=error.filename or home, reason=error.strerror or error
        ) from error
    except psycopg2.Error as error:
        raise ClusterError("cluster.not_answering", reason=first_line(str(error))) from error


def _launch(place: ClusterLocation, lock: int) -> Path:
    if place.data.exists():
        disk.make_way(place.base)
    require_space(place.base, RUNNING_MB if place.data.exists() else LEAST_FREE_MB)
    place.require_reach()
    programs = _programs(place)
    place.make()
    if not place.data.exists():
        _initialise(place, programs, lock)
    clear_remains(place.data)
    socket = socket_folder(place)
    _wire(place, socket)
    report = place.log / "start.log"
    report.unlink(missing_ok=True)
    patience = f"{PATIENCE_S:.0f}"
    # Relative paths: see Place.run.
    answer = place.run(
        [programs / "pg_ctl", "start", "-w", "-t", patience, "-D", "pgdata", "-l", "log/start.log"]
    )
    if answer.returncode != 0:
        raise ClusterError("cluster.start_failed", reason=last_complaint(place.log), log=place.log)
    return socket


def _programs(place: ClusterLocation) -> Path:
    if not place.data.exists():
        return find_binaries()
    made_by = place.data / "PG_VERSION"
    if not made_by.is_file():
        raise ClusterError("cluster.damaged", folder=place.data)
    major = int(made_by.read_text(encoding="ascii").strip())
    try:
        return find_binaries(major=major)
    except ClusterError as error:
        if error.key != "cluster.no_server":
            raise
        here = major_of(find_binaries())
        raise ClusterError(
            "cluster.other_version", folder=place.data, made_by=major, here=here
        ) from None


def _initialise(place: ClusterLocation, programs: Path, lock: int) -> None:
    shutil.rmtree(place.fresh, ignore_errors=True)
    # initdb holds the lock as well: were we killed, the next start would wait for its end.
    answer = place.run(
        [
            programs / "initdb",
            "--pgdata=pgdata.init",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=reject",
            "--no-instructions",
        ],
        keep_open=[lock],
    )
    if answer.returncode != 0:
        shutil.rmtree(place.fresh, ignore_errors=True)
        raise ClusterError("cluster.init_failed", reason=first_line(answer.stderr))
    settings = place.fresh / "postgresql.conf"
    text = settings.read_text(encoding="utf-8")
    place.write(settings, f"{text}\ninclude = 'govgrid.conf'\n")
    place.fresh.rename(place.data)


def _wire(place: ClusterLocation, socket: Path) -> None:
    place.write(place.data / "govgrid.conf", server_settings(socket, place.log, PORT))
    place.write(place.data / "pg_hba.conf", ACCESS_RULES)
    users = {"root", place.account.pw_name}
    place.write(place.data / "pg_ident.conf", identity_map(users, (ROLE, SERVICE_ROLE, SUPERUSER)))


def _halt(place: ClusterLocation) -> None:
    patience = f"{PATIENCE_S:.0f}"
    answer = place.run(
        [_programs(place) / "pg_ctl", "stop", "-m", "fast", "-w", "-t", patience, "-D", "pgdata"]
    )
    if answer.returncode != 0 and socket_of_running(place.data) is not None:
        raise ClusterError("cluster.stop_failed", reason=first_line(answer.stderr))


def _furnished(place: ClusterLocation, lock: int) -> Cluster:
    """Return the running cluster; what we see may die, or be on its way up or down, as we call."""
    began = time.monotonic()
    while True:
        socket = socket_of_running(place.data) or _launch(place, lock)
        cluster = Cluster(place.home, place.data, socket, place.account.pw_name)
        try:
            _furnish(cluster)
        except psycopg2.OperationalError as error:
            on_its_way = any(sign in str(error) for sign in ON_ITS_WAY)
            if time.monotonic() - began > (PATIENCE_S if on_its_way else RETRY_S):
                raise
            time.sleep(PAUSE_S)
        else:
            return cluster


def _furnish(cluster: Cluster) -> None:
    """Make the role, the database and the extensions that are not there yet."""
    with open_superuser_session(cluster.socket, "postgres") as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        known = {name for (name,) in cursor.fetchall()}
        for role, statement in ROLES.items():
            if role not in known:
                cursor.execute(statement)
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    with open_superuser_session(cluster.socket, DATABASE) as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        present = {name for (name,) in cursor.fetchall()}
        for extension in EXTENSIONS:
            if extension not in present:
                cursor.execute(f"CREATE EXTENSION {extension}")


def _versions(place: ClusterLocation, socket: Path | None) -> tuple[str, str | None]:
    made_by = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if socket is None:
        return made_by, None
    try:
        with open_superuser_session(socket, DATABASE) as cursor:
            cursor.execute(
                "SELECT split_part(current_setting('server_version'), ' ', 1),"
                " (SELECT extversion FROM pg_extension WHERE extname = 'postgis')"
            )
            return cursor.fetchall()[0]
    except psycopg2.Error:
        return made_by, None  # half started or half furnished: still worth a status


def _size_bytes(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512  # noqa: PTH118
            except FileNotFoundError:
                continue  # a running server drops files under our eyes
    return total
