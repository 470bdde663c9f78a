"""Whether the process is alive, whether it is ready."""

from typing import Any

from fastapi import APIRouter, Depends

from api.session.deps import EngineDep
from api.session.identity import OPEN
from geo.store import db

router = APIRouter(dependencies=[Depends(OPEN)])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(engine: EngineDep) -> dict[str, Any]:
    """Answer if the database does and its tables fit."""
    db.require_current(engine)
    return {"status": "ready", "revision": db.current_revision(engine)}
