"""The toy town with units, categories, a clock that is put, and those who move incidents."""

import pytest

from geo.base import clock
from geo.store import db
from geo.store.cluster import cluster
from tests.incidents.moving_town import EAST, START, furnish, principal_of


class Watch:
    """A clock of the district that is put where a test wants it."""

    def __init__(self, file):
        self._file = file
        self.put(START)

    def put(self, moment):
        self._file.write_text(moment.isoformat(), encoding="utf-8")
        clock.follow(self._file)


@pytest.fixture
def watch(tmp_path):
    yield Watch(tmp_path / "clock")
    clock.follow(None)


@pytest.fixture
def owner(town, watch):
    furnish(town)
    return town


@pytest.fixture
def service(owner, database_url):
    found = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


@pytest.fixture
def desk(owner):
    return principal_of(owner, "desk", "dispatcher", EAST, unit="D0")


@pytest.fixture
def unit(owner):
    return principal_of(owner, "unit", "responder", None, unit="U2")


@pytest.fixture
def chief(owner):
    return principal_of(owner, "chief", "supervisor", None, unit="S0")
