"""Weekly hours of work of the site and of units, edited as a set."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from api.answers.bodies import Body, Part
from api.answers.times import Day, TimeOfDay
from api.routes.incidents.vocabularies import IfMatch, read_version
from api.session.deps import EngineDep, MayMove, MayRoute, SettingsDep
from geo.incidents import working_hours
from geo.incidents.rules.week_hours import MOST_ROWS, WeekHours
from geo.incidents.working_hours import Week

router = APIRouter(prefix="/api/working-hours")
Unit = Annotated[str | None, Query(max_length=100)]


class HoursOfDay(Part):
    """Work on a weekday, 1 (Monday) to 7; both days of its validity are included."""

    model_config = ConfigDict(extra="forbid")

    weekday: int = Field(ge=1, le=7)
    starts: TimeOfDay = Field(examples=["08:30"])
    ends: TimeOfDay = Field(examples=["12:00"])
    valid_from: Day | None = None
    valid_until: Day | None = None

    def hours(self) -> WeekHours:
        """Return it as the use case takes it."""
        return WeekHours(self.weekday, self.starts, self.ends, self.valid_from, self.valid_until)


class WholeWeek(Body):
    """All hours of a unit or of the site; none gives a unit those of the site."""

    hours: list[HoursOfDay] = Field(max_length=MOST_ROWS)


@router.get("", response_class=JSONResponse)
def read_hours(engine: EngineDep, who: MayMove, unit: Unit = None) -> Response:
    """Return the own hours of a unit, without one those of the site; the ETag is their version.

    A unit without hours of its own (`hours` empty) works by those of the site.
    """
    return _answer(working_hours.read_week(engine, who, unit))


@router.put("", response_class=JSONResponse)
def replace_hours(
    engine: EngineDep,
    settings: SettingsDep,
    who: MayRoute,
    week: WholeWeek,
    unit: Unit = None,
    if_match: IfMatch = None,
) -> Response:
    """Replace the hours of a unit, or of the site, at the version that was seen (If-Match).

    Limits in working time that are running are computed anew, each with a move `recomputed`; the
    answer says how many. 412: changed meanwhile; 428: If-Match is missing.
    """
    done = working_hours.replace_week(
        engine,
        who,
        [each.hours() for each in week.hours],
        unit=unit,
        version=read_version(if_match),
        timezone=settings.timezone,
    )
    return _answer(done, {"recomputed": done.recomputed})


def _answer(week: Week, more: dict[str, Any] | None = None) -> Response:
    body = {
        "unit": week.unit,
        "default": week.shipped,
        "hours": [_hours_row(row) for row in week.rows],
        **(more or {}),
    }
    return JSONResponse(body, headers={"ETag": f'"{week.version}"'})


def _hours_row(row: WeekHours) -> dict[str, Any]:
    return {
        "weekday": row.weekday,
        "starts": f"{row.starts:%H:%M}",
        "ends": f"{row.ends:%H:%M}",
        "valid_from": None if row.since is None else row.since.isoformat(),
        "valid_until": None if row.until is None else row.until.isoformat(),
    }
