"""Cameras of an incident: as recorded, or computed now; demand where nobody sees."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from api.answers.problems import request_language
from api.session.deps import EngineDep, MayMap, SettingsDep
from geo.access.audit import export_log
from geo.incidents import cameras
from geo.incidents.cameras import CamerasAnswer

router = APIRouter(prefix="/api/incidents")


@router.get("/{incident}/cameras")
def incident_cameras(
    request: Request,
    engine: EngineDep,
    settings: SettingsDep,
    who: MayMap,
    incident: UUID,
    now: bool = False,
    reason: Annotated[str | None, Query(max_length=export_log.MOST_REASON)] = None,
) -> CamerasAnswer:
    """Return the cameras of an incident as they were answered; `now` computes them anew.

    `stale` says how many changed since, `withheld` how many may see it that are not granted,
    `none` is the sentence where nobody sees it. Asking for many is an export, as for places.
    """
    state = request.app.state
    state.questions.count(who, "seeing", 1, reason=reason)
    view = state.sight.view(who, request.state.revisions)
    facts, seen = cameras.read_cameras(engine, who, incident, settings, now=now, view=view)
    zone, lang = settings.timezone, request_language(request)
    return cameras.describe_cameras(seen, facts.window, zone, lang)
