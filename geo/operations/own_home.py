"""Homes of real data: created, inspected, moved from where an older version left them."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from geo.access.principal import local_user
from geo.base import homes
from geo.base.errors import StateError
from geo.base.settings import Settings
from geo.operations import database
from geo.store import db, holding, installation
from geo.store.cluster import cluster, relocation
from geo.store.holding import DatabaseContents


@dataclass(frozen=True)
class Moved:
    """From where to where a home was moved."""

    older: Path
    target: Path


def begin_home(settings: Settings, *, test: bool = False) -> bool:
    """Create the database of real data; return whether it is new.

    From then on no demonstration is built in it.

    Parameters
    ----------
    settings
        Say the home, or the database in its place.
    test
        Whether a new one is for tests: it may have a clock of its own (:mod:`geo.base.clock`).

    Raises
    ------
    StateError
        If it holds the demonstration, or its tables do not fit this program.
    """
    with database.reach_database(settings) as engine:
        if read_home_holding(engine).kind == "demo":
            place = database.describe_place(settings)
            raise StateError("home.is_demo", home=place, real=homes.data_home())
        if db.current_revision(engine) is None:
            db.migrate(engine)
        db.require_current(engine)
        with db.open_transaction(engine) as connection:
            new = installation.read_value(connection, holding.OWN) is None
            if new:
                installation.store_value(connection, holding.OWN, {"by": local_user()})
            if new and test:
                installation.store_value(connection, holding.TEST, True)
    return new


def read_home_holding(engine: Engine) -> DatabaseContents:
    """Return what the database holds."""
    with db.open_transaction(engine) as connection:
        return holding.read_holding(connection)


def describe_holding(settings: Settings) -> str:
    """Return what the running database holds: demo, partial, own or nothing (``holds.…``)."""
    with database.reach_database(settings) as engine:
        found = read_home_holding(engine)
    return "partial" if found.kind == "demo" and not found.whole else found.kind


def move_home(settings: Settings) -> Moved:
    """Move the home of an older version to where homes are now: the demonstration's, or one's own.

    Raises
    ------
    StateError
        If there is none, or somebody works with it.
    ClusterError
        If there is something already where it should go.
    """
    older = homes.older_home()
    if older is None:
        raise StateError("home.no_older", real=homes.data_home())
    with database.reach_database(settings.model_copy(update={"home": older})) as engine:
        count, kind = database.count_others(engine), read_home_holding(engine).kind
    if count:
        raise StateError("home.in_use", home=older, count=count)
    target = homes.demo_home() if kind == "demo" else homes.data_home()
    cluster.stop_cluster(older)
    relocation.move_cluster(older, target)
    return Moved(older, target)
