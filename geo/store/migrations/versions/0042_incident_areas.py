"""incidents by the areas that may grant them, and what units were sent by time."""

from geo.store.migrations import apply_sql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0042_incident_areas.sql")
