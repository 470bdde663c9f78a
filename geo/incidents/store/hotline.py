"""Work orders of the hotline 12345: their limits, what was replied, what is to be replied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.incidents.rules.hotline import OrderState
from geo.incidents.store.listing import HANDLED
from geo.incidents.store.moves import SEEN

_OF_INCIDENT: Final = text("SELECT * FROM govgrid.hotline_order WHERE incident = :incident")
_KNOWN: Final = text(
    "SELECT o.incident, i.code, i.version, i.state, i.title, i.description, i.created_account"
    " FROM govgrid.hotline_order o JOIN govgrid.incident i ON i.id = o.incident"
    " WHERE o.number = :number"
)
_WRITE: Final = text(
    "INSERT INTO govgrid.hotline_order AS o (incident, number, due_at, return_by)"
    " SELECT :incident, :number, :due_at, :return_by WHERE NOT EXISTS (SELECT FROM"
    "  govgrid.hotline_order t WHERE t.number = :number AND t.incident <> :incident)"
    " ON CONFLICT (incident) DO UPDATE SET number = excluded.number,"
    " due_at = coalesce(excluded.due_at, o.due_at),"
    " return_by = coalesce(excluded.return_by, o.return_by)"
    " RETURNING incident"
)
# A file tells the hotline by one of the words for it; its code is the number of the order.
_OF_FILE: Final = text(
    "INSERT INTO govgrid.hotline_order (incident, number, due_at)"
    " SELECT i.id, i.code, CASE WHEN i.due_given THEN i.due_at END FROM govgrid.incident i"
    " WHERE i.code = ANY(:codes) AND EXISTS (SELECT FROM govgrid.incident_source s"
    "  WHERE s.code = 'hotline' AND i.source IN (s.code, s.zh, s.en)) ON CONFLICT DO NOTHING"
)
_WORDS: Final = text("SELECT code, zh, en FROM govgrid.incident_source WHERE code = 'hotline'")
_ORDERS: Final = (
    "SELECT o.number, o.due_at AS order_due_at, o.return_by, o.replied_at, o.replied_state,"
    " i.id, i.code, i.state, i.outcome, i.result, i.done_at, i.closed_at, i.satisfaction,"
    " i.heard, coalesce(i.first_done_at, i.closed_at) <= i.due_at AS on_time,"
    " u.name AS unit_name FROM govgrid.hotline_order o"
    " JOIN govgrid.incident i ON i.id = o.incident"
    f" LEFT JOIN govgrid.unit u ON u.code = i.unit_code WHERE {SEEN}"
    f" AND (NOT i.sensitive OR {HANDLED})"
)
_TO_REPLY: Final = text(
    f"{_ORDERS} AND i.state IN ('done', 'checked', 'closed', 'not_accepted')"
    " AND (:again OR o.replied_state IS DISTINCT FROM i.state) ORDER BY o.number"
)
_ALL: Final = text(f"{_ORDERS} ORDER BY o.number")
_FORGET: Final = text(
    "UPDATE govgrid.hotline_order SET replied_state = NULL WHERE incident = :incident"
)
_REPLIED: Final = text(
    "UPDATE govgrid.hotline_order o SET replied_at = govgrid.now(), replied_state = i.state"
    " FROM govgrid.incident i WHERE i.id = o.incident AND o.number = ANY(CAST(:numbers AS text[]))"
)


@dataclass(frozen=True)
class HotlineOrder:
    """The work order of an incident."""

    incident: UUID
    number: str
    due_at: datetime | None
    return_by: datetime | None
    registered_at: datetime
    replied_at: datetime | None
    replied_state: str | None


@dataclass(frozen=True)
class KnownOrder:
    """The incident that a work order was taken as."""

    incident: UUID
    code: str
    version: int
    state: str
    title: str | None
    description: str | None
    created_account: UUID | None


@dataclass(frozen=True)
class SeenOrder(OrderState):
    """A work order with what became of its incident."""

    id: UUID
    order_due_at: datetime | None
    return_by: datetime | None
    replied_at: datetime | None
    replied_state: str | None
    outcome: str | None
    result: str | None
    done_at: datetime | None
    closed_at: datetime | None
    satisfaction: int | None
    heard: bool | None
    on_time: bool | None
    unit_name: str | None


def read_order(connection: Connection, incident: UUID) -> HotlineOrder | None:
    """Return the work order of an incident, None where the hotline has none.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    row = connection.execute(_OF_INCIDENT, {"incident": incident}).mappings().one_or_none()
    return None if row is None else HotlineOrder(**row)


def find_order(connection: Connection, number: str) -> KnownOrder | None:
    """Return the incident of a work order, None where it is not known or not seen.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    number
        Of the hotline.
    """
    row = connection.execute(_KNOWN, {"number": number}).mappings().one_or_none()
    return None if row is None else KnownOrder(**row)


def write_order(
    connection: Connection,
    incident: UUID,
    number: str,
    due_at: datetime | None,
    return_by: datetime | None,
) -> bool:
    """Write the work order of an incident; False where the number is of another one.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    number
        Of the hotline.
    due_at
        Limit of the hotline; None keeps an earlier one.
    return_by
        Until when it can be given back; None keeps an earlier one.
    """
    row = {"incident": incident, "number": number, "due_at": due_at, "return_by": return_by}
    return connection.execute(_WRITE, row).one_or_none() is not None


def write_orders_of_file(connection: Connection, codes: Sequence[str]) -> None:
    """Write the work orders of new incidents of a file that come from the hotline.

    Parameters
    ----------
    connection
        Open transaction of the import.
    codes
        Of the incidents.
    """
    connection.execute(_OF_FILE, {"codes": list(codes)})


def hotline_words(connection: Connection) -> frozenset[str]:
    """Return the words by which the source of an incident is the hotline."""
    return frozenset(word for row in connection.execute(_WORDS) for word in row if word)


def orders_to_reply(
    connection: Connection, parameters: Mapping[str, Any], *, again: bool
) -> list[SeenOrder]:
    """Return the orders that are done and whose state was not replied yet, by number.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants as SQL parameters, with ``account_id``.
    again
        Whether those that were replied come as well.
    """
    rows = connection.execute(_TO_REPLY, {**parameters, "again": again}).mappings()
    return [SeenOrder(**row) for row in rows]


def read_orders(connection: Connection, parameters: Mapping[str, Any]) -> list[SeenOrder]:
    """Return all work orders that are seen, by number.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants as SQL parameters, with ``account_id``.
    """
    return [SeenOrder(**row) for row in connection.execute(_ALL, parameters).mappings()]


def mark_replied(connection: Connection, numbers: Sequence[str]) -> None:
    """Write down that the present states of some orders were replied.

    Parameters
    ----------
    connection
        Open transaction.
    numbers
        Of the hotline.
    """
    connection.execute(_REPLIED, {"numbers": list(numbers)})


def forget_reply(connection: Connection, incident: UUID) -> None:
    """Have the order of an incident that is done again replied anew.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    connection.execute(_FORGET, {"incident": incident})
