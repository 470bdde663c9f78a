"""Files in: a table checked against a layer, with everything that is wrong said cell by cell."""

from geo.files.checks.cells.file_headers import Refused, RefusedLater
from geo.files.checks.cells.finding import SEVERITY, Finding, Severity
from geo.files.checks.cells.times import Calendar
from geo.files.checks.check import Check, Intake, check, in_order

__all__ = [
    "SEVERITY",
    "Calendar",
    "Check",
    "Finding",
    "Intake",
    "Refused",
    "RefusedLater",
    "Severity",
    "check",
    "in_order",
]
