"""What every printed sheet of a workbook carries at its head."""

from typing import Final

from openpyxl.worksheet.worksheet import Worksheet

from geo.base import notice

LONGEST: Final = 240
_SIZE: Final = 8


def add_notice(sheet: Worksheet) -> None:
    """Put the line on state secrets at the head of a printed sheet, unless something is there."""
    head = sheet.oddHeader
    if head is None or head.center is None or head.center.text:
        return
    # an ampersand begins a code there; Excel takes 255 letters
    # a line break is printed as _x000a_ by LibreOffice
    head.center.text = " ".join(notice.on_paper().splitlines()).replace("&", "&&")[:LONGEST]
    head.center.size = _SIZE
