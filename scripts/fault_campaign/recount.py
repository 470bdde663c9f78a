"""What of the acknowledged writes stands in the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from scripts.fault_campaign.writers import STATES, title

FOUND: Final = {
    "incidents": "SELECT title FROM govgrid.incident WHERE title = ANY(:keys)",
    "moves": "SELECT CAST(client_id AS text) FROM govgrid.incident_move"
    " WHERE CAST(client_id AS text) = ANY(:keys)",
    STATES: "SELECT CAST(extract(epoch FROM since) AS bigint) FROM govgrid.camera_status"
    " WHERE since = ANY(CAST(:keys AS timestamptz[]))",
    "viewings": "SELECT reason FROM govgrid.access_register WHERE reason = ANY(:keys)",
    "imports": "SELECT code FROM govgrid.camera WHERE code = ANY(:keys)",
}
"""By kind, one row for each time that a key stands there."""
TITLED: Final = frozenset({"incidents", "viewings"})


@dataclass(frozen=True)
class Recount:
    """Of one kind: acknowledged, lost of them, and standing there more than once."""

    kind: str
    acknowledged: int
    lost: int
    doubled: int


def recount(owner: Engine, keys: Mapping[str, Sequence[str]]) -> list[Recount]:
    """Return by kind what became of acknowledged writes.

    Parameters
    ----------
    owner
        Pool of the owner of the tables.
    keys
        Of the acknowledged writes, by kind.
    """
    with owner.begin() as connection:
        found = {
            kind: list(
                connection.execute(
                    text(FOUND[kind]),
                    {"keys": [title(key) if kind in TITLED else key for key in asked]},
                ).scalars()
            )
            for kind, asked in keys.items()
        }
    return [
        Recount(
            kind,
            len(asked),
            len(asked) - len(set(found[kind])),
            len(found[kind]) - len(set(found[kind])),
        )
        for kind, asked in keys.items()
    ]
