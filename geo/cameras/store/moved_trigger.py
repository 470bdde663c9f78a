"""The trigger that records that a camera was moved, as dumps of older tables cannot hold it."""

from typing import Final

from sqlalchemy import Connection, text

TRIGGER: Final = "TRIGGER govgrid camera moved"
"""As the table of contents of a dump names it."""
FIXED: Final = "0028"
"""From this revision on a dump holds it in a form that can be restored."""
_FUNCTION: Final = text(
    "SELECT proname FROM pg_proc WHERE pronamespace = 'govgrid'::regnamespace"
    " AND proname IN ('note_change', 'record_camera_change')"
)
_CREATE: Final = (
    "CREATE TRIGGER moved AFTER UPDATE OF geom ON govgrid.camera FOR EACH ROW"
    " WHEN (NEW.geom IS DISTINCT FROM OLD.geom) EXECUTE FUNCTION govgrid.{}('moved')"
)


def create_moved_trigger(connection: Connection) -> None:
    """Create the trigger as the migrations of its time did, where its function is there."""
    for name in connection.execute(_FUNCTION).scalars().all():
        connection.execute(text(_CREATE.format(name)))
