"""How much ground how many devices see, by scan lines: exact along x, the middle of a row in y.

Each area is cut into rows; on the middle line of a row every border is crossed at an exact place,
and between two crossings the devices are counted. No raster is held in memory.
"""

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]

FEW = 48  # up to so many crossings the plain sort is the quicker one
AREA = -1  # owner of a crossing of the area's own border


@njit(cache=True, nogil=True, error_model="numpy")
def count_rows(
    area_edges: Floats,
    first_area: Indices,
    first_pair: Indices,
    pair: Indices,
    edges: Floats,
    first: Indices,
    device: Indices,
    weight: Floats,
    member: Flags,
    k_max: int,
    step: float,
) -> Floats:
    """Return the square metres of each area that 0, 1, … `k_max` or more devices see.

    Parameters
    ----------
    area_edges, first_area
        ``x0, y0, x1, y1`` of the borders; those of area *i* are
        ``area_edges[first_area[i]:first_area[i + 1]]``.
    first_pair, pair
        The shapes that may meet area *i* are ``pair[first_pair[i]:first_pair[i + 1]]``.
    edges, first
        Borders of the shapes, likewise.
    device, weight
        Whose each shape is (0, 1, …), and the probability that it is seen, in (0, 1].
    member
        Shape (sets, shapes): which shapes belong to each set of devices.
    k_max, step
        Last entry of the result; height of a row in metres.

    Returns
    -------
    array
        Shape (areas, sets, k_max + 1); for weights below 1 the expected square metres.
    """
    found = np.zeros((len(first_area) - 1, len(member), k_max + 1))
    sure = bool(np.all(weight == 1.0))
    on = np.zeros(len(device), np.bool_)
    devices = int(device.max()) + 1 if len(device) else 1
    busy = np.zeros((len(member), devices), np.intp)
    miss, stamp = np.ones((len(member), devices)), np.zeros(1 + devices, np.intp)
    for i in range(len(first_area) - 1):
        own = area_edges[first_area[i] : first_area[i + 1]]
        mine = pair[first_pair[i] : first_pair[i + 1]]
        if len(own):
            rows, x, owner = _crossings(own, mine, edges, first, step)
            for r in range(len(rows) - 1):
                _sort(x[rows[r] : rows[r + 1]], owner[rows[r] : rows[r + 1]])
                line = (x[rows[r] : rows[r + 1]], owner[rows[r] : rows[r + 1]])
                if sure:
                    _count(line, device, member, on, busy, found[i])
                else:
                    _weigh(line, device, weight, member, on, miss, stamp, found[i])
    return found * step


@njit(cache=True, nogil=True, error_model="numpy")
def _row(y: float, step: float) -> int:
    """Return the first row whose middle does not lie below `y`."""
    return int(np.ceil(y / step - 0.5))


@njit(cache=True, nogil=True, error_model="numpy")
def _crossings(
    own: Floats, mine: Indices, edges: Floats, first: Indices, step: float
) -> tuple[Indices, Floats, Indices]:
    """Return where the crossings of each row begin, their x, and whose border each is of."""
    low = _row(min(own[:, 1].min(), own[:, 3].min()), step)
    high = _row(max(own[:, 1].max(), own[:, 3].max()), step)
    begin = np.zeros(high - low + 2, np.intp)
    _tally(own, low, high, step, begin)
    for p in mine:
        _tally(edges[first[p] : first[p + 1]], low, high, step, begin)
    begin = np.cumsum(begin)
    x, owner, at = np.empty(begin[-1]), np.empty(begin[-1], np.intp), begin.copy()
    _cross(own, AREA, low, high, step, at, x, owner)
    for p in mine:
        _cross(edges[first[p] : first[p + 1]], p, low, high, step, at, x, owner)
    return begin[: high - low + 1], x, owner


@njit(cache=True, nogil=True, error_model="numpy")
def _tally(edges: Floats, low: int, high: int, step: float, begin: Indices) -> None:
    for e in range(len(edges)):
        a, b = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        for r in range(max(_row(a, step), low), min(_row(b, step), high)):
            begin[r - low + 1] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _cross(
    edges: Floats,
    who: int,
    low: int,
    high: int,
    step: float,
    at: Indices,
    x: Floats,
    owner: Indices,
) -> None:
    for e in range(len(edges)):
        x0, y0, x1, y1 = edges[e]
        first, last = max(_row(min(y0, y1), step), low), min(_row(max(y0, y1), step), high)
        if first >= last:
            continue
        slope = (x1 - x0) / (y1 - y0)
        for r in range(first, last):
            x[at[r - low]] = x0 + slope * ((r + 0.5) * step - y0)
            owner[at[r - low]] = who
            at[r - low] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _sort(x: Floats, owner: Indices) -> None:
    if len(x) > FEW:
        order = np.argsort(x)
        sorted_x, sorted_owner = x[order], owner[order]
        for i in range(len(x)):
            x[i], owner[i] = sorted_x[i], sorted_owner[i]
        return
    for i in range(1, len(x)):
        here, who, j = x[i], owner[i], i
        while j > 0 and x[j - 1] > here:
            x[j], owner[j] = x[j - 1], owner[j - 1]
            j -= 1
        x[j], owner[j] = here, who


@njit(cache=True, nogil=True, error_model="numpy")
def _count(
    line: tuple[Floats, Indices],
    device: Indices,
    member: Flags,
    on: Flags,
    busy: Indices,
    found: Floats,
) -> None:
    """Add the metres of one row to the number of devices that see them."""
    x, owner = line
    seeing = np.zeros(len(member), np.intp)
    inside, k_max = False, found.shape[1] - 1
    for e in range(len(x)):
        if inside and e and x[e] > x[e - 1]:
            for s in range(len(member)):
                found[s, min(seeing[s], k_max)] += x[e] - x[e - 1]
        who = owner[e]
        if who == AREA:
            inside = not inside
            continue
        on[who] = not on[who]
        change = 1 if on[who] else -1
        for s in range(len(member)):
            if member[s, who]:
                busy[s, device[who]] += change
                if busy[s, device[who]] == max(change, 0):  # the first of its shapes, or the last
                    seeing[s] += change


@njit(cache=True, nogil=True, error_model="numpy")
def _weigh(
    line: tuple[Floats, Indices],
    device: Indices,
    weight: Floats,
    member: Flags,
    on: Flags,
    miss: Floats,
    stamp: Indices,
    found: Floats,
) -> None:
    """Add the metres of one row to each number of devices by the probability that it sees them.

    The probabilities (Poisson binomial) are carried along from crossing to crossing, so that a row
    takes time by its crossings and not by how many devices see the same place.
    """
    x, owner = line
    active = np.empty(len(x), np.intp)
    chance = np.zeros((len(member), found.shape[1] - 1))  # of 0, 1, … devices, the last left out
    chance[:, :1] = 1.0
    inside, alive = False, 0
    for e in range(len(x)):
        if inside and e and x[e] > x[e - 1]:
            for s in range(len(member)):
                found[s, -1] += max(1.0 - chance[s].sum(), 0.0) * (x[e] - x[e - 1])
                for k in range(chance.shape[1]):
                    found[s, k] += chance[s, k] * (x[e] - x[e - 1])
        who = owner[e]
        if who == AREA:
            inside = not inside
            continue
        on[who] = not on[who]
        if on[who]:
            active[alive] = who
            alive += 1
        else:
            alive = _without(active, alive, who)
        for s in range(len(member)):
            if member[s, who]:
                _turn(
                    chance[s],
                    active[:alive],
                    device[who],
                    device,
                    weight,
                    member[s],
                    miss[s],
                    stamp,
                )


@njit(cache=True, nogil=True, error_model="numpy")
def _without(active: Indices, alive: int, who: int) -> int:
    for i in range(alive):
        if active[i] == who:
            active[i] = active[alive - 1]
            return alive - 1
    return alive


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(
    chance: Floats,
    active: Indices,
    which: int,
    device: Indices,
    weight: Floats,
    member: Flags,
    miss: Floats,
    stamp: Indices,
) -> None:
    """Take a device into the probabilities as it is now; `miss` holds what each misses with."""
    before, miss[which] = miss[which], 1.0
    for i in active:
        if member[i] and device[i] == which:
            miss[which] *= 1.0 - weight[i]
    if before >= 0.5:  # to take out what is likelier to be there multiplies what rounding is off by
        _leave(chance, before)
        _join(chance, miss[which])
        return
    stamp[0] += 1
    chance[:] = 0.0
    chance[:1] = 1.0
    for i in active:
        if member[i] and stamp[1 + device[i]] != stamp[0]:
            stamp[1 + device[i]] = stamp[0]
            _join(chance, miss[device[i]])


@njit(cache=True, nogil=True, error_model="numpy")
def _join(chance: Floats, miss: float) -> None:
    """Add a device to the probabilities of each number of devices."""
    for k in range(len(chance) - 1, -1, -1):
        come = chance[k - 1] * (1.0 - miss) if k else 0.0
        chance[k] = chance[k] * miss + come


@njit(cache=True, nogil=True, error_model="numpy")
def _leave(chance: Floats, miss: float) -> None:
    """Take a device out of the probabilities again."""
    come = 0.0
    for k in range(len(chance)):
        chance[k] = (chance[k] - come) / miss
        come = chance[k] * (1.0 - miss)
