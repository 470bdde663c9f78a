"""Targets: names of files that can be written, and drafts so that nothing is half written."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from geo.base.errors import InputError

# Formats that hold geometry; a Parquet file can do without.
DRIVERS: Final = {
    ".geojson": "GeoJSON",
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".parquet": "Parquet",
}
TABLES: Final = (".csv", ".xlsx", ".parquet")
ENDINGS: Final = (*DRIVERS, ".csv", ".xlsx")
# Boundaries can be drawn as well.
LAYER_ENDINGS: Final = (*ENDINGS, ".dxf")
# Vector tiles are drawn from the database, not from a frame.
TILES: Final = ".pmtiles"
PRIVATE: Final = 0o600
# The full names of a Shapefile's columns stand beside it in a file that ends so.
NAMES_ENDING: Final = ".fields.csv"
SHAPEFILE: Final = (".shx", ".dbf", ".prj", ".cpg")
LONGEST_REASON: Final = 120  # characters: GDAL tells a story where the disk is full


def require_ending(path: Path, *, known: Sequence[str] = ENDINGS) -> str:
    """Return the ending of `path`, lower case.

    Parameters
    ----------
    known
        The endings to choose from; `LAYER_ENDINGS` for a layer, which may be drawn.

    Raises
    ------
    InputError
        If no writer goes by it; the sentence names those that do.
    """
    ending = path.suffix.lower()
    if ending not in known:
        raise InputError("export.ending", file=path.name, known=" ".join(known))
    require_writable(path)
    return ending


def require_writable(path: Path) -> None:
    """Refuse a name that is a folder, or whose folder is missing or closed.

    Raises
    ------
    InputError
        With what stands in the way.
    """
    folder = path.resolve().parent
    if not folder.is_dir():
        raise InputError("export.no_folder", folder=str(path.parent))
    if not path.name or path.is_dir():
        raise InputError("export.is_folder", file=str(path))
    if not os.access(folder, os.W_OK):
        raise InputError("export.cannot_write", file=str(path), reason=os.strerror(errno.EACCES))


def require_new(path: Path) -> None:
    """Refuse a file that is there already, or whose companions are (a Shapefile has several).

    Raises
    ------
    InputError
        With the option that overwrites it.
    """
    companions = SHAPEFILE if path.suffix.lower() == ".shp" else ()
    for each in (path, *(path.with_suffix(ending) for ending in companions)):
        if each.exists():
            raise InputError("export.exists", file=str(each))


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Give a name to write to that becomes `path` at the end, so that nothing is half written.

    Companions of the draft (a Shapefile has several) move along; after a failure all are gone. The
    files are for their owner alone, from the first byte on: they hold where cameras stand.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    require_writable(path)
    try:
        # its folder is closed to others, whatever the writer makes of the files in it
        with TemporaryDirectory(prefix=".govgrid-", dir=path.absolute().parent) as folder:
            yield Path(folder) / path.name
            for part in sorted(Path(folder).iterdir()):
                part.chmod(PRIVATE)
                part.replace(path.with_name(part.name))
    except OSError as error:
        reason = (getattr(error, "strerror", None) or str(error).splitlines()[0])[:LONGEST_REASON]
        raise InputError("export.cannot_write", file=str(path), reason=reason) from error
