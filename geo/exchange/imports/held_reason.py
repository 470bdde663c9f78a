"""Why a file is held instead of taken: its coordinate system is doubted."""

from collections.abc import Mapping

from typing_extensions import TypedDict


class HeldReason(TypedDict):
    """The declared system, the suggested one if any, the measures, and a sentence by language."""

    declared: str
    suggested: str | None
    evidence: list[Mapping[str, str | float]]
    text: dict[str, str]
