"""The answer to where a place belongs."""

from typing_extensions import TypedDict


class PlaceAnswer(TypedDict):
    """Grid of a place with its community and township; outside of all grids only the nearest one.

    `status` is inside, border or outside; `candidates` are all grids within the accuracy of the
    place, the one that was chosen first.
    """

    status: str
    grid_code: str | None
    candidates: list[str]
    community_code: str | None
    township_code: str | None
    nearest_code: str | None
    nearest_m: float | None
