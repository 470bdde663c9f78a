"""Viewing through a camera: first its row in the register (Art. 16), then a view token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import ForbiddenError, StateError
from geo.base.settings import Settings
from geo.viewing import approvals, register_entry, view_tokens
from geo.viewing import verify as viewing_verification
from geo.viewing.approvals import Approval, OwnRequest
from geo.viewing.register_entry import Camera, Entry, ViewingRequest
from geo.viewing.store import register as stored
from geo.viewing.store.register import SealedRow
from geo.viewing.view_tokens import Reference
from geo.viewing.viewer_link import viewer_link


@dataclass(frozen=True)
class Viewing:
    """A row of the register, and the camera as it is now."""

    id: UUID
    at: datetime
    account: str
    holder: str
    unit_name: str
    camera: Camera
    act: str
    reason: str
    content: str
    legal_basis: str
    incident: str | None
    request: str | None
    expires_at: datetime

    @property
    def left_s(self) -> int:
        """Seconds until its end, 0 after it."""
        return max(0, int((self.expires_at - clock.now()).total_seconds()))

    @property
    def over(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= clock.now()


@dataclass(frozen=True)
class Standing:
    """Rights of a principal on a camera: to look through it, to request it, and approvals."""

    camera: Camera
    approved: tuple[str, ...]
    asks_first: bool

    def may(self, act: str) -> bool:
        """Return whether this may be done now, without asking."""
        return act in self.approved or (self.camera.granted and not self.asks_first)


def record_viewing(
    engine: Engine, who: Principal, asked: ViewingRequest, *, config: Settings
) -> Viewing | OwnRequest:
    """Register a viewing and return it; for a camera that needs an approval, return a request.

    When this returns, the row is committed: :func:`viewing_token` is allowed only then.

    Parameters
    ----------
    who
        Who looks.
    asked
        Camera, act, reason and further entries; its ``key`` makes repeated calls one row.
    config
        Defaults of the entries, validity of tokens, rule of approvals.

    Raises
    ------
    ForbiddenError
        If the picture is not granted and there is no valid approval; likewise for an unknown
        camera.
    InputError
        If a required entry is missing.
    NotFoundError
        If there is no such incident, or it is not granted.
    StateError
        If the key was used for other entries.
    """
    who.require("view")
    register_entry.require_named(who)
    camera = register_entry.find_camera(engine, who, asked.camera)
    with transaction.open_as(engine, who) as connection:
        approval = approvals.live_approval(connection, who, camera.code, asked.act, asked.request)
        if approval is None:
            _require_granted(camera)
        entry = register_entry.complete_entry(connection, who, asked, config)
        if approval is None and asks_first(camera, config):
            return approvals.insert_request(connection, who, camera, entry)
        row = _row(connection, who, camera, entry, approval, asked.key, config.reference_minutes)
    return _viewing(row, camera)


def viewing_token(viewing: Viewing, config: Settings) -> str:
    """Return the signed token of a viewing.

    Parameters
    ----------
    viewing
        Viewing whose row is committed.
    config
        Says where the signing key is.
    """
    return view_tokens.sign_token(
        Reference(viewing.id, viewing.account, viewing.camera.code, viewing.expires_at), config
    )


def viewer_address(
    engine: Engine, who: Principal, viewing: Viewing, config: Settings
) -> str | None:
    """Return where the site's own viewer shows the camera of a viewing; None where none is set.

    Parameters
    ----------
    who
        Who looks.
    viewing
        Viewing whose row is committed.
    config
        Address of the viewer.

    Raises
    ------
    StateError
        If the setting is no address.
    """
    occurred = None
    if viewing.incident:
        with transaction.open_as(engine, who) as connection:
            moment = stored.occurrence_of(connection, viewing.incident)
        occurred = None if moment is None else (moment, moment)
    return viewer_link(config.viewer_url, viewing.camera.code, occurred, config.timezone)


def open_viewing(engine: Engine, who: Principal, written: str, *, config: Settings) -> Viewing:
    """Return the viewing of a token; its time may be over.

    Everything is checked again: the signature, the account, the row, the grant or the approval.

    Parameters
    ----------
    who
        Account that uses the token.
    written
        Token.
    config
        Says where the signing key is, and the rule of approvals.

    Raises
    ------
    ForbiddenError
        If a check fails.
    """
    who.require("view")
    claims = view_tokens.read_token(written, config)
    if claims.account != who.id:
        raise ForbiddenError("viewing.reference_other")
    camera = register_entry.find_camera(engine, who, claims.camera)
    with transaction.open_as(engine, who) as connection:
        row = stored.find_viewing(connection, claims.register)
        if row is None or (str(row.account), row.camera_code) != (who.id, camera.code):
            raise ForbiddenError("viewing.reference_void")
        viewing = _viewing(row, camera)
        if not viewing.over:
            _require_still(connection, who, viewing, config)
    return viewing


def viewing_rights(
    engine: Engine, who: Principal, code: str, *, config: Settings, incident: str = ""
) -> Standing:
    """Return what the principal may do with a camera; a refusal is audited.

    Parameters
    ----------
    who
        Principal whose grants and approvals count.
    code
        Code of the camera.
    config
        Rule of approvals.
    incident
        Code of the incident that it is about, for the audit; "" for none.
    """
    camera = register_entry.find_camera(engine, who, code)
    with transaction.open_as(engine, who) as connection:
        live = [
            act
            for act in register_entry.ACTS
            if approvals.live_approval(connection, who, camera.code, act)
        ]
        found = Standing(camera, tuple(live), asks_first(camera, config))
        if not camera.granted and not live:
            facts = {"reason": "viewing.not_granted", "incident": incident or None}
            audit.record(connection, who, "access", code, outcome="refused", facts=facts)
    return found


def record_delivery(engine: Engine, who: Principal, viewing: Viewing, *, fault: str) -> None:
    """Audit that a picture was delivered, or why not.

    Parameters
    ----------
    who
        Account that looked.
    viewing
        Viewing of the picture.
    fault
        Key of the reason; "" for a delivered picture.
    """
    facts = {"register": str(viewing.id), "fault": fault}
    outcome = "failed" if fault else "done"
    with transaction.open_as(engine, who) as connection:
        code = viewing.camera.code
        audit.record(connection, who, "viewing.picture", code, outcome=outcome, facts=facts)


def asks_first(camera: Camera, config: Settings) -> bool:
    """Return whether a camera needs an approval, granted or not: 天网, or of unknown kind.

    Parameters
    ----------
    camera
        Camera with its owner kind.
    config
        Says whether approvals are required at all.
    """
    return config.skynet_approval and camera.owner_kind != "social"


def _require_granted(camera: Camera) -> None:
    if not camera.granted:
        raise ForbiddenError("viewing.not_granted", code=camera.code)


def _require_still(
    connection: Connection, who: Principal, viewing: Viewing, config: Settings
) -> None:
    """Refuse a viewing that rested on what does not hold any more."""
    if viewing.request is not None:
        approvals.live_approval(connection, who, viewing.camera.code, viewing.act, viewing.request)
        return
    _require_granted(viewing.camera)
    if asks_first(viewing.camera, config):
        raise ForbiddenError("viewing.not_granted", code=viewing.camera.code)


def _row(
    connection: Connection,
    who: Principal,
    camera: Camera,
    entry: Entry,
    approval: Approval | None,
    key: str,
    minutes: int,
) -> SealedRow:
    wanted = {
        **entry.row(who, camera),
        "request": approval.id if approval else None,
        "until": approval.until if approval else None,
        "idempotency_key": register_entry.one_line(key) or None,
        "minutes": minutes,
    }
    return _repeated(connection, wanted) or _written(connection, who, wanted)


def _repeated(connection: Connection, wanted: dict[str, Any]) -> SealedRow | None:
    """Return the row that the same question wrote before; nobody else looks at the same time."""
    if wanted["idempotency_key"] is None:
        return None
    row = stored.find_repeated(connection, wanted["account"], wanted["idempotency_key"])
    if row is None:
        return None
    same = ("camera_code", "act", "reason", "content", "legal_basis", "incident_code")
    if any(getattr(row, name) != wanted[name] for name in same):
        raise StateError("viewing.key_reused", found=wanted["idempotency_key"])
    return row


def _written(connection: Connection, who: Principal, wanted: dict[str, Any]) -> SealedRow:
    row = stored.insert_viewing(connection, wanted)
    facts = {
        "register": str(row.id),
        "sha256": viewing_verification.row_digest(row),
        "incident": wanted["incident_code"],
        "request": wanted["request"],
    }
    action, target = f"viewing.{wanted['act']}", wanted["camera_code"]
    audit.record(connection, who, action, target, facts=facts, note=wanted["reason"])
    return row


def _viewing(row: SealedRow, camera: Camera) -> Viewing:
    return Viewing(
        id=row.id,
        at=row.at,
        account=str(row.account),
        holder=row.holder,
        unit_name=row.unit_name,
        camera=camera,
        act=row.act,
        reason=row.reason,
        content=row.content,
        legal_basis=row.legal_basis,
        incident=row.incident_code,
        request=None if row.request is None else str(row.request),
        expires_at=row.expires_at,
    )
