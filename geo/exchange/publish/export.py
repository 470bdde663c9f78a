"""Export of a whole layer, as rows that an import takes back unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from geo.access.principal import RESTRICTED, RESTRICTED_LAYERS, Principal
from geo.base.crs import WGS84, parse_crs, require_shift
from geo.base.errors import InputError, LayerError
from geo.exchange.publish import collections
from geo.store import db, installation

if TYPE_CHECKING:
    import pandas as pd

ZONE: Final = "zone"


def read_layer(
    engine: Engine,
    reader: Principal,
    name: str,
    *,
    srid: int = WGS84,
    timezone: str = "Asia/Shanghai",
) -> pd.DataFrame:
    """Return every row of a layer that `reader` may see, as it goes into a file.

    Columns are named as the layer's fields are; derived ones are called as in
    :data:`geo.files.schema.layers.DERIVED`. Headings of cameras are text, all views in one cell.
    Free columns of the source come last, see :mod:`geo.files.schema.extra_columns`.

    Parameters
    ----------
    srid
        Of the geometry; CGCS2000 degrees are those of WGS 84 under another label.
    timezone
        In which times are written (an IANA name).

    Returns
    -------
    DataFrame
        A GeoDataFrame where the layer has places.

    Raises
    ------
    LayerError
        If there is no such layer.
    """
    require_layer(reader, name)
    from geo.exchange.publish import export_rows

    return export_rows.read_rows(engine, reader, name, srid=srid, timezone=timezone)


def require_layer(reader: Principal, name: str) -> None:
    """Refuse a name that is no layer.

    Parameters
    ----------
    reader
        Who reads the names.
    name
        As asked for.

    Raises
    ------
    LayerError
        With the names that there are.
    """
    if name not in collections.layer_names():
        known = ", ".join(collections.names_for(reader))
        raise LayerError("layer.unknown", name=name, known=known)


def action_of(name: str) -> str:
    """Return the action that a file of a layer asks for."""
    return RESTRICTED if name in RESTRICTED_LAYERS else "export"


def target_srid(engine: Engine, crs: str) -> int:
    """Return the SRID of an export.

    Parameters
    ----------
    crs
        "wgs84", "cgcs2000", "EPSG:n", or "zone" for the metric system of the database.

    Raises
    ------
    CRSError
        If it names no system.
    InputError
        If it is GCJ-02 or BD-09, in which nothing is exported.
    StateError
        If "zone" is asked of a database without places.
    """
    if crs.strip().casefold() == ZONE:
        with db.open_transaction(engine) as connection:
            return installation.metric_srid(connection)
    target = parse_crs(crs)
    require_shift(target)
    if target.srid is None:
        raise InputError("export.crs_refused", crs=target.name)
    return target.srid
