"""Numbers of the whole installation, for its administrator: sizes, queue, newest computation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_OVERVIEW: Final = text(
    "SELECT split_part(current_setting('server_version'), ' ', 1) AS server,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'postgis') AS postgis,"
    " pg_database_size(current_database()) AS size_bytes,"
    " count(*) FILTER (WHERE state = 'waiting') AS waiting,"
    " count(*) FILTER (WHERE state = 'running') AS running,"
    " count(*) FILTER (WHERE state = 'failed'"
    "  AND ended_at > govgrid.now() - interval '1 day') AS failed FROM govgrid.job"
)
_NAMES: Final = text(
    "SELECT table_name FROM information_schema.tables WHERE table_schema LIKE 'govgrid%'"
    " UNION SELECT column_name FROM information_schema.columns WHERE table_schema LIKE 'govgrid%'"
)


@dataclass(frozen=True)
class Overview:
    """What the database says of itself; jobs that failed are those of the last day."""

    server: str
    postgis: str
    size_bytes: int
    waiting: int
    running: int
    failed: int


def read_overview(connection: Connection) -> Overview:
    """Return versions, size and queue."""
    return Overview(**connection.execute(_OVERVIEW).mappings().one())


def read_heartbeat(connection: Connection) -> datetime | None:
    """Return when a worker was last heard of; None where none ever was."""
    found = connection.execute(text("SELECT heartbeat_at FROM govgrid.worker_heartbeat"))
    at: datetime | None = found.scalar_one()
    return at


def schema_names(connection: Connection) -> frozenset[str]:
    """Return the names of tables and columns, which tell nothing of the district."""
    return frozenset(connection.execute(_NAMES).scalars())
