"""places of past incidents as a run took them."""

from geo.store.migrations import apply_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0014_demand_incidents.sql")
