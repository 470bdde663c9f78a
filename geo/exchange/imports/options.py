"""What the caller declares about a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from geo.files.schema.heading import Scheme


@dataclass(frozen=True)
class ImportOptions:
    """What the caller declares about a file; see ``govgrid import --help``.

    `source` is the name of a saved source, whose declarations fill what is not given here;
    `remember` is the name under which these are saved. `certain` says that the declared coordinate
    system is right, whatever speaks against it. `preview` is a dry run of which only the way the
    file is read counts, so that it need not say its coordinate system. `retry_of` is the run whose
    quarantined rows the file mends. `demo` says that the file is of the demonstration.
    """

    crs: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    level: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    all_sheets: bool = False
    valid_from: date | None = None
    complete_under: str | None = None
    dry_run: bool = False
    preview: bool = False
    strict: bool = False
    certain: bool = False
    heading_scheme: Scheme | None = None
    source: str | None = None
    remember: str | None = None
    retry_of: int | None = None
    demo: bool = False
