"""webhooks, and the categories of a reporter's form."""

from geo.store.migrations import apply_sql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0044_open_doors.sql")
