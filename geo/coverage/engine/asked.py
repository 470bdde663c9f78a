"""A camera that is tried: what is asked of the engine."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Trial:
    """A camera at a place (degrees, EPSG:4326), as it would be surveyed; None: as usual.

    Without a heading it is one that turns, or sees all around by its form.
    """

    lon: float
    lat: float
    heading_deg: float | None = None
    hfov_deg: float | None = None
    range_m: float | None = None
    mount_height_m: float | None = None
    res_h_px: float | None = None
    form: str = "fixed"

    def as_json_values(self) -> dict[str, Any]:
        """Return the fields as values of JSON."""
        return asdict(self)
