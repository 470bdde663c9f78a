"""Reports as jobs: the same files as the commands write, with the rights of the account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.errors import InputError
from geo.base.json_objects import JobResult
from geo.operations.jobs import results
from geo.operations.jobs.job import Work

TABLES: Final = ("xlsx", "csv")
PLACES: Final = (*TABLES, "gpkg", "geojson", "parquet")


@dataclass(frozen=True)
class RunningReport:
    """A report that is being made: for whom, and where its file is to be."""

    work: Work
    who: Principal

    @property
    def options(self) -> dict[str, Any]:
        """What is asked of the report."""
        return dict(self.work.job.asked["options"])

    @property
    def lang(self) -> str:
        """Language of headings and notes."""
        return str(self.work.job.asked["lang"])

    @property
    def zone(self) -> str:
        """Time zone of the times shown."""
        return self.work.config.timezone

    @property
    def reason(self) -> str:
        """What the report is for."""
        return str(self.work.job.asked["reason"])

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{self.work.job.layer}.{self.work.job.asked['format']}"

    def stamp(self) -> str:
        """Return the watermark: who takes it out, and what for."""
        return export_log.watermark_text(self.who, self.reason, timezone=self.zone, lang=self.lang)

    def open_file(self) -> Path:
        """Return the path of the file in a new folder."""
        self.work.progress("jobs.writing", 0, 0)
        return results.empty_folder(self.work) / self.name

    def register(self, rows: int) -> str:
        """Write the row of the register, before the file; return its number."""
        return export_log.register_file(
            self.work.engine,
            self.who,
            Path(self.name),
            what=str(self.work.job.layer),
            rows=rows,
            reason=self.reason,
            area=self.options.get("area") or "",
        )


@dataclass(frozen=True)
class Report:
    """A kind of report.

    Attributes
    ----------
    write
        Registers and writes it; returns path, rows and number in the register.
    formats
        Endings, the usual one first.
    permission
        What it needs beside the permission to export.
    whole
        Whether it is for who is limited to no area.
    """

    write: Callable[[RunningReport], tuple[Path, int, str]]
    formats: tuple[str, ...] = ("xlsx",)
    permission: str = "figures"
    whole: bool = False


def require_report(who: Principal, report: str, form: str) -> None:
    """Refuse a report that the account may not have, or not in this format.

    Parameters
    ----------
    who
        With the grants that permit exports.
    report
        One of `REPORTS`.
    form
        Ending of its file.

    Raises
    ------
    ForbiddenError
        If a permission is lacking, or only granted in some areas.
    InputError
        If the report has no such format.
    """
    kind = REPORTS[report]
    who.require(kind.permission)
    if kind.whole:
        who.require_whole()
    if form not in kind.formats:
        raise InputError("jobs.report_format", found=form, known=", ".join(kind.formats))


def run_report(work: Work) -> JobResult:
    """Write a report; the row of the register is written before it."""
    work.who.require("export")
    who, report = work.who.cut("export"), str(work.job.layer)
    require_report(who, report, str(work.job.asked["format"]))
    work.progress("jobs.reading", 0, 0)
    path, rows, register = REPORTS[report].write(RunningReport(work, who))
    return results.result_values(who, path, rows, register)


def _coverage(making: RunningReport) -> tuple[Path, int, str]:
    from geo.coverage import report
    from geo.documents import coverage_file

    engine = making.work.engine
    found = report.read_report(engine, making.who, **making.options)
    rows = len(found["areas"])
    register, path = making.register(rows), making.open_file()
    about = {"lang": making.lang, "timezone": making.zone, "stamp": making.stamp()}
    coverage_file.write_coverage(engine, found, path, **about)
    return path, rows, register


def _gaps(making: RunningReport) -> tuple[Path, int, str]:
    from geo.coverage import report
    from geo.documents import gaps_file

    engine = making.work.engine
    found = report.read_gaps(engine, making.who, **making.options)
    register, path = making.register(len(found)), making.open_file()
    gaps_file.write_gaps(engine, found, path, lang=making.lang, timezone=making.zone)
    return path, len(found), register


def _compliance(making: RunningReport) -> tuple[Path, int, str]:
    from geo.cameras.law import compliance
    from geo.files import writers

    chosen = making.options
    wanted = compliance.FindingFilter(**{**chosen, "kinds": tuple(chosen["kinds"])})
    about = {"reason": making.reason, "timezone": making.zone, "lang": making.lang}
    made = compliance.make_workbook(making.work.engine, making.who, wanted, **about)
    path = making.open_file()
    with writers.draft_of(path) as draft:
        draft.write_bytes(made.content)
    return path, made.rows, made.register


def _completeness(making: RunningReport) -> tuple[Path, int, str]:
    from geo.cameras.law import completeness

    engine, level = making.work.engine, making.options["by"]
    rows = len(completeness.open_completeness(engine, level=level).cameras)
    register, path = making.register(rows), making.open_file()
    about = {"mark": making.work.config.mark, "lang": making.lang, "stamp": making.stamp()}
    completeness.write_completeness(engine, path, level=level, **about)
    return path, rows, register


def _loss(making: RunningReport) -> tuple[Path, int, str]:
    from geo.planning import failure_analysis

    engine, progress = making.work.engine, making.work.progress
    found = failure_analysis.analyse_loss(engine, **making.options, progress=progress)
    rows = len(found.maintain)
    register, path = making.register(rows), making.open_file()
    failure_analysis.write_analysis(engine, found, path, lang=making.lang, stamp=making.stamp())
    return path, rows, register


def _survey(making: RunningReport) -> tuple[Path, int, str]:
    from geo.planning import survey

    engine = making.work.engine
    listed = survey.survey_list(engine, **making.options)
    rows = len(listed.cameras)
    register, path = making.register(rows), making.open_file()
    about = {"mark": making.work.config.mark, "lang": making.lang, "stamp": making.stamp()}
    survey.write_form(engine, listed, path, **about)
    return path, rows, register


def _map(making: RunningReport) -> tuple[Path, int, str]:
    from geo.documents import printed_map, printed_view
    from geo.files import writers

    work, who = making.work, making.who
    asked = printed_view.view_of(making.options)
    printed_view.require_view(asked, who)
    _, rows = printed_view.count_rows(work.engine, who, asked)
    register, path = making.register(rows), making.open_file()
    content = printed_map.make_map(
        work.engine, work.config, who, asked, stamp=making.stamp(), lang=making.lang
    )
    with writers.draft_of(path) as draft:
        draft.write_bytes(content)
    return path, rows, register


REPORTS: Final[Mapping[str, Report]] = MappingProxyType(
    {
        "coverage": Report(_coverage, PLACES),
        "gaps": Report(_gaps, PLACES, permission="map"),
        "compliance": Report(_compliance, permission="compliance"),
        "completeness": Report(_completeness, whole=True),
        "loss": Report(_loss, PLACES, whole=True),
        "survey": Report(_survey, TABLES, whole=True),
        "map": Report(_map, ("pdf",), permission="map"),
    }
)
"""What can be asked for; the name says also what stands in the register of exports."""
