"""Files in: a table checked against a layer, with everything that is wrong said cell by cell.

The check itself, with all that it loads, is :mod:`geo.files.checks.check`.
"""

from geo.files.checks.cells.finding import SEVERITY, CellAnswer, Finding, FindingAnswer, Severity
from geo.files.checks.cells.refused import Refused, RefusedLater
from geo.files.checks.cells.times import Calendar

__all__ = [
    "SEVERITY",
    "Calendar",
    "CellAnswer",
    "Finding",
    "FindingAnswer",
    "Refused",
    "RefusedLater",
    "Severity",
]
