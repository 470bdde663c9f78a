"""events that are written with what happened."""

from geo.store.migrations import apply_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0020_outbox.sql")
