"""The angular sweep: visible polygons of many sectors among disjoint footprints, compiled.

Directions are clockwise angles from the start of a sector, places are metres from its camera. Edges
that face the camera cover an interval of directions each. Between two neighbouring ends of such
intervals one edge is the nearest all along, because footprints do not cross: the one that is
nearest half-way, where ends can never tie.

All of it stands in one file: the compiler keeps what it made by the file of the function that is
called, and would not notice that one in another file was changed.
"""

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

TURN = 2 * np.pi
SIDEWAYS_M = 1e-9  # a wall whose line passes the camera this close is seen edge-on
TWICE_M = 1e-6  # neighbouring corners closer than this are one
TIE_RAD = 1e-11
DONE, INSIDE, CLOSE, DOUBTFUL = 0, 1, 2, 3  # states of a camera
FEW = 64  # up to so many values the plain sort is the quicker one


@njit(cache=True, nogil=True, error_model="numpy")
def visible_rings(
    look: Floats,
    first_part: Indices,
    part: Indices,
    edges: Floats,
    first_edge: Indices,
    chords: Indices,
    close_m: float,
) -> tuple[Floats, Indices, Indices]:
    """Return the rings of the ground visible in each sector.

    Parameters
    ----------
    look
        Shape (n, 5): x, y in metres, start and width in radians, clockwise from grid north, range
        in metres; width in (0, 2π].
    first_part, part
        The parts that may block camera *i* are ``part[first_part[i]:first_part[i + 1]]``.
    edges, first_edge
        As in `geo.coverage.sight.obstacles.Obstacles`.
    chords
        How many chords follow the arc of each sector.
    close_m
        A camera this close to a wall is left out.

    Returns
    -------
    tuple
        Corners, shape (m, 2), clockwise and not closed; where each ring begins, shape (n + 1,);
        and the state of each camera: `DONE`, `INSIDE` a footprint, `CLOSE` to a wall, or
        `DOUBTFUL`, where the ring may touch itself.
    """
    most = 2
    for i in range(len(look)):
        count = 0
        for p in part[first_part[i] : first_part[i + 1]]:
            count += first_edge[p + 1] - first_edge[p]
        most = max(most, count)
    faces = np.empty((2 * most, 7))
    ends = np.empty(4 * most + 2)
    active = np.empty(2 * most, np.intp)
    xy = np.empty((max(1024, 32 * len(look)), 2))
    first = np.zeros(len(look) + 1, np.intp)
    state = np.zeros(len(look), np.intp)
    camera = np.empty(7)  # the sector, the angle of one chord, and how near the chords come
    for i in range(len(look)):
        for c in range(5):
            camera[c] = look[i, c]
        camera[5] = look[i, 3] / chords[i]
        camera[6] = look[i, 4] * np.cos(camera[5] / 2)
        mine = part[first_part[i] : first_part[i + 1]]
        count, state[i] = _faces(camera, mine, edges, first_edge, chords[i], close_m, faces)
        at = first[i]
        if state[i] == DONE:
            room = at + 8 * count + chords[i] + 8
            if room > len(xy):
                wider = np.empty((2 * room, 2))
                for c in range(at):  # a slice would take the compiler seconds
                    wider[c, 0], wider[c, 1] = xy[c, 0], xy[c, 1]
                xy = wider
            at = _ring(camera, chords[i], faces[:count], ends, active, xy, at)
            if _doubles_back(camera, xy, first[i], at):
                state[i] = DOUBTFUL
        first[i + 1] = at
    return xy[: first[-1]], first, state


@njit(cache=True, nogil=True, error_model="numpy")
def _faces(
    camera: Floats,
    parts: Indices,
    edges: Floats,
    first_edge: Indices,
    chords: int,
    close_m: float,
    faces: Floats,
) -> tuple[int, int]:
    """Write the faces before the camera; return how many, and the camera's state.

    A face is ``angle0, angle1, ax, ay, dx, dy, cross``: the directions it covers, and its line.
    """
    count = 0
    inside = False
    range2, close2 = camera[4] * camera[4], close_m * close_m
    for p in parts:
        for e in range(first_edge[p], first_edge[p + 1]):
            ax, ay = edges[e, 0] - camera[0], edges[e, 1] - camera[1]
            bx, by = edges[e, 2] - camera[0], edges[e, 3] - camera[1]
            dx, dy = bx - ax, by - ay
            cross = ax * dy - ay * dx
            if (ay > 0) != (by > 0) and (cross > 0) == (dy > 0):
                inside = not inside
            length2 = dx * dx + dy * dy
            cross2 = cross * cross
            if cross2 > range2 * length2 or (cross > 0 and cross2 > close2 * length2):
                continue  # out of range, or turned away
            along = -(ax * dx + ay * dy)
            if cross2 <= close2 * length2 and _touches(along, cross2, length2, close_m):
                return 0, CLOSE
            if -cross <= SIDEWAYS_M * np.sqrt(length2):
                continue
            low, high = 0.0, 1.0
            if ax * ax + ay * ay > range2 or bx * bx + by * by > range2:
                middle = along / length2
                half = np.sqrt(max(0.0, range2 - cross2 / length2) / length2)
                low, high = max(0.0, middle - half), min(1.0, middle + half)
            if high > low:
                count = _cut(camera, chords, ax, ay, dx, dy, low, high, faces, count)
    return count, INSIDE if inside else DONE


@njit(cache=True, nogil=True, error_model="numpy")
def _touches(along: float, cross2: float, length2: float, close_m: float) -> bool:
    """Return whether an edge, whose line passes the camera closely, does so itself."""
    beside = max(0.0, -along, along - length2)
    return cross2 / length2 + beside * beside / length2 <= close_m * close_m


@njit(cache=True, nogil=True, error_model="numpy")
def _cut(
    camera: Floats,
    chords: int,
    ax: float,
    ay: float,
    dx: float,
    dy: float,
    low: float,
    high: float,
    faces: Floats,
    count: int,
) -> int:
    """Write what of an edge lies in the sector, in one piece or in two; return the new count."""
    width = camera[3]
    start = _turned(ax + low * dx, ay + low * dy, camera[2])
    stop = start + _turned(ax + high * dx, ay + high * dy, camera[2] + start)
    line = (ax, ay, dx, dy)
    if start < width:
        count = _piece(camera, chords, start, min(stop, width), line, low, high, faces, count)
    if stop > TURN:
        stop = min(stop - TURN, width)
        count = _piece(camera, chords, 0.0, stop, line, low, high, faces, count)
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _turned(x: float, y: float, start: float) -> float:
    """Return the clockwise angle from a direction to a place, in [0, 2π)."""
    angle = np.arctan2(x, y) - start
    angle -= TURN * np.floor(angle / TURN)
    return 0.0 if angle >= TURN else angle


@njit(cache=True, nogil=True, error_model="numpy")
def _piece(
    camera: Floats,
    chords: int,
    start: float,
    stop: float,
    line: tuple[float, float, float, float],
    low: float,
    high: float,
    faces: Floats,
    count: int,
) -> int:
    """Write one piece of an edge, as far as it lies within the chords; return the new count."""
    ax, ay, dx, dy = line
    step, apothem = camera[5], camera[6]
    x, y = ax + low * dx, ay + low * dy
    far2 = x * x + y * y
    x, y = ax + high * dx, ay + high * dy
    if max(far2, x * x + y * y) > apothem * apothem:
        enter, leave = low, high
        for j in range(int(start / step), min(int(stop / step), chords - 1) + 1):
            angle = camera[2] + (j + 0.5) * step
            ux, uy = np.sin(angle), np.cos(angle)
            room, pace = apothem - (ax * ux + ay * uy), dx * ux + dy * uy
            if pace > 0:
                leave = min(leave, room / pace)
            elif pace < 0:
                enter = max(enter, room / pace)
            elif room < 0:
                return count
        if leave <= enter:
            return count
        if enter > low:
            start = max(start, _near(ax + enter * dx, ay + enter * dy, camera[2], start))
        if leave < high:
            stop = min(stop, _near(ax + leave * dx, ay + leave * dy, camera[2], stop))
    if stop - start <= TIE_RAD:
        return count
    face = faces[count]
    face[0], face[1], face[2], face[3], face[4], face[5] = start, stop, ax, ay, dx, dy
    face[6] = ax * dy - ay * dx
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _near(x: float, y: float, start: float, angle: float) -> float:
    """Return the direction of a place as the value next to `angle`, without a turn in between."""
    aside = np.arctan2(x, y) - start - angle
    return float(angle + aside - TURN * np.round(aside / TURN))


@njit(cache=True, nogil=True, error_model="numpy")
def _ring(
    camera: Floats, chords: int, faces: Floats, ends: Floats, active: Indices, xy: Floats, at: int
) -> int:
    """Write the ring of one sector from `at` on; return where it ends."""
    begin = at
    if camera[3] < TURN:  # a part of a circle starts in the camera
        at = _corner(camera, 0.0, 0.0, xy, begin, at)
    ends = _ends(camera[3], faces, ends)
    waiting = _order(faces[:, 0])
    added, alive = 0, 0
    run, since, here = -2, 0.0, 0.0
    for there in ends:
        if there - here <= TIE_RAD:
            continue
        middle = (here + there) / 2
        while added < len(waiting) and faces[waiting[added], 0] < middle:
            active[alive] = waiting[added]
            alive, added = alive + 1, added + 1
        nearest, alive = _nearest(camera[2] + middle, middle, faces, active, alive)
        if nearest != run:
            at = _border(camera, chords, faces, run, since, here, xy, begin, at)
            run, since = nearest, here
        here = there
    at = _border(camera, chords, faces, run, since, here, xy, begin, at)
    return _closed(xy, begin, at)


@njit(cache=True, nogil=True, error_model="numpy")
def _ends(width: float, faces: Floats, ends: Floats) -> Floats:
    """Return all directions where a face begins or ends, and the end of the sector, ascending."""
    count = len(faces)
    for f in range(count):
        ends[f], ends[count + f] = faces[f, 0], faces[f, 1]
    ends[2 * count] = width
    found = ends[: 2 * count + 1]
    if len(found) > FEW:
        return np.sort(found)
    for i in range(1, len(found)):
        value, j = found[i], i
        while j > 0 and found[j - 1] > value:
            found[j] = found[j - 1]
            j -= 1
        found[j] = value
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _order(values: Floats) -> Indices:
    """Return the positions of the values in ascending order."""
    if len(values) > FEW:
        return np.argsort(values)
    order = np.arange(len(values))
    for i in range(1, len(values)):
        here, j = order[i], i
        while j > 0 and values[order[j - 1]] > values[here]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = here
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(
    bearing: float, angle: float, faces: Floats, active: Indices, alive: int
) -> tuple[int, int]:
    """Return the face nearest in a direction, -1 where there is none; past faces are let go."""
    ux, uy = np.sin(bearing), np.cos(bearing)
    nearest, least, i = -1, np.inf, 0
    while i < alive:
        face = faces[active[i]]
        if face[1] < angle:
            alive -= 1
            active[i] = active[alive]
            continue
        distance = face[6] / (ux * face[5] - uy * face[4])
        if distance < least:
            nearest, least = active[i], distance
        i += 1
    return nearest, alive


@njit(cache=True, nogil=True, error_model="numpy")
def _border(
    camera: Floats,
    chords: int,
    faces: Floats,
    run: int,
    since: float,
    until: float,
    xy: Floats,
    begin: int,
    at: int,
) -> int:
    """Write what bounds the view from one direction to another: a face, or the chords (-1)."""
    if run == -2:
        return at
    if run >= 0:
        at = _on_face(camera, faces[run], since, xy, begin, at)
        return _on_face(camera, faces[run], until, xy, begin, at)
    step = camera[5]
    first = min(int(since / step + 1e-9), chords - 1)
    last = max(min(int(np.ceil(until / step - 1e-9)), chords) - 1, first)
    at = _on_chord(camera, first, since, xy, begin, at)
    for j in range(first + 1, last + 1):
        at = _corner(camera, camera[2] + j * step, camera[4], xy, begin, at)
    return _on_chord(camera, last, until, xy, begin, at)


@njit(cache=True, nogil=True, error_model="numpy")
def _on_face(camera: Floats, face: Floats, angle: float, xy: Floats, begin: int, at: int) -> int:
    bearing = camera[2] + angle
    distance = face[6] / (np.sin(bearing) * face[5] - np.cos(bearing) * face[4])
    return _corner(camera, bearing, distance, xy, begin, at)


@njit(cache=True, nogil=True, error_model="numpy")
def _on_chord(camera: Floats, chord: int, angle: float, xy: Floats, begin: int, at: int) -> int:
    aside = angle - (chord + 0.5) * camera[5]
    distance = camera[6] / np.cos(aside)
    return _corner(camera, camera[2] + angle, distance, xy, begin, at)


@njit(cache=True, nogil=True, error_model="numpy")
def _corner(
    camera: Floats, bearing: float, distance: float, xy: Floats, begin: int, at: int
) -> int:
    """Write a corner unless it is the one before; return where the next goes."""
    x = camera[0] + distance * np.sin(bearing)
    y = camera[1] + distance * np.cos(bearing)
    if at > begin and abs(xy[at - 1, 0] - x) < TWICE_M and abs(xy[at - 1, 1] - y) < TWICE_M:
        return at
    xy[at, 0], xy[at, 1] = x, y
    return at + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _closed(xy: Floats, begin: int, at: int) -> int:
    """Return where the ring ends without corners that repeat its first; nothing below three."""
    while at - begin > 1 and (
        abs(xy[at - 1, 0] - xy[begin, 0]) < TWICE_M and abs(xy[at - 1, 1] - xy[begin, 1]) < TWICE_M
    ):
        at -= 1
    return at if at - begin >= 3 else begin


@njit(cache=True, nogil=True, error_model="numpy")
def _doubles_back(camera: Floats, xy: Floats, begin: int, at: int) -> bool:
    """Return whether a ring goes backwards, or along one ray twice in a row.

    Else it is simple: seen from the camera its corners turn one way, and where they do, by more
    than rounding can move them.
    """
    straight = False
    for i in range(begin, at + 1 if at > begin else begin):
        a, b = begin + (i - begin) % (at - begin), begin + (i + 1 - begin) % (at - begin)
        ax, ay = xy[a, 0] - camera[0], xy[a, 1] - camera[1]
        bx, by = xy[b, 0] - camera[0], xy[b, 1] - camera[1]
        far = np.sqrt(max(ax * ax + ay * ay, bx * bx + by * by))
        aside = (ay * bx - ax * by) / far
        if aside < -TWICE_M or (straight and aside < TWICE_M):
            return True
        straight = aside < TWICE_M
    return False
