"""What one import notices: written to its run as it goes, kept for the answer within bounds."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd
from sqlalchemy import Connection

from geo.files.checks import Finding
from geo.store import import_runs as stored_runs

KEPT = 100_000  # findings in an answer; beyond them this many of each kind
KEPT_OF_A_KIND = 100
AT_ONCE = 20_000


class ImportFindings:
    """The findings of one import; the database holds all of them."""

    def __init__(self, connection: Connection, run: int) -> None:
        self._connection, self._run = connection, run
        self._kept: list[Finding] = []
        self._waiting: list[Finding] = []
        self._kinds: Counter[tuple[str, str]] = Counter()
        self.omitted = 0

    def add(self, findings: Iterable[Finding]) -> None:
        """Take further findings."""
        for finding in findings:
            self._waiting.append(finding)
            self._kinds[finding.code, finding.column] += 1
            few = self._kinds[finding.code, finding.column] <= KEPT_OF_A_KIND
            if len(self._kept) < KEPT or few:
                self._kept.append(finding)
            else:
                self.omitted += 1
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what has not been written."""
        stored_runs.write_findings(self._connection, self._run, _frame(self._waiting))
        self._waiting = []

    @property
    def kept(self) -> tuple[Finding, ...]:
        """The findings for the answer, by row."""
        return tuple(sorted(self._kept, key=lambda finding: finding.row))


def _frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return findings as rows of their table."""
    names = ("row", "column", "code", "severity", "value", "suggested")
    columns = {name: [getattr(finding, name) for finding in findings] for name in names}
    facts = [dict(finding.facts) if finding.facts else {} for finding in findings]
    return pd.DataFrame({**columns, "facts": pd.Series(facts, dtype=object)})
