"""The web service: an application built by a call, holding one pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache

from anyio import to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.answers import problems
from api.routes.data import (
    area_edits,
    basemaps,
    camera_status,
    cameras,
    console,
    coverage,
    edits,
    exports,
    imports,
    jobs,
    locate,
    map_prints,
    pages,
    reports,
    search,
    what_if,
)
from api.routes.incidents import (
    attachments,
    intake,
    open311,
    plain,
    receipt_page,
    receipts,
    whistles,
)
from api.routes.incidents import cameras as incident_cameras
from api.routes.incidents import ledger as incident_ledger
from api.routes.incidents import moves as incident_moves
from api.routes.incidents import papers as incident_papers
from api.routes.incidents import report_form as incident_report
from api.routes.incidents import routing as incident_routing
from api.routes.incidents import shifts as incident_shifts
from api.routes.incidents import statistics as incident_statistics
from api.routes.incidents import vocabularies as incident_vocabularies
from api.routes.incidents import working_hours as incident_hours
from api.routes.incidents import workload as incident_workload
from api.routes.law import audit, compliance, filing, registers, viewing
from api.routes.ogc import collections, items, landing, tiles
from api.routes.people import account, accounts, grants, login, oidc
from api.routes.service import description, events, health, webhooks
from api.server import compression, lanes
from api.server.event_streams import EventStreams
from api.server.limits import Limits
from api.server.memory_lane import MemoryLane
from api.server.metrics import Metrics
from api.server.proxy import CertificateHeader, NamedSocket, require_proxy, trusted_hosts
from api.server.record import Record
from api.server.shield import Shield
from api.session.freshness import SharedReads
from api.session.identity import require_rules
from api.session.unread_body import add_body_handler
from geo import __version__
from geo.access.accounts.identities import Identities
from geo.access.audit.bulk_lease import BulkLeases
from geo.areas.places import Places
from geo.base import clock
from geo.base.settings import Settings
from geo.coverage.engine.client import EngineClient
from geo.coverage.sight_memory import SightMemory
from geo.documents.map_pages import MapPages
from geo.exchange.basemap import Basemap
from geo.exchange.publish.items import Items
from geo.exchange.publish.matches import Matches
from geo.exchange.tiles import Tiles
from geo.incidents.book import IntakeBooks
from geo.operations import database
from maps import console_files

# Each is asked in turn whether a request is its own: what is written at most comes first.
ROUTES = (
    intake,
    incident_moves,
    health,
    login,
    oidc,
    account,
    accounts,
    grants,
    description,
    events,
    locate,
    search,
    camera_status,
    cameras,
    landing,
    collections,
    items,
    area_edits,
    edits,
    tiles,
    basemaps,
    what_if,
    imports,
    jobs,
    coverage,
    exports,
    map_prints,
    reports,
    console,
    pages,
    audit,
    viewing,
    registers,
    filing,
    compliance,
    incident_cameras,
    whistles,
    attachments,
    incident_routing,
    incident_vocabularies,
    incident_hours,
    incident_statistics,
    incident_workload,
    incident_ledger,
    incident_shifts,
    incident_papers,
    webhooks,
    open311,
    receipts,
    receipt_page,
    incident_report,
    plain,
)
# Routes whose answers may be at hand, and what finds them.
AT_HAND = {
    "/api/locate": locate.locate_at_hand,
    "/api/cameras/seeing": cameras.seeing_at_hand,
    "/api/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}": tiles.tile_at_hand,
    "/api/collections/{layer}/items": items.page_at_hand,
    "/api/collections/{layer}/items/{item:path}": items.item_at_hand,
}


def create_app(settings: Settings) -> FastAPI:
    """Return the service on the database of `settings`; nothing is opened before it starts."""
    believed = trusted_hosts(settings.trusted_proxies)
    require_proxy(settings.certificate_header, believed)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = lanes.QUICK
        clock.follow(settings.clock)
        engine = database.service_pool(settings, pool_size=lanes.CONNECTIONS)
        app.state.engine, app.state.settings = engine, settings
        app.state.map_pages = MapPages(engine, settings)
        app.state.metrics.watch_database(engine)
        idle = timedelta(minutes=settings.session_idle_min)
        app.state.identities = Identities(engine, idle=idle)
        app.state.items = Items(engine, settings.home / "snapshots")
        app.state.matches = Matches(engine, app.state.items, settings.timezone)
        app.state.tiles = Tiles(engine, app.state.items)
        app.state.basemap = _basemap(settings)
        app.state.places = Places(engine)
        app.state.engine_client = EngineClient(settings.home)
        app.state.sight = SightMemory(engine, detail=settings.detail_px_per_m)
        app.state.questions = BulkLeases(engine, most=settings.bulk_questions)
        app.state.books = IntakeBooks(engine, app.state.places)
        app.state.leases = BulkLeases(engine, most=settings.bulk_rows)
        reading = database.revision_reader(engine)
        app.state.revisions = SharedReads(reading.read)
        app.state.streams = EventStreams(engine, settings.timezone, app.state.revisions.current)
        app.state.metrics.watch_streams(app.state.streams.count)
        try:
            yield
        finally:
            app.state.streams.close()
            app.state.revisions.close()
            reading.close()
            engine.dispose()

    # The stock documentation pages load their scripts from elsewhere, so they stay off.
    app = FastAPI(
        title="govgrid",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=problems.DESCRIBED,
        openapi_url=None,
        routes=_routes(),
    )
    problems.add_error_handlers(app)
    add_body_handler(app)
    app.state.metrics = Metrics()
    app.mount("/static/console", StaticFiles(directory=console_files.FOLDER, check_dir=False))
    app.mount("/static", StaticFiles(packages=[("maps", "web/static/site")]), name="static")
    # The last one added is asked first.
    app.add_middleware(MemoryLane, finders=AT_HAND)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(GZipMiddleware, **compression.OPTIONS)
    app.add_middleware(Shield)
    app.add_middleware(Record, metrics=app.state.metrics)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=believed)
    certified = settings.certificate_header
    app.add_middleware(CertificateHeader, header=certified, believed=believed)
    app.add_middleware(NamedSocket)
    require_rules(app)
    return app


def _basemap(settings: Settings) -> Basemap | None:
    """Return the foreign basemap where there is a key for it."""
    key = settings.tianditu_key
    return None if key is None else Basemap(settings.tianditu_address, key.get_secret_value())


@cache
def _routes() -> list[BaseRoute]:
    """Return the routes of every application of this process: describing them takes a while."""
    described = FastAPI(openapi_url=None, responses=problems.DESCRIBED)
    for module in ROUTES:
        described.include_router(module.router)
    return described.routes
