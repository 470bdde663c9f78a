"""Files in: a table checked against a layer, with everything that is wrong said cell by cell."""

from geo.intake.check import Check, Intake, check, in_order
from geo.intake.finding import SEVERITY, Finding, Severity
from geo.intake.headers import Refused, RefusedLater

__all__ = [
    "SEVERITY",
    "Check",
    "Finding",
    "Intake",
    "Refused",
    "RefusedLater",
    "Severity",
    "check",
    "in_order",
]
