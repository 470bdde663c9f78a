"""What cameras are held against: each kind of finding, how grave it is, and by which article.

The articles are those of State Council Decree 799, see :mod:`geo.cameras.rules.compliance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Rule:
    """What kind of finding it is: how grave (error, warning, note), and by which article."""

    severity: str
    article: int


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "PRIVACY_INSIDE": Rule("error", 8),
        "PRIVACY_VIEW": Rule("error", 8),
        "PRIVACY_DOUBT": Rule("warning", 8),
        "RESTRICTED_NEAR": Rule("error", 10),
        "BASIS_MISSING": Rule("error", 7),
        "BASIS_CONTRADICTS": Rule("warning", 7),
        "BASIS_UNCLEAR": Rule("note", 7),
        "SIGN_MISSING": Rule("error", 13),
        "SIGN_UNKNOWN": Rule("note", 13),
        "SIGN_OLD": Rule("note", 13),
        "FILING_MISSING": Rule("error", 14),
        "FILING_CHANGED": Rule("warning", 14),
        "FILING_UNKNOWN": Rule("warning", 14),
        "FILING_DUE": Rule("note", 14),
        "RETENTION_SHORT": Rule("error", 17),
        "RETENTION_LONG": Rule("warning", 17),
        "RETENTION_UNKNOWN": Rule("note", 17),
        "MOVED": Rule("error", 23),
        "REMOVED": Rule("error", 23),
    }
)
SEVERITIES: Final = ("error", "warning", "note")
