"""Fields of a move or step as typed: FIELD=VALUE."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

FLAGS = {"routing_row", "paired"}
NUMBERS = {"within_minutes", "satisfaction"}
LISTS = {"units", "ratings"}
"""Fields that are no single value: the commands of the whistle have options for them."""


def parse_fields(
    written: list[str], known: Collection[str], *, times: Collection[str], timezone: str
) -> dict[str, Any]:
    """Return fields by name, each as what it is.

    Parameters
    ----------
    written
        As typed, FIELD=VALUE each.
    known
        Fields that there are.
    times
        Those that are moments.
    timezone
        IANA name: zone of moments that state none.

    Raises
    ------
    InputError
        If one is no FIELD=VALUE, or there is no such field; those there are, are named.
    """
    from geo.base.errors import InputError

    names = sorted({*known} - LISTS)
    given: dict[str, Any] = {}
    for each in written:
        key, mark, value = each.partition("=")
        if not mark or key not in names:
            raise InputError("incident_life.field", found=each[:60], known=", ".join(names))
        given[key] = _moment(value, timezone) if key in times else _value(key, value)
    return given


def _value(key: str, value: str) -> object:
    from geo.base.errors import InputError

    if key in FLAGS:
        return value.strip().lower() in {"true", "1", "yes"}
    if key in NUMBERS:
        if not value.strip().isdecimal():
            raise InputError("incident_life.number", field=key, found=value[:40])
        return int(value)
    return value


def _moment(written: str, timezone: str) -> datetime | None:
    from geo.cli.data.places import parse_moment

    return parse_moment(written, timezone)
