"""views that tiles are drawn from."""

from geo.store.migrations import apply_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0019_tiles.sql")
