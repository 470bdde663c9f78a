"""shifts of a centre, areas of any day for old ledgers, what is overdue in the sums of days."""

from geo.store.migrations import apply_sql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0034_shifts.sql")
