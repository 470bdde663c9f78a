"""a trigger of cameras that a dump can hold."""

from geo.store.migrations import apply_sql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0028_restorable.sql")
