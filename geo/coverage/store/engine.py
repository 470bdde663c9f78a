"""The epoch of the engine: one more for each that took over."""

from sqlalchemy import Connection, text


def begin_epoch(connection: Connection) -> int:
    """Count a new engine; return its epoch."""
    statement = (
        "UPDATE govgrid.coverage_engine SET epoch = epoch + 1, since = govgrid.now()"
        " RETURNING epoch"
    )
    return int(connection.execute(text(statement)).scalar_one())


def is_current(connection: Connection, epoch: int) -> bool:
    """Return whether no engine has taken over since; none does before the transaction ends.

    Parameters
    ----------
    connection
        Open transaction.
    epoch
        As from :func:`begin_epoch`.
    """
    found = connection.execute(text("SELECT epoch FROM govgrid.coverage_engine FOR SHARE"))
    return int(found.scalar_one()) == epoch
