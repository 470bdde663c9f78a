"""Headings of cameras: rows of ``camera_view``, and columns of cameras derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.roles import depth_no
from geo.store import frames, tables

if TYPE_CHECKING:
    import pandas as pd

VIEW_KEY: Final = ("camera_code", "no")
_FURTHER: Final = text(
    "INSERT INTO govgrid.camera_view (camera_code, no, heading_source, hfov_deg, vfov_deg,"
    " tilt_deg, res_h_px, range_m, focal_mm, sensor_w_mm)"
    " SELECT v.camera_code, s.no, 'unknown', v.hfov_deg, v.vfov_deg,"
    " v.tilt_deg, v.res_h_px, v.range_m, v.focal_mm, v.sensor_w_mm"
    " FROM unnest(CAST(:codes AS text[]), CAST(:numbers AS smallint[])) AS s (code, no)"
    " JOIN govgrid.camera_view v ON v.camera_code = s.code AND v.no = 1"
    " ON CONFLICT DO NOTHING"
)
_MARK: Final = text("UPDATE govgrid.camera SET import_run = :run WHERE code = ANY(:codes)")
_NUMBERS: Final = "SELECT camera_code, no FROM govgrid.camera_view WHERE camera_code = ANY(:codes)"
_VIEW: Final = text(
    "SELECT * FROM govgrid.camera_view WHERE camera_code = :camera_code AND no = :no"
)
_DELETE: Final = text(
    "DELETE FROM govgrid.camera_view WHERE camera_code = :camera_code AND no = :no"
)
_KNOWN: Final = (
    "SELECT camera_code, no, hfov_deg AS known_hfov_deg, heading_deg AS known_deg,"
    " verified_on AS known_on FROM govgrid.camera_view WHERE camera_code = ANY(:codes)"
)
_GRANTED: Final = (
    "SELECT v.camera_code, v.no, v.heading_deg, v.heading_source, v.hfov_deg"
    f" FROM govgrid.camera_view v JOIN {predicates.CAMERAS} g ON g.code = v.camera_code"
    f" AND g.depth >= {depth_no('direction')}"
)


def add_further_views(connection: Connection, codes: Sequence[str], numbers: Sequence[int]) -> None:
    """Insert views that do not exist yet; they have the optics of the first view.

    Parameters
    ----------
    connection
        Open transaction.
    codes, numbers
        Camera and number of each view, pairs by position.
    """
    connection.execute(_FURTHER, {"codes": list(codes), "numbers": list(numbers)})


def merge_views(connection: Connection, views: pd.DataFrame) -> pd.DataFrame:
    """Insert or update views; return the keys of those that changed.

    Parameters
    ----------
    connection
        Open transaction.
    views
        Columns of ``camera_view`` with its key.
    """
    return tables.merge_rows(connection, "camera_view", views, key=VIEW_KEY)


def mark_changed(connection: Connection, codes: Sequence[str], run: int) -> None:
    """Store the number of an import with the cameras that it changed.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    run
        Number of the run.
    """
    connection.execute(_MARK, {"run": run, "codes": list(codes)})


def view_numbers(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """Return the views that cameras have: ``camera_code``, ``no``.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    return frames.read_frame(connection, _NUMBERS, {"codes": list(codes)})


def read_view(connection: Connection, camera_code: str, no: int) -> dict[str, Any] | None:
    """Return the row of a view, None where there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    camera_code, no
        Camera, and number of its view.
    """
    asked = {"camera_code": camera_code, "no": no}
    row = connection.execute(_VIEW, asked).mappings().one_or_none()
    return None if row is None else dict(row)


def delete_view(connection: Connection, camera_code: str, no: int) -> None:
    """Delete a view.

    Parameters
    ----------
    connection
        Open transaction.
    camera_code, no
        Camera, and number of its view.
    """
    connection.execute(_DELETE, {"camera_code": camera_code, "no": no})


def known_headings(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """Return the headings of the views of cameras.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.

    Returns
    -------
    pd.DataFrame
        ``camera_code``, ``no``, ``known_hfov_deg``, ``known_deg`` and ``known_on``.
    """
    return frames.read_frame(connection, _KNOWN, {"codes": list(codes)})


def granted_headings(connection: Connection, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Return the headings of all views whose direction is granted.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters.
    """
    return frames.read_frame(connection, _GRANTED, parameters)
