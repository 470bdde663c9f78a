"""Items of a catalog: devices, nodes of the organisation, and mere events."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.files.readers.table import SourceNote

Key = tuple[str, str]  # element around the leaf ("" for the item itself), leaf
Item = dict[Key, str | None]

DEVICE_ID: Final = ("", "DeviceID")
EVENT: Final = ("", "Event")
_INFO: Final = "Info"
_ITEM: Final = "Item"
# a division, a station below it; a business group, a virtual organisation (annexes D and J)
_NODE: Final = re.compile(r"(?:\d\d){1,5}|\d{10}21[56]\d{7}", re.ASCII)
# these say what an item is; the others only what has happened to it
_WHOLE: Final = frozenset({"ADD", "UPDATE"})
# elements that the standard has in Info, where some platforms write them outside as well
_OF_INFO: Final = frozenset(
    {
        *("PTZType", "PhotoelectricImagingType", "CapturePositionType", "RoomType", "UseType"),
        *("SupplyLightType", "DirectionType", "Resolution", "BusinessGroupID", "DownloadSpeed"),
        *("SVCSpaceSupportMode", "SVCTimeSupportMode", "HorizontalFieldAngle", "PositionType"),
        *("VerticalFieldAngle", "MaxViewDistance", "PointType", "PointCommonName", "MAC"),
        *("FunctionType", "EncodeType", "InstallTime", "ManagementUnit", "ContactInfo"),
        *("RecordSaveDays", "IndustrialClassification", "GrassrootsCode", "SSVCRatioSupportList"),
    }
)


@dataclass(frozen=True)
class Sorted:
    """The items of a catalog that are rows, by their number in it, with what is to be noted."""

    rows: dict[int, Item]
    notes: tuple[SourceNote, ...]


def sort_items(items: Mapping[int, Item]) -> Sorted:
    """Return the items that describe devices, each element in one place.

    Nodes of the organisation are left out. An element that an item has outside and inside <Info>
    is the filled one; where both are and differ, that of the place where the standard has it, and
    the other one keeps a column of its own (Info/Name, Item/PTZType).
    """
    nodes = [number for number, item in items.items() if _is_node(item)]
    rows = {number: dict(item) for number, item in items.items() if number not in set(nodes)}
    notes = [SourceNote("CATALOG_NODES", 0, DEVICE_ID[1], str(len(nodes)))] if nodes else []
    for number, item in rows.items():
        notes += _unite(number, item)
        notes += _of_event(number, item)
    return Sorted(rows, tuple(notes))


def event_names(items: Sequence[Item]) -> list[str]:
    """Return the names of items that only report an event of a device."""
    events = [(item.get(EVENT) or "").strip().upper() for item in items]
    return [event for event in events if event and event not in _WHOLE]


def _is_node(item: Item) -> bool:
    return _NODE.fullmatch((item.get(DEVICE_ID) or "").strip()) is not None


def _unite(number: int, item: Item) -> Iterator[SourceNote]:
    """Give each element that stands outside and inside Info one place in the item."""
    for around, leaf in [key for key in item if key[0] == _INFO]:
        inside, outside = item.pop((around, leaf)), item.get(("", leaf))
        item[("", leaf)] = outside or inside
        if not (inside and outside) or inside.strip() == outside.strip():
            continue
        standard = leaf in _OF_INFO
        taken, kept = (inside, outside) if standard else (outside, inside)
        item[("", leaf)] = taken
        item[(_ITEM if standard else around, leaf)] = kept
        yield SourceNote("ELEMENT_TWICE", number, leaf, f"{outside} / {inside}", taken)


def _of_event(number: int, item: Item) -> Iterator[SourceNote]:
    if found := event_names([item]):
        yield SourceNote("CATALOG_EVENT", number, EVENT[1], found[0])
    else:
        item.pop(EVENT, None)
