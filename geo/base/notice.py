"""Notice that the system is not cleared for state secrets, shown on every page and paper."""

import os
from typing import Final

from geo.base.words import LANGUAGES, say

VARIABLE: Final = "GOVGRID_NOTICE"


def notice_line(lang: str, *, own: str = "") -> str:
    """Return the notice, in the catalogue's wording or the site's own.

    Parameters
    ----------
    lang
        "zh" or "en".
    own
        The site's own wording, the same for all languages; "" takes the catalogue's.
    """
    return own or say("marking.notice", lang)


def on_paper() -> str:
    """Return the line for papers of whatever language: the site's wording, or all languages."""
    own = os.environ.get(VARIABLE, "")
    return own or "\n".join(say("marking.notice", lang) for lang in LANGUAGES)
