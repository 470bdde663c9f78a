"""Views of cameras as arrays, so that a question about one place needs no frame."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage.sight import coarse_sight, optics
from geo.coverage.sight.coarse_sight import CoarseViews

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ViewTable:
    """Views of cameras, an entry each, ascending by code and number.

    `at` is where a camera stands for sight, `aside` where it was given (metric, shape ``(n, 2)``);
    sectors are clockwise from true north, shape ``(n, 2)``: certain and possible.
    """

    codes: NDArray[np.object_]
    first: NDArray[np.bool_]
    at: Floats
    aside: Floats
    standing: NDArray[np.bool_]
    moved_m: Floats
    turn_deg: Floats
    heading_deg: Floats
    start_deg: Floats
    width_deg: Floats
    range_m: Floats
    longest_m: Floats
    near_m: Floats
    height_m: Floats
    px_at_1_m: Floats
    vague: NDArray[np.bool_]
    indoor: NDArray[np.bool_]
    coarse: CoarseViews

    def __len__(self) -> int:
        """Return the number of views."""
        return len(self.codes)

    @cached_property
    def camera(self) -> NDArray[np.intp]:
        """The number of the camera of each view."""
        return np.cumsum(self.first) - 1

    @cached_property
    def cameras(self) -> NDArray[np.object_]:
        """The codes of the cameras, ascending."""
        return self.codes[self.first]

    def replace_cameras(self, gone: frozenset[str], fresh: "ViewTable") -> "ViewTable":
        """Return the table without some cameras, and with the views of others in their order.

        Parameters
        ----------
        gone
            Codes of cameras whose views are left out.
        fresh
            Views that are put in.
        """
        left_out = np.array(sorted(gone), dtype=object)
        stay = ~np.isin(self.cameras, left_out)[self.camera]
        order = np.argsort(np.concatenate([self.codes[stay], fresh.codes]), kind="stable")
        joined = _joined(self, fresh, stay, order)
        joined["coarse"] = CoarseViews(**_joined(self.coarse, fresh.coarse, stay, order))
        return ViewTable(**joined)


def tabulate_views(
    cameras: gpd.GeoDataFrame,
    views: pd.DataFrame,
    *,
    srid: int,
    detail: float,
    default_reach_m: float,
) -> ViewTable:
    """Return views as a table.

    Parameters
    ----------
    cameras
        Rows of the view ``sight_camera``, EPSG:4326.
    views
        The same placed, as from :func:`geo.coverage.scene.place_views`.
    srid, detail, default_reach_m
        Metric, and as for :func:`geo.coverage.sight.coarse_sight.coarse_views`.
    """
    order = np.lexsort((cameras["view_no"].to_numpy(), cameras["code"].to_numpy(dtype=object)))
    given, placed = cameras.iloc[order], views.iloc[order].reset_index(drop=True)
    codes = given["code"].to_numpy(dtype=object)
    sectors = [optics.view_sectors(placed, certainty) for certainty in ("certain", "possible")]
    metric = given.geometry.to_crs(srid)
    coarse = coarse_sight.coarse_views(
        pd.DataFrame(given),
        srid=srid,
        detail=detail,
        default_reach_m=default_reach_m,
        views=placed,
    )
    longest = placed.groupby("camera_code")["range_m"].transform("max").fillna(0.0)
    vague = placed["heading_source"].eq("unknown") | placed["heading_deg"].isna()
    return ViewTable(
        codes=codes,
        first=~pd.Series(codes).duplicated().to_numpy(),
        at=placed[["x", "y"]].to_numpy(dtype=float),
        aside=np.column_stack([metric.x, metric.y]),
        standing=placed["placement"].isin(["open", "snapped"]).to_numpy(dtype=bool),
        moved_m=placed["moved_m"].to_numpy(dtype=float),
        turn_deg=placed["convergence_deg"].to_numpy(dtype=float),
        heading_deg=placed["heading_deg"].to_numpy(dtype=float),
        start_deg=np.column_stack([each["start_deg"] for each in sectors]),
        width_deg=np.column_stack([each["width_deg"] for each in sectors]),
        range_m=placed["range_m"].to_numpy(dtype=float),
        longest_m=longest.to_numpy(dtype=float),
        near_m=placed["near_m"].to_numpy(dtype=float),
        height_m=placed["mount_height_m"].to_numpy(dtype=float),
        px_at_1_m=optics.px_per_m(placed, 1.0),
        vague=vague.to_numpy(dtype=bool),
        indoor=placed["indoor"].astype(object).eq(True).to_numpy(dtype=bool),
        coarse=coarse,
    )


def _joined(
    kept: ViewTable | CoarseViews,
    fresh: ViewTable | CoarseViews,
    stay: NDArray[np.bool_],
    order: NDArray[np.intp],
) -> dict[str, Any]:
    columns = [each.name for each in fields(kept) if each.name != "coarse"]
    return {
        name: np.concatenate([getattr(kept, name)[stay], getattr(fresh, name)])[order]
        for name in columns
    }
