"""History of an area: its versions and its successions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from geo.areas.store import history as stored
from geo.base.codes import full_area_code
from geo.base.errors import NotFoundError
from geo.base.json_objects import Record
from geo.base.plain_rows import plain_rows
from geo.store import db, installation

if TYPE_CHECKING:
    import pandas as pd

VERSION = (
    "level",
    "code",
    "name",
    "kind",
    "valid_from",
    "valid_to",
    "state",
    "parent_code",
    "area_m2",
    "import_run",
)


@dataclass(frozen=True)
class AreaHistory:
    """Versions of the areas with a code, and what they came from and became.

    `versions` have the columns `VERSION`, by level and time: ``valid_to`` is the first day on which
    one is no longer valid (None without end), ``state`` is ended, holds or to_come, ``import_run``
    the run that wrote it last. `succession`: see :func:`geo.areas.store.succession.of_units`.
    """

    code: str
    versions: list[Record]
    succession: list[Record]


def read_history(engine: Engine, code: str) -> AreaHistory:
    """Return the versions of the areas with a code, and what they came from and became.

    Parameters
    ----------
    code
        Code with or without its zeros.

    Raises
    ------
    NotFoundError
        If there never was an area with that code.
    """
    codes = list({code, full_area_code(code)})
    with db.open_transaction(engine) as connection:
        if not stored.was_ever(connection, codes):
            raise NotFoundError("area.unknown", code=code)
        from geo.areas.store import succession

        rows = _versions(connection, codes)
        heirs = succession.of_units(connection, rows["unit_id"].unique().tolist())
    return AreaHistory(rows["code"].iloc[0], plain_rows(rows[list(VERSION)]), plain_rows(heirs))


def _versions(connection: Connection, codes: list[str]) -> pd.DataFrame:
    rows = stored.read_versions(connection, codes)
    metric = rows.geometry.to_crs(installation.metric_srid(connection))
    return rows.drop(columns="geometry").assign(area_m2=metric.area.round(1))
