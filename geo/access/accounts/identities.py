"""Identities of tokens, cached in memory with the revisions at which they were read."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Final

from sqlalchemy import Engine

from geo.access.accounts import api_keys, sessions
from geo.access.accounts.sessions import Session
from geo.access.principal import Principal
from geo.store.revisions import LayerRevisions

LAYERS: Final = ("access", "area")
"""What an identity is read from: accounts and their grants, and the areas that these name."""
MOST: Final = 10_000


@dataclass(frozen=True)
class Identity:
    """Identity of a request: a session of a person, or a key of a program (`session` is None)."""

    reader: Principal
    session: Session | None
    revisions: tuple[int, ...]
    until: float
    cuts: dict[str, Principal] = field(default_factory=dict, compare=False)

    def holds_at(self, now: LayerRevisions) -> bool:
        """Return whether nothing that decides over it was written since it was read."""
        return self.revisions == now.of(LAYERS) and self.until > time.monotonic()

    def may(self, action: str) -> Principal | None:
        """Return the reader with the grants that permit an action; None if none does."""
        found = self.cuts.get(action)
        if found is None and self.reader.may(action):
            found = self.cuts[action] = self.reader.cut(action)
        return found


class Identities:
    """Identities by the hash of their token and the address from which it comes.

    One is used as long as what decides over access has the revision under which it was read, and
    read again where a session's use is to be written down or it ends.
    """

    def __init__(self, engine: Engine, *, idle: timedelta) -> None:
        self._engine, self._idle = engine, idle
        self._kept: OrderedDict[tuple[bytes, str], Identity] = OrderedDict()
        self._lock = Lock()

    def find(self, token: str, address: str, now: LayerRevisions) -> Identity | None:
        """Return the cached identity of a token, without waiting.

        Parameters
        ----------
        now
            Revisions that were read after the request came.
        """
        kept = self._kept.get((sessions.hash_token(token), address))
        return kept if kept is not None and kept.holds_at(now) else None

    def read(self, token: str, address: str, now: LayerRevisions, *, key: bool) -> Identity | None:
        """Return the identity of a token from the database, and cache it; None if it is not valid.

        Parameters
        ----------
        now
            Revisions that were read before.
        key
            Whether it is the key of a program.
        """
        identity = self._read(token, address, now, key=key, used=True)
        if identity is None:
            return None
        with self._lock:
            self._kept[sessions.hash_token(token), address] = identity
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return identity

    def look_up(
        self, token: str, address: str, now: LayerRevisions, *, key: bool
    ) -> Identity | None:
        """Return the same, without counting it as a use of a session: who only listens is idle.

        It is not cached, else requests would no longer be written down as uses either.

        Parameters
        ----------
        now
            Revisions that were read before.
        key
            Whether it is the key of a program.
        """
        return self._read(token, address, now, key=key, used=False)

    def _read(
        self, token: str, address: str, now: LayerRevisions, *, key: bool, used: bool
    ) -> Identity | None:
        began = time.monotonic()
        found = self._of_key(token, address) if key else self._of_session(token, address, used)
        if found is None:
            return None
        reader, session, holds_s = found
        return Identity(reader, session, now.of(LAYERS), began + holds_s)

    def _of_key(self, token: str, address: str) -> tuple[Principal, None, float] | None:
        found = api_keys.find_key(self._engine, token, address=address)
        return None if found is None else (found[0], None, found[1])

    def _of_session(
        self, token: str, address: str, used: bool
    ) -> tuple[Principal, Session, float] | None:
        found = sessions.find_session(
            self._engine, token, idle=self._idle, address=address, used=used
        )
        return None if found is None else (found.reader, found, found.holds_s)
