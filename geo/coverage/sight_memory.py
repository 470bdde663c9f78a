"""Views and obstacles of all cameras in memory, and what each reader may know of them."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal, system_principal
from geo.store import installation, revisions
from geo.store.revisions import LayerRevisions

if TYPE_CHECKING:
    from geo.coverage.place_sight import Granted, KeptScene, SightView

SCENE: Final = ("building", "camera", "setting")
CUT: Final = ("area", "viewshed", *SCENE)
MOST_VIEWS: Final = 100
MOST_PATCHED: Final = 2_000
"""So many changed cameras are put in; more, and all are read anew."""
MOST_OBSTACLES: Final = 250_000
"""Footprints that a process keeps; where there are more, each question reads those near it."""
_READER: Final = system_principal("sight")


class SightMemory:
    """The scene of a database at its newest revision, and views of those who ask."""

    def __init__(self, engine: Engine, *, detail: float) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._detail = detail
        self._views: OrderedDict[Hashable, SightView] = OrderedDict()
        self._kept: tuple[LayerRevisions, KeptScene] | None = None
        self._lock = Lock()

    def kept(self, reader: Principal, now: LayerRevisions) -> "SightView | None":
        """Return the reader's view if it is at hand; waits for nobody.

        Parameters
        ----------
        reader
            Who asks.
        now
            Revisions that were read after the question came.
        """
        found = self._views.get(reader.key)
        return found if found is not None and found.revisions == now.of(CUT) else None

    def view(self, reader: Principal, now: LayerRevisions) -> "SightView | None":
        """Return the reader's view at these revisions or newer ones; None: too large to be kept.

        Parameters
        ----------
        reader
            Who asks.
        now
            Revisions that were read after the question came.
        """
        with self._lock:
            return self.kept(reader, now) or self._read(reader)

    def prepare(self) -> None:
        """Read the scene, if there are cameras, so that the first who asks does not wait."""
        with self._lock, transaction.open_read_only(self._engine, _READER) as connection:
            now = revisions.current_revisions(connection)
            if now.by_layer["camera"]:  # else what computes is not even loaded
                self._scene(connection, now)

    def _read(self, reader: Principal) -> "SightView | None":
        """Read scene and grants in one transaction, so that both are of one moment."""
        from geo.coverage.place_sight import SightView

        with transaction.open_read_only(self._engine, reader) as connection:
            now = revisions.current_revisions(connection)
            scene = self._scene(connection, now)
            if scene is None:
                return None
            found = SightView(now.of(CUT), scene, _granted(connection, reader, scene))
        self._views[reader.key] = found
        self._views.move_to_end(reader.key)
        if len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)
        return found

    def _scene(self, connection: Connection, now: LayerRevisions) -> "KeptScene | None":
        before = self._kept
        if before is not None and before[0].of(SCENE)[1:] == now.of(SCENE)[1:]:
            return before[1]
        codes = None if before is None else _changed(connection, before[0], now)
        if before is not None and codes is not None:
            scene = _patched(connection, before[1], codes, self._detail)
        else:
            scene = _built(connection, self._detail)
        self._kept = None if scene is None else (now, scene)
        return scene


def _changed(
    connection: Connection, before: LayerRevisions, now: LayerRevisions
) -> frozenset[str] | None:
    """Return the cameras that were written since; None where everything must be read anew."""
    if any(before.by_layer[name] != now.by_layer[name] for name in ("building", "setting")):
        return None
    since, until = before.by_layer["camera"], now.by_layer["camera"]
    if until < since:  # a database that was put back
        return None
    codes = revisions.changed_codes(connection, "camera", before=since, now=until)
    return codes if codes is not None and len(codes) <= MOST_PATCHED else None


def _built(connection: Connection, detail: float) -> "KeptScene | None":
    from geo.coverage.place_sight import KeptScene
    from geo.coverage.sight.building_heights import obstructing_ground
    from geo.coverage.sight.place_lines import ViewSectors
    from geo.coverage.store import cameras, scene

    srid = installation.metric_srid(connection)
    if scene.count_obstacles(connection) > MOST_OBSTACLES:
        return None
    choices, views = scene.read_choices(connection), scene.read_views(connection)
    shapes, height_m = scene.read_obstacles(connection, srid)
    heights = (height_m, views["mount_height_m"].to_numpy(dtype=float))
    sight = obstructing_ground(shapes, *(heights if choices.heights else ()))
    table = _tabulated(views, sight, srid, detail, choices)
    contacts = cameras.camera_contacts(connection, table.cameras.tolist())
    return KeptScene(srid, table, sight, ViewSectors(table.coarse), contacts, choices)


def _patched(
    connection: Connection, kept: "KeptScene", codes: frozenset[str], detail: float
) -> "KeptScene | None":
    """Return the scene with some cameras as they are now; where heights decide, all anew."""
    from geo.coverage.sight.place_lines import ViewSectors
    from geo.coverage.store import cameras, scene

    if kept.choices.heights:  # the highest camera decides over which buildings one looks
        return _built(connection, detail)
    views = scene.read_views(connection, sorted(codes))
    fresh = _tabulated(views, kept.sight, kept.srid, detail, kept.choices)
    table = kept.table.replace_cameras(codes, fresh)
    read = cameras.camera_contacts(connection, sorted(codes))
    contacts = {**kept.contacts, **read}
    return replace(kept, table=table, fans=ViewSectors(table.coarse), contacts=contacts)


def _tabulated(views: Any, sight: Any, srid: int, detail: float, choices: Any) -> Any:  # noqa: ANN401 - frames
    from geo.coverage.scene import place_given
    from geo.coverage.sight.view_table import tabulate_views

    reach_m = choices.default_reach_m
    placed = place_given(views, sight, srid=srid, detail=detail, default_reach_m=reach_m)
    return tabulate_views(views, placed, srid=srid, detail=detail, default_reach_m=reach_m)


def _granted(connection: Connection, reader: Principal, scene: "KeptScene") -> "Granted":
    import shapely

    from geo.coverage.place_sight import granted_arrays
    from geo.coverage.store import granted

    rows = granted.granted_rows(connection, reader)
    ground = None
    if not reader.everything:
        ground = shapely.from_wkb(granted.granted_ground(connection, reader.areas))
        shapely.prepare(ground)
    return granted_arrays(scene.table.cameras, rows, ground)
