"""coarse."""

from geo.store.migrations import apply

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply("0013_coarse.sql")
