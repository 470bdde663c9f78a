"""Stored viewsheds: read, compared by the hash of their inputs, replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, text

from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd

View: TypeAlias = tuple[str, int]  # code of the camera, number of its view


AT_A_TIME = 20_000  # rows that are text at the same moment, which bounds memory


def viewshed_hashes(connection: Connection, detail: float, certainty: str) -> dict[View, str]:
    """Return the hash of the inputs of each stored viewshed of one kind.

    Parameters
    ----------
    detail
        Pixel density, px/m.
    certainty
        ``certain`` or ``possible``.

    Returns
    -------
    dict
        Hash by camera code and view number.
    """
    rows = connection.execute(
        text(
            "SELECT camera_code, view_no, inputs_hash FROM govgrid.viewshed"
            " WHERE detail = :detail AND certainty = :certainty"
        ),
        {"detail": detail, "certainty": certainty},
    )
    return {(code, number): hashed for code, number, hashed in rows}


def read_viewsheds(
    connection: Connection, *, srid: int, detail: float, certainty: str
) -> gpd.GeoDataFrame:
    """Return the stored viewsheds of one kind: ``camera_code``, ``view_no``, geometry.

    Parameters
    ----------
    connection
        Open transaction.
    srid
        EPSG code of the geometry: the metric system of the database.
    detail
        Pixel density, px/m.
    certainty
        "certain" or "possible".
    """
    return frames.read_layer(
        connection,
        "SELECT camera_code, view_no, geom FROM govgrid.viewshed"
        " WHERE detail = :detail AND certainty = :certainty ORDER BY camera_code, view_no",
        {"detail": detail, "certainty": certainty},
        srid=srid,
    )


def read_finest_certain(
    connection: Connection, codes: Sequence[str], *, srid: int
) -> gpd.GeoDataFrame:
    """Return the certain viewsheds of cameras, each view at the smallest stored detail.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    srid
        EPSG code of the geometry: the metric system of the database.
    """
    return frames.read_layer(
        connection,
        "SELECT camera_code, geom FROM govgrid.viewshed v WHERE certainty = 'certain'"
        " AND camera_code = ANY(CAST(:codes AS text[])) AND detail ="
        " (SELECT min(detail) FROM govgrid.viewshed w WHERE w.camera_code = v.camera_code"
        " AND w.view_no = v.view_no AND w.certainty = 'certain')",
        {"codes": list(codes)},
        srid=srid,
    )


def forget_viewsheds(
    connection: Connection, detail: float, certainty: str, views: Sequence[View]
) -> None:
    """Delete the viewsheds of some views of one kind.

    Parameters
    ----------
    views
        Camera code and view number of each.
    detail, certainty
        The kind: px/m, and ``certain`` or ``possible``.
    """
    for first in range(0, len(views), AT_A_TIME):
        codes, numbers = zip(*views[first : first + AT_A_TIME], strict=True)
        connection.execute(
            text(
                "DELETE FROM govgrid.viewshed v USING unnest(CAST(:codes AS text[]),"
                " CAST(:numbers AS integer[])) AS s (camera_code, view_no)"
                " WHERE v.camera_code = s.camera_code AND v.view_no = s.view_no"
                " AND v.detail = :detail AND v.certainty = :certainty"
            ),
            {
                "detail": detail,
                "certainty": certainty,
                "codes": list(codes),
                "numbers": list(numbers),
            },
        )


def keep_viewsheds(connection: Connection, fresh: gpd.GeoDataFrame) -> None:
    """Insert viewsheds.

    Parameters
    ----------
    fresh
        Rows of the table ``viewshed`` (``camera_code``, ``view_no``, ``detail``, ``certainty``,
        ``inputs_hash``, ``geom`` in the metric SRID); none of them may be stored already. They are
        turned into text `AT_A_TIME` rows at a time.
    """
    for first in range(0, len(fresh), AT_A_TIME):
        frames.copy_in(connection, "viewshed", fresh.iloc[first : first + AT_A_TIME])
