"""Accounts and sessions for tests, made as the program makes them but without typing passwords."""

from collections.abc import Sequence

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.session.csrf import HEADER
from api.session.identity import COOKIE
from geo.access import principal
from geo.access.accounts import sessions
from geo.access.roles import CLASSES, DEFAULT_DEPTH

SYSTEM = principal.system_principal("test")


def account(
    engine: Engine,
    name: str,
    role: str | None,
    area: str | None = None,
    *,
    classes: Sequence[str] = CLASSES,
    depth: str | None = None,
    unit: str | None = None,
    kind: str = "person",
) -> str:
    """Make an account with one grant (`area`: a code, None for everything) and return its uuid."""
    with engine.begin() as connection:
        made = connection.execute(
            text(
                "INSERT INTO govgrid.account (name, kind, holder, unit_code, unit_name,"
                " must_change, created_by) VALUES (:name, :kind, '测试员', :unit, '测试单位',"
                " false, 'test') RETURNING id"
            ),
            {"name": name, "kind": kind, "unit": unit},
        ).scalar_one()
        if role is not None:
            grant(connection, str(made), role, area, classes=classes, depth=depth)
    return str(made)


def grant(connection, made, role, area=None, *, classes=CLASSES, depth=None):
    """Give an account (uuid) one more role."""
    connection.execute(
        text(
            "INSERT INTO govgrid.role_grant (account, role, area_unit_id, camera_classes, depth,"
            " granted_by) VALUES (:account, :role, (SELECT unit_id FROM govgrid.area_now"
            " WHERE code = :area), :classes, :depth, 'test')"
        ),
        {
            "account": made,
            "role": role,
            "area": area,
            "classes": list(classes),
            "depth": depth or DEFAULT_DEPTH[role],
        },
    )


def sign_in(client: TestClient, engine: Engine, made: str, *, stage: str = "full") -> TestClient:
    """Give `client` a session of an account (uuid), and the token that changes must carry."""
    with engine.begin() as connection:
        token = sessions.begin_session(connection, made, stage=stage)
    client.cookies.set(COOKIE, token)
    found = sessions.find_session(engine, token)
    client.headers[HEADER] = found.csrf
    return client


class Visitors:
    """One client as several accounts in turn, each with the session it had before."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self._engine = client, engine
        self._sessions: dict[str, tuple[str, str]] = {}

    def become(self, made: str | None) -> TestClient:
        """Return the client with the session of an account (uuid); None is a stranger."""
        self.client.cookies.clear()
        self.client.headers.pop(HEADER, None)
        if made in self._sessions:
            token, self.client.headers[HEADER] = self._sessions[made]
            self.client.cookies.set(COOKIE, token)
        elif made is not None:
            sign_in(self.client, self._engine, made)
            self._sessions[made] = (self.client.cookies[COOKIE], self.client.headers[HEADER])
        return self.client

    def forget(self) -> None:
        """Let everybody sign in anew: what was asked may have ended sessions."""
        self._sessions.clear()


def signed_in(client: TestClient, engine: Engine, role: str, area: str | None = None, **more):
    """Give `client` the session of a new account with one role."""
    return sign_in(client, engine, account(engine, f"{role}.{area or 'all'}", role, area, **more))
