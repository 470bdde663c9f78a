"""features."""

from geo.store.migrations import apply_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0002_features.sql")
