"""Encoding of a text, judged by its bytes rather than by its declaration.

UTF-8 is hard to meet by chance, so bytes that are valid UTF-8 beyond ASCII are UTF-8. Nearly any
bytes are GB 18030, so these count as such only where mostly common characters come out. A few
broken characters, as where a text was cut, do not change what the others are in: they come out as
lone surrogates, which :mod:`geo.files.readers.control_characters` reports.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.base.errors import SourceError
from geo.files.readers.table import SourceNote

Blocks = Callable[[], Iterable[bytes]]
Points = NDArray[np.uint32]

UTF8: Final = "utf-8-sig"
GB: Final = "gb18030"
TRIED: Final = (UTF8, GB)
KEPT: Final = "surrogateescape"
# of the characters beyond ASCII: so many whole ones, so many common ones, so few private ones
_WHOLE: Final = 0.6
_COMMON: Final = 0.5
_PRIVATE: Final = 0.02
# Western text read as GB 18030 hardly ever gives common characters only
_SURELY_COMMON: Final = 0.9
_BLOCK: Final = 1 << 22
_HEAD: Final = 4096
_LAST_ASCII: Final = 0x7F
_LAST_PLANE_0: Final = 0xFFFF
# what stands for a byte that is no character
_FIRST_KEPT: Final = 0xDC80
_LAST_KEPT: Final = 0xDCFF
# names that files give, beside those that Python knows
_NAMES: Final = {
    "gb2312": GB,
    "gbk": GB,
    "gb18030": GB,
    "cp936": GB,
    "ms936": GB,
    "936": GB,
    "54936": GB,
    "utf8": UTF8,
    "utf-8": UTF8,
    "utf_8": UTF8,
    "65001": UTF8,
    "950": "cp950",
    "932": "cp932",
    "88591": "latin-1",
}


@dataclass(frozen=True)
class Encoding:
    """How a text is to be decoded.

    Attributes
    ----------
    name
        As Python knows it.
    broken
        Whether some characters are broken: decode with `errors`.
    against
        What was said of the file and does not hold, "" where nothing stands against the bytes.
    """

    name: str
    broken: bool = False
    against: str = ""

    @property
    def errors(self) -> str:
        """What Python does with a broken character."""
        return KEPT if self.broken else "strict"

    def notes(self, row: int = 0) -> tuple[SourceNote, ...]:
        """Return a note where the bytes are not in what was said."""
        if not self.against:
            return ()
        return (SourceNote("ENCODING_STATED", row, "", self.against, self.name),)


@dataclass
class _Weight:
    """What comes out where a text is decoded: counts of characters beyond ASCII."""

    whole: int = 0
    common: int = 0
    private: int = 0
    broken: int = 0

    @property
    def share(self) -> float:
        return self.whole / max(self.whole + self.broken, 1)

    @property
    def is_chinese(self) -> bool:
        return self.is_common(_COMMON)

    def is_common(self, share: float) -> bool:
        enough = self.common >= share * (self.whole + self.broken)
        return self.whole > 0 and enough and not self.is_private

    @property
    def is_private(self) -> bool:
        return self.private > _PRIVATE * self.whole


def encoding_of_file(path: Path, given: str | None, *, stated: str | None = None) -> Encoding:
    """Return the encoding of a text file; see :func:`encoding_of`.

    Parameters
    ----------
    path
        Read in blocks, never as a whole.
    given
        As the user says, None for no say.
    stated
        As the file itself states, in its header or beside it.
    """

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block

    return encoding_of(blocks, given, stated=stated, name=path.name)


def encoding_of(
    blocks: Blocks, given: str | None, *, stated: str | None = None, name: str = ""
) -> Encoding:
    """Return the encoding of a text.

    Parameters
    ----------
    blocks
        Gives the bytes, as often as it is called.
    given, stated
        What the user and what the file itself says.
    name
        Of the file, for refusals.

    Raises
    ------
    SourceError
        If an encoding is unknown, or none fits.
    """
    head = next(iter(blocks()), b"")[:_HEAD]
    marked = _of_mark(head)
    said = given or stated
    claimed = _known(said) if said else None
    if marked is not None:
        return _checked(blocks, marked, name, said if claimed != marked else None)
    weight = _weigh(blocks(), UTF8)
    if not weight.broken:
        if claimed and said and claimed != UTF8 and weight.whole:
            return Encoding(UTF8, against=said)
        return Encoding(claimed or UTF8)
    if claimed is not None:
        found = _as_said(blocks, claimed, weight, surely=given is not None)
        if found is not None:
            return found
    if given is not None and claimed != UTF8:
        raise _refusal(name, given)
    return _judged(blocks, weight, name, said)


def stated_name(text: str) -> str | None:
    """Return the encoding that a word such as "ANSI 936" or "GBK" names, None if it names none."""
    word = text.strip().strip("\ufeff\0").casefold()
    for start in ("ansi", "oem", "cp", "iso", "windows-", "x-"):
        bare = word.removeprefix(start).strip(" -_")
        for each in (word, bare, f"cp{bare}"):
            if each in _NAMES:
                return _NAMES[each]
            if each and _is_encoding(each):
                return each
    return None


def text_of_bytes(raw: bytes, encoding: Encoding) -> str:
    """Return bytes as text; broken characters are lone surrogates.

    Parameters
    ----------
    raw
        Whole file or block.
    encoding
        As from :func:`encoding_of`: it also says how errors are handled.
    """
    return raw.decode(encoding.name, encoding.errors)


def _of_mark(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF8):
        return UTF8
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # texts have no NUL; every other byte of UTF-16 mostly is one
    for odd, each in ((1, "utf-16-le"), (0, "utf-16-be")):
        nul = head[odd::2].count(0)
        if nul > len(head) // 8 and not head[1 - odd :: 2].count(0):
            return each
    return None


def _known(name: str) -> str:
    """Return an encoding under the name that stands for it here; refuse one that there is not."""
    found = stated_name(name)
    if found is None:
        raise SourceError("source.encoding_unknown", encoding=name)
    return found


def _is_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def _checked(blocks: Blocks, name: str, path: str, said: str | None) -> Encoding:
    """Return the encoding of a mark at the begin of the text, if the text is in it."""
    try:
        weight = _weigh(blocks(), name)
    except UnicodeDecodeError:  # half a unit of UTF-16
        raise _refusal(path, name) from None
    if weight.broken and (name != UTF8 or weight.share < _WHOLE):
        raise _refusal(path, name)
    return Encoding(name, bool(weight.broken), said or "")


def _as_said(blocks: Blocks, claimed: str, as_utf8: _Weight, *, surely: bool) -> Encoding | None:
    """Return the encoding that was said, if the bytes do not speak against it."""
    weight = as_utf8 if claimed == UTF8 else _weigh(blocks(), claimed)
    if weight.share < _WHOLE:
        return None
    if claimed == GB and as_utf8.share >= _WHOLE and (weight.broken or not surely):
        return None
    if claimed == GB and not surely and weight.is_private:
        return None
    other = not surely and claimed not in (GB, UTF8)
    if other and _weigh(blocks(), GB).is_common(_SURELY_COMMON):
        return None
    return Encoding(claimed, bool(weight.broken))


def _judged(blocks: Blocks, as_utf8: _Weight, name: str, said: str | None) -> Encoding:
    """Return the likelier of UTF-8 and GB 18030, if either is likely."""
    as_gb = _weigh(blocks(), GB)
    against = said or ""
    gb_fits = as_gb.is_chinese and as_gb.share >= _WHOLE
    if as_utf8.share >= _WHOLE and not (gb_fits and as_gb.share > as_utf8.share):
        return Encoding(UTF8, broken=True, against=against)
    if gb_fits:
        return Encoding(GB, bool(as_gb.broken), against)
    raise _refusal(name, said or ", ".join(TRIED))


def _refusal(name: str, tried: str) -> SourceError:
    return SourceError("source.encoding", path=name, tried=tried)


def _weigh(blocks: Iterable[bytes], name: str) -> _Weight:
    """Return what comes out where bytes are decoded; broken ones in a row count as one."""
    weight = _Weight()
    for text in _decoded(blocks, name):
        if not text.isascii():
            points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
            _add(weight, points)
    return weight


def _decoded(blocks: Iterable[bytes], name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(name)(errors=KEPT)
    for block in blocks:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _add(weight: _Weight, points: Points) -> None:
    broken = (points >= _FIRST_KEPT) & (points <= _LAST_KEPT)
    begins = broken & ~np.concatenate([[False], broken[:-1]])
    beyond = points[(points > _LAST_ASCII) & ~broken]
    weight.whole += len(beyond)
    weight.broken += int(begins.sum())
    weight.common += int(_common()[np.minimum(beyond, _LAST_PLANE_0)].sum())
    weight.private += int(((beyond >= 0xE000) & (beyond <= 0xF8FF)).sum())


@cache
def _common() -> NDArray[np.bool_]:
    """Return which characters are common: the first level of GB 2312, and its signs."""
    table = np.zeros(_LAST_PLANE_0 + 1, dtype=np.bool_)
    rows = [*range(0xA1, 0xA4), *range(0xB0, 0xD8)]
    pairs = bytes(byte for row in rows for cell in range(0xA1, 0xFF) for byte in (row, cell))
    table[[ord(sign) for sign in pairs.decode("gb2312", "ignore")]] = True
    return table
