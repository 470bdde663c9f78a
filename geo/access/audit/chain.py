"""Hash chain of the audit: what of a row is sealed, how seals follow, where the chain breaks."""

import hashlib
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

GENESIS: Final = hashlib.sha256(b"govgrid audit chain 1").digest()
"""What the first row follows."""

GROUP: Final = 4


class Link(NamedTuple):
    """One row of the audit, each value as the text that the database gives.

    `at` is in seconds since 1970 (UTC) with six decimals, `facts` the text of jsonb, `note_sha256`
    hexadecimal. A note that was redacted is None. What was tampered with may be None as well.
    """

    id: int
    at: str | None
    account: str | None
    unit: str | None
    address: str | None
    action: str | None
    object: str | None
    outcome: str | None
    facts: str | None
    note_sha256: str | None
    note: str | None = ""
    seal_no: int = 0
    seal: bytes = b""


@dataclass(frozen=True)
class Head:
    """The seal of one row, as it was written down: by it alone all rows up to it are fixed.

    `seal_no` is None where only the hash is known.
    """

    seal_no: int | None
    seal: bytes
    day: str = ""

    @property
    def groups(self) -> str:
        """The hash in short groups, for paper."""
        text = self.seal.hex()
        return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


@dataclass(frozen=True)
class Break:
    """The first place where a chain does not hold.

    `kind` says what differs, as far as known: missing (`count` rows), repeated, contents (of
    the row, or a row before it is gone), seal (only that), last (one of the two), order (rows
    exchanged, inserted or removed), note (not the one that was sealed), removed (a note without a
    row that says who redacted it).
    """

    kind: str
    seal_no: int
    id: int | None
    count: int = 1


@dataclass(frozen=True)
class ChainWalk:
    """How far a chain holds: its sound rows, the redacted ones among them, the last sound seal.

    `rows` counts from the first row that ever was; `destroyed` of them went because their time was
    over. `stands` tells for each expected head whether it stands in the chain; None: not reached,
    because the chain breaks before.
    """

    rows: int
    redacted: int
    seal: bytes
    broken: Break | None
    stands: Mapping[Head, bool | None] = field(default_factory=dict)
    destroyed: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is broken and every expected head stands."""
        return self.broken is None and all(self.stands.values())


def canonical(link: Link) -> bytes:
    """Return the bytes of a row that are sealed.

    Number, time, account, unit, address, action, object, outcome, facts and the hash of the note,
    each as a netstring: length in bytes, colon, UTF-8, comma; a missing value is ``-,``.
    """
    return b"".join(map(_netstring, (str(link.id), *link[1:10])))


def follow(seal: bytes, link: Link) -> bytes:
    """Return the seal of a row: SHA-256 over the seal before it and the row.

    Parameters
    ----------
    seal
        Seal of the row before, 32 bytes.
    link
        Sealed content of the row.
    """
    return hashlib.sha256(seal + canonical(link)).digest()


def compute_seals(seal: bytes, links: Iterable[Link]) -> list[bytes]:
    """Return the seals of rows, each over the one before.

    Parameters
    ----------
    seal
        Seal of the row before the first, 32 bytes.
    links
        Sealed contents in the order of the chain.
    """
    found = []
    for link in links:
        seal = follow(seal, link)
        found.append(seal)
    return found


def walk_chain(
    links: Iterable[Link],
    *,
    expected: Collection[Head] = (),
    explained: Container[int] = (),
    anchor: Head | None = None,
) -> ChainWalk:
    """Follow a chain from its beginning to its end or its first break, a row at a time.

    Parameters
    ----------
    links
        All sealed rows in the order of `seal_no`.
    expected
        Heads that were written down before.
    explained
        Ids of rows of which another row says who redacted them.
    anchor
        Seal of the last row that was destroyed, which the chain goes on from; None: none was.
    """
    seal, rows, redacted, broken = GENESIS, 0, 0, None
    looked_for = _LookedFor(expected)
    if anchor is not None and anchor.seal_no is not None:
        seal, rows = anchor.seal, anchor.seal_no
        looked_for.pass_by(rows, seal)
    destroyed = rows
    for link, after in _pairs(links):
        broken = _break(seal, rows + 1, link, after, explained)
        if broken is not None:
            break
        seal, rows = bytes(link.seal), rows + 1
        redacted += link.note is None
        looked_for.pass_by(rows, seal)
    return ChainWalk(
        rows, redacted, seal, broken, looked_for.stands(whole=broken is None), destroyed
    )


class _LookedFor:
    """Heads that are looked for along a chain."""

    def __init__(self, expected: Collection[Head]) -> None:
        self._stands: dict[Head, bool | None] = dict.fromkeys(expected)
        self._by_number: dict[int | None, list[Head]] = {}
        for head in expected:
            self._by_number.setdefault(head.seal_no, []).append(head)
        self._bare = {head.seal: head for head in self._by_number.pop(None, [])}

    def pass_by(self, number: int, seal: bytes) -> None:
        for head in self._by_number.get(number, ()):
            self._stands[head] = head.seal == seal
        if seal in self._bare:
            self._stands[self._bare[seal]] = True

    def stands(self, *, whole: bool) -> dict[Head, bool | None]:
        # of a whole chain that is too short all is known: what was expected is gone
        return {h: False if whole and s is None else s for h, s in self._stands.items()}


def _break(
    before: bytes, number: int, link: Link, after: Link | None, explained: Container[int]
) -> Break | None:
    if link.seal_no > number:
        return Break("missing", number, None, link.seal_no - number)
    if link.seal_no < number:
        return Break("repeated", link.seal_no, link.id)
    due = follow(before, link)
    if due != link.seal:
        return Break(_difference(link, due, after), number, link.id)
    if link.note is None:
        return None if link.id in explained else Break("removed", number, link.id)
    noted = hashlib.sha256(link.note.encode("utf-8", "surrogatepass")).hexdigest()
    return None if noted == link.note_sha256 else Break("note", number, link.id)


def _difference(link: Link, due: bytes, after: Link | None) -> str:
    """Tell what was changed, by what the next row was sealed upon."""
    if after is None:
        return "last"
    if follow(bytes(link.seal or b""), after) == after.seal:
        return "contents"
    return "seal" if follow(due, after) == after.seal else "order"


def _pairs(links: Iterable[Link]) -> Iterator[tuple[Link, Link | None]]:
    waiting = None
    for link in links:
        if waiting is not None:
            yield waiting, link
        waiting = link
    if waiting is not None:
        yield waiting, None


def _netstring(value: str | None) -> bytes:
    if value is None:
        return b"-,"
    raw = value.encode("utf-8", "surrogatepass")
    return b"%d:%b," % (len(raw), raw)
