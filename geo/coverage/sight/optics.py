"""What a camera could see on open ground: its views, their range, their sector of headings."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.base.errors import InputError, LayerError
from geo.coverage.kinds import CERTAINTIES, detail_of

Floats = NDArray[np.float64]

DEFAULT_REACH_M = 150.0  # where nobody states how far a camera sees
MOST_REACH_M = 2000.0  # a stated range beyond this is no range of a camera in a street
DEFAULT_HFOV_DEG = 90.0
PANORAMIC_HFOV_DEG = 360.0
DEFAULT_RES_H_PX = 2560.0
HEADING_TOLERANCE_DEG: Mapping[str, float] = MappingProxyType(
    {"surveyed": 5.0, "parsed": 5.0, "rounded8": 22.5, "unknown": 180.0}
)

# Below these a value means "not known" in the registers that carry it.
LEAST: Mapping[str, float] = MappingProxyType(
    {
        "hfov_deg": 1.0,
        "res_h_px": 1.0,
        "range_m": 0.0,
        "mount_height_m": 0.1,
        "vfov_deg": 1.0,
        "focal_mm": 0.5,
        "sensor_w_mm": 0.5,
    }
)

_NUMBERS = (
    "heading_deg",
    "hfov_deg",
    "res_h_px",
    "range_m",
    "mount_height_m",
    "tilt_deg",
    "vfov_deg",
    "focal_mm",
    "sensor_w_mm",
)
# narrower than this a band is rounding: 0.003 µm wide at 150 m
_LEAST_BAND_DEG = 1e-9


def camera_views(
    cameras: pd.DataFrame,
    *,
    detail_px_per_m: str | float = 20,
    default_reach_m: float = DEFAULT_REACH_M,
) -> pd.DataFrame:
    """Return the views of cameras with the range at which they show a given detail.

    The range is the smallest of: the distance at which the picture still has `detail_px_per_m`,
    the range stated for the camera (2 km at most) or, where none is, `default_reach_m`, and the
    far edge of the picture on the ground (where mounting height, tilt and vertical angle are all
    given). Rows of one camera code are its views, numbered from 1 in their order.

    Parameters
    ----------
    cameras
        Index camera code, not necessarily unique. Columns `form` (fixed, dome, ptz, panoramic,
        multi), `heading_deg` (clockwise from true north, NaN unknown), `heading_source`,
        `hfov_deg`, `res_h_px`, `range_m`, `indoor`, `mount_height_m`, `tilt_deg` (down positive),
        `vfov_deg`, `focal_mm` and `sensor_w_mm` (width of the sensor's picture; with the focal
        length it tells the angle where `hfov_deg` does not). A column that is absent counts as
        not given.
    detail_px_per_m
        Pixel density asked for, px/m, or its name: see :func:`detail_of`.
    default_reach_m
        How far a camera sees where the register does not say it.

    Returns
    -------
    DataFrame
        One row a view, fresh index: `camera_code`, `no`, `form`, `indoor`, `heading_deg` in
        [0, 360) or NaN, `heading_source`, `hfov_deg`, `res_h_px`, `range_m`, `near_m` (dead ground
        in front of the pole: up to here the ground lies below the picture; NaN unknown),
        `assumed` (comma list of inputs that nobody gave: hfov, resolution, range,
        heading_source).

    Raises
    ------
    InputError
        If the detail is neither a number above 0 nor a known name.

    Notes
    -----
    Assumed where not given: 90° (360° for panoramic cameras), 2560 px, and the default reach where
    nothing else ends the view sooner. They are typical of 2.8–4 mm lenses and 4-megapixel sensors:
    an assumption, so each is named in `assumed`. A camera with several sensors (multi) whose views
    are not listed counts as one such lens, which undercounts it. The lens tells nothing of a
    panoramic camera: a fisheye does not draw as a rectilinear lens does. Nominal sensor sizes
    (1/2.8") tell no width: makers mean different ones by the same name.

    Dead ground is not seen: `near_m` holds for the ground itself (target height 0); somebody who
    stands there comes into the picture sooner. A range that ends before it sees nothing.

    References
    ----------
    Pixel density and its classes: IEC 62676-4:2025. Rectilinear lens: a plane at distance d is
    ``2·d·tan(hfov/2)`` wide, so ``R = res_h / (2·detail·tan(hfov/2))``. The picture of a panoramic
    camera, and of any from 180° on, follows the arc, so ``R = res_h / (detail·hfov)`` with hfov in
    radians. Between 115° and 180°, where the plane would be wider than half the arc of 180° and no
    lens is rectilinear any more, the width stays that of 180°: there is no jump. The same lens has
    ``hfov = 2·atan(sensor_w / (2·focal))``; its lower and upper edge meet flat ground at
    ``height / tan(tilt ± vfov/2)``.

    Examples
    --------
    >>> one = {"form": "fixed", "heading_deg": 90.0, "hfov_deg": 90.0, "res_h_px": 1920}
    >>> views = camera_views(pd.DataFrame(one, index=["a"]), detail_px_per_m=20)
    >>> views["range_m"].round(6).tolist(), views["assumed"].tolist()
    ([48.0], ['heading_source'])
    """
    detail = detail_of(detail_px_per_m)
    given = _given(cameras)
    views = _filled(given)
    optical_m = px_per_m(views, 1.0) / detail
    near_m, far_m = _ground_edges_m(given)
    stated_m = given["range_m"].to_numpy()
    sight_m = np.fmin(optical_m, far_m)
    reach_m = np.where(np.isnan(stated_m), default_reach_m, np.fmin(stated_m, MOST_REACH_M))
    views["range_m"] = np.fmin(sight_m, reach_m)
    views["near_m"] = near_m
    views["assumed"] = _assumed(given, capped=~(sight_m <= default_reach_m))
    return views


def px_per_m(views: pd.DataFrame, distance_m: float | Floats) -> Floats:
    """Return the pixel density of views at a distance; NaN closer than 1 cm: no meaning there.

    Parameters
    ----------
    views
        `form`, `hfov_deg` and `res_h_px`; the formula is that of :func:`camera_views`.
    distance_m
        One for all, or one for each row.
    """
    hfov = np.radians(views["hfov_deg"].to_numpy(dtype=float))
    arc = views["form"].eq("panoramic").to_numpy() | (hfov >= np.pi)
    plane = np.minimum(2 * np.tan(np.where(arc, 1.0, hfov) / 2), np.pi)
    distance = np.where(np.less(distance_m, 0.01), np.nan, distance_m)
    width_m = distance * np.where(arc, hfov, plane)
    return np.asarray(views["res_h_px"].to_numpy(dtype=float) / width_m, dtype=np.float64)


def view_sectors(views: pd.DataFrame, certainty: str) -> pd.DataFrame:
    """Return the sector of directions that each view covers with a given certainty.

    *certain* is what is seen under every heading within its uncertainty, so the angle shrinks by
    it on both sides; *possible* is what is seen under some heading, so it widens. Uncertainty:
    surveyed or a number ±5°, an eight-way word ±22.5°, unknown all around. A ptz camera can turn
    anywhere, and is certain only around its guard heading where that is known. An indoor camera
    covers no ground.

    Parameters
    ----------
    views
        As from :func:`camera_views`.
    certainty
        ``"certain"`` or ``"possible"``.

    Returns
    -------
    DataFrame
        Index of `views`; `start_deg` in [0, 360), clockwise from true north; `width_deg` in
        [0, 360], 0 = sees nothing, 360 = all around.

    Raises
    ------
    InputError
        If the certainty is unknown, or "expected", which no single sector shows: see
        :func:`heading_bands`.
    """
    if certainty == "expected":
        raise InputError("coverage.certainty_expected")
    if certainty not in CERTAINTIES:
        raise InputError("coverage.certainty_unknown", certainty=certainty)
    hfov = views["hfov_deg"].to_numpy(dtype=float)
    change = heading_tolerance_deg(views) * (-2 if certainty == "certain" else 2)
    width = np.clip(hfov + change, 0, 360)
    if certainty == "possible":
        width = np.where(views["form"].eq("ptz"), 360.0, width)
    width = np.where(hfov >= 360, 360.0, width)
    width = np.where(views["indoor"], 0.0, width)
    heading = np.nan_to_num(views["heading_deg"].to_numpy(dtype=float), nan=0.0)
    start = np.mod(heading - width / 2, 360)
    start = np.where((width >= 360) | (start >= 360), 0.0, start)
    return pd.DataFrame({"start_deg": start, "width_deg": width}, index=views.index)


def heading_bands(views: pd.DataFrame, *, steps: int = 4) -> pd.DataFrame:
    """Return the directions that each view may cover, weighted by how likely it covers them.

    The heading is taken as evenly spread over its uncertainty, so the probability that a direction
    is inside the picture is a trapezoid around the heading: 1 throughout the certain sector, 0
    outside of the possible one. Its ramps are cut into `steps` equal parts, each with the exact
    mean of its part. The bands of a view are disjoint, together they are its possible sector, and
    ``Σ width·weight`` is its angle of view. So certain ≤ expected ≤ possible.

    A view of unknown heading is one band all around with weight ``hfov / 360``. A ptz camera
    counts at its guard heading where that is known: the rest of the circle, which it may turn to
    (`sectors` has it as possible), is not in the bands. An indoor camera has none.

    Parameters
    ----------
    views
        As from :func:`camera_views`.
    steps
        Parts of each ramp, at least 1.

    Returns
    -------
    DataFrame
        Fresh index; by view, then clockwise: `view` (position in `views`), `start_deg` in
        [0, 360), clockwise from true north, `width_deg` in (0, 360], `weight` in (0, 1].

    Raises
    ------
    InputError
        If `steps` is below 1.

    Notes
    -----
    With tolerance t, angle f and δ degrees off the heading, the headings that show the place are
    [δ - f/2, δ + f/2], of [-t, t]; hence ``P(δ) = clip((t + f/2 - |δ|) / 2t, 0, min(1, f / 2t))``.
    Where ``t + f/2`` passes 180°, both ramps reach the place behind the camera and add up: as one
    rises by what the other falls, their common part is level, at ``(t + f/2 - 180) / t``.

    Examples
    --------
    >>> one = {"form": "fixed", "heading_deg": 90.0, "heading_source": "rounded8", "hfov_deg": 90.0}
    >>> heading_bands(camera_views(pd.DataFrame(one, index=["a"])), steps=1).to_numpy().tolist()
    [[0.0, 22.5, 45.0, 0.5], [0.0, 67.5, 45.0, 1.0], [0.0, 112.5, 45.0, 0.5]]
    """
    if steps < 1:
        raise InputError("coverage.steps_invalid", steps=steps)
    hfov = np.minimum(views["hfov_deg"].to_numpy(dtype=float), 360.0)
    edges, weight = _trapezoids(hfov, heading_tolerance_deg(views), steps)
    width = np.diff(edges, axis=1)
    heading = np.nan_to_num(views["heading_deg"].to_numpy(dtype=float), nan=0.0)
    start = np.mod(heading[:, None] + edges[:, :-1], 360)
    start = np.where((width >= 360) | (start >= 360), 0.0, start)
    outdoor = ~views["indoor"].to_numpy(dtype=bool)
    kept = (width > _LEAST_BAND_DEG) & (weight > 0) & outdoor[:, None]
    columns = {"start_deg": start[kept], "width_deg": width[kept], "weight": weight[kept]}
    return pd.DataFrame({"view": np.nonzero(kept)[0], **columns})


def _trapezoids(hfov: Floats, tolerance: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return edges (off the heading, rising) and weights: ramp, top, ramp, what lies behind."""
    half = hfov / 2
    behind = np.maximum(tolerance + half - 180, 0)
    even = (hfov >= 360) | (tolerance >= 180)
    inner = np.where(even, 180.0, np.abs(tolerance - half))
    outer = np.where(even, 180.0, tolerance + half - 2 * behind)
    top = np.where(even, hfov / 360, np.minimum(1, half / tolerance))
    bottom = behind / tolerance
    share = np.arange(steps + 1) / steps
    side = inner[:, None] + (outer - inner)[:, None] * share
    ramp = top[:, None] + (bottom - top)[:, None] * (share[1:] + share[:-1]) / 2
    edges = np.hstack([-side[:, ::-1], side, 360 - outer[:, None]])
    return edges, np.hstack([ramp[:, ::-1], top[:, None], ramp, bottom[:, None]])


def difference_causes(views: pd.DataFrame) -> NDArray[np.intp]:
    """Return why each view may see more than it does for certain, by the numbers of `CAUSES`.

    A camera that turns may look anywhere, whether its guard heading is known or not; of the others
    the heading is unknown, or known to within its tolerance. What sees all around, and what sees
    nothing, has no cause.
    """
    unknown = heading_tolerance_deg(views) >= HEADING_TOLERANCE_DEG["unknown"]
    found = np.where(views["form"].eq("ptz"), 1, np.where(unknown, 3, 2))
    settled = (views["hfov_deg"].to_numpy(dtype=float) >= 360) | views["indoor"].to_numpy(
        dtype=bool
    )
    return np.where(settled, 0, found).astype(np.intp)


def heading_tolerance_deg(views: pd.DataFrame) -> Floats:
    """Return how far, in degrees to either side, the heading of each view may be wrong."""
    known = views["heading_source"].map(HEADING_TOLERANCE_DEG).to_numpy(dtype=float)
    unknown = np.isnan(views["heading_deg"].to_numpy(dtype=float)) | np.isnan(known)
    return np.where(unknown, HEADING_TOLERANCE_DEG["unknown"], known)


def _given(cameras: pd.DataFrame) -> pd.DataFrame:
    if "form" not in cameras:
        raise LayerError("coverage.columns_missing", layer="cameras", columns="form")
    given = cameras.reindex(columns=["form", "heading_source", "indoor", *_NUMBERS])
    numbers = {n: pd.to_numeric(given[n], errors="coerce").astype(float) for n in _NUMBERS}
    for name, least in LEAST.items():
        numbers[name] = numbers[name].where(numbers[name] >= least)
    of_lens = _lens_hfov_deg(given["form"], numbers["focal_mm"], numbers["sensor_w_mm"])
    numbers["hfov_deg"] = numbers["hfov_deg"].clip(upper=PANORAMIC_HFOV_DEG).fillna(of_lens)
    return given.assign(**numbers)


def _lens_hfov_deg(form: pd.Series, focal_mm: pd.Series, sensor_w_mm: pd.Series) -> pd.Series:
    hfov_deg = np.degrees(2 * np.arctan(sensor_w_mm.to_numpy() / (2 * focal_mm.to_numpy())))
    return pd.Series(np.where(form.eq("panoramic"), np.nan, hfov_deg), index=form.index)


def _filled(given: pd.DataFrame) -> pd.DataFrame:
    code = given.index.to_series().reset_index(drop=True)
    rows = given.reset_index(drop=True)
    source = rows["heading_source"].astype(object)
    source = source.where(source.notna(), "parsed").where(rows["heading_deg"].notna(), "unknown")
    usual = np.where(rows["form"].eq("panoramic"), PANORAMIC_HFOV_DEG, DEFAULT_HFOV_DEG)
    return pd.DataFrame(
        {
            "camera_code": code,
            "no": code.groupby(code, sort=False).cumcount() + 1,
            "form": rows["form"],
            "indoor": rows["indoor"].astype(object).eq(True),
            "heading_deg": rows["heading_deg"] % 360 % 360,  # a hair below 0 rounds to 360 at first
            "heading_source": source.astype("str"),
            "hfov_deg": rows["hfov_deg"].fillna(pd.Series(usual)),
            "res_h_px": rows["res_h_px"].fillna(DEFAULT_RES_H_PX),
        }
    )


def _ground_edges_m(given: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return where the picture's lower and upper edge meet the ground; NaN unknown or never."""
    half = given["vfov_deg"].to_numpy() / 2
    tilt = given["tilt_deg"].to_numpy()
    height = given["mount_height_m"].to_numpy()
    lower, upper = np.minimum(tilt + half, 90.0), np.minimum(tilt - half, 90.0)
    near = np.where(lower > 0, height / np.tan(np.radians(np.where(lower > 0, lower, 1))), np.nan)
    far = np.where(upper > 0, height / np.tan(np.radians(np.where(upper > 0, upper, 1))), np.nan)
    return near, far


def _assumed(given: pd.DataFrame, *, capped: NDArray[np.bool_]) -> list[str]:
    flags = {
        "hfov": given["hfov_deg"].isna(),
        "resolution": given["res_h_px"].isna(),
        "range": given["range_m"].isna() & capped,
        "heading_source": given["heading_deg"].notna() & given["heading_source"].isna(),
    }
    table = np.column_stack([flag.to_numpy() for flag in flags.values()])
    return [",".join(n for n, on in zip(flags, row, strict=True) if on) for row in table]
