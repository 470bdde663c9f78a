"""What intake reads of other rooms."""

from geo.store.migrations import apply_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0023_intake.sql")
