"""access as data, and which rows a revision changed."""

from geo.store.migrations import apply_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0017_fast_reads.sql")
