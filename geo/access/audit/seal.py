"""Sealing: rows of the audit that were committed become the next links of its chain."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access.audit import chain, checkpoints
from geo.access.audit.chain import GENESIS, Head, Link
from geo.access.store import audit as stored
from geo.store import db

BATCH: Final = checkpoints.EVERY
"""Not more than lie between two heads, so that each of them is written before the next batch."""


def seal_rows(
    engine: Engine,
    *,
    batch: int = BATCH,
    stopped: Callable[[], bool] = lambda: False,
    sealed: Callable[[Head], object] = lambda head: head,
) -> int:
    """Seal all committed rows that are not sealed yet, in the order of their ids.

    A row that is committed late, after rows with larger ids, is sealed late: what counts is the
    order of `seal_no`, which has no gaps. Where another process seals right now, nothing is done.

    Parameters
    ----------
    engine
        A pool of the owner of the tables: the service cannot seal.
    batch
        How many rows are sealed in one transaction.
    stopped
        Asked between batches; what is left then waits.
    sealed
        Receives the head of the chain after each batch, once that is committed.

    Returns
    -------
    int
        How many rows were sealed.
    """
    total = 0
    while not stopped():
        done = _sealed(engine, batch)
        if done is None:
            break
        total += done[0]
        sealed(done[1])
        if done[0] < batch:
            break
    return total


def newest_seal(connection: Connection) -> Head | None:
    """Return the seal that the chain ends with; None while nothing is sealed."""
    last = stored.last_seal(connection)
    return None if last is None else Head(*last)


def _sealed(engine: Engine, batch: int) -> tuple[int, Head] | None:
    """Seal up to `batch` rows and return how many, and the last seal; None if nothing was done."""
    with db.open_transaction(engine) as connection:
        if not db.try_lock_work(connection, db.SEALING):
            return None
        rows = stored.unsealed_links(connection, batch)
        if not rows:
            return None
        last = newest_seal(connection) or Head(None, GENESIS)
        before = last.seal_no or 0
        links = [Link(*row) for row in rows]
        seals = chain.compute_seals(last.seal, links)
        stored.write_seals(connection, [link.id for link in links], seals, last=before)
        return len(rows), Head(before + len(rows), seals[-1])
