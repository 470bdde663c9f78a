"""the web role reads how letters are spelled."""

from geo.store.migrations import apply_sql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision."""
    apply_sql("0035_spelling.sql")
