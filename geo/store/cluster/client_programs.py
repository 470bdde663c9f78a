"""Programs of PostgreSQL that dump a database and restore it."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO, Final

from psycopg2.extensions import make_dsn
from sqlalchemy import make_url

from geo.base.errors import ClusterError
from geo.store.cluster.binaries import find_binaries
from geo.store.cluster.server_log import first_line

COMPRESSION: Final = 1
"""Of gzip: a third of the time of its default for a tenth more space."""
MOST_JOBS: Final = 4
QUICK_LOADING: Final = "-c maintenance_work_mem=256MB -c synchronous_commit=off"


@contextmanager
def open_dump(url: str, *, snapshot: str, schemas: Sequence[str]) -> Iterator[IO[bytes]]:
    """Give the bytes of a dump (pg_dump, custom format) as they come.

    Parameters
    ----------
    url
        Of the database, as a role that sees every row.
    snapshot
        What it shall show: the name of an exported snapshot whose transaction is still open.
    schemas
        Names of the schemas with all that is in them.

    Raises
    ------
    ClusterError
        If pg_dump fails, with its first complaint.
    """
    command = [
        str(find_binaries() / "pg_dump"),
        "--format=custom",
        f"--compress={COMPRESSION}",
        f"--snapshot={snapshot}",
        "--no-owner",
        *(f"--schema={each}" for each in schemas),
        f"--dbname={name_database(url)}",
    ]
    with tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(  # noqa: S603 - our own words
            command, stdout=subprocess.PIPE, stderr=complaints, env=_environment(url)
        )
        stream = running.stdout
        assert stream is not None  # noqa: S101 - it is a pipe
        try:
            yield stream
            code = running.wait()
        except BaseException:
            running.kill()
            running.wait()
            raise
        finally:
            stream.close()
        if code:
            raise ClusterError("backup.dump_failed", reason=_complaint(complaints))


def restore_dump(
    url: str,
    dump: Path,
    *,
    role: str | None = None,
    at_once: bool = False,
    without: str | None = None,
) -> None:
    """Restore a dump into a database that has the extensions, but not the tables.

    Parameters
    ----------
    url
        Of the database.
    dump
        As from :func:`open_dump`.
    role
        To whom all of it shall belong; None: who connects.
    at_once
        Whether it is one transaction, which takes longer.
    without
        Entry of its table of contents that is left out, as ``TRIGGER schema table name``.

    Raises
    ------
    ClusterError
        If pg_restore fails, with its first complaint.
    """
    side_by_side = min(os.cpu_count() or 1, MOST_JOBS)
    answer = _run_restore(
        [
            "--exit-on-error",
            "--no-owner",
            "--single-transaction" if at_once else f"--jobs={side_by_side}",
            *([f"--role={role}"] if role else []),
            *(_left_out(dump, without) if without else []),
            f"--dbname={name_database(url)}",
            str(dump),
        ],
        {**_environment(url), "PGOPTIONS": QUICK_LOADING},
    )
    if answer.returncode:
        raise ClusterError("backup.load_failed", reason=first_line(answer.stderr))


def _left_out(dump: Path, entry: str) -> list[str]:
    """Return the option by which an entry is left out, in a list of contents beside the dump."""
    found = _run_restore(["--list", str(dump)], dict(os.environ))
    lines = [line for line in found.stdout.splitlines() if f" {entry} " not in line]
    chosen = dump.with_suffix(".list")
    chosen.write_text("\n".join(lines), encoding="utf-8")
    return [f"--use-list={chosen}"]


def _run_restore(words: list[str], environment: dict[str, str]) -> CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        [str(find_binaries() / "pg_restore"), *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def name_database(url: str) -> str:
    """Return the conninfo of libpq without the password: others see the words of a command."""
    address = make_url(url)
    given: dict[str, str | None] = {
        "host": address.host,
        "port": str(address.port or ""),
        "user": address.username,
        "dbname": address.database,
        **{name: str(value) for name, value in address.query.items()},
    }
    return make_dsn(**{name: value for name, value in given.items() if value})


def _environment(url: str) -> dict[str, str]:
    password = make_url(url).password
    # options of a session that somebody set for psql would change what is dumped
    kept = {name: value for name, value in os.environ.items() if name != "PGOPTIONS"}
    return {**kept, "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}


def _complaint(file: IO[bytes]) -> str:
    file.seek(0)
    return first_line(file.read().decode("utf-8", "replace"))
