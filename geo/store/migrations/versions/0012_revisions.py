"""layer revisions."""

from geo.store.migrations import apply

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply("0012_revisions.sql")
