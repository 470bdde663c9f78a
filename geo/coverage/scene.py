"""Prepared scene: obstacles, placed views, and hashes of both."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.crs import convergence_deg
from geo.coverage.demand.demand_model import LEVELS
from geo.coverage.demand.layers import Layers
from geo.coverage.kinds import CERTAINTIES, DEVICE_SETS, SURE
from geo.coverage.scene_layers import Scene
from geo.coverage.sight import building_heights, obstacles, optics, viewshed
from geo.coverage.sight.building_heights import Obstruction, obstructing_ground

Flags: TypeAlias = NDArray[np.bool_]

# Goes into every hash: a change of the computation makes what was stored stale.
KERNEL = "sweep-2"
FEW = 64  # views whose sectors are kept
# Likewise, where what is seen stays as it is and only its figures change.
FIGURES = "figures-4"


@dataclass(frozen=True)
class Prepared:
    """Obstacles of a scene, and views with their position."""

    scene: Scene
    sight: Obstruction
    views: pd.DataFrame
    detail: float
    _looks: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    def looks(self, certainty: str) -> pd.DataFrame:
        """Return the sectors of the views; those of a few are kept: an edit asks for them often."""
        found = self._looks.get(certainty)
        if found is None:
            found = sectors(self.views, certainty)
            if len(self.views) <= FEW:
                self._looks[certainty] = found
        return found

    def with_incidents(self, incidents: gpd.GeoDataFrame) -> "Prepared":
        """Return the same with incidents at other places."""
        return replace(self, scene=replace(self.scene, incidents=incidents.to_crs(self.scene.srid)))

    @property
    def layers(self) -> Layers:
        """Return the layers of the demand model."""
        read = self.scene
        return Layers(
            read.areas,
            self.sight.built,
            read.roads,
            read.places,
            read.entrances,
            read.incidents,
            read.water.geometry.to_numpy(),
            read.farmland.geometry.to_numpy(),
            read.zones.geometry.to_numpy(),
        )


def prepare_scene(read: Scene, *, detail: float) -> Prepared:
    """Return a scene with merged obstacles and placed views.

    The views have ``x``, ``y`` (metres, where the camera stands for sight), ``placement`` and the
    columns of :func:`geo.coverage.sight.optics.camera_views`.

    Parameters
    ----------
    read
        Scene as read, metric CRS.
    detail
        Pixel density that limits the range of views, px/m.
    """
    heights = (
        read.buildings["height_m"].to_numpy(dtype=float),
        read.cameras["mount_height_m"].to_numpy(dtype=float),
    )
    sight = obstructing_ground(read.buildings.geometry, *(heights if read.heights else ()))
    return Prepared(read, sight, place_views(read, sight, detail=detail), detail)


def place_views(
    read: Scene, sight: Obstruction, *, detail: float, rows: gpd.GeoDataFrame | None = None
) -> pd.DataFrame:
    """Return the views of cameras where they stand.

    Parameters
    ----------
    rows
        Some cameras as they are now, rows of ``sight_camera`` in degrees; None: those of the
        scene.
    """
    cameras = read.cameras if rows is None else rows.to_crs(read.srid)
    lonlat = read.lonlat if rows is None else rows.geometry
    return _placed(cameras, lonlat, sight, read.srid, detail, read.default_reach_m)


def place_given(
    rows: gpd.GeoDataFrame, sight: Obstruction, *, srid: int, detail: float, default_reach_m: float
) -> pd.DataFrame:
    """Return the views of cameras where they stand, without a scene; see :func:`place_views`.

    Parameters
    ----------
    rows
        Rows of ``sight_camera``, EPSG:4326.
    sight
        Obstacles.
    srid
        Metric.
    detail, default_reach_m
        Pixel density asked for, px/m, and how far a camera sees that does not say it.
    """
    return _placed(rows.to_crs(srid), rows.geometry, sight, srid, detail, default_reach_m)


def _placed(
    cameras: gpd.GeoDataFrame,
    lonlat: gpd.GeoSeries,
    sight: Obstruction,
    srid: int,
    detail: float,
    default_reach_m: float,
) -> pd.DataFrame:
    cameras = cameras.set_index("code")
    views = optics.camera_views(
        pd.DataFrame(cameras), detail_px_per_m=detail, default_reach_m=default_reach_m
    )
    place = _places(cameras, sight)
    return views.assign(
        view_no=cameras["view_no"].to_numpy(),
        owner_kind=cameras["owner_kind"].to_numpy(),
        connection=cameras["connection"].to_numpy(),
        mount_height_m=cameras["mount_height_m"].to_numpy(dtype=float),
        x=place["x"].to_numpy(),
        y=place["y"].to_numpy(),
        placement=place["placement"].to_numpy(),
        moved_m=place["moved_m"].to_numpy(),
        convergence_deg=convergence_deg(lonlat.x.to_numpy(), lonlat.y.to_numpy(), srid),
    )


def _places(cameras: gpd.GeoDataFrame, sight: Obstruction) -> pd.DataFrame:
    """Return where cameras stand; one on the roof of a building lower than itself stays there."""
    indoor = cameras["indoor"].to_numpy(dtype=bool)
    place = obstacles.place_cameras(cameras.geometry, indoor, sight.built)
    xy = np.column_stack([cameras.geometry.x, cameras.geometry.y])
    above = sight.low.under(xy, cameras["mount_height_m"].to_numpy(dtype=float)) & ~indoor
    if above.any():
        place[above] = obstacles.place_cameras(cameras.geometry, indoor, sight.tall)[above]
    return place


def sectors(views: pd.DataFrame, certainty: str) -> pd.DataFrame:
    """Return sectors for :func:`geo.coverage.sight.viewshed.compute_viewsheds`.

    Headings are turned from true to grid north. A camera whose position is suspect sees nothing.

    Parameters
    ----------
    views
        Placed views.
    certainty
        "certain", "possible" or "expected".

    Returns
    -------
    pd.DataFrame
        One row per view, under *expected* one per band: index = position of the view, with
        ``weight``.
    """
    if certainty == "expected":
        sector = optics.heading_bands(views).set_index("view")
    else:
        sector = (
            optics.view_sectors(views, certainty).set_axis(np.arange(len(views))).assign(weight=1.0)
        )
    own = views.iloc[sector.index.to_numpy()]
    suspect = own["placement"].eq("suspect").to_numpy()
    return pd.DataFrame(
        {
            "x": own["x"].to_numpy(),
            "y": own["y"].to_numpy(),
            "start_deg": (sector["start_deg"].to_numpy() - own["convergence_deg"].to_numpy()) % 360,
            "width_deg": np.where(suspect, 0.0, sector["width_deg"].to_numpy()),
            "range_m": own["range_m"].to_numpy(),
            "near_m": np.nan_to_num(own["near_m"].to_numpy(dtype=float)),
            "weight": sector["weight"].to_numpy(),
        },
        index=sector.index,
    )


def visible_ground(
    prepared: Prepared, certainties: Sequence[str] = CERTAINTIES
) -> dict[str, gpd.GeoDataFrame]:
    """Return what the views see, by certainty: ``camera_code``, ``view_no``, ``weight``, geometry.

    Parameters
    ----------
    prepared
        Obstacles and views.
    certainties
        Which to compute.
    """
    looks = {certainty: prepared.looks(certainty) for certainty in certainties}
    views, sector = prepared.views, pd.concat(looks.values())
    own = sector.index.to_numpy()
    shapes = building_heights.look_over(
        viewshed.compute_viewsheds(sector, prepared.sight.tall).to_numpy(),
        sector[["x", "y"]].to_numpy(),
        views["mount_height_m"].to_numpy()[own],
        prepared.sight.low,
        range_m=sector["range_m"].to_numpy(),
    )
    found = gpd.GeoDataFrame(
        {
            "camera_code": views["camera_code"].to_numpy()[own],
            "view_no": views["view_no"].to_numpy()[own],
            "weight": sector["weight"].to_numpy(),
            "cause": optics.difference_causes(views)[own],
        },
        geometry=shapes,
        crs=prepared.scene.srid,
    )
    ends = np.cumsum([len(look) for look in looks.values()])
    parts = zip(looks, [0, *ends[:-1]], ends, strict=True)
    return {
        certainty: found.iloc[first:last].reset_index(drop=True) for certainty, first, last in parts
    }


def set_members(views: pd.DataFrame) -> tuple[list[str], Flags]:
    """Return the cameras of the views, and which device sets each belongs to.

    A camera of unknown state is not online.
    """
    first = views[~views["camera_code"].duplicated()]
    return first["camera_code"].tolist(), np.column_stack([in_set(first, s) for s in DEVICE_SETS])


def in_set(views: pd.DataFrame, device_set: str) -> Flags:
    """Return which views belong to a device set, shape ``(n,)``.

    Parameters
    ----------
    views
        Views with ``connection`` and ``owner_kind``.
    device_set
        "all", "online", or an owner kind.
    """
    if device_set == "all":
        return np.ones(len(views), dtype=bool)
    column = "connection" if device_set == "online" else "owner_kind"
    return np.asarray(views[column].eq(device_set).fillna(False), dtype=bool)


def view_hashes(prepared: Prepared, certainty: str) -> list[str]:
    """Return a hash per viewshed of all its inputs: sector, kernel, obstacles within range.

    Parameters
    ----------
    prepared
        Obstacles and placed views.
    certainty
        "certain" or "possible".
    """
    sector = prepared.looks(certainty)
    x, y, reach = (sector[name].to_numpy() for name in ("x", "y", "range_m"))
    reach = np.nan_to_num(reach)
    boxes = shapely.box(x - reach, y - reach, x + reach, y + reach)
    near = prepared.sight.content_near(boxes)
    height_m = prepared.views["mount_height_m"].to_numpy()[sector.index.to_numpy()]
    numbers = sector.assign(weight=height_m).to_numpy(dtype=float)
    base = f"{KERNEL}|{certainty}|".encode()
    return [
        hashlib.sha256(base + near[i].tobytes() + row.tobytes()).hexdigest()[:32]
        for i, row in enumerate(numbers)
    ]


def ground_state(prepared: Prepared) -> str:
    """Return the hash of all that the figures depend on but the cameras."""
    read = prepared.scene
    digest = hashlib.sha256(
        f"{KERNEL}|{FIGURES}|{prepared.sight.built.content_hash}|{read.incident_months}".encode()
    )
    layers = ("areas", "roads", "water", "farmland", "zones", "places", "entrances", "incidents")
    for name in layers:
        frame = getattr(read, name)
        digest.update(name.encode() + b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
        plain = pd.DataFrame(frame.drop(columns=["geometry", "attributes"], errors="ignore"))
        digest.update(plain.to_csv().encode())
    return digest.hexdigest()[:32]


def camera_state(prepared: Prepared) -> dict[str, int]:
    """Return a fingerprint per camera of all inputs to the figures.

    The views of one camera are consecutive.
    """
    views = prepared.views
    hashes = [view_hashes(prepared, certainty) for certainty in SURE]
    # Probabilities follow from heading and angle: two views may share both their sure sectors.
    columns = ["camera_code", "owner_kind", "connection", "heading_deg", "hfov_deg"]
    # What is missing is None or NaN, as the other rows happen to be.
    texts = (views[name].astype(object).where(views[name].notna(), "") for name in columns)
    found: dict[str, int] = {}
    for code, *rest in zip(*texts, *hashes, strict=True):
        digest = hashlib.sha256("|".join(map(str, rest)).encode()).digest()
        # Views of one camera follow each other: each carries on the number of those before.
        found[code] = found.get(code, 0) * 3 + int.from_bytes(digest[:15], "big")
    return found


def smallest_areas(read: Scene) -> gpd.GeoDataFrame:
    """Return the areas of the lowest level: grids, or the level in their place."""
    for level in LEVELS:
        chosen = read.areas[read.areas["level"] == level]
        if len(chosen):
            return chosen
    return read.areas
