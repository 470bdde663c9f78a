"""The district that an installation serves, as its pages name it."""

from sqlalchemy import Engine, text

from geo.services import access, sessions

_NAMES = text("SELECT name FROM govgrid.area_now WHERE level = 'district' ORDER BY name LIMIT 2")


def name(engine: Engine) -> str:
    """Return the name of the one district there is; "" where there is none, or several."""
    with access.drawing(engine, sessions.NOBODY) as connection:
        found = list(connection.execute(_NAMES).scalars())
    return str(found[0]) if len(found) == 1 else ""
