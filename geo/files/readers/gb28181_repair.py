"""Catalogs that are no sound XML because of single items: these mended or left out."""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from geo.files.readers.table import SourceNote

_ITEM: Final = re.compile(r"<Item\b[^<>]*/>|<Item\b[^<>]*>.*?</Item\s*>", re.DOTALL)
_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)")
_BARE_BRACKET: Final = re.compile(r"<(?![/A-Za-z!?])")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CODE: Final = re.compile(r"<DeviceID>\s*(\w+)\s*</DeviceID>")


@dataclass(frozen=True)
class Repaired:
    """A text of which each item is sound, with a note on each that was not."""

    text: str
    notes: tuple[SourceNote, ...]


def repair_catalog(text: str) -> Repaired:
    """Return a catalog with its broken items mended, or left blank but for their code.

    A bare & or < stands for itself and control characters go (ITEM_REPAIRED); what is no XML for
    another reason is left out (ITEM_BROKEN).
    """
    notes: list[SourceNote] = []
    numbers = iter(range(1, len(text) + 1))

    def sound(match: re.Match[str]) -> str:
        item, number = match.group(), next(numbers)
        if _is_sound(item):
            return item
        mended = _BARE_BRACKET.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", _CONTROL.sub("", item)))
        code = _CODE.search(item)
        if _is_sound(mended):
            notes.append(SourceNote("ITEM_REPAIRED", number, "", code.group(1) if code else ""))
            return mended
        notes.append(SourceNote("ITEM_BROKEN", number, "", code.group(1) if code else ""))
        return f"<Item>{code.group() if code else ''}</Item>"

    return Repaired(_ITEM.sub(sound, text), tuple(notes))


def _is_sound(item: str) -> bool:
    try:
        fromstring(item)
    except (ParseError, DefusedXmlException, ValueError):
        return False
    return True
