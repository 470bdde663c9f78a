"""What is another at each run (times, keys, numbers by chance, folders) replaced by its kind."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

MOMENT = re.compile(
    r"(?<![\d-])(\d{4}-\d\d-\d\d)(?:[T ]|%20|\+)\d\d(?::|%3A)\d\d(?:(?::|%3A)\d\d(?:[.,]\d+)?)?"
    r"(?:Z|(?: ?|%20)(?:[+-]|%2B)\d\d(?:(?::|%3A)?\d\d)?)?(?!\d)"
)
DAY = re.compile(r"(?<![\d.-])(\d{4}-\d\d-\d\d)(?![\d-])")
MONTH = re.compile(r"(?<![\d.-])(\d{4}-\d\d)(?![\d-])")
WRITTEN_DAY = re.compile(r"(\d{4}) ?年 ?(\d{1,2}) ?月(?: ?(\d{1,2}) ?日)?(?: ?\d\d:\d\d)?")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
ENGLISH_DAY = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})(?:, \d\d:\d\d)?")
# What is of this month, and what was made to hold from today on: keys, cookies of a year.
BEFORE, AFTER = timedelta(days=32), timedelta(days=400)
ALWAYS = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"sha256-[A-Za-z0-9+/]{43}="), "<sha256>"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "<reference>"),
    (re.compile(r"\bgg_[\w-]{20,}"), "<key>"),
    (re.compile(r"\bgg_[\w-]{5}(?![\w-])"), "<hint>"),
    (re.compile(r"(?<![\w-])[a-z2-9]{5}(?:-[a-z2-9]{5}){3}(?![\w-])"), "<password>"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?:[0-9a-f]{32})?(?![0-9A-Za-z])"), "<hex>"),
    (re.compile(r"(?<=_)[0-9a-f]{32}(?![0-9A-Za-z])"), "<hex>"),
    (re.compile(r"(nonce(?:=\"|-))[\w+/=-]{16,}"), r"\1<nonce>"),
    (re.compile(r"(name=\"(?:csrf|secret)\" value=\")[^\"]+"), r"\1<token>"),
    (re.compile(r"(govgrid_\w+=)[\w.-]{24,}"), r"\1<token>"),
    (re.compile(r"(<img[^>]*src=\")data:image/svg\+xml[^\"]*"), r"\1<picture>"),
    (re.compile(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b"), "<secret>"),
    (re.compile(r"(只显示这一次）：|shown this once\)?:? )\S+"), r"\1<password>"),
    (re.compile(r"\b(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\b"), "<half a hash>"),
    # how long the oldest row waits to be sealed, and whether that is late
    (re.compile(r"\d+ 行待封存.*|\d+ rows are not sealed.*"), "<rows not sealed>"),
    (
        re.compile(
            r'<span class="tag \w+">(?:封存正常|最早一行已等待|sealing|the oldest row)[^<]*'
        ),
        "<sealing>",
    ),
    (re.compile(r"\d+ 分 \d+ 秒（至 [\d:]+）|\d+ min \d+ s \(until [\d:]+\)"), "<time left>"),
    (re.compile(r"(data-left=\")\d+"), r"\1<time left>"),
    (re.compile(r"(?m)^ *\d+\.\d s +(?:\d+\.\d%)?"), "<seconds>"),
    (re.compile(r"(?<!≥ )\b\d{4,} MB\b"), "<free> MB"),
    (re.compile(r"\bos:[a-z_][\w-]*"), "os:<user>"),
    (re.compile(r"(size_bytes: )\d+"), r"\1<size>"),
    (re.compile(r"(\bworker\W+)(?:ok|behind)\b"), r"\1<worker>"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d{4,5}\b"), r"\1:<port>"),
)
# Values by the names of their keys in JSON: how long, how large, how old.
BY_CHANCE = frozenset(
    {"age_s", "late", "size_bytes", "seconds", "elapsed_s", "hash", "hint"}
    | {"alive", "epoch", "heartbeat_s", "worker_heartbeat_s", "engine_heartbeat_s"}
)


class Normal:
    """What is replaced in the texts of one folder: its paths, then what is always replaced."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = sorted(places.items(), key=lambda each: -len(each[0]))

    def text(self, written: str) -> str:
        """Return `written` as it would be at any other time and place."""
        for found, name in self._places:
            written = written.replace(found, name)
        for pattern, name in ALWAYS:
            written = pattern.sub(name, written)
        written = MOMENT.sub(lambda m: "<time>" if _near(m[1]) else m[0], written)
        written = DAY.sub(lambda m: "<day>" if _near(m[1]) else m[0], written)
        written = MONTH.sub(lambda m: "<month>" if _near(f"{m[1]}-28") else m[0], written)
        written = WRITTEN_DAY.sub(lambda m: _written(m, *m.groups()), written)
        return ENGLISH_DAY.sub(
            lambda m: _written(m, m[3], str(MONTHS.index(m[2]) + 1), m[1]), written
        )

    def value(self, found: Any, name: str = "") -> Any:
        """Return a value of JSON as it would be at any other time and place."""
        if name in BY_CHANCE and found is not None and not isinstance(found, list | dict):
            return f"<{name}>"
        if isinstance(found, str):
            return self.text(found)
        if isinstance(found, dict):
            return {self.text(key): self.value(each, key) for key, each in found.items()}
        if isinstance(found, list):
            return [self.value(each) for each in found]
        return found

    def json_or_lines(self, written: str) -> Any:
        """Return what `written` says as JSON, else its lines."""
        if written.lstrip()[:1] in ("{", "["):
            try:
                return {"json": self.value(json.loads(written))}
            except ValueError:
                pass
        return self.text(written).splitlines()


def short_digest(content: bytes) -> str:
    """Return a few letters that tell `content` from any other."""
    return hashlib.sha256(content).hexdigest()[:16]


def _near(day: str) -> bool:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return False
    today = datetime.now(UTC).date()
    return today - BEFORE <= found <= today + AFTER


def _written(found: re.Match[str], year: str, month: str, day: str | None) -> str:
    near = _near(f"{year}-{int(month):02}-{int(day or 28):02}")
    return "<day>" if near else found[0]
