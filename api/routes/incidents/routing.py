"""The routing table tried on a place, and what forms of incidents offer."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from api.answers.bodies import Body
from api.answers.problems import request_language
from api.routes.incidents.desk import DeskDep
from api.routes.incidents.intake import Code
from api.session.deps import MayMove, MayTry
from geo.incidents import choices
from geo.incidents.choices import Choices
from geo.incidents.location import TypedPlace
from geo.incidents.routing_trial import Trial, try_routing
from geo.incidents.rules.routing import Duty

router = APIRouter(prefix="/api/routing")


class TriedDuty(Body):
    """A row that is tried beside those of the table."""

    unit_code: Code
    area_code: Code
    category: Code | None = None


class RoutingTrialBody(Body):
    """A place and a category."""

    model_config = ConfigDict(allow_inf_nan=False)

    category: Code = Field(examples=["井盖缺失"])
    lon: float | None = Field(None, ge=-1e8, le=1e8)
    lat: float | None = Field(None, ge=-1e8, le=1e8)
    crs: Annotated[str, Field(max_length=40)] = "wgs84"
    accuracy_m: float = Field(0.0, ge=0, le=100_000)
    grid_code: Code | None = None
    community_code: Code | None = None
    asset_code: Code | None = None
    duties: list[TriedDuty] = Field([], max_length=100)


@router.post("/try")
def try_place(
    request: Request, who: MayTry, desk: DeskDep, asked: RoutingTrialBody
) -> dict[str, Any]:
    """Return which units would be proposed for a place and category, and why; nothing is written.

    Limit and duplicates are those that intake would state now. `duties` are tried as if they stood
    in the table already.
    """
    area = asked.grid_code or asked.community_code
    place = TypedPlace(asked.lon, asked.lat, asked.crs, asked.accuracy_m, area, asked.grid_code)
    rows = tuple(Duty(each.unit_code, each.area_code, each.category) for each in asked.duties)
    trial = Trial(asked.category, place, asked.asset_code, rows)
    return try_routing(desk, who, trial, request_language(request))


@router.get("/choices")
def list_choices(request: Request, who: MayMove, desk: DeskDep) -> Choices:
    """Return the categories, sources and units that an incident may name, with their pinyin."""
    return choices.list_choices(desk, who, request_language(request))
