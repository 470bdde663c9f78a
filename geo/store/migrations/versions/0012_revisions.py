"""layer revisions."""

from geo.store.migrations import apply_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0012_revisions.sql")
