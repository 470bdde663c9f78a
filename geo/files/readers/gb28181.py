"""Catalogues: the answers of a video platform by GB/T 28181, one row per item."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from geo.base.crs import WGS84, InputCRS
from geo.base.errors import SourceError
from geo.files.readers.encoding import encoding_of_file
from geo.files.readers.gb28181_items import Item, Key, event_names, sort_items
from geo.files.readers.gb28181_repair import repair_catalog
from geo.files.readers.limits import check_columns, damaged_error
from geo.files.readers.rows import make_frame
from geo.files.readers.table import SourceNote, Table

_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"'>]+)["']""")
_DECLARATION: Final = re.compile(r"<\?xml[^>]*\?>|\ufeff")
_OWN_MARKUP: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)")
_BROKEN: Final = re.compile("[\udc80-\udcff]+")
_LOST: Final = "\ufffd"
_KEPT: Final = "\udcff"  # what a broken character is elsewhere
_KIND: Final = "Catalog"
_ANSWERS: Final = ("Response", "Notify")
_HEAD_BYTES: Final = 1024
_PIECE: Final = 1 << 16
_ITEM_LEVEL: Final = 3  # below all messages, the message, its list


@dataclass(frozen=True)
class _Message:
    """One message of a platform: its kind, the query it answers, how many items it speaks of."""

    kind: str
    query: tuple[str, str]
    stated: str
    items: list[Item]


class _Messages:
    """A text to be parsed piece by piece, within one element around all its messages."""

    def __init__(self, text: str) -> None:
        step = _PIECE
        pieces = (text[at : at + step] for at in range(0, len(text), step))
        self._pieces = chain(("<messages>",), pieces, ("</messages>",))

    def read(self, _size: int = -1, /) -> str:
        return next(self._pieces, "")


def read_catalog(path: Path, *, encoding: str | None = None) -> Table:
    """Return the items of a catalogue, which may have come in several messages put together.

    Headers are the names of the elements in order of first appearance, those of <Info> beside the
    others. Nodes of the organisation are no rows. An item that is not well-formed is a row with a
    note, repaired where that is safe. Positions are WGS 84 by the standard.

    Parameters
    ----------
    path
        XML as the platform sent it.
    encoding
        As the user says, None for what the messages say.

    Raises
    ------
    SourceError
        If this is no answer to a catalogue query, is cut off, or holds events only.
    """
    used = encoding_of_file(path, encoding, stated=_stated_encoding(path))
    text = path.read_text(encoding=used.name, errors=used.errors)
    messages, notes = _messages(path, _BROKEN.sub(_LOST, text))
    items = [item for message in messages for item in message.items]
    events = event_names(items)
    if items and len(events) == len(items):
        known = ", ".join(dict.fromkeys(events))
        raise SourceError("source.catalog_events", path=path.name, found=known)
    found = sort_items(dict(enumerate(items, start=1)))
    keys = _keys(list(found.rows.values()) or items)
    check_columns(path.name, len(keys))
    cells = [
        [_cell(item.get(key), broken=used.broken) for key in keys] for item in found.rows.values()
    ]
    return Table(
        _headers(keys),
        make_frame(_headers(keys), cells, list(found.rows)),
        crs=InputCRS("wgs84", WGS84),
        encoding=used.name,
        notes=(*used.notes(), *_incomplete(messages), *notes, *found.notes),
    )


def _stated_encoding(path: Path) -> str | None:
    with path.open("rb") as file:
        stated = _ENCODING.search(file.read(_HEAD_BYTES))
    return stated.group(1).decode("ascii", "replace") if stated else None


def _cell(text: str | None, *, broken: bool) -> str | None:
    return text.replace(_LOST, _KEPT) if text and broken else text


def _messages(path: Path, text: str) -> tuple[list[_Message], tuple[SourceNote, ...]]:
    if _OWN_MARKUP.search(text):  # no catalog needs it, and a few lines of it can fill the memory
        raise SourceError("source.xml_entities", path=path.name)
    text, notes = _DECLARATION.sub("", text), tuple[SourceNote, ...]()
    try:
        try:
            messages = list(_parsed(path.name, text))
        except ParseError:
            mended = repair_catalog(text)
            messages, notes = list(_parsed(path.name, mended.text)), mended.notes
    except (ParseError, DefusedXmlException) as error:
        raise _unreadable(path, text, error) from error
    other = [each.kind for each in messages if each.kind != _KIND]
    if other:
        raise SourceError("source.catalog", path=path.name, found=other[0])
    if not messages:
        raise damaged_error(path, ParseError("no element found"))
    return messages, notes


def _unreadable(path: Path, text: str, error: Exception) -> SourceError:
    """Return the refusal of what is no XML, which says so where a catalog ends too early."""
    begun = re.search(rf"<({'|'.join(_ANSWERS)})\b", text)
    if begun and not re.search(rf"</{begun.group(1)}\s*>\s*\Z", text):
        return SourceError("source.catalog_cut", path=path.name)
    return damaged_error(path, error)


def _parsed(name: str, text: str) -> Iterator[_Message]:
    """Yield the messages that stand one after the other; their elements do not stay in memory."""
    level, items = 0, list[Item]()
    same: dict[str, str] = {}  # most elements of most items say the same
    for event, element in iterparse(_Messages(text), events=("start", "end")):
        level += 1 if event == "start" else -1
        if event == "end" and element.tag == "Item" and level == _ITEM_LEVEL:
            check_columns(name, sum(len(child) or 1 for child in element))
            items.append(_item(element, same))
            element.clear()
        elif event == "end" and level == 1:
            yield _message(element, items)
            element.clear()
            items = []


def _message(element: Element, items: list[Item]) -> _Message:
    kind = element.findtext("CmdType", "").strip() if element.tag in _ANSWERS else ""
    query = (element.findtext("DeviceID", "").strip(), element.findtext("SN", "").strip())
    stated = element.findtext("SumNum", "").strip()
    return _Message(kind or f"<{element.tag}>", query, stated, items)


def _item(element: Element, same: dict[str, str]) -> Item:
    cells: Item = {}
    for child in element:
        around, leaves = (child.tag, list(child)) if len(child) else ("", [child])
        for leaf in leaves:
            key, number = (around, leaf.tag), 1
            while key in cells:
                number += 1
                key = (around, f"{leaf.tag}#{number}")
            text = "".join(leaf.itertext())
            cells[key] = same.setdefault(text, text) if text.strip() else None
    return cells


def _keys(items: Sequence[Item]) -> list[Key]:
    """Return every element in order of first appearance, without groups that are empty."""
    keys = list(dict.fromkeys(key for item in items for key in item))
    groups = {around for around, _ in keys} | {"Info"}
    return [(around, leaf) for around, leaf in keys if around or leaf not in groups]


def _headers(keys: Sequence[Key]) -> tuple[str, ...]:
    times = Counter(leaf for _, leaf in keys)
    return tuple(
        f"{around}/{leaf}" if around and times[leaf] > 1 else leaf for around, leaf in keys
    )


def _incomplete(messages: Sequence[_Message]) -> tuple[SourceNote, ...]:
    """Note each query of whose answer there are more or fewer items than it says."""
    found: Counter[tuple[str, str]] = Counter()
    for message in messages:
        found[message.query] += len(message.items)
    stated = {each.query: each.stated for each in messages if each.stated.isdecimal()}
    return tuple(
        SourceNote("CATALOG_INCOMPLETE", 0, "SumNum", f"{found[query]}/{int(number)}")
        for query, number in stated.items()
        if found[query] != int(number)
    )
