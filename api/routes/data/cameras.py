"""Cameras that see a place."""

import json
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request

from api.answers.problems import request_language
from api.answers.times import Moment
from api.routes.data.locate import JSON, lonlat_of
from api.server.memory_lane import AtHand, Parts
from api.session.deps import EngineDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.areas import lookup
from geo.coverage import who_sees
from geo.coverage.who_sees import SeeingAnswer, SightQuestion

router = APIRouter(prefix="/api/cameras")


def asked_place(
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    crs: Annotated[str, Query(max_length=40)] = "wgs84",
) -> tuple[float, float]:
    """Return the place of a request in EPSG:4326, as ``lon, lat``.

    Parameters
    ----------
    lon, lat
        Degrees in `crs`.
    crs
        Name of a coordinate system in degrees.
    """
    lons, lats = lookup.one_place(lon, lat, crs)
    return float(lons[0]), float(lats[0])


@router.get("/seeing")
def cameras_seeing(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    asked: Annotated[tuple[float, float], Depends(asked_place)],
    at: Moment | None = None,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> SeeingAnswer:
    """Return the cameras that see a place, may see it, or stand near and do not, and why.

    `withheld` says how many more may see it that are not granted, `ask` how to ask for them. A
    camera that is granted only coarsely, or that only looks in, is answered by squares of 50 m.

    Asking for many places is an export: it needs the permission and a `reason`, and is registered.
    """
    state = request.app.state
    state.questions.count(who, "seeing", 1, reason=reason)
    moment = at if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.timezone))
    lang = request_language(request)
    view = state.sight.view(who, request.state.revisions)
    if view is not None:
        when = SightQuestion(moment, settings.timezone, lang)
        return who_sees.seeing_from_memory(engine, who, view, *asked, when)
    return who_sees.seeing_one(
        engine,
        who,
        *asked,
        at=moment,
        timezone=settings.timezone,
        detail=settings.detail_px_per_m,
        lang=lang,
    )


def seeing_at_hand(request: Request, who: Principal, asked: Parts) -> AtHand | None:
    """Return who sees a place in EPSG:4326, now, if all of it is in memory and counted, else None.

    Parameters
    ----------
    request
        With the present revisions of all layers.
    who
        Principal whose grants apply; one of a unit is answered by the route.
    asked
        Parts of the query: ``lon``, ``lat``, ``reason``.
    """
    state = request.app.state
    view, place = state.sight.kept(who, request.state.revisions), lonlat_of(asked)
    strange = asked.keys() - {"lon", "lat", "reason"}
    if view is None or place is None or strange or who.unit_code is not None:
        return None
    if len(asked.get("reason", "")) > export_log.MOST_REASON or not view.granted.holds(*place):
        return None
    if not state.questions.spend(who, "seeing", 1):
        return None
    when = SightQuestion(None, state.settings.timezone, request_language(request))
    seen = who_sees.seeing_from_memory(state.engine, who, view, *place, when)
    return AtHand(json.dumps(seen, ensure_ascii=False, separators=(",", ":")).encode(), JSON)
