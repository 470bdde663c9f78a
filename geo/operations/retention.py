"""Retention: what is kept no longer is destroyed, and what was destroyed stands in a register."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal, system_principal
from geo.access.store import expired_records
from geo.base import clock
from geo.base.settings import Settings
from geo.operations.store import destruction
from geo.operations.store.destruction import Destruction
from geo.store import db, undo
from geo.viewing.store import expired as expired_viewings

WHO = system_principal("worker")


def destroy_undo_data(engine: Engine, settings: Settings) -> Destruction | None:
    """Destroy the rows as they were before imports that lie back too far; return the entry.

    Such a run can be undone no more, and says so.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    settings
        Say after how many days.
    """
    days = settings.undo_days
    with transaction.open_as(engine, WHO) as connection:
        db.take_turn(connection, db.IMPORTING)  # nobody undoes meanwhile
        number, oldest, newest = undo.delete_old_changes(connection, days)
        if not number:
            return None
        entry = Destruction("undo", number, oldest, newest, days)
        record_destruction(connection, entry)
        return entry


def destroy_registers(engine: Engine, settings: Settings) -> list[Destruction]:
    """Destroy viewings, requests and exports whose time is over; return the entries.

    What an open incident cites stays, as does a request that nobody decided.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    settings
        Say after how many days.
    """
    days = settings.register_days
    kinds: dict[str, Callable[[Connection, int], tuple[int, datetime | None, datetime | None]]] = {
        "viewings": expired_viewings.delete_old_viewings,
        "requests": expired_viewings.delete_old_requests,
        "exports": expired_records.delete_old_exports,
    }
    entries = []
    with transaction.open_as(engine, WHO) as connection:
        expired_records.allow_destruction(connection)
        for kind, delete in kinds.items():
            number, oldest, newest = delete(connection, days)
            if number:
                entries.append(Destruction(kind, number, oldest, newest, days))
                record_destruction(connection, entries[-1])
    return entries


def destroy_audit(engine: Engine, settings: Settings) -> Destruction | None:
    """Destroy rows of the audit whose time is over; return the entry.

    The chain goes on from the seal of the last of them, which is kept. As long as a viewing is
    kept, so is the audit since then: it proves that the register holds what was written.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    settings
        Say after how many days.
    """
    days = settings.audit_days
    with transaction.open_as(engine, WHO) as connection:
        db.take_turn(connection, db.SEALING)
        before = clock.now() - timedelta(days=days)
        before = min(before, expired_viewings.oldest_viewing(connection) or before)
        last = expired_records.last_expired_seal(connection, before)
        if last is None:
            return None
        expired_records.allow_destruction(connection)
        gone = expired_records.delete_sealed(connection, last)
        entry = Destruction("audit", *gone, days)
        record_destruction(connection, entry, seal_no=last.seal_no, seal=bytes(last.seal).hex())
        return entry


def record_destruction(connection: Connection, entry: Destruction, **more: object) -> None:
    """Add an entry to the register and to the audit.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables, opened as the worker.
    entry
        What was destroyed.
    **more
        Further facts of the audit's row.
    """
    facts = {"number": entry.number, "kept_days": entry.kept_days, **more}
    destruction.insert_destruction(connection, entry)
    audit.record(connection, WHO, "retention.destroy", entry.kind, facts=facts)


def record_files(engine: Engine, number: int, settings: Settings) -> None:
    """Add to the register that files of closed incidents went.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    number
        How many.
    settings
        Say after how many days.
    """
    with transaction.open_as(engine, WHO) as connection:
        entry = Destruction("attachments", number, None, None, settings.attachment_days)
        record_destruction(connection, entry)


def read_destructions(engine: Engine, who: Principal, *, limit: int) -> list[Destruction]:
    """Return the register, the newest first.

    Parameters
    ----------
    engine
        Pool.
    who
        Who asks.
    limit
        Most entries.

    Raises
    ------
    ForbiddenError
        If the reader may not read registers.
    """
    who.require("register")
    with transaction.open_as(engine, who) as connection:
        return destruction.list_destructions(connection, limit)
