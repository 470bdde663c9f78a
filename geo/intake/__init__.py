"""Files in: a table checked against a layer, with everything that is wrong said cell by cell."""

from geo.intake.check import Check, Intake, PersonsLater, check, in_order
from geo.intake.finding import SEVERITY, Finding, Severity

__all__ = [
    "SEVERITY",
    "Check",
    "Finding",
    "Intake",
    "PersonsLater",
    "Severity",
    "check",
    "in_order",
]
