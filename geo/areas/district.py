"""The district that an installation serves, as its pages name it."""

from sqlalchemy import Engine, text

from geo.access import principal, transaction
from geo.store import db

_NAMES = text("SELECT name FROM govgrid.area_now WHERE level = 'district' ORDER BY name LIMIT 2")
_REMARKS = text(
    "SELECT DISTINCT attributes ->> 'remark' FROM govgrid.area_now"
    " WHERE level = 'district' AND attributes ? 'remark'"
)


def district_name(engine: Engine) -> str:
    """Return the name of the one district there is; "" where there is none, or several."""
    with transaction.open_read_only(engine, principal.NOBODY) as connection:
        found = list(connection.execute(_NAMES).scalars())
    return str(found[0]) if len(found) == 1 else ""


def export_remark(engine: Engine) -> str:
    """Return what every export of this district must say of itself, such as 演示数据; else ""."""
    with db.open_transaction(engine) as connection:
        return "；".join(sorted(connection.execute(_REMARKS).scalars()))
