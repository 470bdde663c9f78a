"""Files of incidents: taken in cleaned, given out to who handles the incident, removed in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError, InputError, NotFoundError, ReusedKeyError
from geo.base.settings import Settings
from geo.incidents import file_store
from geo.incidents.rules.file_cleaning import ENDINGS, clean_file
from geo.incidents.store import attachments as stored
from geo.incidents.store.attachments import Access, Attachment
from geo.store import db

KINDS: Final = ("before", "after", "approval")
HANDLING: Final = ("incident", "assign", "dispatch", "approve_incident")
MOST_NAME: Final = 200


@dataclass(frozen=True)
class NewFile:
    """A file as sent: whether persons are on it must be answered."""

    content: bytes
    kind: str
    has_persons: bool | None
    name: str = ""
    client_id: UUID | None = None
    keep_reason: str | None = None


class AttachmentAnswer(TypedDict):
    """A file for answers: all but its content."""

    id: str
    kind: str
    name: str
    media_type: str
    bytes: int
    has_persons: bool
    added_by: str
    added_unit: str | None
    sha256: str
    added_at: str


def add_attachment(
    engine: Engine, who: Principal, incident: UUID, given: NewFile, config: Settings
) -> tuple[Attachment, bool]:
    """Keep a file of an incident; return its row, and whether it had been sent before.

    Parameters
    ----------
    who
        Who sends it.
    incident
        Its id.
    given
        As sent.
    config
        Says where the home is.

    Raises
    ------
    InputError
        If it cannot be kept, or a question is not answered.
    NotFoundError
        If there is no such incident, or it is not granted.
    """
    if given.kind not in KINDS:
        raise InputError("attachment.kind", found=given.kind[:40], known="、".join(KINDS))
    if given.has_persons is None:
        raise InputError("attachment.persons")
    with transaction.open_as(engine, who) as connection:
        require_access(connection, who, incident)
    clean = clean_file(given.content)
    # the file first, then its row: what a row names is there
    sha256 = file_store.keep_file(config.home, clean.content)
    row = {
        "incident": incident,
        "client_id": given.client_id,
        "kind": given.kind,
        "name": _name(given.name, clean.media_type),
        "media_type": clean.media_type,
        "sha256": sha256,
        "bytes": len(clean.content),
        "has_persons": given.has_persons,
        "keep_reason": (given.keep_reason or "").strip() or None,
        "added_by": who.account,
        "added_unit": who.unit_code,
    }
    with transaction.open_as(engine, who) as connection:
        require_access(connection, who, incident)
        return _insert(connection, who, row)


def open_attachment(
    engine: Engine, who: Principal, incident: UUID, number: UUID, config: Settings
) -> tuple[Attachment, bytes]:
    """Return a file of an incident with its content; that it was read is audited.

    Parameters
    ----------
    who
        Who reads it.
    incident
        Its id.
    number
        Of the file.
    config
        Says where the home is.

    Raises
    ------
    NotFoundError
        If there is none, it is not granted, or its content is lost.
    """
    with transaction.open_as(engine, who) as connection:
        require_access(connection, who, incident)
        found = stored.find_attachment(connection, incident, number)
        if found is None:
            raise NotFoundError("attachment.unknown")
        audit.record(connection, who, "incident.file", str(number), facts={"incident": incident})
    try:
        return found, file_store.file_of(config.home, found.sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError("attachment.lost") from error


def list_attachments(engine: Engine, who: Principal, incident: UUID) -> list[Attachment]:
    """Return the files of an incident.

    Parameters
    ----------
    who
        Who asks.
    incident
        Its id.
    """
    with transaction.open_as(engine, who) as connection:
        require_access(connection, who, incident)
        return stored.list_attachments(connection, incident)


def describe_attachment(kept: Attachment) -> AttachmentAnswer:
    """Return a file as the interface tells it."""
    return {
        "id": str(kept.id),
        "kind": kept.kind,
        "name": kept.name,
        "media_type": kept.media_type,
        "bytes": kept.bytes,
        "has_persons": kept.has_persons,
        "added_by": kept.added_by,
        "added_unit": kept.added_unit,
        "sha256": kept.sha256.hex(),
        "added_at": kept.added_at.isoformat(),
    }


def require_access(connection: Connection, who: Principal, incident: UUID) -> None:
    """Refuse files of an incident to all but who took it, is sent to it or handles its area.

    A unit that gave it back reads it for a while, but not its files.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Who asks.
    incident
        Its id.

    Raises
    ------
    NotFoundError
        If there is no such incident, or it is not granted.
    ForbiddenError
        If it is granted, but not its files.
    """
    found = find_access(connection, who, incident)
    if not (found.handled or found.own or (found.sent and who.may("respond"))):
        raise ForbiddenError("attachment.not_granted")


def find_access(connection: Connection, who: Principal, incident: UUID) -> Access:
    """Return why somebody may see the place and files of an incident.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Who asks.
    incident
        Its id.

    Raises
    ------
    NotFoundError
        If there is no such incident, or it is not granted.
    """
    handling = who.cut(*HANDLING)
    asked = {
        "incident": incident,
        "account": who.id,
        **who.parameters,
        "handling_everything": handling.everything,
        "handling_areas": handling.areas,
    }
    found = stored.find_access(connection, asked)
    if found is None:
        raise NotFoundError("intake.unknown", code=incident)
    return found


def sweep_files(engine: Engine, config: Settings) -> tuple[int, list[str], list[str]]:
    """Delete expired rows and files without a row; return counts, removed and missing files.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    config
        Home, and after how many days files go.
    """
    with db.open_transaction(engine) as connection:
        expired = stored.delete_expired(connection, config.attachment_days)
    removed: list[str] = []
    with db.open_transaction(engine) as connection:
        known = stored.known_files(connection)
        # a backup still copies files whose rows were deleted after it began
        if db.try_lock_work(connection, db.BACKUP):
            removed = file_store.remove_orphans(config.home, known)
    return expired, removed, file_store.missing_files(config.home, known)


def named_files(connection: Connection) -> frozenset[bytes]:
    """Return the SHA-256 of all files that rows name."""
    return stored.known_files(connection)


def _insert(
    connection: Connection, who: Principal, row: Mapping[str, Any]
) -> tuple[Attachment, bool]:
    incident, client_id = row["incident"], row["client_id"]
    made = stored.insert_attachment(connection, row)
    if made is None:
        found = stored.same_attachment(connection, client_id) if client_id else None
        if found is None or found.incident != incident or found.sha256 != row["sha256"]:
            raise ReusedKeyError("attachment.reused")
        return found, True
    facts = {"incident": incident, "kind": row["kind"], "bytes": row["bytes"]}
    audit.record(connection, who, "incident.attach", str(made), facts=facts)
    kept = stored.find_attachment(connection, incident, made)
    if kept is None:
        raise NotFoundError("attachment.unknown")
    return kept, False


def _name(written: str, media_type: str) -> str:
    """Return the name of a file as it is given out: one line, no path, the ending of its type."""
    plain = audit.one_line(written).replace("\\", "/").rpartition("/")[2].strip(" .")
    stem = plain.rpartition(".")[0] or plain or "file"
    return stem[:MOST_NAME] + ENDINGS[media_type]
