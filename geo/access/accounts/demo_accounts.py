"""Accounts of the demonstration: one per role, with new passwords each time it is built."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from geo.access import passwords, principal
from geo.access.accounts import accounts, grants, separation_of_duties, sessions
from geo.access.audit import record as audit
from geo.access.principal import Reader
from geo.store import db

SYSTEM: Final = principal.system("demo")
UNIT: Final = "演示综治中心"
# name, role, holder, level of the area (None: everything), unit
MADE: Final = (
    ("operator", "operator", "演示受理员", "community"),
    ("dispatcher", "dispatcher", "演示派遣员", None),
    ("planner", "planner", "演示规划员", None),
    ("admin", "administrator", "演示系统管理员", None),
    ("security", "security_administrator", "演示安全管理员", None),
    ("auditor", "auditor", "演示审计员", None),
    ("responder", "responder", "演示处置员", None),
    ("screen", "display", "演示大屏", None),
)
_AREA: Final = text("SELECT code FROM govgrid.area_now WHERE level = :level ORDER BY code LIMIT 1")
_UNIT: Final = text("SELECT code, name FROM govgrid.unit ORDER BY code LIMIT 1")
_KEPT: Final = text(
    "UPDATE govgrid.account SET password_hash = :kept, must_change = false, disabled_at = NULL,"
    " totp_secret = NULL WHERE name = :name RETURNING id"
)


def make(engine: Engine) -> list[dict[str, Any]]:
    """Make one account per role and return them: name, password, role, area (code, "" for all).

    Where they exist from before they get new passwords. They need no change of the first one.
    """
    with db.transaction(engine) as connection:
        separation_of_duties.lock(connection)
        made = [_one(connection, *each) for each in MADE]
        audit.record(connection, SYSTEM, "account.add", "demo", facts={"accounts": len(made)})
        return made


def _one(
    connection: Connection, name: str, role: str, holder: str, level: str | None
) -> dict[str, Any]:
    password = passwords.one_time()
    kept = {"name": name, "kept": passwords.hashed(password)}
    found = connection.execute(_KEPT, kept).scalar_one_or_none()
    if found is None:
        kind = "display" if role == "display" else "person"
        unit = _unit(connection, role)
        accounts.insert(
            connection, {**kept, **unit, "kind": kind, "holder": holder, "by": SYSTEM.account}
        )
        connection.execute(_KEPT, kept)
    else:
        sessions.end_all(connection, str(found))
    area = level and connection.execute(_AREA, {"level": level}).scalar_one_or_none()
    _grant(connection, SYSTEM, name, role, area)
    return {"name": name, "password": password, "role": role, "area": area or ""}


def _grant(connection: Connection, who: Reader, name: str, role: str, area: str | None) -> None:
    grants.given(connection, who, name, role, area, classes=None, depth=None, until=None)


def _unit(connection: Connection, role: str) -> dict[str, Any]:
    """Return the unit of an account: a responder is of one that matters are given to."""
    row = connection.execute(_UNIT).first() if role == "responder" else None
    if row is None:
        return {"unit_code": None, "unit_name": UNIT}
    return {"unit_code": row.code, "unit_name": row.name}
