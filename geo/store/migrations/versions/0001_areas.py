"""areas."""

from geo.store.migrations import apply_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0001_areas.sql")
