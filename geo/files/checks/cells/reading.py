"""What a cell is read as: its value, what is wrong with it, and its text."""

import datetime as dt
import json
import math
from typing import NamedTuple

from geo.files.checks.cells.finding import Defect


class Reading(NamedTuple):
    """A cell read: its value (None where there is none) and what is wrong with it."""

    value: object = None
    defects: tuple[Defect, ...] = ()


def text_of(cell: object) -> str:
    """Return a cell as text: whole numbers without point, dates as ISO, blank as ""."""
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)
