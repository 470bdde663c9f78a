"""Completeness of the register of cameras (建档完整率): which fields are known of which camera.

Name and position are what a camera needs to be entered, so they do not count. Of the other fields
each one that applies to a camera counts the same:

    share = known fields / fields that apply, both summed over cameras

Groups are those of DB3708/T 7-2022 (基本, 位置, 类型, 安全, 状态, 管理信息). What is unknown never
makes a field apply less: only a form, room or class that is stated spares a camera a field.
Cameras that were removed are no part of the register.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from geo.base import codes

GROUPS: Final = ("basic", "place", "kind", "security", "state", "management")


@dataclass(frozen=True)
class Item:
    """A field of the register.

    Attributes
    ----------
    group
        One of :data:`GROUPS`.
    spares
        The cameras that it does not apply to: a name of :data:`SPARED`; "" for none.
    first_class
        Whether a catalog of GB/T 28181-2022 must state it of a camera of class 1.
    """

    name: str
    group: str
    spares: str = ""
    first_class: bool = False


ITEMS: Final = (
    Item("national_code", "basic", first_class=True),
    Item("site", "basic"),
    Item("owner_kind", "basic"),
    Item("position_verified", "place"),
    Item("address", "place", first_class=True),
    Item("indoor", "place"),
    Item("heading_deg", "place", spares="panoramic"),
    Item("mount_height_m", "place", spares="indoor"),
    Item("point_class", "kind", first_class=True),
    Item("form", "kind"),
    Item("hfov_deg", "kind", spares="panoramic"),
    Item("range_m", "kind"),
    Item("supply_light", "kind", spares="indoor"),
    Item("legal_basis", "security"),
    Item("filing_no", "security", spares="others"),
    Item("sign_present", "security"),
    Item("connection", "state"),
    Item("status", "state"),
    Item("networked", "state"),
    Item("management_unit", "management"),
    Item("maintenance_unit", "management"),
    Item("duty_phone", "management", first_class=True),
    Item("retention_days", "management", first_class=True),
    Item("installed_on", "management", first_class=True),
)
NAMES: Final = tuple(item.name for item in ITEMS)
OF_VIEWS: Final = ("heading_deg", "hfov_deg", "range_m")
OF_CAMERAS: Final = tuple(
    name for name in NAMES if name not in (*OF_VIEWS, "national_code", "position_verified")
)

# A panoramic camera looks all around; one inside covers no ground that height and light matter to;
# points of class 3 and other ones are no public places of Art. 7, and Art. 9 of Decree 799 exempts
# these from the duty to file of Art. 14.
SPARED: Final[Mapping[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "": lambda cameras: pd.Series(False, index=cameras.index),
    "panoramic": lambda cameras: cameras["form"].eq("panoramic"),
    "indoor": lambda cameras: cameras["indoor"].eq(True),
    "others": lambda cameras: point_class(cameras["point_class"]).isin(["3", "9"]),
}
_CLASSES: Final = {"一": "1", "二": "2", "三": "3", "其": "9"}


@dataclass(frozen=True)
class Register:
    """What applies to each camera of a register, and what of it is known.

    Attributes
    ----------
    applies, known
        Index `code` of the camera, a bool column for each of :data:`NAMES`; nothing is known that
        does not apply.
    first_class
        Which cameras are of class 1.
    """

    applies: pd.DataFrame
    known: pd.DataFrame
    first_class: pd.Series


def measure_completeness(cameras: pd.DataFrame, views: pd.DataFrame) -> Register:
    """Return what is known of `cameras`, without those that were removed.

    Parameters
    ----------
    cameras
        `code` (each once), `position_source` and the columns of :data:`OF_CAMERAS`, blank where
        not known.
    views
        `camera_code` and the columns of :data:`OF_VIEWS`. A field is known of a camera if it is
        known of all its views.
    """
    held = cameras[cameras["status"].ne("removed")].set_index("code")
    applies = pd.DataFrame({item.name: ~SPARED[item.spares](held) for item in ITEMS})
    known = _known(held, views) & applies
    return Register(applies, known, point_class(held["point_class"]).eq("1"))


def point_class(written: pd.Series) -> pd.Series:
    """Return "1", "2", "3" or "9" (others) for classes as registers write them, else blank.

    Examples
    --------
    >>> point_class(pd.Series(["一类", "２类点", "第三类", "甲", None])).tolist()
    ['1', '2', '3', nan, nan]
    """
    first = written.map(lambda value: codes.half_width(str(value)).strip().removeprefix("第")[:1])
    return first.replace(_CLASSES).where(lambda known: known.isin(["1", "2", "3", "9"]), np.nan)


def by_field(found: Register) -> pd.DataFrame:
    """Return a row for each field, in the order of :data:`ITEMS`.

    `field`, `group`, `filled`, `applicable`, `share` (NaN where it applies to no camera), and of
    the cameras of class 1 that must state it `first_class_filled` and `first_class` (0 for a field
    that need not be stated).
    """
    needed = pd.Series({item.name: item.first_class for item in ITEMS})
    first = found.first_class.to_numpy()
    rows = pd.DataFrame(
        {
            "group": {item.name: item.group for item in ITEMS},
            "filled": found.known.sum(),
            "applicable": found.applies.sum(),
            "first_class_filled": found.known[first].sum() * needed,
            "first_class": found.applies[first].sum() * needed,
        }
    )
    shared = _shared(rows.rename_axis("field").reset_index())
    return shared[["field", "group", "filled", "applicable", "share", *rows.columns[3:]]]


def by_group(found: Register) -> pd.DataFrame:
    """Return `group`, `filled`, `applicable`, `share` for each of :data:`GROUPS`."""
    summed = by_field(found).groupby("group")[["filled", "applicable"]].sum()
    return _shared(summed.reindex(list(GROUPS)).reset_index())


def by_label(found: Register, labels: pd.Series) -> pd.DataFrame:
    """Return the figures of cameras by label, sorted; those without one stand last, under None.

    Parameters
    ----------
    labels
        A text (or blank) by code of camera, such as who owns it or the area it stands in; codes
        that it lacks have none.

    Returns
    -------
    DataFrame
        `label`, `cameras`, `filled`, `applicable`, `share`.
    """
    of = labels.reindex(found.known.index).rename("label")
    counts = pd.DataFrame(
        {
            "cameras": 1,
            "filled": found.known.sum(axis=1),
            "applicable": found.applies.sum(axis=1),
        }
    )
    summed = counts.groupby(of, dropna=False).sum().rename_axis("label").reset_index()
    label = summed["label"].astype(object)
    return _shared(summed.assign(label=label.where(label.notna(), None)))


def missing_fields(found: Register) -> pd.Series:
    """Return by code of camera the fields that apply to it and are not known, as a tuple."""
    names = np.array(NAMES, dtype=object)
    missing = (found.applies & ~found.known).to_numpy()
    return pd.Series([tuple(names[row]) for row in missing], index=found.known.index, dtype=object)


def _known(held: pd.DataFrame, views: pd.DataFrame) -> pd.DataFrame:
    columns = {name: _written(held[name]) for name in OF_CAMERAS}
    columns["connection"] &= held["connection"].ne("unknown")
    columns["national_code"] = pd.Series(held.index.map(_is_national), index=held.index)
    columns["position_verified"] = held["position_source"].eq("verified")
    seen = views.set_index("camera_code")[list(OF_VIEWS)].notna().groupby(level=0).all()
    known = pd.DataFrame(columns).join(seen.reindex(held.index, fill_value=False))
    return known[list(NAMES)].astype(bool)


def _written(values: pd.Series) -> pd.Series:
    """Tell where there is a value that is not blank."""
    return values.notna() & values.astype(str).str.strip().ne("")


def _is_national(code: str) -> bool:
    parts = codes.device_code(code)
    return parts is not None and parts.kind in codes.CAMERA_KINDS


def _shared(counts: pd.DataFrame) -> pd.DataFrame:
    share = counts["filled"] / counts["applicable"].where(counts["applicable"] > 0)
    return counts.assign(share=share.astype(float))
