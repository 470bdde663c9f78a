"""The epoch of the engine of coverage."""

from geo.store.migrations import apply_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0022_engine.sql")
