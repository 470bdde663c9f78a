"""incidents with moves, dispatches, limits and approvals."""

from geo.store.migrations import apply_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0021_incidents.sql")
