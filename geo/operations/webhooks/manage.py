"""Webhooks as they are managed: added, switched, given a new secret, removed."""

from __future__ import annotations

import secrets as random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.accounts import separation_of_duties
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import accounts as stored_accounts
from geo.base import secrets
from geo.base.errors import InputError, NotFoundError, StateError
from geo.base.settings import Settings
from geo.operations.store import webhooks as stored
from geo.operations.store.webhooks import ListedDelivery as ListedDelivery
from geo.operations.store.webhooks import Webhook as Webhook
from geo.operations.webhooks import addresses

KINDS: Final = ("created", "moved", "alarm")
PURPOSE: Final = "webhook"
SIGN: Final = "ggw_"
MOST: Final = 20
MOST_NAME: Final = 100
SHOWN: Final = 100


@dataclass(frozen=True)
class NewWebhook:
    """A webhook that was added, or has a new secret, which is shown this once."""

    webhook: Webhook
    secret: str


def list_webhooks(engine: Engine, who: Principal) -> list[Webhook]:
    """Return all webhooks.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    """
    _require(who)
    with transaction.open_as(engine, who) as connection:
        return stored.list_webhooks(connection)


def add_webhook(
    engine: Engine,
    who: Principal,
    config: Settings,
    *,
    name: str,
    url: str,
    account: str,
    kinds: Collection[str] = KINDS,
) -> NewWebhook:
    """Add a webhook that is notified of what a program's account may see, from now on.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    config
        Says which addresses are allowed, and where the installation's key is.
    name
        What it is for.
    url
        Where it is notified: an allowed address.
    account
        Name of a program's account, whose grants decide.
    kinds
        Of what: created, moved, alarm.

    Raises
    ------
    InputError
        If name, address or kinds cannot be.
    NotFoundError
        If there is no such account.
    StateError
        If it is no program's, the name is taken, or there are too many.
    """
    _require(who)
    words = audit.one_line(name).strip()
    if not 0 < len(words) <= MOST_NAME:
        raise InputError("webhook.name", most=MOST_NAME)
    if not kinds or not {*kinds} <= {*KINDS}:
        strange = ", ".join(sorted({*kinds} - {*KINDS}))[:60] or "–"
        raise InputError("webhook.kinds", found=strange, known=", ".join(KINDS))
    addresses.require_allowed(url, config.webhook_hosts)
    secret = SIGN + random.token_urlsafe(32)
    with transaction.open_as(engine, who) as connection:
        if len(stored.list_webhooks(connection)) >= MOST:
            raise StateError("webhook.many", most=MOST)
        row = {
            "name": words,
            "url": url,
            "account": _account(connection, who, account),
            "kinds": sorted({*kinds}),
            "secret": secrets.encrypt(config, secret, purpose=PURPOSE),
            "by": who.account,
        }
        made = stored.insert_webhook(connection, row)
        if made is None:
            raise StateError("webhook.exists", name=words)
        facts = {"url": url, "account": account, "kinds": row["kinds"]}
        audit.record(connection, who, "webhook.add", words, facts=facts)
        return NewWebhook(_read(connection, made), secret)


def switch_webhook(
    engine: Engine, who: Principal, config: Settings, hook: UUID, *, active: bool
) -> Webhook:
    """Switch a webhook on or off and return it; it is never notified of what happens meanwhile.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    config
        Says which addresses are allowed.
    hook
        Its id.
    active
        On or off.

    Raises
    ------
    NotFoundError
        If there is none.
    InputError
        If its address is not allowed any more.
    """
    _require(who)
    with transaction.open_as(engine, who) as connection:
        found = _read(connection, hook)
        if active:
            addresses.require_allowed(found.url, config.webhook_hosts)
        stored.switch_webhook(connection, hook, active=active)
        facts = {"active": active}
        audit.record(connection, who, "webhook.change", found.name, facts=facts)
        return _read(connection, hook)


def renew_secret(engine: Engine, who: Principal, config: Settings, hook: UUID) -> NewWebhook:
    """Give a webhook another secret, which holds at once.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    config
        Says where the installation's key is.
    hook
        Its id.
    """
    _require(who)
    secret = SIGN + random.token_urlsafe(32)
    with transaction.open_as(engine, who) as connection:
        found = _read(connection, hook)
        stored.set_secret(connection, hook, secrets.encrypt(config, secret, purpose=PURPOSE))
        audit.record(connection, who, "webhook.secret", found.name)
    return NewWebhook(found, secret)


def remove_webhook(engine: Engine, who: Principal, hook: UUID) -> None:
    """Remove a webhook with all deliveries that wait.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    hook
        Its id.
    """
    _require(who)
    with transaction.open_as(engine, who) as connection:
        found = _read(connection, hook)
        stored.delete_webhook(connection, hook)
        audit.record(connection, who, "webhook.remove", found.name)


def list_deliveries(engine: Engine, who: Principal, hook: UUID) -> list[ListedDelivery]:
    """Return the newest deliveries of a webhook, and how each went.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    hook
        Its id.
    """
    _require(who)
    with transaction.open_as(engine, who) as connection:
        _read(connection, hook)
        return stored.list_deliveries(connection, hook, SHOWN)


def find_webhook(engine: Engine, who: Principal, name: str) -> Webhook:
    """Return the webhook of a name.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who manages accounts, of the whole district.
    name
        Its name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = next((each for each in list_webhooks(engine, who) if each.name == name.strip()), None)
    if found is None:
        raise NotFoundError("webhook.none", name=name[:100])
    return found


def _require(who: Principal) -> None:
    who.require("accounts")
    who.require_whole()


def _read(connection: Connection, hook: UUID) -> Webhook:
    found = stored.read_webhook(connection, hook)
    if found is None:
        raise NotFoundError("webhook.none", name=str(hook))
    return found


def _account(connection: Connection, who: Principal, name: str) -> str:
    row = stored_accounts.find_account(connection, audit.one_line(name.strip().lower()))
    if row is None:
        raise NotFoundError("access.no_account", name=name[:100])
    if row["kind"] != "service":
        raise StateError("webhook.no_program", name=name[:100])
    separation_of_duties.require_apart(connection, who, str(row["id"]), name)
    return str(row["id"])
