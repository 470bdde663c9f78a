"""the index of what areas belong to is made anew."""

from geo.store.migrations import apply_sql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0036_nesting_index.sql")
