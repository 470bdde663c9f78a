"""Hot spots: the most at the head, and no cell that tells of one or two."""

from itertools import product

from geo.incidents.rules.hot_spots import Cell, find_hot_spots, hide_small


def test_places_stand_by_their_incidents_with_the_hour_that_has_most():
    cells = [
        Cell("C1", "G1", 9, 4, asked=4, unseen=4),
        Cell("C1", "G1", 22, 6, asked=3),
        Cell("C1", "G2", 22, 12, asked=5),
        Cell("C1", "", None, 5),
    ]
    two, one, whole = find_hot_spots(cells)
    assert (two.grid, two.collected, two.peak, two.asked, two.unseen) == ("G2", 12, 22, 5, 0)
    assert (one.grid, one.collected, one.peak, one.asked, one.unseen) == ("G1", 10, 22, 7, 4)
    assert (one.hours[9], one.hours[22], one.hours[0]) == (4, 6, 0)
    assert (whole.grid, whole.timeless, whole.peak) == ("", 5, None)


def test_fewer_than_three_are_not_told_nor_what_would_tell_them():
    for counts in product(range(6), repeat=4):
        told = hide_small(counts)
        hidden = [count for count, said in zip(counts, told, strict=True) if said is None]
        assert all(said is None or said == count for count, said in zip(counts, told, strict=True))
        assert not any(0 < (said or 0) < 3 for said in told)
        # who knows the whole knows the sum of the hidden ones, of which there is more than one
        if any(count >= 3 for count in counts):
            assert hidden == [] or sum(hidden) >= 3
        if 0 in counts:
            assert told[counts.index(0)] == 0


def test_of_a_place_with_two_incidents_nothing_is_told():
    cells = [Cell("C1", "G1", 9, 2, asked=2, unseen=2, ticked=1), Cell("C1", "G2", 9, 40)]
    cells += [Cell("C1", "G3", 9, 30)]
    found = {spot.grid: spot for spot in find_hot_spots(cells)}
    few = found["G1"]
    assert (few.collected, few.peak, few.asked, few.unseen, few.ticked) == (None,) * 5
    assert set(few.hours) == {None}
    assert found["G3"].collected is None  # else the two would follow from the whole
    assert found["G2"].collected == 40


def test_what_cameras_saw_is_told_where_gaps_are_granted_everywhere():
    cells = [Cell("C1", "G1", 9, 5, asked=5, unseen=5), Cell("C1", "G1", 10, 5, gaps=False)]
    (spot,) = find_hot_spots(cells)
    assert (spot.collected, spot.asked, spot.unseen, spot.ticked) == (10, None, None, None)
