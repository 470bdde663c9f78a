"""Manifest of a backup: of what it was made, and what must be in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from geo.base.errors import InputError

FORMAT: Final = 1


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    made_at
        ISO time of the snapshot, UTC.
    program, revision, server, postgis
        Versions of the program, of the tables, of PostgreSQL and of PostGIS.
    tables
        Rows of each table.
    files, file_bytes
        Attachments: how many, how large.
    missing
        SHA-256 of attachments that rows name and that were lost before.
    dump_bytes, dump_sha256
        Of the database.
    settings
        What was set in the environment, without secrets.
    secrets
        Names of settings that hold secrets and were set: they are not in it.
    """

    made_at: str
    program: str
    revision: str
    server: str
    postgis: str
    tables: Mapping[str, int]
    dump_bytes: int
    dump_sha256: str
    files: int = 0
    file_bytes: int = 0
    missing: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(self.tables.values())

    @property
    def moment(self) -> datetime:
        """When the snapshot was taken."""
        return datetime.fromisoformat(self.made_at)

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def parse_manifest(text: bytes, file: object) -> Manifest:
    """Return the manifest of a backup.

    Parameters
    ----------
    text
        As from :meth:`Manifest.to_json`.
    file
        Of the backup, for messages.

    Raises
    ------
    InputError
        If it is none, or that of a newer program.
    """
    try:
        found = json.loads(text)
        number = found["format"]
        if number == FORMAT:
            return Manifest(**found)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("backup.no_backup", file=file) from error
    raise InputError("backup.newer", file=file, found=number, known=FORMAT)
