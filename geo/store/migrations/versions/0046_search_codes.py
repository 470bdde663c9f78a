"""texts of the search derived for many rows in time that grows with their number."""

from geo.store.migrations import apply_sql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0046_search_codes.sql")
