"""What intake and pages of incidents work with: the database, what is in memory, the settings."""

from typing import Annotated

from fastapi import Depends, Request

from api.session.deps import EngineDep, SettingsDep
from geo.incidents.desk import Desk


async def intake_desk(request: Request, engine: EngineDep, settings: SettingsDep) -> Desk:
    """Return what intake works with, at the revisions of this request.

    Parameters
    ----------
    request
        Its state holds the revisions.
    engine
        The process's pool.
    settings
        The process's settings.
    """
    state = request.app.state
    return Desk(engine, state.books, request.state.revisions, settings, state.sight)


DeskDep = Annotated[Desk, Depends(intake_desk)]
