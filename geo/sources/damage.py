"""Damage: why a file cannot be read, in few words."""

import re
from pathlib import Path
from typing import Final

from geo.errors import SourceError

# advice to programmers, paths of this machine, and what the sentence says anyway
_NOISE: Final = re.compile(
    r"not recognized|might help|specify|config option|driver|/|\\|Failed to read|Zip archive|codec",
    re.IGNORECASE,
)
_LONGEST: Final = 100


def damaged(path: Path, error: Exception) -> SourceError:
    """Return the refusal of a file that is not what its ending says.

    Of what the library said, the last clause with a fact about the file is kept, if there is one.
    """
    clauses = [clause.strip().rstrip(".") for clause in str(error).split(";")]
    telling = [clause for clause in clauses if clause and not _NOISE.search(clause)]
    reason = telling[-1][:_LONGEST] if telling else ""
    kind = path.suffix.lstrip(".").upper()
    detail = f" ({reason})" if reason else ""
    return SourceError("source.damaged", path=path.name, kind=kind, detail=detail)
