"""Days, moments and ids of requests as JSON writes them: texts, never a count of seconds."""

import re
from datetime import date, datetime, time
from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator, Strict
from pydantic_core import PydanticKnownError

_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _written_day(value: object) -> object:
    """Refuse a number, which would be taken for seconds since 1970 and be a day of that year."""
    if isinstance(value, str) and _WRITTEN.match(value):
        return value
    if value is None or isinstance(value, date):
        return value
    raise PydanticKnownError("date_type")


def _written_moment(value: object) -> object:
    """Refuse a number, as :func:`_written_day` does."""
    if isinstance(value, str) and _WRITTEN.match(value):
        return value
    if value is None or isinstance(value, datetime):
        return value
    raise PydanticKnownError("datetime_type")


def _written_time(value: object) -> object:
    """Refuse a number, as :func:`_written_day` does."""
    if isinstance(value, str) and ":" in value:
        return value
    raise PydanticKnownError("time_type")


Day = Annotated[date, Strict(False), BeforeValidator(_written_day)]
Moment = Annotated[datetime, Strict(False), BeforeValidator(_written_moment)]
Id = Annotated[UUID, Strict(False)]
TimeOfDay = Annotated[time, Strict(False), BeforeValidator(_written_time)]
