"""Ground that cameras see under one certainty: shapes, their devices, and probabilities."""

from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# Points and roads this near to a cell may count in it: see `geo.coverage.demand.roads.cells_of`.
BESIDE_M = 1.0


@dataclass(frozen=True)
class Seen:
    """Visible ground: `shapes` (n,), the number of the `device` of each, its `weight` and `cause`.

    `weight` is the probability that the shape is in the picture, 1 where that is certain. `cause`
    says why it may be seen and is not for certain, see `geo.coverage.kinds.CAUSES`. The shapes may
    be packed as WKB, a third of the memory where they are small and many.
    """

    shapes: Geometries
    device: Indices
    weight: Floats
    bounds: Floats
    cause: Indices

    def near(self, grounds: Geometries) -> "Seen":
        """Return the shapes that may meet or touch some ground, unpacked."""
        return self.within(shapely.bounds(grounds).reshape(-1, 4))

    def within(self, bounds: Floats) -> "Seen":
        """Return the shapes that may meet the box around some boxes ``(n, 4)``, unpacked."""
        if len(bounds) == 0:
            return self.where(np.zeros(len(self.shapes), dtype=np.bool_))
        low, high = np.fmin.reduce(bounds)[:2], np.fmax.reduce(bounds)[2:]
        hit = (self.bounds[:, 2:] >= low - BESIDE_M).all(axis=1)
        hit &= (self.bounds[:, :2] <= high + BESIDE_M).all(axis=1)
        return self.where(hit).unpacked()

    def packed(self) -> "Seen":
        """Return the same with its shapes as WKB."""
        return replace(self, shapes=shapely.to_wkb(self.unpacked().shapes).astype(object))

    def unpacked(self) -> "Seen":
        """Return the same with its shapes as geometries."""
        if len(self.shapes) and isinstance(self.shapes[0], bytes):
            return replace(self, shapes=shapely.from_wkb(self.shapes))
        return self

    def where(self, mask: Flags) -> "Seen":
        """Return the shapes of a mask."""
        return Seen(*(getattr(self, each.name)[mask] for each in fields(self)))

    def replaced(self, devices: Indices, fresh: "Seen") -> "Seen":
        """Return all shapes but those of `devices`, and `fresh` instead; ordered by device."""
        every = self.where(~np.isin(self.device, devices)).and_(fresh)
        order = np.argsort(every.device, kind="stable")
        return Seen(*(getattr(every, each.name)[order] for each in fields(self)))

    def and_(self, other: "Seen") -> "Seen":
        """Return all shapes of both."""
        columns = ((getattr(part, each.name) for part in (self, other)) for each in fields(self))
        return Seen(*(np.concatenate(list(column)) for column in columns))

    def differs(self, other: "Seen", devices: Indices) -> Flags:
        """Return for each device whether what it sees is not the same in both."""
        if len(self.shapes) == 0 or len(other.shapes) == 0:
            return np.isin(devices, np.concatenate([self.device, other.device]))
        mine, others = self._contents(), other._contents()
        return np.array([mine.get(d) != others.get(d) for d in devices.tolist()], dtype=np.bool_)

    def _contents(self) -> dict[int, list[tuple[bytes, float]]]:
        found: dict[int, list[tuple[bytes, float]]] = {}
        rows = zip(self.device.tolist(), self.packed().shapes, self.weight, strict=True)
        for device, shape, weight in rows:
            found.setdefault(device, []).append((shape, weight))
        return found


def seen_of(
    shapes: Geometries,
    device: Indices,
    weight: Floats | None = None,
    cause: Indices | None = None,
) -> Seen:
    """Return shapes with their devices; empty and missing shapes are left out.

    Parameters
    ----------
    shapes
        Polygons, metric CRS, shape ``(n,)``.
    device
        Device number of each.
    weight
        Probability that each is in the picture; None: all 1.
    cause
        Why each is seen possibly, not certainly, see `geo.coverage.kinds.CAUSES`; None: all 0.
    """
    some = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    weight = np.ones(len(shapes)) if weight is None else weight
    cause = np.zeros(len(shapes), dtype=np.intp) if cause is None else cause
    bounds = shapely.bounds(shapes[some]).reshape(-1, 4)
    return Seen(shapes[some], device[some], weight[some], bounds, cause[some])


def empty_ground() -> Seen:
    """Return seen ground that is empty."""
    return seen_of(np.empty(0, dtype=object), np.empty(0, dtype=np.intp))
