"""Jobs as rows: what they are to do, how far they are, how they ended."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from geo.store.statements import to_json

_COLUMNS: Final = (
    "id::text AS id, kind, account::text AS account, account_name, layer, source, state, asked,"
    " step, done, total, result, error, created_at, started_at, ended_at, attempts, cancel_asked"
)
_INSERT: Final = text(
    "INSERT INTO govgrid.job (kind, account, account_name, layer, source, asked) VALUES"
    " (:kind, :account, :account_name, :layer, :source, CAST(:asked AS jsonb)) RETURNING id::text"
)
_READ: Final = text(f"SELECT {_COLUMNS} FROM govgrid.job WHERE id = CAST(:id AS uuid)")
_LIST: Final = text(
    f"SELECT {_COLUMNS} FROM govgrid.job"
    " WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)"
    " AND (CAST(:account AS uuid) IS NULL OR account = CAST(:account AS uuid))"
    " ORDER BY created_at DESC, id LIMIT :limit"
)
_ASK: Final = text(
    "UPDATE govgrid.job SET asked = CAST(:asked AS jsonb) WHERE id = CAST(:id AS uuid)"
)
_CLAIM: Final = text(
    "UPDATE govgrid.job SET state = 'running', attempts = attempts + 1, started_at = govgrid.now()"
    " WHERE id = CAST(:id AS uuid) AND state IN ('waiting', 'running')"
    f" RETURNING {_COLUMNS}"
)
_PROGRESS: Final = text(
    "UPDATE govgrid.job SET step = :step, done = :done, total = :total"
    " WHERE id = CAST(:id AS uuid) RETURNING cancel_asked"
)
_FINISH: Final = text(
    "UPDATE govgrid.job SET state = :state, result = CAST(:result AS jsonb),"
    " error = CAST(:error AS jsonb), ended_at = govgrid.now(), queue_id = NULL"
    " WHERE id = CAST(:id AS uuid)"
)
_RELEASE: Final = text(
    "UPDATE govgrid.job SET state = 'waiting', attempts = attempts - CAST(:forgiven AS integer)"
    " WHERE id = CAST(:id AS uuid) AND state = 'running'"
)
_OLD: Final = text(
    "DELETE FROM govgrid.job WHERE state NOT IN ('waiting', 'running')"
    " AND coalesce(ended_at, created_at) < govgrid.now() - make_interval(hours => :hours)"
    " RETURNING id::text"
)


def insert_job(connection: Connection, row: Mapping[str, Any]) -> str:
    """Insert a job and return its id; it waits for nothing yet.

    Parameters
    ----------
    connection
        Open transaction.
    row
        ``kind``, ``account``, ``account_name``, ``layer``, ``source``, ``asked``.
    """
    found = connection.execute(_INSERT, {**row, "asked": to_json(row["asked"])})
    return str(found.scalar_one())


def read_job(connection: Connection, number: str) -> RowMapping | None:
    """Return a job; None if there is none that may be seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    number
        Id, a UUID.
    """
    return connection.execute(_READ, {"id": number}).mappings().first()


def list_jobs(
    connection: Connection, *, kind: str | None, account: str | None, limit: int
) -> list[RowMapping]:
    """Return the newest jobs that may be seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    kind
        None: every kind.
    account
        Id; None: every account.
    limit
        Most rows.
    """
    asked = {"kind": kind, "account": account, "limit": limit}
    return list(connection.execute(_LIST, asked).mappings())


def enqueue_job(connection: Connection, number: str, turn: str | None) -> None:
    """Put a job into the queue, which this transaction's commit makes known.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id of a job that neither waits nor runs.
    turn
        Jobs of one turn run one after the other; None: whenever there is room.
    """
    statement = text("SELECT govgrid.enqueue_job(CAST(:id AS uuid), :turn)")
    connection.execute(statement, {"id": number, "turn": turn})


def dequeue_job(connection: Connection, number: str) -> None:
    """Cancel a job that waits, and ask for the end of one that runs.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    """
    connection.execute(text("SELECT govgrid.dequeue_job(CAST(:id AS uuid))"), {"id": number})


def store_asked(connection: Connection, number: str, asked: Mapping[str, Any]) -> None:
    """Store what a job is to do.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    asked
        Values of JSON.
    """
    connection.execute(_ASK, {"id": number, "asked": to_json(dict(asked))})


def claim_job(connection: Connection, number: str) -> RowMapping | None:
    """Begin a job and return it; None if it is not to run any more.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    """
    return connection.execute(_CLAIM, {"id": number}).mappings().first()


def record_progress(connection: Connection, number: str, step: str, done: int, total: int) -> bool:
    """Store how far a job is; return whether its end is asked for.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    step
        Key of the catalogue.
    done, total
        0 where that is not known.
    """
    asked = {"id": number, "step": step, "done": done, "total": total}
    return bool(connection.execute(_PROGRESS, asked).scalar())


def finish_job(
    connection: Connection,
    number: str,
    state: str,
    *,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Store how a job ended.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    state
        done, failed or cancelled.
    result, error
        Values of JSON.
    """
    values = {
        name: None if value is None else to_json(dict(value))
        for name, value in (("result", result), ("error", error))
    }
    connection.execute(_FINISH, {"id": number, "state": state, **values})


def release_job(connection: Connection, number: str, *, forgiven: bool) -> None:
    """Have a job that was interrupted wait again.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    forgiven
        Whether it had no part in it, so that the attempt is not counted.
    """
    connection.execute(_RELEASE, {"id": number, "forgiven": int(forgiven)})


def delete_old_jobs(connection: Connection, *, hours: int) -> list[str]:
    """Delete jobs that ended, or were never begun, some time ago; return their ids.

    Parameters
    ----------
    connection
        Open transaction.
    hours
        How long ago at least.
    """
    return list(connection.execute(_OLD, {"hours": hours}).scalars())


def delete_job(connection: Connection, number: str) -> None:
    """Delete a job that neither waits nor runs.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Id.
    """
    statement = (
        "DELETE FROM govgrid.job WHERE id = CAST(:id AS uuid)"
        " AND state NOT IN ('waiting', 'running')"
    )
    connection.execute(text(statement), {"id": number})


def keep_files_of(connection: Connection, *, hours: int) -> set[str]:
    """Return the ids of jobs whose files are still wanted: they wait, run, or are young.

    Parameters
    ----------
    connection
        Open transaction.
    hours
        Up to which age.
    """
    statement = (
        "SELECT id::text FROM govgrid.job WHERE state IN ('waiting', 'running')"
        " OR created_at > govgrid.now() - make_interval(hours => :hours)"
    )
    return set(connection.execute(text(statement), {"hours": hours}).scalars())
