"""indexes of lists of incidents under row-level security."""

from geo.store.migrations import apply_sql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0039_incident_lists.sql")
