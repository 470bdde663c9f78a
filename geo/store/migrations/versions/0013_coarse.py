"""coarse."""

from geo.store.migrations import apply_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0013_coarse.sql")
