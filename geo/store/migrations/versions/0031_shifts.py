"""shifts of a centre, and the areas of any day by which old ledgers are placed."""

from geo.store.migrations import apply_sql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0031_shifts.sql")
