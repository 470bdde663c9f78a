"""Scopes of statistics of the demonstration: the township with the app, and since when."""

from datetime import date
from typing import Final

from sqlalchemy import Connection

from geo.incidents.rules.periods import Scope
from geo.incidents.store import statistics as stored

SCOPES: Final = (
    Scope("试点", ("340802001000",), None, None),
    Scope("主题教育以来", None, date(2026, 7, 1), None),
)


def write_demo_scopes(connection: Connection, by: str) -> None:
    """Name the areas and the period that the demonstration's figures are about.

    Parameters
    ----------
    connection
        Open transaction.
    by
        Account.
    """
    for scope in SCOPES:
        stored.write_scope(connection, scope, by)
