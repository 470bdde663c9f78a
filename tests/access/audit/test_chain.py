"""The chain of seals: whatever is changed in it, the first wrong row is named."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access.audit import chain
from geo.access.audit.chain import GENESIS, Break, Head, Link

NOTHING = hashlib.sha256(b"").hexdigest()
TEXTS = ("at", "account", "unit", "address", "action", "object", "outcome", "facts", "note_sha256")


def link(number: int, note: str | None = "", **more) -> Link:
    digest = hashlib.sha256((note or "").encode("utf-8", "surrogatepass")).hexdigest()
    given = {
        "at": f"179000000{number % 10}.123456",
        "account": "op",
        "unit": "综治中心",
        "address": "10.0.0.1",
        "action": "login",
        "object": f"K{number}",
        "outcome": "done",
        "facts": '{"n": 1}',
        "note_sha256": digest,
        **more,
    }
    return Link(id=number, note=note, **given)


def sealed(links) -> list[Link]:
    links = list(links)
    seals = chain.compute_seals(GENESIS, links)
    return [
        each._replace(seal_no=no, seal=seal)
        for no, (each, seal) in enumerate(zip(links, seals, strict=True), start=1)
    ]


def whole(count: int = 6) -> list[Link]:
    return sealed(link(n) for n in range(10, 10 + count))


def broken(links, **more) -> Break | None:
    return chain.walk_chain(links, **more).broken


def test_the_sealed_bytes_are_those_that_anybody_can_put_together_by_hand():
    row = Link(7, "1.000000", "甲", "", "::1", "login", "x", "done", "{}", "00", "not sealed")
    expected = "1:7,8:1.000000,3:甲,0:,3:::1,5:login,1:x,4:done,2:{},2:00,".encode()
    assert chain.canonical(row) == expected
    assert chain.follow(GENESIS, row) == hashlib.sha256(GENESIS + expected).digest()
    assert hashlib.sha256(b"govgrid audit chain 1").digest() == GENESIS


def test_no_shift_of_text_between_columns_leaves_the_bytes_as_they_were():
    one, other = link(1, account="ab", unit="c"), link(1, account="a", unit="bc")
    assert chain.canonical(one) != chain.canonical(other)
    assert chain.canonical(link(1, unit=None)) != chain.canonical(link(1, unit=""))
    assert chain.canonical(link(1, unit="-,")) != chain.canonical(link(1, unit=None))


def test_a_chain_without_rows_is_whole():
    walk = chain.walk_chain([])
    assert (walk.whole, walk.rows, walk.seal) == (True, 0, GENESIS)


def test_a_whole_chain_is_walked_to_its_last_seal():
    links = whole()
    walk = chain.walk_chain(links)
    assert (walk.whole, walk.rows, walk.redacted, walk.seal) == (True, 6, 0, links[-1].seal)


def test_ids_may_jump_back():
    walk = chain.walk_chain(sealed([link(10), link(12), link(11), link(3)]))
    assert walk.whole


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("column", ["id", *TEXTS])
def test_a_changed_value_is_found_at_its_row(at, column):
    links = whole()
    links[at] = links[at]._replace(**{column: 999 if column == "id" else "other"})
    kind = "last" if at == len(links) - 1 else "contents"
    assert broken(links) == Break(kind, at + 1, links[at].id)


@pytest.mark.parametrize("at", range(6))
def test_a_changed_seal_is_found_and_told_from_changed_contents(at):
    links = whole()
    links[at] = links[at]._replace(seal=b"x" * 32)
    assert broken(links) == Break("last" if at == 5 else "seal", at + 1, links[at].id)


def test_a_seal_taken_away_is_found():
    links = whole()
    links[2] = links[2]._replace(seal=None)
    assert broken(links) == Break("seal", 3, 12)


def test_a_changed_note_is_found():
    links = whole()
    links[3] = links[3]._replace(note="something else")
    assert broken(links) == Break("note", 4, 13)


def test_a_removed_note_needs_somebody_who_removed_it():
    links = whole()
    links[3] = links[3]._replace(note=None)
    assert broken(links) == Break("removed", 4, 13)
    walk = chain.walk_chain(links, explained={13})
    assert (walk.whole, walk.redacted) == (True, 1)


def test_removed_rows_are_counted_where_they_stood():
    links = whole()
    assert broken(links[:2] + links[4:]) == Break("missing", 3, None, 2)
    assert broken(links[1:]) == Break("missing", 1, None, 1)


def test_removed_rows_are_found_where_the_others_were_numbered_anew():
    links = whole()
    moved = [each._replace(seal_no=no) for no, each in enumerate(links[:2] + links[3:], start=1)]
    assert broken(moved) == Break("contents", 3, 13)


def test_exchanged_rows_are_found_at_the_first_of_them():
    links = whole()
    links[2], links[3] = links[3]._replace(seal_no=3), links[2]._replace(seal_no=4)
    assert broken(links) == Break("order", 3, 13)


def test_an_inserted_row_is_found():
    links = whole()
    forged = link(99)._replace(seal_no=3, seal=links[2].seal)
    after = [each._replace(seal_no=each.seal_no + 1) for each in links[2:]]
    assert broken([*links[:2], forged, *after]) == Break("order", 3, 99)


def test_a_number_that_stands_twice_is_found():
    links = whole()
    assert broken([*links[:3], links[2], *links[3:]]) == Break("repeated", 3, 12)


def test_what_comes_before_a_break_is_still_known_to_be_sound():
    links = whole()
    kept = Head(2, links[1].seal)
    links[3] = links[3]._replace(account="other")
    walk = chain.walk_chain(
        links, expected=[kept, Head(5, links[4].seal), Head(None, links[4].seal)]
    )
    assert (walk.rows, walk.seal) == (3, links[2].seal)
    assert list(walk.stands.values()) == [True, None, None]


def test_a_chain_cut_off_at_its_end_is_whole_but_for_a_head_that_was_written_down():
    links = whole()
    head = Head(6, links[-1].seal, "2026-09-30")
    assert chain.walk_chain(links, expected=[head]).whole
    assert chain.walk_chain(links[:4]).whole
    walk = chain.walk_chain(links[:4], expected=[head])
    assert (walk.whole, walk.broken, walk.stands) == (False, None, {head: False})


def test_a_chain_computed_anew_is_whole_but_for_a_head_that_was_written_down():
    links = whole()
    forged = sealed([*links[:2], links[2]._replace(account="nobody"), *links[3:]])
    head = Head(6, links[-1].seal)
    assert chain.walk_chain(forged).whole
    assert not chain.walk_chain(forged, expected=[head]).whole
    assert chain.walk_chain(forged, expected=[Head(2, links[1].seal)]).whole


def test_a_bare_hash_may_stand_anywhere():
    links = whole()
    assert chain.walk_chain(links, expected=[Head(None, links[3].seal)]).whole
    assert not chain.walk_chain(links, expected=[Head(None, b"x" * 32)]).whole


def test_a_hash_stands_in_short_groups_on_paper():
    head = Head(1, bytes(range(32)))
    assert head.groups.startswith("0001 0203 0405 0607 ")
    assert {len(group) for group in head.groups.split()} == {4}
    assert head.groups.replace(" ", "") == head.seal.hex()


notes = st.text(max_size=30)
rows = st.builds(
    lambda number, note, **more: link(number, note, **more),
    st.integers(1, 2**63 - 1),
    notes,
    **{name: st.text(max_size=8) for name in TEXTS if name != "note_sha256"},
)


@given(st.lists(rows, max_size=8))
def test_what_was_sealed_is_whole(links):
    walk = chain.walk_chain(sealed(links))
    assert (walk.whole, walk.rows) == (True, len(links))


@given(st.lists(rows, min_size=1, max_size=6), st.data())
def test_whatever_is_changed_is_found_at_its_row(links, data):
    links = sealed(links)
    at = data.draw(st.integers(0, len(links) - 1))
    column = data.draw(st.sampled_from(["id", *TEXTS, "note"]))
    value = data.draw(st.integers(1, 99) if column == "id" else st.text(max_size=8))
    changed = links[at]._replace(**{column: value})
    found = broken([*links[:at], changed, *links[at + 1 :]])
    if changed == links[at]:
        assert found is None
    else:
        assert (found.seal_no, found.id) == (at + 1, changed.id)


@given(st.lists(rows, min_size=2, max_size=6, unique_by=lambda row: row.id), st.data())
def test_any_other_order_is_found(links, data):
    links = sealed(links)
    mixed = data.draw(st.permutations(links))
    found = broken([each._replace(seal_no=no) for no, each in enumerate(mixed, start=1)])
    first = next((n for n, (a, b) in enumerate(zip(links, mixed, strict=True)) if a != b), None)
    assert (found and found.seal_no) == (None if first is None else first + 1)


@given(rows, rows)
def test_different_rows_have_different_bytes(one, other):
    same = one[:10] == other[:10]
    assert (chain.canonical(one) == chain.canonical(other)) == same
