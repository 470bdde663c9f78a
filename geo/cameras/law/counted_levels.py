"""Levels of areas by which the register of cameras is counted."""

from typing import Final

from geo.base.errors import InputError

LEVELS: Final = ("township", "community", "grid")


def require_level(level: str | None) -> None:
    """Refuse a level by which nothing is counted; None is the highest that is loaded.

    Raises
    ------
    InputError
        With the levels that there are.
    """
    if level is not None and level not in LEVELS:
        raise InputError("setup.level", level=level, known=" ".join(LEVELS))
