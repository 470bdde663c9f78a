"""Browsers that are too old for the console, by what they say of themselves."""

import re
from typing import Final

from fastapi import Request

OLDEST_CHROMIUM: Final = 109
_CHROMIUM: Final = re.compile(r"Chrom(?:e|ium)/(\d+)")
_IE: Final = re.compile(r"MSIE |Trident/")


def is_internet_explorer(request: Request) -> bool:
    """Return whether a request comes from a core of Internet Explorer (兼容模式)."""
    return _IE.search(_agent(request)) is not None


def is_too_old(request: Request) -> bool:
    """Return whether a request comes from a Chromium that cannot show the console."""
    found = _CHROMIUM.search(_agent(request))
    return found is not None and int(found[1][:6]) < OLDEST_CHROMIUM


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
