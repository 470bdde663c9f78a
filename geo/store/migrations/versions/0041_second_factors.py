"""cards of codes and certificates as second factors."""

from geo.store.migrations import apply_sql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0041_second_factors.sql")
