"""Labels: one word of a column in several spellings, such as B-2 and B2."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.cells.personal_data import redact_numbers
from geo.files.readers import Table
from geo.files.schema.layers import Layer

MOST_WORDS: Final = 500
ROWS_A_WORD: Final = 3

# what tells one thing from another is no label, even where it repeats
_OWN: Final = frozenset(
    {"name", "alias", "address", "description", "title", "site", "filing_no", "duty_phone"}
)
_KINDS: Final = frozenset({"text"})
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)*", re.ASCII)
# between digits a sign is part of the number: 1-12 is not 11-2, 1.05 not 1.5, -1 not 1
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\s_\-]+(?=\d)")
_SIGN: Final = re.compile(r"(?<!\d)(?<!^)[\s_\-.·]+|[\s_\-.·]+(?!\d)|(?<=\w)[\s_·]+")
_LEADING_ZEROS: Final = re.compile(r"(?<![\d.])0+(?=\d)")
_COUNTED: Final = re.compile(r"([^\W\d_]{2,})(\d+[a-z]?)")
_HYPHENS: Final = str.maketrans(dict.fromkeys("‐‑‒–—−－", "-"))


@dataclass
class _Words:
    """The different cells of a column: where each stands first and how often; None if too many."""

    first: dict[str, int] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    many: bool = False

    def add(self, cells: pd.Series) -> None:
        """Count the cells of a part."""
        if self.many:
            return
        try:
            codes, different = pd.factorize(cells.to_numpy(dtype=object))
        except TypeError:  # lists and the like, as GeoJSON has them, are no words
            self.many = True
            return
        there = codes >= 0
        words, first = np.unique(codes[there], return_index=True)
        counts = np.bincount(codes[there], minlength=len(different))
        if len(words) > MOST_WORDS:
            self.many = True
            return
        rows = cells.index.to_numpy()[there]
        for word, at in zip(words, first, strict=True):
            text = text_of(different[word]).strip()
            if text:
                self.first.setdefault(text, int(rows[at]))
                self.times[text] = self.times.get(text, 0) + int(counts[word])
        self.many = len(self.times) > MOST_WORDS

    def is_labels(self) -> bool:
        """Tell whether the column holds few words many times, not numbers."""
        if self.many or not self.times:
            return False
        often = sum(self.times.values()) >= ROWS_A_WORD * len(self.times)
        return often and not all(map(_NUMBER.fullmatch, self.times))


class Labels:
    """The words in the columns of one file, part by part."""

    def __init__(self) -> None:
        self._columns: dict[str, _Words] = {}

    def add(self, table: Table, columns: Iterable[str]) -> None:
        """Count the words of a part in `columns` (:func:`label_columns`)."""
        for column in columns:
            self._columns.setdefault(column, _Words()).add(table.rows[column])

    def findings(self) -> list[Finding]:
        """Return a note for each rarer spelling, at its first row, with the commonest one."""
        return [
            finding
            for column, words in self._columns.items()
            if words.is_labels()
            for finding in _variants(column, words)
        ]


def label_columns(
    table: Table, layer: Layer, mapping: Mapping[str, str], refused: frozenset[str]
) -> list[str]:
    """Return the columns that may hold labels: free words, neither names nor codes.

    Parameters
    ----------
    table
        The file, or its first part.
    layer
        Says the kind of each field.
    mapping
        Field → header.
    refused
        Headers of columns that are not taken over.
    """
    fields = {header: name for name, header in mapping.items()}
    known = {field.name: field.kind for field in layer.fields}
    return [
        header
        for header in table.headers
        if header not in refused and _may_be_label(fields.get(header), known)
    ]


def _may_be_label(name: str | None, kinds: Mapping[str, str]) -> bool:
    return name is None or (name not in _OWN and kinds.get(name) in _KINDS)


def _variants(column: str, words: _Words) -> list[Finding]:
    found = []
    for group in _clusters(words.times):
        usual = max(group, key=lambda word: (words.times[word], -words.first[word]))
        total = sum(words.times[word] for word in group)
        for word in group:
            if word != usual:
                facts = {"times": words.times[word], "of": total}
                defect = Defect("LABEL_VARIANT", redact_numbers(usual), facts)
                found.append(defect.at(words.first[word], column, redact_numbers(word)))
    return found


def _clusters(words: Iterable[str]) -> list[list[str]]:
    """Return the groups of words that are spellings of one another."""
    plain = {word: plain_label(word) for word in words}
    short = _without_common_word(set(plain.values()))
    groups: dict[str, list[str]] = {}
    for word, form in plain.items():
        groups.setdefault(short.get(form, form), []).append(word)
    return [group for group in groups.values() if len(group) > 1]


def plain_label(text: str) -> str:
    """Return the form in which spellings of one label are equal.

    Examples
    --------
    >>> plain_label("B-2"), plain_label("Ward 07"), plain_label("宜城路 街道"), plain_label("1-12")
    ('b2', 'ward7', '宜城路街道', '1-12')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_HYPHENS).strip()
    plain = _BETWEEN_DIGITS.sub("-", plain)
    return _LEADING_ZEROS.sub("", _SIGN.sub("", plain))


def _without_common_word(forms: set[str]) -> dict[str, str]:
    """Return forms such as ward7 without their word, where 7 is a label of the column as well.

    Only where one word stands before all of these numbers: of 东区7 and 西区7 none is 7.
    """
    counted = {form: match for form in forms if (match := _COUNTED.fullmatch(form))}
    if len({match.group(1) for match in counted.values()}) != 1:
        return {}
    return {form: match.group(2) for form, match in counted.items() if match.group(2) in forms}
