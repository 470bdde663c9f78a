"""Whether the process is alive, whether it is ready."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from api.answers.problems import request_language
from api.session.deps import EngineDep
from api.session.identity import OPEN
from geo.base.words import say
from geo.operations import database

router = APIRouter(dependencies=[Depends(OPEN)])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(request: Request, engine: EngineDep) -> dict[str, Any]:
    """Answer if the database does and its tables fit; say so if the disk is full."""
    found = {"status": "ready", "revision": database.fitting_revision(engine)}
    left = database.guard_of(engine)
    if left is None:
        return found
    disk = {"free_mb": left.free_mb, "reserve_mb": left.reserve_mb}
    if not left.low:
        return {**found, "disk": disk}
    detail = say("store.read_only", request_language(request), **disk)
    return {**found, "status": "read_only", "disk": disk, "detail": detail}
