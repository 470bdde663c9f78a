"""The district that an installation serves, as its pages name it."""

from sqlalchemy import Engine

from geo.access import principal, transaction
from geo.areas.store import names
from geo.store import db


def district_name(engine: Engine) -> str:
    """Return the name of the one district there is; "" where there is none, or several."""
    with transaction.open_read_only(engine, principal.NOBODY) as connection:
        found = names.district_names(connection)
    return str(found[0]) if len(found) == 1 else ""


def export_remark(engine: Engine) -> str:
    """Return what every export of this district must say of itself, such as 演示数据; else ""."""
    with db.open_transaction(engine) as connection:
        return "；".join(sorted(names.district_remarks(connection)))
