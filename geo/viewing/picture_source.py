"""Where pictures of cameras come from: a gateway by its address, or a platform by its adapter."""

from geo.base.settings import Settings
from geo.viewing import snapshot, wvp_snapshot
from geo.viewing.snapshot import Snapshot


def fetch_picture_of(config: Settings, code: str) -> Snapshot:
    """Return the picture of a camera from the source that is set, or why there is none.

    Parameters
    ----------
    config
        Names the source.
    code
        Code of the camera.

    Raises
    ------
    StateError
        If the setting is no address of such a source.
    """
    if config.snapshot_adapter == "wvp":
        token = config.snapshot_token.get_secret_value() if config.snapshot_token else ""
        return wvp_snapshot.fetch_wvp_picture(
            config.snapshot_url, config.snapshot_device, code, token=token
        )
    return snapshot.fetch_picture(config.snapshot_url, code)
