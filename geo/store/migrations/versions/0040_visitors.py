"""sessions whose screens visitors look at."""

from geo.store.migrations import apply_sql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0040_visitors.sql")
