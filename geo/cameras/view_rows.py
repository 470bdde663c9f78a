"""Single views of cameras: ``CAMERA/NUMBER`` names one, and each has one heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from geo.base.errors import InputError, NotFoundError, StateError
from geo.cameras.store import views as stored

if TYPE_CHECKING:
    import pandas as pd

    from geo.cameras.store.cameras import CameraChange

MOST_NUMBER = 99


def split_code(code: str) -> tuple[str, int]:
    """Return camera and number of a view.

    Raises
    ------
    InputError
        If the code names none.
    """
    camera, _, number = code.rpartition("/")
    if not camera or not (number.isascii() and number.isdecimal()) or len(number) > 2:
        raise InputError("edit.view_code", found=code[:100])
    return camera, int(number)


def bring_in(connection: Connection, rows: pd.DataFrame, *, run: int) -> CameraChange:
    """Write checked views; a verified heading stays, and the given one is kept beside it.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        `code` and the fields that are given; index ``row``.
    run
        Number of the import.

    Raises
    ------
    InputError
        If one has several headings.
    """
    if "views" in rows and rows["views"].notna().any():
        raise InputError("edit.one_heading")
    names = [split_code(code) for code in rows["code"]]
    from geo.cameras.store import cameras

    given = [name for name in cameras.VIEW_FIELDS if name in rows]
    views = rows[given].assign(camera_code=[c for c, _ in names], no=[n for _, n in names])
    return cameras.bring_in_views(connection, views, run=run)


def read_view(connection: Connection, code: str) -> dict[str, Any] | None:
    """Return the row of a view, None where there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    code
        ``CAMERA/NUMBER``.
    """
    return stored.read_view(connection, *split_code(code))


def require_next(connection: Connection, code: str) -> None:
    """Refuse a new view that is not the next one of its camera.

    Parameters
    ----------
    connection
        Open transaction.
    code
        ``CAMERA/NUMBER``.

    Raises
    ------
    NotFoundError
        If there is no such camera.
    InputError
        If the number is another than the next.
    """
    camera, number = split_code(code)
    last = _last(connection, camera)
    if last == 0:
        raise NotFoundError("layer.no_item", name="cameras", code=camera)
    if number != last + 1 or number > MOST_NUMBER:
        raise InputError("edit.view_next", code=code, next=f"{camera}/{last + 1}")


def delete_last(connection: Connection, code: str, *, run: int) -> None:
    """Delete a view: the last one of its camera, which keeps its first.

    Parameters
    ----------
    connection
        Open transaction.
    code
        ``CAMERA/NUMBER`` of a view there is.
    run
        Number of the import.

    Raises
    ------
    StateError
        If there are later ones, or none is left.
    """
    camera, number = split_code(code)
    last = _last(connection, camera)
    if number != last or number == 1:
        raise StateError("edit.view_last", code=code, last=f"{camera}/{last}")
    stored.delete_view(connection, camera, number)
    stored.mark_changed(connection, [camera], run)


def _last(connection: Connection, camera: str) -> int:
    numbers = stored.view_numbers(connection, [camera])["no"]
    return 0 if numbers.empty else int(numbers.max())
