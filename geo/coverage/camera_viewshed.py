"""What one camera sees, as it was computed last."""

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.errors import NotFoundError
from geo.coverage.store import camera_viewsheds
from geo.coverage.store.camera_viewsheds import StoredViewshed


def read_camera_viewshed(engine: Engine, reader: Principal, code: str) -> list[StoredViewshed]:
    """Return the stored viewsheds of a camera, by detail, certainty and view.

    Parameters
    ----------
    engine
        Pool of the service.
    reader
        Needs the exact direction of this camera: an outline gives the place away.
    code
        Code of the camera.

    Raises
    ------
    NotFoundError
        If there is no such camera whose direction is granted exactly.
    """
    with transaction.open_read_only(engine, reader) as connection:
        if not camera_viewsheds.direction_granted(connection, code, reader.parameters):
            raise NotFoundError("layer.no_item", name="viewsheds", code=code)
        return camera_viewsheds.read_viewsheds(connection, code)
