"""Import of one file, part by part, within the transaction of its import."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from geo.base.codes import full_area_code
from geo.base.progress import Progress
from geo.base.words import say
from geo.cameras import headings
from geo.cameras import status as camera_status
from geo.cameras.known_codes import keep_registered
from geo.cameras.same_cameras import SameCameras
from geo.cameras.store import grid_of_camera
from geo.exchange.imports import datum_check
from geo.exchange.imports.findings import ImportFindings
from geo.exchange.imports.held_reason import HeldReason
from geo.exchange.imports.prefetch import prefetch
from geo.exchange.imports.write import Writer
from geo.files import annotated
from geo.files.checks import Finding, Severity
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect
from geo.files.checks.cells.personal_data import redact_numbers
from geo.files.checks.check import Check, in_order
from geo.files.checks.checked_rows import CheckedRows
from geo.files.checks.preview import Preview, preview_file
from geo.files.checks.whole_file import REGISTERS
from geo.files.readers import Table
from geo.store import import_runs as stored_runs
from geo.store.tables import Change

# The number that a quarantined row had in its own file, in the file that mends it.
ORIGINAL_ROW = tuple(say("marked.row", lang) for lang in ("zh", "en"))


class RunningImport:
    """What has been read, checked and written of a file so far."""

    def __init__(
        self,
        connection: Connection,
        run: int,
        check: Check,
        *,
        timezone: str,
        valid_from: date | None = None,
        complete_under: str | None = None,
        retry_of: int | None = None,
        ending: Sequence[str] = (),
    ) -> None:
        self.run, self.read, self.quarantined, self.solved = run, 0, 0, 0
        self.noted = ImportFindings(connection, run)
        self.preview: Preview | None = None
        self._connection, self._check, self._timezone = connection, check, timezone
        self._retry_of, self._mended = retry_of, dict[int, int]()
        self._bad: set[int] = set()
        self._far_km = 0.0
        self._same = SameCameras(connection, run)
        self._tables: list[Table] = []
        self._known = datum_check.KnownDistrict(
            connection, check.layer, certain=check.certain, near=check.near
        )
        check.know(self._known.areas)
        self._writer = Writer(
            connection,
            check.layer,
            run,
            check.calendar.last,
            timezone,
            self._known.areas,
            valid_from,
            complete_under,
            tuple(ending),
        )
        stored_runs.remember_changes(connection, run)

    @property
    def change(self) -> Change:
        """What the rows changed."""
        return self._writer.change

    @property
    def unplaced(self) -> bool:
        """Whether nothing says the coordinate system, so that no row can be written."""
        return self._check.unplaced

    def take(self, tables: Iterator[Table], progress: Progress) -> None:
        """Read, check and write all parts of a file; the next is checked while one is written."""
        for table, checked in prefetch(self._checked(table) for table in tables):
            self._write(table, checked)
            progress("import.rows", self.read, 0)

    def _checked(self, table: Table) -> tuple[Table, CheckedRows]:
        own = annotated.drop_marks(self._own(table))
        return own, self._check.part(own)

    def _write(self, table: Table, checked: CheckedRows) -> None:
        checked = self._screened(table, checked)
        if self.preview is None:
            self.preview = preview_file(table, checked, self._check.crs)
        self.read += checked.read
        late = [] if self.unplaced else self._writer.part(checked)
        self._note((*checked.findings, *late))
        self._keep_back(table, checked.refused, (*checked.findings, *late))
        if self._check.layer.name == "areas":
            self._tables.append(table)

    def closed(self, *, certain: bool) -> HeldReason | None:
        """Finish the file; return why it is held, None if it is not."""
        late = self._writer.closing(self._lost_codes())
        self._note((*self._check.closing(), *late))
        for table in self._tables:
            self._keep_back(table, self._check.refused, late)
        self.noted.flush()
        stored_runs.remember_changes(self._connection, None)
        if self._check.layer.name == "areas":
            grid_of_camera.rebuild_grids(self._connection)
        if self._check.layer.name == "calendar":
            from geo.incidents import alarms

            alarms.recompute_provisional(self._connection, timezone=self._timezone)
        if self._retry_of is not None:
            taken = [old for new, old in self._mended.items() if new not in self._bad]
            self.solved = stored_runs.resolve_rows(
                self._connection, self._retry_of, taken, by=self.run
            )
        stored_runs.finish_run(
            self._connection, self.run, self.change, read=self.read, quarantined=self.quarantined
        )
        if self._far_km:
            declared = ", ".join(self._check.sample.groups)
            return datum_check.far_away(self._far_km, declared)
        return None if certain else self._known.doubt(self._check.sample)

    def _lost_codes(self) -> list[str]:
        """Return the codes, as written, of rows of areas that were not taken."""
        column = self._check.mapping.get("code", "")
        return [
            full_area_code(text_of(table.rows.at[row, column]).strip())
            for table in self._tables
            for row in sorted(self._bad & set(table.rows.index))
        ]

    def _own(self, table: Table) -> Table:
        """Take out of a file that mends another the column of the numbers in that."""
        column = next((name for name in ORIGINAL_ROW if name in table.headers), None)
        if self._retry_of is None or column is None:
            return table
        numbers = pd.to_numeric(table.rows[column], errors="coerce").dropna().astype(int)
        self._mended |= dict(zip(numbers.index.tolist(), numbers.tolist(), strict=True))
        left = tuple(header for header in table.headers if header != column)
        return replace(table, headers=left, rows=table.rows.drop(columns=column))

    def _screened(self, table: Table, checked: CheckedRows) -> CheckedRows:
        """Return what can be used in the light of what the database knows."""
        name = checked.layer.name
        if name == "headings":
            return headings.screen_headings(self._connection, table, checked)
        if name == camera_status.LAYER:
            return camera_status.screen_states(self._connection, checked, timezone=self._timezone)
        if name == "areas":
            return self._near(checked)
        if name in REGISTERS:
            return self._same.screened(checked)
        return keep_registered(self._connection, checked) if name == "positions" else checked

    def _near(self, checked: CheckedRows) -> CheckedRows:
        """Return areas without those far from all that is loaded; all of them hold the file."""
        away_km = self._known.away_km(checked.rows)
        far = away_km > datum_check.FAR_KM
        if far.all() and len(far) and not self._check.certain:
            self._far_km = float(away_km.min())
            return checked
        severity: Severity = "warning" if self._check.certain else "error"
        column = checked.mapping.get("code", "")
        found = [
            Defect("AREA_FAR", facts={"distance_km": round(km)}).at(
                int(row), column, str(code), severity=severity
            )
            for row, code, km in zip(
                checked.rows.index[far], checked.rows["code"][far], away_km[far], strict=True
            )
        ]
        lost = [] if self._check.certain else [finding.row for finding in found]
        return replace(
            checked,
            rows=checked.rows.drop(index=lost),
            findings=in_order((*checked.findings, *found), ()),
            quarantined=checked.quarantined + len(lost),
        )

    def _note(self, findings: Iterable[Finding]) -> None:
        found = tuple(findings)
        self.noted.add(found)
        self._bad |= {f.row for f in found if f.severity == "error"}
        self.quarantined = len(self._bad)

    def _keep_back(
        self, table: Table, refused: frozenset[str], findings: Iterable[Finding]
    ) -> None:
        """Keep the rows that were not taken, as they were written, but for persons."""
        lost = {finding.row for finding in findings if finding.severity == "error"}
        stored_runs.write_quarantine(
            self._connection, self.run, {row: _cells(table, refused, row) for row in sorted(lost)}
        )


def _cells(table: Table, refused: frozenset[str], row: int) -> dict[str, object]:
    cells: dict[str, object] = {
        str(header): redact_numbers(text_of(cell))
        for header, cell in table.rows.loc[row].items()
        if header not in refused and cell is not None
    }
    shape = None if table.geometry is None else table.geometry.loc[row]
    return cells if shape is None else {**cells, "wkt": shape.wkt}
