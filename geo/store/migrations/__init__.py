"""Revisions of the tables: numbered SQL files, each run once and in one transaction."""

from importlib import resources

from alembic import op


def apply_sql(file_name: str) -> None:
    """Run one SQL file of this folder on the current connection.

    The text goes to the driver as it is: a ``:`` or ``%`` in it means what it says.
    """
    text = (resources.files(__name__) / "sql" / file_name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(text.replace("%", "%%"))
