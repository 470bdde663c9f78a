"""Which cameras there are, by code, by form and by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_KNOWN: Final = text("SELECT code FROM govgrid.camera WHERE code = ANY(CAST(:codes AS text[]))")
_OF_FORM: Final = text("SELECT code FROM govgrid.camera WHERE form = :form")
_NAMESAKES: Final = (
    "SELECT code AS known, name, import_run AS run, geom FROM govgrid.camera"
    " WHERE name = ANY(:names) AND import_run IS DISTINCT FROM :run ORDER BY code"
)
_SITES: Final = "SELECT code, site FROM govgrid.camera"
_CONTACTS: Final = (
    "SELECT code, name, management_unit AS unit, duty_phone AS phone, geom FROM govgrid.camera"
    " ORDER BY code"
)


def known_codes(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Return those codes that belong to cameras.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes to look for.
    """
    return set(connection.execute(_KNOWN, {"codes": list(codes)}).scalars())


def codes_of_form(connection: Connection, form: str) -> set[str]:
    """Return the codes of the cameras of a form.

    Parameters
    ----------
    connection
        Open transaction.
    form
        As stored: "fixed", "dome", "ptz", ….
    """
    return set(connection.execute(_OF_FORM, {"form": form}).scalars())


def read_namesakes(connection: Connection, names: Sequence[str], run: int) -> gpd.GeoDataFrame:
    """Return the cameras with some names that another run wrote: ``known``, ``name``, ``run``.

    Parameters
    ----------
    connection
        Open transaction.
    names
        Names of cameras, as stored.
    run
        Import run whose cameras are left out.
    """
    return frames.read_layer(connection, _NAMESAKES, {"names": list(names), "run": run})


def read_sites(connection: Connection) -> pd.DataFrame:
    """Return the site of each camera: code, site."""
    return frames.read_frame(connection, _SITES)


def read_contacts(connection: Connection) -> gpd.GeoDataFrame:
    """Return whom to ask of each camera: code, name, unit, phone, and its place, lon/lat."""
    return frames.read_layer(connection, _CONTACTS)
