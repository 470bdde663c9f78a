"""Texts that PostgreSQL can keep."""

import re
from collections.abc import Mapping
from typing import Final

_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


def is_text(written: str) -> bool:
    """Return whether a text can be kept: neither NUL nor half of a character in it."""
    return _NO_TEXT.search(written) is None


def has_only_text(value: object) -> bool:
    """Return whether all texts of a JSON value can be kept, its keys among them."""
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, Mapping):
        return all(map(has_only_text, [*value, *value.values()]))
    return all(map(has_only_text, value)) if isinstance(value, list | tuple) else True
