"""Numbers of persons in a text: identity cards and mobile phones, however they are written."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from geo.base.words import say

Kind = Literal["identity", "mobile"]

_CHINESE: Final = str.maketrans(
    "〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "000123456789" + "1123456789"
)
_LEAST_DIGITS: Final = 11
"""Of the shortest number of a person: most texts hold fewer, and are not looked at further."""
# what people set between digits; at most two of them, so that a list of numbers is none
_GAP: Final = r"[\s\u200b\u2060\ufeff\-\u2010-\u2015\u2212\u30fb\u00b7_]{0,2}"
_START: Final = r"(?<![0-9A-Za-z.])"
_END: Final = r"(?![0-9A-Za-z]|\.[0-9])"
_MOBILE: Final = re.compile(
    rf"{_START}(?:\+?(?:00)?86{_GAP}|0)?(?P<number>1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}){_END}"
)
_LONG: Final = re.compile(rf"{_START}(?P<number>[0-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx]){_END}")
_SHORT: Final = re.compile(rf"{_START}(?P<number>[0-9](?:{_GAP}[0-9]){{14}}){_END}")
_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_LONG_FORM: Final = re.compile(rf"[1-9]\d{{5}}(?:19|20)\d\d{_DAY}\d{{3}}[\dX]")
_SHORT_FORM: Final = re.compile(
    rf"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{{4}}\d\d{_DAY}\d{{3}}"
)
_POST: Final = re.compile(
    r"(?:灯杆|路灯杆|电线?杆|立杆|路灯(?=编?号)|lamp ?post|pole)"
    r"\s*(?:编号|号码|号|no\.?)?\s*[:：#为]?\s*$",
    re.IGNORECASE,
)
# GB 11643: weights of the first seventeen digits, and the sign for each remainder
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS: Final = "10X98765432"
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?"
    r"[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"
)
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏"
    "苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵"
    "万覃武钱戴严莫孔向常汤洪"
)
_PERSON: Final = re.compile(rf"(?:欧阳|司马|上官|诸葛|[{_SURNAMES}])(?:先生|女士|小姐|老师傅)")


@dataclass(frozen=True, order=True)
class Span:
    """A part of a text, `start` to before `end`, that holds a number of a person."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Named:
    """A part of a text that may name a person: reported, never blocked."""

    start: int
    end: int
    kind: Literal["plate", "person"]
    text: str


def is_identity_number(digits: str) -> bool:
    """Return whether 18 characters are an identity number: date and checksum (GB 11643)."""
    if not _LONG_FORM.fullmatch(digits.upper()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return _SIGNS[total % 11] == digits[17].upper()


def find_numbers(text: str, known: Collection[str] = ()) -> tuple[Span, ...]:
    """Return where a text holds identity or mobile numbers, first to last, never overlapping.

    Full-width and Chinese digits count, and spaces and dashes between digits. A number that the
    text calls the number of a lamp post is none, nor is one of `known`.

    Parameters
    ----------
    text
        As typed.
    known
        Codes and office numbers that look alike, digits only.

    Examples
    --------
    >>> find_numbers("电话１３８ 1234 5678")
    (Span(start=2, end=15, kind='mobile'),)
    >>> find_numbers("灯杆 13912345678")
    ()
    """
    spans: list[Span] = []
    for start, end, kind, digits in sorted(_candidates(text)):
        free = not spans or start >= spans[-1].end
        if free and digits not in known and not _is_post(text[:start], kind):
            spans.append(Span(start, end, kind))
    return tuple(spans)


def number_digits(text: str) -> frozenset[str]:
    """Return the digits of everything in a text that may be the number of a person."""
    return frozenset(digits for _, _, _, digits in _candidates(text))


def find_named(text: str) -> tuple[Named, ...]:
    """Return the number plates and persons by surname that a text names."""
    plates = (Named(m.start(), m.end(), "plate", m.group()) for m in _PLATE.finditer(text))
    persons = (Named(m.start(), m.end(), "person", m.group()) for m in _PERSON.finditer(text))
    return tuple(sorted((*plates, *persons), key=lambda found: found.start))


def redact_spans(text: str, spans: Collection[Span]) -> str:
    """Return a text with 〔号码已略〕 in the place of each span.

    Parameters
    ----------
    text
        In which the spans were found.
    spans
        As from :func:`find_numbers`.
    """
    for span in sorted(spans, reverse=True):
        text = text[: span.start] + say("personal.left_out") + text[span.end :]
    return text


def _candidates(text: str) -> Iterator[tuple[int, int, Kind, str]]:
    """Yield start, end, kind and digits; a longer number comes before what begins in it."""
    if sum(sign.isdigit() or ord(sign) in _CHINESE for sign in text) < _LEAST_DIGITS:
        return
    plain = "".join(map(_ascii, text))
    for written in dict.fromkeys((plain, plain.translate(_CHINESE))):
        for match in _LONG.finditer(written):
            if is_identity_number(digits := _digits(match)):
                yield match.start(), match.end(), "identity", digits
        for match in _SHORT.finditer(written):
            if _SHORT_FORM.fullmatch(digits := _digits(match)):
                yield match.start(), match.end(), "identity", digits
        for match in _MOBILE.finditer(written):
            yield match.start(), match.end(), "mobile", _digits(match)


def _ascii(sign: str) -> str:
    """Return a digit or letter of any width as its ASCII form, one sign for one."""
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", sign)
    return folded if len(folded) == 1 else sign


def _digits(match: re.Match[str]) -> str:
    return "".join(c for c in match["number"] if c.isalnum()).upper()


def _is_post(before: str, kind: Kind) -> bool:
    return kind == "mobile" and _POST.search(before) is not None
