"""How often each layer was written to, for caches: another revision, another answer."""

from sqlalchemy import Connection, text

Revisions = tuple[tuple[str, int], ...]
_READ = text("SELECT layer, revision FROM govgrid.layer_revision ORDER BY layer")
_DAY = text("SELECT govgrid.today()")


def read_revisions(connection: Connection) -> Revisions:
    """Return the revision of every layer, with the day, from which on other areas may be valid.

    A cache reads it before what it keeps: what is written meanwhile then makes it stale.
    """
    day = connection.execute(_DAY).scalar_one()
    rows = connection.execute(_READ).all()
    return (("", day.toordinal()), *((row.layer, row.revision) for row in rows))
