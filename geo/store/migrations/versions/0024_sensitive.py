"""Sensitive incidents are shown to who handles them."""

from geo.store.migrations import apply_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0024_sensitive.sql")
