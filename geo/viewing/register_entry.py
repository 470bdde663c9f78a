"""Entry of the viewing register before a viewing: who, which camera, for what, on what basis."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.base.errors import ForbiddenError, InputError, NotFoundError
from geo.base.settings import Settings
from geo.base.words import say
from geo.viewing.store import register as stored

ACTS: Final = ("view", "retrieve")
REASONS: Final = ("incident", "patrol", "emergency", "police", "help", "upkeep", "inspection")
"""The pick-list of reasons; what is written otherwise is of the kind `OTHER`."""

OTHER: Final = "other"
MOST_TEXT: Final = 500
PICTURE: Final = depth_no("picture")
POSITION: Final = depth_no("position")


@dataclass(frozen=True)
class Camera:
    """A camera as the register names it; `place` is EWKB, `depth` what of it is granted.

    One that stands nowhere has its code only, and is known to nobody.
    """

    code: str
    name: str = ""
    owner_kind: str | None = None
    management_unit: str | None = None
    duty_phone: str | None = None
    place: str | None = None
    depth: int | None = None

    @property
    def granted(self) -> bool:
        """Whether its picture is granted to who asked."""
        return self.depth is not None and self.depth >= PICTURE

    @property
    def known(self) -> bool:
        """Whether who asked may know more of it than that it looks in."""
        return self.depth is not None and self.depth >= POSITION


@dataclass(frozen=True)
class ViewingRequest:
    """Entries of a viewing as typed.

    `reason` is free text, or an entry of `REASONS` with `remark` behind it; `request` the number of
    an approval; `key` tells a repeated question from a new one.
    """

    camera: str
    act: str = "view"
    reason: str = ""
    remark: str = ""
    content: str = ""
    legal_basis: str = ""
    incident: str = ""
    request: str | None = None
    key: str = ""


@dataclass(frozen=True)
class Entry:
    """What the law wants to be written, complete and checked."""

    act: str
    reason_kind: str
    reason: str
    content: str
    legal_basis: str
    incident_code: str | None

    def row(self, who: Principal, camera: Camera) -> dict[str, Any]:
        """Return the columns that a row of the register and a request have in common."""
        return {
            **vars(self),
            "account": who.id,
            "account_name": who.account,
            "holder": who.holder.strip(),
            "unit_code": who.unit_code,
            "unit_name": who.unit_name.strip(),
            "camera_code": camera.code,
            "camera_name": camera.name,
            "owner_kind": camera.owner_kind,
            "management_unit": camera.management_unit,
            "place": camera.place,
        }


def find_camera(engine: Engine, who: Principal, code: str) -> Camera:
    """Return a camera with its granted depth; an ungranted one if there is no such camera.

    The applicant cannot tell the two apart.

    Parameters
    ----------
    who
        Applicant.
    code
        As typed.
    """
    named = audit.one_line(code)
    if named != code:  # no code has line ends or control characters
        return Camera(named)
    with transaction.open_read_only(engine, who) as connection:
        row = stored.find_camera(connection, named, who.parameters)
    return Camera(**row) if row is not None else Camera(named)


def require_named(who: Principal) -> None:
    """Refuse an account without name or unit: the law wants both in the register.

    Raises
    ------
    ForbiddenError
        With what is missing.
    """
    if who.id is None or not who.holder.strip() or not who.unit_name.strip():
        raise ForbiddenError("viewing.nameless", account=who.account)


def complete_entry(
    connection: Connection, who: Principal, asked: ViewingRequest, config: Settings
) -> Entry:
    """Return the entries of a request, with defaults filled in.

    Viewing (查阅) is of the live picture and on the basis of the setting unless stated otherwise;
    retrieving (调取) must state both. A reason given for an incident need not be repeated for the
    next camera.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Applicant.
    asked
        Entries as typed.
    config
        Default legal basis, and language of the defaults.

    Raises
    ------
    InputError
        If something is missing, unknown or too long.
    NotFoundError
        If there is no such incident, or it is not the reader's.
    """
    if asked.act not in ACTS:
        raise InputError("viewing.act_form", known=", ".join(ACTS))
    incident = _incident(connection, who, asked.incident)
    kind, reason = _reason(asked, config.lang) or _earlier(connection, who, incident)
    live, basis = say("viewing.live", config.lang), basis_of(kind, config)
    view = asked.act == "view"
    return Entry(
        asked.act,
        kind,
        reason,
        _short(asked.content) or _filled("content", live if view else ""),
        _short(asked.legal_basis) or _filled("legal_basis", basis if view else ""),
        incident,
    )


def basis_of(kind: str, config: Settings) -> str:
    """Return the legal basis that belongs to a reason; "" where it must be stated.

    For reasons in other words the site may set a basis of its own. What is retrieved states its
    basis each time: the document of law enforcement, the form of a citizen, by their numbers.

    Parameters
    ----------
    kind
        An entry of `REASONS`, or `OTHER`.
    config
        Basis of the site.
    """
    return config.viewing_basis if kind == OTHER else say(f"viewing_basis.{kind}", "zh")


def earlier_reason(engine: Engine, who: Principal, incident: str) -> str:
    """Return the reason that the principal gave for an incident within twelve hours; "" if none.

    Parameters
    ----------
    who
        Applicant.
    incident
        Code of the incident; "" gives "".
    """
    if not incident:
        return ""
    with transaction.open_as(engine, who) as connection:
        found = _earlier_row(connection, who, one_line(incident))
    return found[1] if found else ""


def one_line(written: str) -> str:
    """Return text as one line without control characters."""
    return " ".join(audit.one_line(written).split())


def _reason(asked: ViewingRequest, lang: str) -> tuple[str, str] | None:
    reason, remark = _short(asked.reason), _short(asked.remark)
    if reason not in REASONS:
        stated = "：".join(part for part in (reason, remark) if part)
        return (OTHER, stated) if stated else None
    named = say(f"viewing_reason.{reason}", lang)
    return reason, f"{named}：{remark}" if remark else named


def _earlier(connection: Connection, who: Principal, incident: str | None) -> tuple[str, str]:
    found = _earlier_row(connection, who, incident) if incident else None
    if found is None:
        raise InputError("viewing.missing_reason")
    return found


def _earlier_row(
    connection: Connection, who: Principal, incident: str | None
) -> tuple[str, str] | None:
    return stored.earlier_reason(connection, who.id, incident)


def _incident(connection: Connection, who: Principal, code: str) -> str | None:
    named = _short(code)
    if not named:
        return None
    if not stored.is_incident(connection, named, who.parameters):
        raise NotFoundError("viewing.no_incident", code=named)
    return named


def _filled(name: str, otherwise: str) -> str:
    if not otherwise:
        raise InputError(f"viewing.missing_{name}")
    return otherwise


def _short(written: str) -> str:
    if len(written) > MOST_TEXT:
        raise InputError("viewing.long_text", found=len(written), most=MOST_TEXT)
    return one_line(written)
