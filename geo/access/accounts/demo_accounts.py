"""Accounts of the demonstration: one per role, made once, when it is built."""

from typing import Any, Final

from sqlalchemy import Connection

from geo.access import passwords, principal
from geo.access.accounts import accounts, grants, separation_of_duties
from geo.access.audit import record as audit
from geo.access.store import accounts as stored
from geo.access.store import grants as stored_grants
from geo.store import holding

SYSTEM: Final = principal.system_principal(holding.ACCOUNT)
UNIT: Final = "演示综治中心"
# name, role, holder, level of the area (None: everything), unit
MADE: Final = (
    ("operator", "operator", "演示受理员", "community"),
    ("dispatcher", "dispatcher", "演示派遣员", None),
    ("supervisor", "supervisor", "演示值班长", None),
    ("reporter", "reporter", "演示网格上报员", "community"),
    ("planner", "planner", "演示规划员", None),
    ("admin", "administrator", "演示系统管理员", None),
    ("security", "security_administrator", "演示安全管理员", None),
    ("auditor", "auditor", "演示审计员", None),
    ("responder", "responder", "演示处置员", None),
    ("screen", "display", "演示大屏", None),
)


def make_accounts(connection: Connection) -> list[dict[str, Any]]:
    """Make one account per role and return them: id, name, password, role, area (code, "" for all).

    They need no change of the first password. An account that is there already is never touched.

    Raises
    ------
    InputError
        If one of the names is taken.
    """
    separation_of_duties.lock_duties(connection)
    made = [_one(connection, *each) for each in MADE]
    audit.record(connection, SYSTEM, "account.add", "demo", facts={"accounts": len(made)})
    return made


def _one(
    connection: Connection, name: str, role: str, holder: str, level: str | None
) -> dict[str, Any]:
    password = passwords.one_time()
    row = {
        "name": name,
        "kind": "display" if role == "display" else "person",
        "holder": holder,
        "kept": passwords.hash_password(password),
        "by": SYSTEM.account,
    }
    made = accounts.insert_account(connection, {**row, **_unit(connection, role)})
    stored.keep_first_password(connection, made)
    area = level and stored_grants.first_area(connection, level)
    grants.insert_grant(connection, SYSTEM, name, role, area)
    return {"id": made, "name": name, "password": password, "role": role, "area": area or ""}


def _unit(connection: Connection, role: str) -> dict[str, Any]:
    """Return the unit of an account: a responder is of one that incidents are given to."""
    unit = stored_grants.first_unit(connection) if role == "responder" else None
    code, name = unit or (None, UNIT)
    return {"unit_code": code, "unit_name": name}
