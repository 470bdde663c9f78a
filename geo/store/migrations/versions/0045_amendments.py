"""gaps by piece of demand, runs whose other figures are pending."""

from geo.store.migrations import apply_sql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0045_amendments.sql")
