"""Archives: the one data file in a ZIP, unpacked within limits for as long as it is read."""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from geo.base.errors import SourceError
from geo.files.readers import limits
from geo.files.readers.limits import damaged_error

MAX_ENTRIES: Final = 200
# text packs twenty to a hundred times; what packs far more was made to fill a disk
MAX_RATIO: Final = 200
_HARMLESS_BYTES: Final = 10_000_000
_COMPANIONS: Final = (".shx", ".dbf", ".prj", ".cpg")
_UTF8_FLAG: Final = 0x800
_LOCKED_FLAG: Final = 0x1
_LONGEST_STEM: Final = 60


@dataclass(frozen=True)
class _Entry:
    """A file in an archive, under the name that people gave it."""

    info: zipfile.ZipInfo
    name: PurePosixPath

    @property
    def ending(self) -> str:
        return self.name.suffix.lower()

    @property
    def target(self) -> str:
        """The name under which it is written: neither folders nor more than a disk takes."""
        return f"{self.name.stem[:_LONGEST_STEM].replace('!', '_')}{self.ending}"


@contextmanager
def unpack_archive(
    path: Path, sheet: str | None, *, wanted: Collection[str]
) -> Iterator[tuple[Path, str | None]]:
    """Give the data file of a ZIP in a temporary folder, with the sheet left to choose in it.

    Parameters
    ----------
    sheet
        Of several data files the one meant, by its name with or without ending; of a single one
        what its own reader makes of it.
    wanted
        Endings of data files. A Shapefile takes its companions along.

    Raises
    ------
    SourceError
        If the archive is damaged, locked, too large, or holds no data file or several.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                entries = _entries(path, archive)
                data = [each for each in entries if each.ending in wanted]
                chosen = _chosen(path, data, sheet)
                _unpack(path, archive, _with_companions(chosen, entries), Path(folder))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise damaged_error(path, error) from error
        yield Path(folder) / chosen.target, sheet if len(data) == 1 else None


def _entries(path: Path, archive: zipfile.ZipFile) -> list[_Entry]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise SourceError("source.zip_entries", path=path.name, found=len(infos), limit=MAX_ENTRIES)
    entries = [_Entry(info, PurePosixPath(meant_name(info))) for info in infos if not info.is_dir()]
    # what a Mac puts beside each file looks like data and is none
    return [
        each
        for each in entries
        if "__MACOSX" not in each.name.parts and not each.name.name.startswith(".")
    ]


def meant_name(info: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: without the flag it is in the packer's own encoding."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeError:
                continue
    return name.replace("\\", "/")


def _chosen(path: Path, data: Sequence[_Entry], sheet: str | None) -> _Entry:
    known = ", ".join(str(each.name) for each in data)
    if not data:
        raise SourceError("source.zip_empty", path=path.name)
    if len(data) == 1:
        return data[0]
    if sheet is None:
        raise SourceError("source.zip_several", path=path.name, known=known)
    named = [e for e in data if sheet in (str(e.name), e.name.name, e.name.stem)]
    if len(named) != 1:
        raise SourceError("source.sheet", path=path.name, sheet=sheet, known=known)
    return named[0]


def _with_companions(data: _Entry, entries: Sequence[_Entry]) -> list[_Entry]:
    """Return the data file and, of a Shapefile, what belongs to it, whatever the case."""
    if data.ending != ".shp":
        return [data]
    stem = str(data.name.with_suffix("")).casefold()
    beside = [e for e in entries if str(e.name.with_suffix("")).casefold() == stem]
    return [data, *(each for each in beside if each.ending in _COMPANIONS)]


def _unpack(path: Path, archive: zipfile.ZipFile, entries: Sequence[_Entry], folder: Path) -> None:
    _check(path, [each.info for each in entries])
    stem = Path(entries[0].target).stem
    for each in entries:
        with archive.open(each.info) as packed, (folder / f"{stem}{each.ending}").open("wb") as out:
            shutil.copyfileobj(packed, out)


def _check(path: Path, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what is locked or would fill the disk; no more is unpacked than an entry declares."""
    if any(info.flag_bits & _LOCKED_FLAG for info in infos):
        raise SourceError("source.zip_locked", path=path.name)
    size = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if size > limits.MAX_UNPACKED_BYTES:
        raise limits.unpacked_too_large(path, size)
    if size > _HARMLESS_BYTES and size > MAX_RATIO * packed:
        found = size // max(packed, 1)
        raise SourceError("source.zip_ratio", path=path.name, found=found, limit=MAX_RATIO)
