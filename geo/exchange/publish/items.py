"""Features of layers from memory, limited to the principal, as bytes of GeoJSON."""

import fcntl
import hashlib
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.access.roles import depth_no
from geo.exchange.publish import feature_bytes as fb
from geo.exchange.store import item_rows
from geo.exchange.store.item_rows import NAMES as NAMES
from geo.store import revisions, segments
from geo.store.revisions import LayerRevisions
from geo.store.segments import Piece, Row, Segments

MOST_VIEWS: Final = 200
MOST_PATCHED: Final = 500
"""So many changed rows are patched; more, and the layer is read anew."""
MOST_PARTS: Final = 60
FOREIGN: Final = -1
_DIRECTION: Final = depth_no("direction")
_CUT_BY: Final = ("area",)
_CAMERAS_CUT_BY: Final = ("camera", "viewshed", "area", "setting")


@dataclass(frozen=True)
class View:
    """Which rows of a layer a reader may see, ascending; of cameras how deep and how exactly.

    `depth` is :data:`FOREIGN` for another's camera, `distance_m` how far that is.
    """

    revisions: tuple[int, ...]
    rows: Segments
    visible: NDArray[np.intp]
    depth: NDArray[np.int8] | None = None
    exact: NDArray[np.bool_] | None = None
    distance_m: NDArray[np.float64] | None = None

    def page(self, after: str, limit: int) -> tuple[bytes, int, str]:
        """Return up to `limit` features behind a code, comma-separated, their number, the last."""
        first = int(np.searchsorted(self.visible, self.rows.position(after, after=True)))
        chosen = self.visible[first : first + limit]
        if not len(chosen):
            return b"", 0, ""
        last = self.rows.code(int(chosen[-1]))
        return self._features(slice(first, first + limit))[:-1], len(chosen), last

    def rest(self, after: str) -> int:
        """Return how many rows there are behind a code."""
        first = np.searchsorted(self.visible, self.rows.position(after, after=True))
        return len(self.visible) - int(first)

    def one(self, code: str) -> bytes | None:
        """Return one feature; None if there is none of that code, or not for this reader."""
        row = self.rows.position(code)
        at = int(np.searchsorted(self.visible, row))
        there = row < len(self.rows) and at < len(self.visible) and self.visible[at] == row
        if not there or self.rows.code(row) != code:
            return None
        return self._features(slice(at, at + 1))[:-1]

    def _features(self, which: slice) -> bytes:
        rows = self.visible[which]
        if self.depth is None or self.exact is None or self.distance_m is None:
            return self.rows.join(rows, 0, 1)
        depth, exact = self.depth[which], self.exact[which]
        if exact.all() and (depth >= _DIRECTION).all():
            return self.rows.join(rows, fb.KNOWN_AT, fb.COARSE_AT)
        asked = zip(
            rows.tolist(), self.rows.pieces(rows), depth.tolist(), exact.tolist(), strict=True
        )
        away_m = self.distance_m[which]
        return b"".join(
            fb.looking_in(self.rows.code(row), away_m[at])
            if of == FOREIGN
            else _own(piece, of, sure)
            for at, (row, piece, of, sure) in enumerate(asked)
        )


def _own(piece: Piece, depth: int, exact: bool) -> bytes:
    if exact and depth >= _DIRECTION:
        return piece(fb.KNOWN_AT, fb.COARSE_AT)
    if exact:
        end = fb.NO_SIGHT + fb.OWN_END + piece(fb.EXACT_AT, fb.COARSE_AT)
        return piece(fb.KNOWN_AT, fb.SIGHT_AT) + end
    sight = piece(fb.SIGHT_AT, fb.FREE_AT) if depth >= _DIRECTION else fb.NO_SIGHT
    known = piece(fb.KNOWN_AT, fb.WORDS_AT) + fb.NO_WORDS + sight
    return known + fb.OWN_END + piece(fb.COARSE_AT, fb.END)


class Items:
    """Layers as byte segments, each at its newest revision, and views of those who ask.

    Parameters
    ----------
    folder
        Where segments stand in files that all processes of the machine map.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._folder = folder
        self._layers: dict[str, tuple[tuple[int, ...], LayerRevisions, Segments]] = {}
        self._views: OrderedDict[Hashable, View] = OrderedDict()
        self._locks = {name: Lock() for name in NAMES}
        self._read_at: dict[str, float] = {}

    def age_s(self) -> float | None:
        """Return how long ago the layer in memory was read that was not read for longest."""
        return time.monotonic() - min(self._read_at.values()) if self._read_at else None

    def kept(self, name: str, reader: Principal, now: LayerRevisions) -> View | None:
        """Return the principal's view of a layer if it is cached, without waiting.

        Parameters
        ----------
        now
            Revisions that were read after the question came.
        """
        found = self._views.get((name, reader.key))
        return found if found is not None and found.revisions == now.of(_cut_by(name)) else None

    def view(self, name: str, reader: Principal, now: LayerRevisions) -> View:
        """Return the reader's view of a layer at these revisions or newer ones."""
        with self._locks[name]:
            found = self.kept(name, reader, now)
            return found or self._read(name, reader)

    def _read(self, name: str, reader: Principal) -> View:
        """Read rows and view in one transaction, so that both are of one moment."""
        with transaction.open_read_only(self._engine, reader) as connection:
            now = revisions.current_revisions(connection)
            rows = self._rows(connection, name, now)
            self._read_at[name] = time.monotonic()
            found = _view(connection, name, reader, rows, now.of(_cut_by(name)))
        key = (name, reader.key)
        self._views[key] = found
        self._views.move_to_end(key)
        if len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)
        return found

    def _rows(self, connection: Connection, name: str, now: LayerRevisions) -> Segments:
        key = _made_of(name, now)
        kept = self._layers.get(name)
        if kept is not None and kept[0] == key:
            return kept[2]
        patched = None if kept is None else _patched(connection, name, kept[1], kept[2], now)
        rows = self._built(connection, name, now) if patched is None else patched
        self._layers[name] = (key, now, rows)
        return rows

    def _built(self, connection: Connection, name: str, now: LayerRevisions) -> Segments:
        """Map the file of this state of a layer; the first process that needs it writes it."""
        marks = revisions.state_marks(connection, [item_rows.source_of(name)])
        state = f"{marks} {now.day if item_rows.source_of(name) == 'area' else ''}"
        digest = hashlib.sha256(state.encode()).hexdigest()[:32]
        path = self._folder / f"{name}-{digest}.rows"
        rows = _segmented(connection, name)
        try:
            with _alone(self._folder / f"{name}.lock"):
                if not path.exists():
                    segments.write_file(path, rows)
                for other in self._folder.glob(f"{name}-*.rows"):
                    if other != path:
                        other.unlink(missing_ok=True)
                return segments.map_file(path)
        except OSError:  # no room, or not ours to write: then it stands in this process alone
            return segments.keep_in_memory(_segmented(connection, name))


def _cut_by(name: str) -> tuple[str, ...]:
    if name == "cameras":
        return _CAMERAS_CUT_BY
    return (item_rows.source_of(name), *_CUT_BY)


def _made_of(name: str, now: LayerRevisions) -> tuple[int, ...]:
    source = item_rows.source_of(name)
    return now.of([source]) if source == "area" else (now.by_layer[source],)


def _segmented(connection: Connection, name: str) -> Iterator[Row]:
    return _rows_of(name, item_rows.read_rows(connection, name))


def _rows_of(name: str, rows: Iterator[Mapping[str, object]]) -> Iterator[Row]:
    make = fb.camera_segments if name == "cameras" else fb.feature_segment
    for row in rows:
        yield str(row["code"]), make(row)


def _patched(
    connection: Connection, name: str, before: LayerRevisions, kept: Segments, now: LayerRevisions
) -> Segments | None:
    """Return what is kept with the rows that changed since; None where it must be read anew."""
    source = item_rows.source_of(name)
    if source == "area" or len(kept.parts) >= MOST_PARTS:
        return None
    since, until = before.by_layer[source], now.by_layer[source]
    codes = revisions.changed_codes(connection, source, before=since, now=until)
    if codes is None or len(codes) > MOST_PATCHED:
        return None
    return kept.patch(codes, _rows_of(name, item_rows.read_rows(connection, name, sorted(codes))))


def _view(
    connection: Connection, name: str, reader: Principal, rows: Segments, made: tuple[int, ...]
) -> View:
    if name != "cameras" and reader.everything:
        return View(made, rows, np.arange(len(rows), dtype=np.intp))
    seen = item_rows.visible_rows(connection, name, reader)
    at = rows.positions([row[0] for row in seen])
    order = np.argsort(at, kind="stable")
    order = order[at[order] >= 0]
    if name != "cameras":
        return View(made, rows, at[order])
    depth = [FOREIGN if row[1] is None else row[1] for row in seen]
    return View(
        made,
        rows,
        at[order],
        np.array(depth, dtype=np.int8)[order],
        np.array([bool(row[2]) for row in seen], dtype=np.bool_)[order],
        np.array([row[3] for row in seen], dtype=np.float64)[order],
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes waiting that want to write the same file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
