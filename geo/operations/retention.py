"""Retention: what is kept no longer is destroyed, and what was destroyed stands in a register."""

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal, system_principal
from geo.base.settings import Settings
from geo.operations.store import destruction
from geo.operations.store.destruction import Destruction
from geo.store import db, undo

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


def record_destruction(connection: Connection, entry: Destruction) -> None:
    """Add an entry to the register and to the audit.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables, opened as the worker.
    entry
        What was destroyed.
    """
    facts = {"number": entry.number, "kept_days": entry.kept_days}
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
