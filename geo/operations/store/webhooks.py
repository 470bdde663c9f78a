"""Webhooks and the deliveries they still wait for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.store.outbox import Position, StoredEvent
from geo.store.statements import to_json

_COLUMNS: Final = (
    "w.id, w.name, w.url, a.name AS account, w.kinds, w.active, w.created_at, w.created_by,"
    " w.delivered_at, w.failed_at, w.error,"
    " (SELECT count(*) FROM govgrid.webhook_delivery d WHERE d.webhook = w.id"
    "  AND d.state = 'waiting') AS waiting"
)
_FROM: Final = " FROM govgrid.webhook w JOIN govgrid.webhook_account a ON a.id = w.account"
_LIST: Final = text(f"SELECT {_COLUMNS}{_FROM} ORDER BY w.name")
_READ: Final = text(f"SELECT {_COLUMNS}{_FROM} WHERE w.id = :id")
# It is notified of what is written from here on; what others have begun before may be missed.
_INSERT: Final = text(
    "INSERT INTO govgrid.webhook (name, url, account, kinds, secret, xact, event, created_by)"
    " VALUES (:name, :url, CAST(:account AS uuid), CAST(:kinds AS text[]), :secret,"
    " pg_current_xact_id(), 0, :by) ON CONFLICT (name) DO NOTHING RETURNING id"
)
_SWITCH: Final = text(
    "UPDATE govgrid.webhook SET active = :active, error = NULL,"
    " xact = pg_current_xact_id(), event = 0 WHERE id = :id"
)
_SECRET: Final = text("UPDATE govgrid.webhook SET secret = :secret WHERE id = :id")
_DELETE: Final = text("DELETE FROM govgrid.webhook WHERE id = :id")
_ACTIVE: Final = text(
    "SELECT w.id, w.url, w.kinds, w.secret, a.name AS account, w.xact::text::bigint AS xact,"
    " w.event FROM govgrid.webhook w JOIN govgrid.webhook_account a ON a.id = w.account"
    " WHERE w.active ORDER BY w.name"
)
_MOVE_ON: Final = text(
    "UPDATE govgrid.webhook SET xact = CAST(:xact AS xid8), event = :event WHERE id = :id"
)
_ADD: Final = text(
    "INSERT INTO govgrid.webhook_delivery (webhook, code, kind, at, data, next_at)"
    " SELECT :hook, e.code, e.kind, e.at, e.data, govgrid.now()"
    " FROM ROWS FROM (jsonb_to_recordset(CAST(:events AS jsonb))"
    " AS (code text, kind text, at timestamptz, data jsonb)) WITH ORDINALITY"
    " AS e (code, kind, at, data, place) ORDER BY e.place"
)
_DUE: Final = text(
    "SELECT id, webhook, code, kind, at, data, attempts FROM govgrid.webhook_delivery"
    " WHERE webhook = :hook AND state = 'waiting' AND next_at <= govgrid.now()"
    " ORDER BY number LIMIT :limit"
)
_END: Final = text(
    "UPDATE govgrid.webhook_delivery SET state = :state, attempts = attempts + 1, status = :status,"
    " error = :error, next_at = :next_at,"
    " ended_at = CASE WHEN :state = 'waiting' THEN NULL ELSE govgrid.now() END WHERE id = :id"
)
_TELL: Final = text(
    "UPDATE govgrid.webhook SET delivered_at = CASE WHEN :ok THEN govgrid.now() ELSE delivered_at"
    " END, failed_at = CASE WHEN :ok THEN failed_at ELSE govgrid.now() END,"
    " error = :error, active = active AND NOT :stop WHERE id = :id"
)
_DELIVERIES: Final = text(
    "SELECT id, code, kind, at, state, attempts, status, error, next_at, ended_at"
    " FROM govgrid.webhook_delivery WHERE webhook = :hook ORDER BY number DESC LIMIT :limit"
)
_OLD: Final = text(
    "DELETE FROM govgrid.webhook_delivery WHERE state <> 'waiting'"
    " AND ended_at < govgrid.now() - make_interval(days => :days)"
)


@dataclass(frozen=True)
class Webhook:
    """A webhook as it is listed; its secret is never shown again."""

    id: UUID
    name: str
    url: str
    account: str
    kinds: list[str]
    active: bool
    created_at: datetime
    created_by: str
    delivered_at: datetime | None
    failed_at: datetime | None
    error: str | None
    waiting: int


@dataclass(frozen=True)
class Listening:
    """A webhook that is notified: up to which event it was read for, its secret encrypted."""

    id: UUID
    url: str
    kinds: list[str]
    secret: str
    account: str
    position: Position


@dataclass(frozen=True)
class Delivery:
    """A delivery that a webhook is to get."""

    id: UUID
    webhook: UUID
    code: str | None
    kind: str
    at: datetime
    data: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True)
class ListedDelivery:
    """A delivery that a webhook got or is to get, and how that went."""

    id: UUID
    code: str | None
    kind: str
    at: datetime
    state: str
    attempts: int
    status: int | None
    error: str | None
    next_at: datetime | None
    ended_at: datetime | None


def list_webhooks(connection: Connection) -> list[Webhook]:
    """Return all webhooks by name."""
    return [Webhook(**row) for row in connection.execute(_LIST).mappings()]


def read_webhook(connection: Connection, hook: UUID) -> Webhook | None:
    """Return a webhook, None where there is none.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    """
    row = connection.execute(_READ, {"id": hook}).mappings().one_or_none()
    return None if row is None else Webhook(**row)


def insert_webhook(connection: Connection, row: Mapping[str, Any]) -> UUID | None:
    """Add a webhook and return its id, None where the name is taken.

    Parameters
    ----------
    connection
        Open transaction.
    row
        name, url, account (id), kinds, secret (encrypted), by.
    """
    found: UUID | None = connection.execute(_INSERT, dict(row)).scalar_one_or_none()
    return found


def switch_webhook(connection: Connection, hook: UUID, *, active: bool) -> None:
    """Switch a webhook on or off; it is never notified of what happens while it is off.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    active
        On or off.
    """
    connection.execute(_SWITCH, {"id": hook, "active": active})


def set_secret(connection: Connection, hook: UUID, secret: str) -> None:
    """Give a webhook another secret.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    secret
        Encrypted.
    """
    connection.execute(_SECRET, {"id": hook, "secret": secret})


def delete_webhook(connection: Connection, hook: UUID) -> None:
    """Remove a webhook with all deliveries that wait.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    """
    connection.execute(_DELETE, {"id": hook})


def active_webhooks(connection: Connection) -> list[Listening]:
    """Return the webhooks that are on."""
    rows = connection.execute(_ACTIVE).mappings()
    return [
        Listening(
            **{name: row[name] for name in ("id", "url", "kinds", "secret", "account")},
            position=Position(row["xact"], row["event"]),
        )
        for row in rows
    ]


def move_on(connection: Connection, hook: UUID, position: Position) -> None:
    """Keep up to which event a webhook was read for.

    Parameters
    ----------
    connection
        Transaction in which its deliveries are added.
    hook
        Its id.
    position
        Of the last event.
    """
    values = {"id": hook, "xact": str(position.xact), "event": position.id}
    connection.execute(_MOVE_ON, values)


def add_deliveries(connection: Connection, hook: UUID, events: Sequence[StoredEvent]) -> None:
    """Add deliveries that a webhook is to get.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    events
        As read from the outbox.
    """
    rows = [
        {"code": e.code, "kind": e.kind, "at": e.at.isoformat(), "data": e.data} for e in events
    ]
    connection.execute(_ADD, {"hook": hook, "events": to_json(rows)})


def due_deliveries(connection: Connection, hook: UUID, limit: int) -> list[Delivery]:
    """Return the deliveries that are due now, the oldest first.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    limit
        Most rows.
    """
    rows = connection.execute(_DUE, {"hook": hook, "limit": limit}).mappings()
    return [Delivery(**row) for row in rows]


def end_attempt(
    connection: Connection,
    delivery: UUID,
    state: str,
    *,
    status: int | None,
    error: str | None,
    next_at: datetime | None,
) -> None:
    """Write down how an attempt went.

    Parameters
    ----------
    connection
        Open transaction.
    delivery
        Its id.
    state
        waiting (it is tried again), delivered, failed, or dropped (it must not be sent).
    status
        Of the answer.
    error
        Why there was none.
    next_at
        When it is tried again.
    """
    values = {"id": delivery, "state": state, "status": status, "error": error, "next_at": next_at}
    connection.execute(_END, values)


def record_outcome(
    connection: Connection, hook: UUID, *, ok: bool, error: str | None, stop: bool
) -> None:
    """Keep with a webhook how its last delivery went.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    ok
        Whether it was taken.
    error
        A word for why it was not.
    stop
        Whether the program wants no more: it is switched off.
    """
    connection.execute(_TELL, {"id": hook, "ok": ok, "error": error, "stop": stop})


def list_deliveries(connection: Connection, hook: UUID, limit: int) -> list[ListedDelivery]:
    """Return the newest deliveries of a webhook.

    Parameters
    ----------
    connection
        Open transaction.
    hook
        Its id.
    limit
        Most rows.
    """
    rows = connection.execute(_DELIVERIES, {"hook": hook, "limit": limit}).mappings()
    return [ListedDelivery(**row) for row in rows]


def delete_old_deliveries(connection: Connection, days: int) -> None:
    """Forget deliveries that have ended.

    Parameters
    ----------
    connection
        Open transaction.
    days
        How long they are kept.
    """
    connection.execute(_OLD, {"days": days})
