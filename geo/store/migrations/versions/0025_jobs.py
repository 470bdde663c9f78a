"""Jobs and their queue."""

from geo.store.migrations import apply_sql
from geo.store.migrations.queue import apply_queue_schema

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the queue, then run the SQL file of this revision."""
    apply_queue_schema()
    apply_sql("0025_jobs.sql")
