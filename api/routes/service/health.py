"""Whether the process is alive, whether it is ready."""

from typing import Any

from fastapi import APIRouter, Depends

from api.session.deps import EngineDep
from api.session.identity import OPEN
from geo.operations import database

router = APIRouter(dependencies=[Depends(OPEN)])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(engine: EngineDep) -> dict[str, Any]:
    """Answer if the database does and its tables fit."""
    return {"status": "ready", "revision": database.fitting_revision(engine)}
