"""Plain names of functions, and views for what a room reads of another."""

from geo.store.migrations import apply_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0016_sql_at_home.sql")
