"""coverage."""

from geo.store.migrations import apply_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0003_coverage.sql")
