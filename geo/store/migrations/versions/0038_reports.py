"""Reports as jobs, and when a worker was last heard of."""

from geo.store.migrations import apply_sql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0038_reports.sql")
