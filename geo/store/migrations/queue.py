"""Tables of the queue, as its library brings them."""

from importlib import resources
from typing import Final

from alembic import op

from geo.base.errors import StateError
from geo.store.db import QUEUE_SCHEMA

NEWEST: Final = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The newest change of its tables in the version of the library that this program works with.

A version that changes them needs a migration that runs the library's own newer changes.
"""


def apply_queue_schema() -> None:
    """Make the tables of the queue in a schema of their own.

    Raises
    ------
    StateError
        If the library that is installed has other tables.
    """
    files = resources.files("procrastinate.sql")
    known = (files / "migrations").iterdir()
    newest = max(each.name for each in known if each.name.endswith(".sql"))
    if newest != NEWEST:
        raise StateError("jobs.library", found=newest, expected=NEWEST)
    connection = op.get_bind()
    before = connection.exec_driver_sql("SHOW search_path").scalar_one()
    connection.exec_driver_sql(f"CREATE SCHEMA {QUEUE_SCHEMA}")
    connection.exec_driver_sql(f"SET LOCAL search_path = {QUEUE_SCHEMA}")
    tables = (files / "schema.sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(tables.replace("%", "%%"))
    connection.exec_driver_sql(f"SET LOCAL search_path = {before}")
