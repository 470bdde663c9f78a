"""Backup and trial restore of a district of many incidents, beside pg_dump and pg_restore alone.

A private cluster as the program makes it holds incidents, an audit of a tenth as many rows, sealed,
and files. The peers are ``pg_dump -Fc`` of the same schemas to a file, as it comes, and
``pg_restore -j`` of that dump into a fresh cluster as the program makes it, with the walk of the
audit chain behind it. Size by the variable ``ROWS`` (100,000).
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rows import Row, row, run
from sqlalchemy import Engine, text

from geo.access import principal
from geo.access.audit import seal as audit_seal
from geo.access.audit import verify as audit_verification
from geo.base.settings import Settings
from geo.incidents import file_store
from geo.operations import database
from geo.operations.backup import create, verify
from geo.store import db
from geo.store.cluster import client_programs, databases
from geo.store.cluster.binaries import find_binaries

ROWS = int(os.environ.get("ROWS", "100000"))
FILES, FILE_BYTES = 200, 200_000
MOST = 1.5
INCIDENTS = text(
    "INSERT INTO govgrid.incident (code, title, category, source, reported_at, geom)"
    " SELECT 'M' || n, '井盖缺失 ' || n, '0101', 'other', now() - n * interval '1 minute',"
    " ST_SetSRID(ST_MakePoint(117.0 + (n % 997) / 9970.0, 30.5 + (n % 991) / 9910.0), 4326)"
    " FROM generate_series(1, :count) AS n"
)
AUDIT = text(
    "INSERT INTO govgrid.audit (account, unit, address, action, object, facts, note, note_sha256)"
    " SELECT 'clerk' || n % 57, '宜城路街道综治中心', '10.0.0.1', 'incident.move', 'M' || n,"
    " jsonb_build_object('minutes', n % 60), '', sha256('') FROM generate_series(1, :count) AS n"
)
FILE = text(
    "INSERT INTO govgrid.attachment (incident, kind, name, media_type, sha256, bytes, has_persons,"
    " added_by) SELECT id, 'before', 'a.png', 'image/png', :sha256, :bytes, false, 'x'"
    " FROM govgrid.incident LIMIT 1"
)
WORDS = "correct horse battery"
WHO = principal.system_principal("os:bench")


def fill(engine: Engine, home: Path) -> None:
    """Fill the tables without their triggers."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(INCIDENTS, {"count": ROWS})
        connection.execute(AUDIT, {"count": ROWS // 10})
        for _ in range(FILES):
            sha256 = file_store.keep_file(home, os.urandom(FILE_BYTES))
            connection.execute(FILE, {"sha256": sha256, "bytes": FILE_BYTES})
    audit_seal.seal_rows(engine)


def timed(work: Callable[[], object]) -> float:
    """Return how long something takes, seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def dump_alone(url: str, target: Path) -> None:
    """Dump as anybody would."""
    command = [find_binaries() / "pg_dump", "-Fc", "-n", "govgrid", "-n", "govgrid_queue"]
    subprocess.run([*command, "-f", target, "-d", client_programs.name_database(url)], check=True)


def restore_alone(dump: Path, folder: Path) -> None:
    """Restore a dump as anybody would, and walk the chain of the audit."""
    with databases.start_cluster_in(folder) as cluster, databases.fill_apart(cluster) as url:
        client_programs.restore_dump(url, dump, role="govgrid")
        engine = db.connect(url)
        assert audit_verification.verify_chain(engine, WHO).walk.whole
        engine.dispose()


def measure() -> list[Row]:
    """Return the rows."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        config = Settings(home=folder / "home")
        try:
            return compare(config, folder)
        finally:
            databases.remove_cluster(config.home)


def compare(config: Settings, folder: Path) -> list[Row]:
    """Measure both ways on one home."""
    with database.open_database(config):
        pass
    url = create.superuser_url(config)
    engine = db.connect(url, statement_timeout_s=3600)
    fill(engine, config.home)
    engine.dispose()
    dump, plain, sealed = folder / "a.dump", folder / "a.backup", folder / "b.backup"
    peer = timed(lambda: dump_alone(url, dump))
    ours = timed(lambda: create.create_backup(config, plain))
    encrypted = timed(
        lambda: create.create_backup(config, sealed, passphrase="correct horse battery")
    )
    proved = timed(lambda: verify.verify_backup(config, plain, scratch=folder))
    alone = timed(lambda: restore_alone(dump, folder))
    size = f"{ROWS:,} incidents, {ROWS // 10:,} audit rows, {FILES} files"
    dumped, restored = "pg_dump -Fc", "pg_restore -j, then the chain"
    goal = round(1 / MOST, 3)
    return [
        row(f"backup: {size}", ours, "s", peer=dumped, peer_value=peer, goal_ratio=goal),
        row("the same, encrypted", encrypted, "s", peer=dumped, peer_value=peer, goal_ratio=goal),
        row("verify", proved, "s", peer=restored, peer_value=alone, goal_ratio=goal),
        row(
            "size of the file",
            plain.stat().st_size / 1e6,
            "MB",
            peer=dumped,
            peer_value=(dump.stat().st_size + FILES * FILE_BYTES) / 1e6,
        ),
    ]


if __name__ == "__main__":
    run(measure, __doc__)
