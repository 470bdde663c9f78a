"""Ahead: in order, one step ahead, and failures come where their piece is asked for."""

import threading

import pytest

from geo.exchange.imports.prefetch import prefetch


def pieces(count, *, made, fails_at=None):
    for number in range(count):
        if number == fails_at:
            raise ValueError(number)
        made.append((number, threading.current_thread() is threading.main_thread()))
        yield number


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_pieces_come_in_order(count):
    made = []
    assert list(prefetch(pieces(count, made=made))) == list(range(count))
    assert [number for number, _ in made] == list(range(count))


def test_the_first_piece_is_made_here_the_others_elsewhere():
    made = []
    list(prefetch(pieces(3, made=made)))
    assert [here for _, here in made] == [True, False, False]


def test_a_failure_comes_behind_the_pieces_before_it():
    got = []
    with pytest.raises(ValueError, match="2"):
        got.extend(prefetch(pieces(5, made=[], fails_at=2)))
    assert got == [0, 1]


def test_whoever_stops_early_is_not_kept_waiting():
    made = []
    for piece in prefetch(pieces(100, made=made)):
        if piece == 1:
            break
    assert len(made) <= 4
