"""What figures are asked for: a period, areas, conditions."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.answers.times import Day
from geo.incidents.statistics_query import StatisticsQuery

Word = Annotated[str | None, Field(max_length=100)]


class CountedDays(BaseModel):
    """A period (a statistics month, a year, or days) and areas; without one the present month."""

    model_config = ConfigDict(extra="forbid")

    month: Word = None
    year: Word = None
    since: Day | None = None
    until: Day | None = None
    area: Word = None
    scope: list[str] = Field([], max_length=5)


class CountedMatters(CountedDays):
    """Of which matters: of a category, grade, level, unit, source."""

    category: Word = None
    grade: Word = None
    level: Word = None
    unit: Word = None
    source: Word = None


def query_of(asked: CountedDays) -> StatisticsQuery:
    """Return the query of a request."""
    known = StatisticsQuery.__dataclass_fields__
    given = {name: value for name, value in asked.model_dump().items() if name in known}
    return StatisticsQuery(**given, scopes=tuple(asked.scope))
