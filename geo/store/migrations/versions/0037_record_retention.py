"""records of which the time is over may be destroyed."""

from geo.store.migrations import apply_sql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0037_record_retention.sql")
