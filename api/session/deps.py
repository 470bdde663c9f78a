"""What a route may ask for: the database, the settings, the map page."""

from typing import Annotated

from fastapi import Depends, Request

from api.session.identity import Rule
from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.coverage.engine.client import EngineClient
from geo.documents.map_pages import MapPages
from geo.operations.database import Engine


async def engine(request: Request) -> Engine:
    """Return the process's pool."""
    found: Engine = request.app.state.engine
    return found


async def settings(request: Request) -> Settings:
    """Return the process's settings."""
    found: Settings = request.app.state.settings
    return found


async def map_pages(request: Request) -> MapPages:
    """Return the process's map pages."""
    found: MapPages = request.app.state.map_pages
    return found


async def engine_client(request: Request) -> EngineClient:
    """Return what asks the engine of coverage."""
    found: EngineClient = request.app.state.engine_client
    return found


# Who asks, as each rule lets in: `who: MayMap`. A route without one of them does not start. What
# begins with `Shown` is answered while visitors look on as well.
AnyReader = Annotated[Principal, Depends(Rule())]
ShownReader = Annotated[Principal, Depends(Rule(visitors=True))]
MayMap = Annotated[Principal, Depends(Rule("map"))]
ShownMap = Annotated[Principal, Depends(Rule("map", visitors=True))]
MayView = Annotated[Principal, Depends(Rule("view"))]
MayExport = Annotated[Principal, Depends(Rule("export"))]
MayImport = Annotated[Principal, Depends(Rule("import"))]
MayFigures = Annotated[Principal, Depends(Rule("figures"))]
FILING = ("incident", "assign", "dispatch", "approve_incident", "respond", "report")
MayAttach = Annotated[Principal, Depends(Rule(*FILING))]
HANDLING = ("incident", "assign", "dispatch", "approve_incident")
MayHandle = Annotated[Principal, Depends(Rule(*HANDLING))]
MayTry = Annotated[Principal, Depends(Rule("assign", "dispatch", "routing"))]
MayRoute = Annotated[Principal, Depends(Rule("routing"))]
MayTake = Annotated[Principal, Depends(Rule("incident", "report"))]
MayPrint = Annotated[Principal, Depends(Rule("statistics", "incident"))]
MayShift = Annotated[Principal, Depends(Rule("shift"))]
MayCount = Annotated[Principal, Depends(Rule("statistics"))]
MOVING = ("incident", "assign", "dispatch", "respond", "approve_incident", "report")
MayStatistics = Annotated[Principal, Depends(Rule("statistics"))]
MayManage = Annotated[Principal, Depends(Rule("accounts"))]
MayMove = Annotated[Principal, Depends(Rule(*MOVING))]

EngineDep = Annotated[Engine, Depends(engine)]
SettingsDep = Annotated[Settings, Depends(settings)]
CoverageEngineDep = Annotated[EngineClient, Depends(engine_client)]
MapPagesDep = Annotated[MapPages, Depends(map_pages)]
