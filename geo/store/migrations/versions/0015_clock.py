"""One clock for what domains call now."""

from geo.store.migrations import apply_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0015_clock.sql")
