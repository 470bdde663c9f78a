"""The angular sweep: rings of sectors with one chord, by hand."""

from itertools import pairwise

import numpy as np
import pytest

from geo.coverage.sight.angular_sweep import CLOSE, INSIDE, visible_rings

QUARTER = np.pi / 2
HALF_ROOT = np.sqrt(0.5)


def ring(*box, close_m=0.01):
    """Return corners and state of a quarter circle of 10 m to the north, one footprint in it.

    Its single chord is the line from (-7.07, 7.07) to (7.07, 7.07).
    """
    west, south, east, north = box
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    edges = np.array([[*a, *b] for a, b in pairwise(corners)])
    xy, _, state = visible_rings(
        np.array([[0.0, 0.0, -QUARTER / 2, QUARTER, 10.0]]),
        np.array([0, 1]),
        np.array([0]),
        edges.astype(float),
        np.array([0, 4]),
        np.array([1]),
        close_m,
    )
    return xy.round(6).tolist(), int(state[0])


WHOLE = [[0, 0], [-10 * HALF_ROOT, 10 * HALF_ROOT], [10 * HALF_ROOT, 10 * HALF_ROOT]]


def test_a_wall_between_the_chord_and_the_arc_hides_nothing():
    xy, state = ring(-1, 7.5, 1, 8.5)
    assert state not in (INSIDE, CLOSE)
    assert np.array(xy) == pytest.approx(np.round(WHOLE, 6))


def test_a_wall_before_the_chord_hides_what_lies_behind():
    xy, state = ring(-1, 6, 1, 6.5)
    assert state not in (INSIDE, CLOSE)
    behind = 10 * HALF_ROOT / 6
    middle = [[-behind, 6 * behind], [-1, 6], [1, 6], [behind, 6 * behind]]
    assert np.array(xy) == pytest.approx(np.round([*WHOLE[:2], *middle, WHOLE[2]], 6))


def test_a_camera_in_a_footprint_or_at_its_wall_has_no_ring():
    assert ring(-1, -1, 1, 1) == ([], INSIDE)
    assert ring(-1, 0.005, 1, 1) == ([], CLOSE)
    assert ring(-1, 0.02, 1, 1)[1] != CLOSE
