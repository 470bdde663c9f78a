"""Keys of programs: hashed, cut to some actions, ending on a day."""

from sqlalchemy import Engine

from geo.services.access import Reader


def find(engine: Engine, key: str, *, address: str = "") -> Reader | None:
    """Return who a key belongs to, cut to its scopes; None if it holds no more."""
    raise NotImplementedError
