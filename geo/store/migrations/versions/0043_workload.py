"""attendance, hot spots, what no camera saw, and the workload of communities."""

from geo.store.migrations import apply_sql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0043_workload.sql")
