"""Grants: which role an account has in which area, for which cameras and how deep."""

from sqlalchemy import Connection, text

from geo.roles import PERMISSIONS
from geo.services.access import Grant

_HELD = text(
    "SELECT g.role, g.area_unit_id, a.code, g.camera_classes, g.depth FROM govgrid.role_grant g"
    " LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    " WHERE g.account = :account AND (g.until IS NULL OR g.until >= govgrid.today())"
    " ORDER BY g.role, a.code"
)


def held(connection: Connection, account: str) -> tuple[Grant, ...]:
    """Return the grants of an account (uuid) that hold today."""
    rows = connection.execute(_HELD, {"account": account})
    return tuple(
        Grant(role, area, code, frozenset(classes), depth)
        for role, area, code, classes, depth in rows
        if role in PERMISSIONS
    )
