"""indexes by which incidents are listed."""

from geo.store.migrations import apply_sql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0027_incident_list.sql")
