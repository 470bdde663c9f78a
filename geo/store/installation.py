"""Settings of the database as a whole: its metric SRID and the like."""

import json
from typing import Any

from sqlalchemy import Connection, text

from geo.base.errors import StateError


def read_value(connection: Connection, key: str) -> Any:  # noqa: ANN401 - a JSON value
    """Return a stored setting, None where nothing is stored.

    Parameters
    ----------
    connection
        Open transaction.
    key
        Name of the setting, as "metric_srid".
    """
    row = connection.execute(
        text("SELECT value FROM govgrid.setting WHERE key = :key"), {"key": key}
    ).first()
    return None if row is None else row.value


def store_value(connection: Connection, key: str, value: object) -> None:
    """Store a setting, in place of an older value.

    Parameters
    ----------
    connection
        Open transaction.
    key
        Name of the setting.
    value
        Anything that JSON holds.
    """
    connection.execute(
        text(
            "INSERT INTO govgrid.setting VALUES (:key, CAST(:value AS jsonb))"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": key, "value": json.dumps(value, ensure_ascii=False)},
    )


def metric_srid(connection: Connection) -> int:
    """Return the database's metric SRID.

    Raises
    ------
    StateError
        If nothing with a position was brought in yet.
    """
    srid = read_value(connection, "metric_srid")
    if srid is None:
        raise StateError("store.empty")
    return int(srid)
