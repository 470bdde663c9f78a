"""Files in: a table checked against a layer, with everything that is wrong said cell by cell."""

from geo.intake.check import Intake, check
from geo.intake.finding import SEVERITY, Finding, Severity

__all__ = ["SEVERITY", "Finding", "Intake", "Severity", "check"]
