"""Accounts of the demonstration: one per role, made once, when it is built."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from geo.access import passwords, principal
from geo.access.accounts import accounts, grants, separation_of_duties
from geo.access.accounts.accounts import NewAccount
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


@dataclass(frozen=True)
class MadeAccount:
    """An account with its password; `area` is a code, "" for everything."""

    id: str
    name: str
    password: str
    role: str
    area: str


def make_accounts(connection: Connection) -> list[MadeAccount]:
    """Make one account per role and return them.

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
) -> MadeAccount:
    password = passwords.one_time()
    kind, kept = "display" if role == "display" else "person", passwords.hash_password(password)
    unit = _unit(connection, role)
    row = NewAccount(name, kind, holder, *unit, kept, SYSTEM.account)
    made = accounts.insert_account(connection, row)
    stored.keep_first_password(connection, made)
    area = level and stored_grants.first_area(connection, level)
    grants.insert_grant(connection, SYSTEM, name, role, area)
    return MadeAccount(made, name, password, role, area or "")


def _unit(connection: Connection, role: str) -> tuple[str | None, str]:
    """Return code and name of a unit: a responder is of one that incidents are given to."""
    unit = stored_grants.first_unit(connection) if role == "responder" else None
    return unit or (None, UNIT)
