"""Camera failures: what only one camera sees, and what is still seen when many have failed."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, expand_groups
from geo.coverage.measure.seen import Seen
from geo.planning.rules.share import require_share

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

DRAWS = 200
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True)
class SightPairs:
    """Seen things, and the devices that see them.

    Attributes
    ----------
    worth
        What each thing counts, shape ``(n_things,)``: square metres of ground, 1 for a point.
    thing, device
        Pairs, each once and sorted by thing: this thing is seen by this device. Every thing is
        seen by somebody.
    devices
        How many devices there are, with those that see nothing.
    """

    worth: Floats
    thing: Indices
    device: Indices
    devices: int

    @property
    def first(self) -> Indices:
        """Return where the pairs of each thing begin, with one more entry at the end."""
        return np.searchsorted(self.thing, np.arange(len(self.worth) + 1)).astype(np.intp)


@dataclass(frozen=True)
class Losses:
    """What is seen before and after some devices fail, in the unit of the sights' worth.

    Attributes
    ----------
    devices, gone
        How many devices there are, and how many of them fail.
    before
        What all of them see.
    worst, opened
        The devices whose failure was found to hurt most, in the order of the search, and what each
        opens after those before it; shape ``(gone,)``.
    after_worst
        What is seen without them.
    mean, low, high
        What is seen where they fail at random: mean over all sets of them, 5th and 95th percentile.
    """

    devices: int
    gone: int
    before: float
    worst: Indices
    opened: Floats
    after_worst: float
    mean: float
    low: float
    high: float


def ground_sights(pieces: Geometries, seen: Seen, devices: int) -> SightPairs:
    """Return the ground of some pieces cut at the borders of all that is seen of it.

    Exact overlay, device by device in every piece: what a device sees of each face so far becomes
    a face of its own. No union and no network of lines is built, so nothing can get lost in them;
    the faces of a piece sum to it.

    Parameters
    ----------
    pieces
        Disjoint polygons or multipolygons, metric CRS, as those of
        `geo.coverage.demand.demand_model.DemandModel`.
    seen
        What the devices surely see (weights are not looked at); shapes of one device count once.
    devices
        Number of devices; `seen.device` lies below it.

    Returns
    -------
    Sights
        One thing a face that is seen, worth its square metres.

    Examples
    --------
    >>> from geo.coverage.measure.seen import seen_of
    >>> street = np.array([shapely.box(0, 0, 100, 10)])
    >>> views = np.array([shapely.box(0, 0, 60, 10), shapely.box(40, 0, 90, 10)])
    >>> sights = ground_sights(street, seen_of(views, np.array([0, 1])), 2)
    >>> sorted(sights.worth.tolist()), sole_ground(sights).tolist()
    ([200.0, 300.0, 400.0], [400.0, 300.0])
    """
    shape_of = _turns(pieces, seen)
    faces, owner = pieces, np.arange(len(pieces))
    sees = np.zeros((len(pieces), shape_of.shape[1]), dtype=np.bool_)
    for turn in range(shape_of.shape[1]):
        faces, owner, sees = _cut(faces, owner, sees, seen.shapes, shape_of[:, turn], turn)
    some = sees.any(axis=1)
    thing, turn_of = np.nonzero(sees[some])
    device = seen.device[shape_of[owner[some][thing], turn_of]]
    return _sights(shapely.area(faces[some]), thing, device, devices)


def point_sights(points: Geometries, seen: Seen, devices: int) -> SightPairs:
    """Return which devices see which points; each seen point is one thing of worth 1.

    A point on the border of seen ground is seen.

    Parameters
    ----------
    points
        Points, metric CRS, at the position where they count, as in front of the wall of an
        entrance.
    seen
        Ground that devices see, same CRS.
    devices
        Number of devices, those that see nothing included.
    """
    point, shape = shapely.STRtree(seen.shapes).query(points, predicate="intersects")
    known, thing = np.unique(point, return_inverse=True)
    return _sights(np.ones(len(known)), thing, seen.device[shape], devices)


def sole_ground(sights: SightPairs) -> Floats:
    """Return what only one device sees, by device: what its failure alone would open.

    Examples
    --------
    >>> thing, device = np.array([0, 1, 1]), np.array([2, 0, 2])
    >>> sole_ground(SightPairs(np.array([5.0, 7.0]), thing, device, 3)).tolist()
    [0.0, 0.0, 5.0]
    """
    alone = np.diff(sights.first)[sights.thing] == 1
    worth = sights.worth[sights.thing[alone]]
    found = np.bincount(sights.device[alone], weights=worth, minlength=sights.devices)
    return found.astype(np.float64)


def after_loss(sights: SightPairs, share: float, *, draws: int = DRAWS, seed: int = 0) -> Losses:
    """Return what is still seen when a share of the devices fails: the worst ones, or any.

    Parameters
    ----------
    share
        Of the devices, in (0, 1]; rounded to whole devices, at least one.
    draws, seed
        How many random sets of devices are tried, and the seed they are drawn with.

    Raises
    ------
    InputError
        If the share is not in (0, 1].

    Notes
    -----
    *Worst* is a search that takes one device after the other, each time the one that opens most
    beside those already gone; a device that stands in for another gains weight when that one is
    taken. It is no proof: a pair that covers for each other is found only if either opens
    something alone. What it finds can happen, so the true worst case is no better.

    *At random* all sets of that many devices are equally likely to fail. A face with m devices is
    lost with the probability that all of them are among the k of n that fail,
    ``k/n · (k-1)/(n-1) ⋯ (k-m+1)/(n-m+1)`` (hypergeometric), so the mean is exact; only the
    percentiles come from draws. Ground is never sampled.

    Examples
    --------
    Two cameras see the square, one of them the street as well; a third sees a yard.

    >>> pairs = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])
    >>> found = after_loss(SightPairs(np.array([900.0, 300.0, 100.0]), *pairs, 3), 0.67)
    >>> found.gone, found.worst.tolist(), found.opened.tolist(), found.after_worst
    (2, [1, 0], [300.0, 900.0], 100.0)
    """
    require_share(share)
    gone = min(max(round(share * sights.devices), 1), sights.devices)
    before = float(sights.worth.sum())
    worst, opened = _worst(sights, gone)
    drawn = _drawn(sights, gone, draws, np.random.default_rng(seed))
    low, high = np.quantile(before - drawn, [LOW, HIGH])
    return Losses(
        devices=sights.devices,
        gone=gone,
        before=before,
        worst=worst,
        opened=opened,
        after_worst=max(before - float(opened.sum()), 0.0),
        mean=before - _expected(sights, gone),
        low=float(low),
        high=float(high),
    )


def _turns(pieces: Geometries, seen: Seen) -> Indices:
    """Return the shapes that meet each piece, one a column, -1 where there are no more."""
    piece, shape = shapely.STRtree(seen.shapes).query(pieces, predicate="intersects")
    order = np.lexsort((shape, piece))
    piece, shape = piece[order], shape[order]
    turn = np.arange(len(piece)) - np.searchsorted(piece, piece)
    found = np.full((len(pieces), int(turn.max(initial=-1)) + 1), -1, dtype=np.intp)
    found[piece, turn] = shape
    return found


def _cut(
    faces: Geometries, owner: Indices, sees: Flags, shapes: Geometries, now: Indices, turn: int
) -> tuple[Geometries, Indices, Flags]:
    """Cut the faces of each piece at its shape of this turn; return faces, pieces, who sees."""
    face = np.flatnonzero(now[owner] >= 0)
    shape = shapes[now[owner[face]]]
    met = shapely.intersects(faces[face], shape)
    face, shape = face[met], shape[met]
    inside, seers = shapely.intersection(faces[face], shape), sees[face].copy()
    seers[:, turn] = True
    faces = faces.copy()
    faces[face] = shapely.difference(faces[face], shape)
    every = np.concatenate([faces, inside])
    solid = shapely.area(every) > 0
    return (
        every[solid],
        np.concatenate([owner, owner[face]])[solid],
        np.concatenate([sees, seers])[solid],
    )


def _sights(worth: Floats, thing: Indices, device: Indices, devices: int) -> SightPairs:
    pairs = np.unique(thing.astype(np.int64) * devices + device)
    thing, device = np.divmod(pairs, max(devices, 1))
    return SightPairs(worth, thing.astype(np.intp), device.astype(np.intp), devices)


def _worst(sights: SightPairs, count: int) -> tuple[Indices, Floats]:
    """Return the devices to lose one after the other, and what each opens.

    Lazy: only things that the lost device saw are counted again.
    """
    first, seers, opens = sights.first, np.diff(sights.first), sole_ground(sights)
    of_device = np.argsort(sights.device, kind="stable")
    begin = np.searchsorted(sights.device[of_device], np.arange(sights.devices + 1))
    there = np.ones(sights.devices, dtype=np.bool_)
    lost, opened = np.empty(count, dtype=np.intp), np.empty(count)
    for turn in range(count):
        device = int(np.argmax(np.where(there, opens, -1.0)))
        lost[turn], opened[turn], there[device] = device, opens[device], False
        things = sights.thing[of_device[begin[device] : begin[device + 1]]]
        seers[things] -= 1
        single = things[seers[things] == 1]
        pair, at = expand_groups(first, single)
        heir = there[sights.device[at]]
        np.add.at(opens, sights.device[at[heir]], sights.worth[single[pair[heir]]])
    return lost, opened


def _drawn(sights: SightPairs, count: int, draws: int, rng: np.random.Generator) -> Floats:
    """Return what random sets of `count` devices open, one value a draw."""
    opened = np.zeros(draws)
    for draw in range(draws if len(sights.worth) else 0):
        gone = np.zeros(sights.devices, dtype=np.bool_)
        gone[rng.choice(sights.devices, count, replace=False)] = True
        unseen = np.logical_and.reduceat(gone[sights.device], sights.first[:-1])
        opened[draw] = sights.worth[unseen].sum()
    return opened


def _expected(sights: SightPairs, count: int) -> float:
    """Return what `count` devices open on average over all sets of them."""
    seers = np.diff(sights.first)
    number = np.arange(int(seers.max(initial=0)))
    all_gone = np.cumprod(np.maximum(count - number, 0) / (sights.devices - number))
    return float(sights.worth @ all_gone[seers - 1])
