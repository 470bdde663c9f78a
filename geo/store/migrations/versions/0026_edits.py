"""keys of requests, and rights of the service to edit."""

from geo.store.migrations import apply_sql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0026_edits.sql")
