"""Long texts of a recording: each kept once, under its digest."""

import json
from typing import Any

from .normal import short_digest

LONGEST = 12
"""Lines that stand where they were found; longer texts stand apart."""
LARGEST = 1_000_000
"""Letters of a text that is kept; of a larger one its size and digest only."""


class Texts:
    """Texts by digest; a place where one was found has ``@`` and the digest."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def kept(self, text: Any) -> Any:
        """Return a placeholder for `text`: itself if it is short."""
        written = json.dumps(text, ensure_ascii=False, sort_keys=True)
        if isinstance(text, list) and len(text) <= LONGEST and len(written) < 2000:
            return text
        if isinstance(text, dict) and len(written) < 400:
            return text
        digest = "@" + short_digest(written.encode())
        large = len(written) > LARGEST
        self.found[digest] = [f"{len(written)} letters {digest[1:]}"] if large else text
        return digest
