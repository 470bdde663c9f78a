"""The parts of a packed workbook, unpacked to their stated size and not a byte further."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LOCAL_HEAD: Final = 30
_LENGTHS: Final = slice(26, 30)


def parts_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each part, one after the other.

    Other readers unpack to the end of the data, whatever size is stated: a part in which the two
    differ is refused, so that limits on stated sizes hold for those readers as well.

    Raises
    ------
    zipfile.BadZipFile
        If the file is no package, or a part is cut short, longer than stated, or packed in an
        unknown way.
    """
    with zipfile.ZipFile(path) as package, path.open("rb") as file:
        for part in package.infolist():
            file.seek(part.header_offset)
            head = file.read(_LOCAL_HEAD)
            if len(head) < _LOCAL_HEAD:
                raise zipfile.BadZipFile("truncated")
            file.seek(sum(struct.unpack("<HH", head[_LENGTHS])), 1)
            yield part.filename, _unpacked(part, file.read(part.compress_size))


def _unpacked(part: zipfile.ZipInfo, packed: bytes) -> bytes:
    if part.compress_type == zipfile.ZIP_STORED:
        content, whole = packed, True
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflate.decompress(packed, part.file_size + 1)
        whole = inflate.eof
    else:
        raise zipfile.BadZipFile("unknown compression")
    if not whole or len(content) != part.file_size:
        raise zipfile.BadZipFile("a part is not as long as stated")
    return content
