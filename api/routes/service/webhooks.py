"""Webhooks as they are managed over HTTP: a secret is shown once, when it is made."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from api.answers.bodies import Body
from api.session.deps import EngineDep, MayManage, SettingsDep
from geo.operations.webhooks import manage
from geo.operations.webhooks.addresses import MOST_URL
from geo.operations.webhooks.manage import (
    KINDS,
    MOST_NAME,
    ListedDelivery,
    NewWebhook,
    Webhook,
)

router = APIRouter(prefix="/api/webhooks")
Word = Annotated[str, Field(max_length=100)]


class AskedWebhook(Body):
    """A webhook: where it is notified of what, as far as a program's account may see it."""

    name: str = Field(max_length=2 * MOST_NAME, examples=["数据平台"])
    url: str = Field(max_length=MOST_URL, examples=["https://hooks.example/govgrid"])
    account: Word = Field(examples=["platform"])
    kinds: list[Word] = Field(list(KINDS), max_length=len(KINDS))


class Switch(Body):
    """Whether a webhook is notified."""

    active: bool


@router.get("")
def list_webhooks(engine: EngineDep, who: MayManage) -> dict[str, list[Webhook]]:
    """Return all webhooks, how their last delivery went, and how many wait."""
    return {"webhooks": manage.list_webhooks(engine, who)}


@router.post("", status_code=HTTPStatus.CREATED)
def add_webhook(
    engine: EngineDep, settings: SettingsDep, who: MayManage, asked: AskedWebhook
) -> NewWebhook:
    """Add a webhook to an allowed address (`GOVGRID_WEBHOOK_HOSTS`); its secret is shown once."""
    return manage.add_webhook(engine, who, settings, **asked.model_dump())


@router.patch("/{hook}")
def switch_webhook(
    engine: EngineDep, settings: SettingsDep, who: MayManage, hook: UUID, asked: Switch
) -> Webhook:
    """Switch a webhook on or off; it is never notified of what happens meanwhile."""
    return manage.switch_webhook(engine, who, settings, hook, active=asked.active)


@router.post("/{hook}/secret")
def renew_secret(
    engine: EngineDep, settings: SettingsDep, who: MayManage, hook: UUID
) -> NewWebhook:
    """Give a webhook another secret, which holds at once and is shown once."""
    return manage.renew_secret(engine, who, settings, hook)


@router.get("/{hook}/deliveries")
def list_deliveries(
    engine: EngineDep, who: MayManage, hook: UUID
) -> dict[str, list[ListedDelivery]]:
    """Return the newest deliveries and how each went; never what was sent."""
    return {"deliveries": manage.list_deliveries(engine, who, hook)}


@router.delete("/{hook}", status_code=HTTPStatus.NO_CONTENT)
def remove_webhook(engine: EngineDep, who: MayManage, hook: UUID) -> Response:
    """Remove a webhook with all deliveries that wait."""
    manage.remove_webhook(engine, who, hook)
    return Response(status_code=HTTPStatus.NO_CONTENT)
