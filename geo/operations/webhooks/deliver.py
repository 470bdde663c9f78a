"""Telling webhooks: what happened is read from the outbox, written down, sent, and tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from sqlalchemy import Engine

from geo.access.accounts import local_cli
from geo.access.audit import record as audit
from geo.access.event_access import may_receive
from geo.access.principal import Principal, system_principal
from geo.base import clock, secrets
from geo.base.errors import GovgridError, NotFoundError
from geo.base.settings import Settings
from geo.operations.store import webhooks as stored
from geo.operations.store.webhooks import Delivery, Listening
from geo.operations.webhooks import addresses, content, manage, sender
from geo.operations.webhooks.sender import Sent
from geo.store import db, outbox, session_lock
from geo.store.outbox import StoredEvent

LAYER: Final = "incidents"
ACTION: Final = "map"
"""Events of sensitive matters need another permission: of them nothing is even written down."""
READ_AT_ONCE: Final = 500
SENT_AT_ONCE: Final = 200
AGAIN_AFTER: Final = tuple(
    timedelta(seconds=n) for n in (60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800)
)
"""Pauses before further attempts, about a day in all; then it has failed."""
KEPT_DAYS: Final = 30
_NOT_SEEN: Final = "not_seen"


@dataclass(frozen=True)
class Post:
    """How a delivery is sent; tests count with their own."""

    send: Callable[..., Sent] = sender.post_body


def tell_webhooks(engine: Engine, config: Settings, stop: Event, post: Post | None = None) -> int:
    """Read new events for all webhooks and send what is due; return how many were taken.

    Of several workers one does it. Without allowed addresses nothing is read or sent.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    config
        Says which addresses are allowed, and where the installation's key is.
    stop
        Set where the worker is to end.
    post
        How a delivery is sent.
    """
    if not addresses.allowed_origins(config.webhook_hosts):
        return 0
    with session_lock.open_session(engine) as session:
        if not session_lock.try_named_lock(session, "webhooks"):
            return 0
        with db.open_transaction(engine) as connection:
            stored.delete_old_deliveries(connection, KEPT_DAYS)
            hooks = stored.active_webhooks(connection)
        return sum(_serve(engine, config, hook, stop, post or Post()) for hook in hooks)


def _serve(engine: Engine, config: Settings, hook: Listening, stop: Event, post: Post) -> int:
    try:
        who = local_cli.acting_principal(engine, hook.account).cut(ACTION)
    except NotFoundError:
        return 0  # its account is disabled
    _collect(engine, hook, who)
    taken = 0
    with db.open_transaction(engine) as connection:
        due = stored.due_deliveries(connection, hook.id, SENT_AT_ONCE)
    for each in due:
        if stop.is_set():
            break
        sent = _attempt(engine, config, hook, who, each, post)
        taken += sent is not None and sent.done
        if sent is not None and not sent.done:
            break  # what is down is not asked again for each of many
    return taken


def _collect(engine: Engine, hook: Listening, who: Principal) -> None:
    """Write down deliveries that a webhook is to get; who was away too long begins anew."""
    position = hook.position
    while True:
        with db.open_transaction(engine) as connection:
            events = outbox.read_events(connection, position, limit=READ_AT_ONCE)
            wanted = [each for each in events if _concerns(hook, who, each)]
            stored.add_deliveries(connection, hook.id, wanted)
            if events:
                position = events[-1].position
                stored.move_on(connection, hook.id, position)
        if len(events) < READ_AT_ONCE:
            return


def _concerns(hook: Listening, who: Principal, event: StoredEvent) -> bool:
    of_incident = event.layer == LAYER and event.action == ACTION and event.kind in hook.kinds
    return of_incident and may_receive(who, event)


def _attempt(
    engine: Engine, config: Settings, hook: Listening, who: Principal, due: Delivery, post: Post
) -> Sent | None:
    """Send one delivery and write down how that went; None where it must not be sent."""
    try:
        parts = addresses.require_allowed(hook.url, config.webhook_hosts)
        body = content.compose_body(engine, who, due)
        secret = secrets.decrypt(config, hook.secret, purpose=manage.PURPOSE)
    except GovgridError as error:
        sent = Sent(None, error.key)
    else:
        if body is None:
            with db.open_transaction(engine) as connection:
                stored.end_attempt(
                    connection, due.id, "dropped", status=None, error=_NOT_SEEN, next_at=None
                )
            return None
        sent = post.send(
            parts,
            body,
            secret=secret,
            timestamp=int(clock.now().timestamp()),
            delivery=str(due.id),
            kind=f"incident.{due.kind}",
        )
    _write_down(engine, hook, due, sent)
    return sent


def _write_down(engine: Engine, hook: Listening, due: Delivery, sent: Sent) -> None:
    gone = sent.status == sender.GONE
    error = None if sent.done else sent.error or f"HTTP {sent.status}"
    next_at = None if sent.done or gone else _again_at(due.attempts, clock.now())
    state = "delivered" if sent.done else "failed" if next_at is None else "waiting"
    with db.open_transaction(engine) as connection:
        stored.end_attempt(
            connection, due.id, state, status=sent.status, error=error, next_at=next_at
        )
        stored.record_outcome(connection, hook.id, ok=sent.done, error=error, stop=gone)
        if gone:
            worker = system_principal("worker")
            facts = {"active": False, "status": sent.status}
            audit.record(connection, worker, "webhook.change", str(hook.id), facts=facts)


def _again_at(attempts: int, now: datetime) -> datetime | None:
    return now + AGAIN_AFTER[attempts] if attempts < len(AGAIN_AFTER) else None
