"""Archiving of the log (WAL) of a private cluster, base backups, and recovery to a moment."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from psycopg2 import sql

from geo.base.errors import ClusterError, InputError
from geo.store.cluster.binaries import find_binaries
from geo.store.cluster.cluster import Cluster, start_cluster, stop_cluster
from geo.store.cluster.location import find_place, require_space, set_owner
from geo.store.cluster.process import PAUSE_S, socket_of_running
from geo.store.cluster.server_log import first_line, last_complaint
from geo.store.cluster.superuser import PORT, SUPERUSER, open_superuser_session

WAL: Final = "wal"
ENDING: Final = ".gz"
SEGMENT_NAME: Final = 24
TIMEOUT_S: Final = 60
"""So much may be lost at most: an unfinished segment is archived after it."""
PIECE: Final = 1 << 20
RECOVERY: Final = (
    *("restore_command", "recovery_target_time", "recovery_target_action"),
    *("archive_mode", "archive_command", "archive_timeout"),
)
WORKING: Final = (
    "SELECT archived_count, last_archived_time, failed_count, last_failed_time,"
    " current_setting('archive_mode') FROM pg_stat_archiver"
)


@dataclass(frozen=True)
class ArchiverState:
    """What the server says of its archiving."""

    on: bool
    archived: int
    archived_at: datetime | None
    failed: int
    failed_at: datetime | None


def waiting_folder(home: Path) -> Path:
    """Return where the log of a home waits to be encrypted, beside its cluster."""
    return find_place(home).base / "wal-waiting"


def switch_on(cluster: Cluster, wal: Path) -> Cluster:
    """Archive the log into a folder from now on; the server is started anew for it.

    Parameters
    ----------
    cluster
        Running.
    wal
        Folder, made for the server's account if need be; its parent exists.

    Raises
    ------
    InputError
        If the server's account cannot write there.
    """
    place = find_place(cluster.home)
    wal.mkdir(mode=0o700, exist_ok=True)
    set_owner(wal, place.account)
    if place.run(["/usr/bin/test", "-w", wal, "-a", "-x", wal]).returncode:
        raise InputError("archive.unreachable", folder=wal, user=place.account.pw_name)
    _set(cluster, {"archive_mode": "on", "archive_command": _archive_command(wal)})
    _set(cluster, {"archive_timeout": str(TIMEOUT_S)})
    return _restarted(cluster)


def switch_off(cluster: Cluster) -> Cluster:
    """Archive no longer; the server is started anew for it."""
    _reset(cluster, RECOVERY)
    return _restarted(cluster)


def read_state(cluster: Cluster) -> ArchiverState:
    """Return how archiving goes."""
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute(WORKING)
        archived, archived_at, failed, failed_at, mode = cursor.fetchall()[0]
    return ArchiverState(mode == "on", archived, archived_at, failed, failed_at)


def finish_segment(cluster: Cluster) -> None:
    """Have the log so far archived, and wait until it is."""
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        cursor.execute("SELECT pg_walfile_name(pg_switch_wal())")
        (name,) = cursor.fetchall()[0]
        while True:
            cursor.execute("SELECT last_archived_wal >= %s FROM pg_stat_archiver", [name])
            if cursor.fetchall()[0][0]:
                return
            cursor.execute("SELECT pg_sleep(%s)", [PAUSE_S])


def write_base(cluster: Cluster, out: BinaryIO) -> str:
    """Write a base backup (a compressed tar), from which the log leads on.

    Parameters
    ----------
    cluster
        Running, with archiving on.
    out
        Binary file.

    Returns
    -------
    str
        Name of the first segment of the log that it needs.

    Raises
    ------
    ClusterError
        If pg_basebackup fails, with its first complaint.
    """
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        # the checkpoint that it begins with comes after this
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
        first = str(cursor.fetchall()[0][0])
    command = [
        str(find_binaries() / "pg_basebackup"),
        *("--pgdata=-", "--format=tar", "--compress=client-gzip:1", "--wal-method=none"),
        *("--no-manifest", "--checkpoint=fast", "--no-password"),
        *(f"--host={cluster.socket}", f"--port={PORT}", f"--username={SUPERUSER}"),
    ]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with subprocess.Popen(  # noqa: S603 - our own words
            command,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
        ) as running:
            shutil.copyfileobj(cast("BinaryIO", running.stdout), out, PIECE)
        output.seek(0)
        if running.returncode:
            raise ClusterError("archive.base_failed", reason=first_line(output.read()))
    return first


def base_finished(folder: Path) -> datetime:
    """Return when a base backup was finished: what is recovered lies after it."""
    found = json.loads((folder / "base.json").read_text(encoding="utf-8"))
    return datetime.fromisoformat(found["finished"])


def first_segment(folder: Path) -> str:
    """Return the name of the first segment of the log that a base backup needs."""
    found = json.loads((folder / "base.json").read_text(encoding="utf-8"))
    if "first" in found:
        return str(found["first"])
    manifest = json.loads((folder / "backup_manifest").read_text(encoding="utf-8"))
    start = manifest["WAL-Ranges"][0]
    high, low = (int(part, 16) for part in start["Start-LSN"].split("/"))
    return f"{start['Timeline']:08X}{high:08X}{low >> 24:08X}"


def remove_segments(folder: Path, first: str) -> int:
    """Remove the segments before `first`, which no base backup needs; return how many.

    Parameters
    ----------
    folder
        Of the archive.
    first
        As from :func:`first_segment`.
    """
    old = [path for path in (folder / WAL).glob(f"*{ENDING}") if not is_needed(path, first)]
    for path in old:
        path.unlink()
    return len(old)


def is_needed(path: Path, first: str) -> bool:
    """Return whether a file of the log is `first`, follows it, or is no segment.

    Parameters
    ----------
    path
        Of the archive.
    first
        As from :func:`first_segment`.
    """
    return len(path.stem) != SEGMENT_NAME or path.stem[8:] >= first[8:]


def reading_folder(home: Path, needed_mb: int) -> Path:
    """Return a new folder beside the cluster of an empty home, for an archive that is decrypted.

    Parameters
    ----------
    home
        Without a cluster.
    needed_mb
        Room that has to be free, megabytes (10⁶ bytes).

    Raises
    ------
    ClusterError
        If there is less.
    """
    home.mkdir(parents=True, exist_ok=True)
    place = find_place(home)
    require_space(place.base, needed_mb)
    place.make()
    folder = place.base / "wal-reading"
    shutil.rmtree(folder, ignore_errors=True)
    for made in (folder, folder / WAL):
        made.mkdir(mode=0o700)
        set_owner(made, place.account)
    return folder


def give_to_server(home: Path, path: Path) -> None:
    """Give a file to the account of the server of a home.

    Parameters
    ----------
    home
        Whose server.
    path
        File that we made.
    """
    set_owner(path, find_place(home).account)


def recover_moment(home: Path, folder: Path, base: Path, moment: datetime) -> Cluster:
    """Return a cluster in the state of a moment, made of a base backup and the archived log.

    Parameters
    ----------
    home
        Without a cluster.
    folder
        Of the archive.
    base
        Base backup in it, finished before the moment.
    moment
        With its zone.

    Raises
    ------
    ClusterError
        If the log does not reach so far, or the server complains of something else.
    """
    home.mkdir(parents=True, exist_ok=True)
    place = find_place(home)
    place.make()
    shutil.rmtree(place.fresh, ignore_errors=True)
    place.fresh.mkdir(mode=0o700)
    _unpack(base / "base.tar.gz", place.fresh)
    values = {
        "restore_command": _restore_command(folder / WAL),
        "recovery_target_time": moment.isoformat(),
        "recovery_target_action": "promote",
        "archive_mode": "off",
    }
    with (place.fresh / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        for name, value in values.items():
            settings.write(f"{name} = '{value.replace(chr(39), 2 * chr(39))}'\n")
    (place.fresh / "recovery.signal").touch()
    for path in (place.fresh, *place.fresh.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        set_owner(path, place.account)
    place.fresh.rename(place.data)
    try:
        cluster = start_cluster(home)
        _await_promotion(cluster)
    except ClusterError as error:
        reason = last_complaint(place.log)
        early = "before configured recovery target" in reason
        key = "archive.too_late" if early else "archive.recovery_failed"
        raise ClusterError(key, to=moment.isoformat(), reason=reason) from error
    _reset(cluster, RECOVERY)
    return _restarted(cluster)


def _unpack(source: Path, target: Path) -> None:
    answer = subprocess.run(  # noqa: S603 - our own words
        ["/bin/tar", "--extract", "--no-same-owner", f"--file={source}", f"--directory={target}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if answer.returncode:
        reason = first_line(answer.stderr)
        raise ClusterError("archive.recovery_failed", to=source, reason=reason)


def _await_promotion(cluster: Cluster) -> None:
    while True:
        if socket_of_running(cluster.data) is None:
            raise ClusterError("archive.recovery_failed", to="", reason="")
        try:
            with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
                cursor.execute("SELECT pg_is_in_recovery(), pg_sleep(%s)", [PAUSE_S])
                if not cursor.fetchall()[0][0]:
                    return
        except Exception as error:  # it may end as we ask
            if socket_of_running(cluster.data) is None:
                raise ClusterError("archive.recovery_failed", to="", reason=str(error)) from error


def _set(cluster: Cluster, values: dict[str, Any]) -> None:
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        for name, value in values.items():
            asked = sql.SQL("ALTER SYSTEM SET {} = {}")
            cursor.execute(asked.format(sql.Identifier(name), sql.Literal(value)))


def _reset(cluster: Cluster, names: tuple[str, ...]) -> None:
    with open_superuser_session(cluster.socket, SUPERUSER) as cursor:
        for name in names:
            cursor.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))


def _restarted(cluster: Cluster) -> Cluster:
    stop_cluster(cluster.home)
    return start_cluster(cluster.home)


def _archive_command(wal: Path) -> str:
    """Return what puts a segment into the archive, once and whole; one that is there must equal."""
    kept, draft = _named(wal, ENDING), _named(wal, ".part")
    write = f"gzip -1 -c %p > {draft} && sync {draft} && mv {draft} {kept} && sync {_quoted(wal)}"
    return f"if test -f {kept}; then gzip -dc {kept} | cmp -s - %p; else {write}; fi"


def _restore_command(wal: Path) -> str:
    kept = _named(wal, ENDING)
    return f"test -f {kept} && gzip -dc {kept} > %p"


def _named(wal: Path, ending: str) -> str:
    return f"{_quoted(wal)}/%f{ending}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path)).replace("%", "%%")
