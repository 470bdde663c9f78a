"""Whether the process is alive, whether it is ready, and what it counts."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.answers.problems import request_language
from api.server.metrics import require_token
from api.session.deps import CoverageEngineDep, EngineDep, SettingsDep
from api.session.identity import OPEN
from geo.base.words import say
from geo.operations import readiness
from geo.operations.readiness import Readiness

router = APIRouter(dependencies=[Depends(OPEN)])
FIGURES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(
    request: Request, engine: EngineDep, client: CoverageEngineDep, settings: SettingsDep
) -> Readiness:
    """Answer if the database does and its tables fit; say so if the disk is full."""
    found = readiness.check_readiness(engine, client, settings)
    age_s = request.app.state.items.age_s()
    found["snapshot_age_s"] = None if age_s is None else round(age_s, 1)
    if found["status"] == "read_only":
        found["detail"] = say("store.read_only", request_language(request), **found["disk"])
    return found


@router.get("/metrics", response_class=Response, responses=FIGURES)
async def metrics(request: Request, settings: SettingsDep) -> Response:
    """Return what this process counts, to who brings the token ``GOVGRID_METRICS_TOKEN``."""
    require_token(request, settings)
    page: bytes = request.app.state.metrics.page()
    return Response(page, media_type=CONTENT_TYPE_LATEST)
