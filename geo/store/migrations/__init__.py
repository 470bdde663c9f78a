"""Revisions of the tables: numbered SQL files, each run once and in one transaction."""

from importlib import resources

from alembic import op


def apply_sql(file_name: str) -> None:
    """Run one SQL file of this folder on the current connection.

    The text goes to the driver as it is: a ``:`` or ``%`` in it means what it says. What earlier
    files of the same transaction left to its end is done before: a table with triggers that still
    wait cannot be altered.
    """
    text = (resources.files(__name__) / "sql" / file_name).read_text(encoding="utf-8")
    connection = op.get_bind()
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
    connection.exec_driver_sql(text.replace("%", "%%"))
