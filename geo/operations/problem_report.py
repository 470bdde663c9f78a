"""A file for whoever helps from outside: versions, numbers and complaints, no places or names."""

import json
import zipfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.operations import database, server_complaints, status
from geo.operations.backup import archive_file
from geo.operations.store import backup as stored
from geo.operations.store import overview
from geo.store import db, doctor

APART: Final = ("home", "problem")
PLAIN: Final = (bool, int, float)


def write_report(settings: Settings, path: Path) -> list[str]:
    """Write the report and return the names of what is in it.

    Nothing in it names a place, a person, an account, a unit or a folder: texts of settings are
    left out, complaints of the server hold no values.

    Parameters
    ----------
    settings
        Of the installation.
    path
        File to be written.
    """
    found = status.read_status(settings)
    parts: dict[str, Any] = {
        "status.json": {k: v for k, v in asdict(found).items() if k not in APART},
        "settings.json": _describe_settings(settings),
        "packages.json": {d.metadata["Name"]: d.version for d in metadata.distributions()},
    }
    if found.running:
        parts |= _ask_database(settings)
    with archive_file.create_archive(path, None) as archive:
        for name, content in parts.items():
            written = json.dumps(content, ensure_ascii=False, indent=1, default=str)
            archive.writestr(name, written, compress_type=zipfile.ZIP_DEFLATED)
    return list(parts)


def _ask_database(settings: Settings) -> dict[str, Any]:
    try:
        checks = doctor.examine(database.database_url(settings), timezone=settings.timezone)
        with database.reach_database(settings) as engine, db.open_transaction(engine) as connection:
            counts = stored.count_rows(connection, stored.list_tables(connection))
            names = overview.schema_names(connection)
    except GovgridError as error:
        return {"database.json": {"error": error.key}}
    return {
        "tables.json": counts,
        "doctor.json": {check.name: check.ok for check in checks},
        "complaints.json": server_complaints.list_complaints(settings, names),
    }


def _describe_settings(settings: Settings) -> dict[str, Any]:
    """Return the values of numbers and switches, and of texts only whether they are set."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {
        name: value if isinstance(value, PLAIN) else bool(value) for name, value in values.items()
    }
