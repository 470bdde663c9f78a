"""What is sent to a webhook about an incident: codes and states that its account may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.incidents import listing
from geo.incidents.store import listing as stored_listing
from geo.operations.store.webhooks import Delivery
from geo.store.statements import to_json

INCIDENT: Final = (
    *("id", "code", "category", "state", "version", "grade", "source", "reported_at", "due_at"),
    *("closed_at", "light", "on_hold", "supervised", "emergency", "outcome"),
    *("grid_code", "community_code", "township_code", "unit_code", "lon", "lat"),
)
"""Never a text: what people typed may hold what is nobody else's business."""


def compose_body(engine: Engine, who: Principal, due: Delivery) -> bytes | None:
    """Return what is sent of something that happened as JSON, None where nothing may be sent.

    It is read now, by the grants of now: coarse places stay coarse, sensitive matters are never
    sent, nor is what is not seen any more.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Account of the webhook.
    due
        What happened.
    """
    incident = _incident_id(due.data)
    if incident is None:
        return None
    with transaction.open_as(engine, who) as connection:
        row = stored_listing.read_shown(connection, listing.seen_by(who), incident)
    if row is None or row["sensitive"]:
        return None
    what = {k: due.data[k] for k in ("move", "alarm") if k in due.data}
    body = {
        "id": str(due.id),
        "kind": f"incident.{due.kind}",
        "at": due.at.isoformat(),
        **what,
        "incident": {
            **{name: _plain(row[name]) for name in INCIDENT},
            "exact": bool(row["exact"]),
        },
    }
    return to_json(body).encode()


def _plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _incident_id(data: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(data.get("id")))
    except ValueError:
        return None
