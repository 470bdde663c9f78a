"""Where places belong, from the areas of today in memory, cut to who asks."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
import shapely
from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.areas.place_answer import PlaceAnswer
from geo.areas.rules.locate_point import (
    PreparedAreas,
    locate_point,
    measure_distances,
    prepare_areas,
)
from geo.areas.store import grids
from geo.areas.store.grids import StoredArea
from geo.base.errors import StateError
from geo.store import installation, revisions
from geo.store.revisions import LayerRevisions

LAYERS: Final = ("area", "setting")
MOST_VIEWS: Final = 100
MOST_POINTS: Final = 10_000


@dataclass(frozen=True)
class PlaceView:
    """The grids that a reader may see, with the community and township of each that are granted."""

    revisions: tuple[int, ...]
    areas: PreparedAreas
    above: Mapping[str, tuple[str, str]]

    def ask(self, lon: float, lat: float, accuracy_m: float = 0.0) -> PlaceAnswer:
        """Return where a place (EPSG:4326) belongs, as :func:`geo.areas.lookup.locate_one` does.

        Parameters
        ----------
        lon, lat
            Degrees.
        accuracy_m
            Stated accuracy of the place.

        Raises
        ------
        StateError
            If there are no grids.
        """
        if not self.areas.codes:
            raise StateError("locate.no_grids")
        found = locate_point(self.areas, lon, lat, accuracy_m)
        community, township = self.above.get(found.code, (None, None))
        return {
            "status": found.status,
            "grid_code": found.code,
            "candidates": list(found.candidates),
            "community_code": community,
            "township_code": township,
            "nearest_code": found.nearest_code,
            "nearest_m": found.nearest_m,
        }

    def measure_candidates(self, lon: float, lat: float, codes: Sequence[str]) -> list[float]:
        """Return the metres from a place (EPSG:4326) to each of its candidates: 0 within.

        Parameters
        ----------
        lon, lat
            Degrees.
        codes
            Of the grids; a code that is no grid of today has none.
        """
        if not set(codes) <= set(self.areas.codes):
            return []
        return [round(each, 1) for each in measure_distances(self.areas, lon, lat, codes)]


class Places:
    """The areas of today at their newest revision, and views of those who ask."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._views: OrderedDict[Hashable, PlaceView] = OrderedDict()
        self._whole: tuple[tuple[int, ...], list[StoredArea], PreparedAreas] | None = None
        self._lock = Lock()

    def kept(self, reader: Principal, now: LayerRevisions) -> PlaceView | None:
        """Return the reader's view if it is at hand; waits for nobody.

        Parameters
        ----------
        reader
            Who asks.
        now
            Revisions that were read after the question came.
        """
        found = self._views.get(_key(reader))
        return found if found is not None and found.revisions == now.of(LAYERS) else None

    def view(self, reader: Principal, now: LayerRevisions) -> PlaceView:
        """Return the reader's view at these revisions or newer ones.

        Parameters
        ----------
        reader
            Who asks.
        now
            Revisions that were read after the question came.
        """
        with self._lock:
            return self.kept(reader, now) or self._made(reader, now)

    def _made(self, reader: Principal, now: LayerRevisions) -> PlaceView:
        if self._whole is None or self._whole[0] != now.of(LAYERS):
            self._whole = self._read(reader)
        made, known, areas = self._whole
        found = _cut(made, known, areas, reader)
        self._views[_key(reader)] = found
        if len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)
        return found

    def _read(self, reader: Principal) -> tuple[tuple[int, ...], list[StoredArea], PreparedAreas]:
        with transaction.open_read_only(self._engine, reader) as connection:
            made = revisions.current_revisions(connection).of(LAYERS)
            known = grids.read_areas(connection)
            of_level = [each for each in known if each.level == "grid"]
            if not of_level:
                raise StateError("locate.no_grids")
            srid = installation.metric_srid(connection)
        shapes = shapely.from_wkb(np.array([each.geom for each in of_level], dtype=object))
        lonlat = np.asarray(shapely.set_srid(shapes, 0), dtype=object)
        return made, known, prepare_areas([each.code for each in of_level], lonlat, srid)


def _key(reader: Principal) -> Hashable:
    return None if reader.everything else tuple(reader.areas)


def _cut(
    made: tuple[int, ...], known: list[StoredArea], areas: PreparedAreas, reader: Principal
) -> PlaceView:
    granted = set(reader.areas)
    seen = [each for each in known if reader.everything or not granted.isdisjoint(each.path)]
    by_level: dict[str, dict[int, str]] = {"community": {}, "township": {}, "grid": {}}
    for each in seen:
        by_level[each.level][each.unit_id] = each.code
    own = set(by_level["grid"].values())
    which = np.array([code in own for code in areas.codes], dtype=np.bool_)
    above = {
        each.code: (_first(by_level["community"], each), _first(by_level["township"], each))
        for each in seen
        if each.level == "grid"
    }
    return PlaceView(made, areas.select(which), above)


def _first(codes: Mapping[int, str], area: StoredArea) -> str:
    return next((codes[unit] for unit in reversed(area.path) if unit in codes), "")
