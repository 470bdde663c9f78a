"""What an account sees of itself: what is granted to it, and where it is logged in."""

from typing import Any

from sqlalchemy import Engine, text

from geo.access import transaction
from geo.access.accounts import sessions
from geo.access.audit import record as audit
from geo.access.principal import Reader

_GRANTS = text(
    "SELECT g.role, g.area_unit_id IS NULL AS whole, a.code AS area_code, a.name AS area_name,"
    " g.camera_classes AS classes, g.depth, g.until"
    " FROM govgrid.role_grant g LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    " WHERE g.account = :account AND (g.until IS NULL OR g.until >= govgrid.today())"
    " ORDER BY g.role, a.code NULLS FIRST"
)
_SESSIONS = text(
    "SELECT id, created_at, seen_at, address, agent, id = CAST(:own AS uuid) AS own"
    " FROM govgrid.session WHERE account = :account AND stage = 'full' AND expires_at > now()"
    " AND (:lasting OR seen_at > now() - make_interval(mins => :idle_min))"
    " ORDER BY seen_at DESC"
)
_SECOND = text("SELECT totp_secret IS NOT NULL FROM govgrid.account WHERE id = :account")


def own_grants(engine: Engine, reader: Reader) -> list[dict[str, Any]]:
    """Return the reader's own grants of today: role, area, classes, depth, until."""
    with transaction.open_as(engine, reader) as connection:
        return [dict(row) for row in connection.execute(_GRANTS, _own(reader)).mappings()]


def own_sessions(
    engine: Engine, reader: Reader, session: str, *, idle_min: int
) -> list[dict[str, Any]]:
    """Return where the reader is logged in, the newest use first; `session` is told as `own`."""
    asked = {
        **_own(reader),
        "own": session,
        "lasting": reader.kind == "display",
        "idle_min": idle_min,
    }
    with transaction.open_as(engine, reader) as connection:
        return [dict(row) for row in connection.execute(_SESSIONS, asked).mappings()]


def has_second_factor(engine: Engine, reader: Reader) -> bool:
    """Return whether the reader has set up an authenticator."""
    with transaction.open_as(engine, reader) as connection:
        return bool(connection.execute(_SECOND, _own(reader)).scalar_one())


def end_others(engine: Engine, reader: Reader, session: str) -> int:
    """End every log-in of the reader but `session`, and return how many ended."""
    with transaction.open_as(engine, reader) as connection:
        ended = sessions.end_all(connection, str(reader.id), but=session)
        facts = {"ended": ended}
        audit.record(connection, reader, "session.end_others", reader.account, facts=facts)
    return ended


def _own(reader: Reader) -> dict[str, Any]:
    return {"account": reader.id}
