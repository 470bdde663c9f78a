"""``govgrid incident statistics | issue | scope``."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.intake import JsonOption, room

if TYPE_CHECKING:
    from geo.incidents.statistics import Figures
    from geo.incidents.whistle_answer import AttendanceFigures, NamedAttendance

DayOption = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]
COUNTS = ("collected", "accepted", "closed", "resolved", "on_time", "late", "overdue", "returned")
CAME = ("expected", "came", "in_time", "first_in", "all_in_time", "paired_came")
SHARES = ("closure", "on_time", "small_matters", "big_matters")


@room.command()
def statistics(
    context: typer.Context,
    by: str = "community",
    month: str | None = None,
    year: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    area: str | None = None,
    category: str | None = None,
    grade: str | None = None,
    level: str | None = None,
    unit: str | None = None,
    source: str | None = None,
    scope: Annotated[list[str] | None, typer.Option()] = None,
    compare: bool = False,
    attendance: bool = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.xlsx")] = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Say counts and rates of incidents of a period."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, require_new
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import statistics as use_case
    from geo.incidents import statistics_answer, whistle_attendance
    from geo.incidents.statistics_query import StatisticsQuery
    from geo.operations import database

    config = read_settings(context)
    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    query = StatisticsQuery(
        by,
        month,
        year,
        parse_day(since),
        parse_day(until),
        area,
        category,
        grade,
        level,
        unit,
        source,
        tuple(scope or ()),
        compare,
    )
    lang = current_language()
    counting: Any = {"timezone": config.timezone, "month_starts": config.statistics_month_day}
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = use_case.read_statistics(engine, who, query, **counting, outgoing=out is not None)
        came = None
        if attendance:
            came = whistle_attendance.count_attendance_of_period(
                engine, who, query, **counting, lang=lang
            )
    if out is not None:
        from geo.documents import statistics_workbook

        book = statistics_workbook.statistics_bytes(
            found, came, timezone=config.timezone, mark=config.mark, lang=lang
        )
        with draft_of(out) as draft:
            draft.write_bytes(book)
        print_note(str(out))
    if as_json_:
        as_json(statistics_answer.describe_statistics(found, lang, came))
    elif out is None:
        _print(found, config.timezone, lang)
        if came is not None:
            print_attendance(came, config.timezone)


@room.command()
def issue(
    context: typer.Context,
    month: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Let the figures of a period go out."""
    from geo.cli.output import as_json, print_line, translate
    from geo.incidents import statistics_answer, statistics_issues
    from geo.incidents.rules import periods
    from geo.operations import database

    config = read_settings(context)
    starts = config.statistics_month_day
    period = periods.named_period(month, parse_day(since), parse_day(until), starts)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        made = statistics_issues.issue_period(engine, who, period, month_starts=starts)
    if as_json_:
        as_json(statistics_answer.describe_issue(made))
        return
    print_line(translate("statistics.issued_now", since=made.since, until=made.until))


@room.command()
def scope(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument()] = None,
    area: Annotated[list[str] | None, typer.Option()] = None,
    since: DayOption = None,
    until: DayOption = None,
    delete: bool = False,
    as_json_: JsonOption = False,
) -> None:
    """List, name or delete sets of areas and periods."""
    from geo.cli.output import as_json, print_line, print_table, translate
    from geo.incidents import statistics_scopes
    from geo.incidents.rules.periods import Scope
    from geo.operations import database

    config = read_settings(context)
    days = parse_day(since), parse_day(until)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        if name is not None and delete:
            statistics_scopes.delete_scope(engine, who, name)
            print_line(translate("statistics.scope_deleted", name=name))
            return
        if name is not None:
            statistics_scopes.write_scope(
                engine, who, Scope(name, tuple(area or ()) or None, *days)
            )
            print_line(translate("statistics.scope_written", name=name))
            return
        known = statistics_scopes.list_scopes(engine, who)
    if as_json_:
        as_json({"scopes": known})
        return
    rows = [
        (
            each.name,
            "、".join(each.areas or ()) or translate("statistics.everywhere"),
            each.since or "",
            each.until or "",
        )
        for each in known
    ]
    print_table([translate(f"scope.{head}") for head in ("name", "areas", "since", "until")], rows)


def parse_day(written: str | None) -> date | None:
    """Return a day, None where none is written.

    Raises
    ------
    InputError
        If it is none.
    """
    from geo.base.errors import InputError

    if written is None:
        return None
    try:
        return date.fromisoformat(written.strip())
    except ValueError as error:
        raise InputError("statistics.day", found=written[:40]) from error


def print_attendance(found: "AttendanceFigures", timezone: str) -> None:
    """Print who came to whistles, by unit, and by month where there are several.

    Parameters
    ----------
    found
        As counted.
    timezone
        IANA name.
    """
    from geo.cli.output import print_line, print_note, print_table, translate

    print_line(translate("whistle.shown.month_head", **vars(found)))
    heads = [translate(f"whistle.shown.{name}") for name in ("unit", *CAME, "absent_since")]
    print_table(heads, [attendance_cells(row, timezone) for row in found.rows])
    if len(found.months) > 1:
        by_month = [
            [each.month, *attendance_cells(row, timezone)]
            for each in found.months
            for row in each.rows
        ]
        print_table([translate("whistle.shown.month"), *heads], by_month)
    for rate in found.rates:
        print_note(f"{rate.definition}: {rate.numerator}/{rate.denominator}")


def attendance_cells(row: "NamedAttendance", timezone: str) -> list[object]:
    """Return the cells of a unit: called, came, in time, first, all in time, paired, absent since.

    Parameters
    ----------
    row
        Of a unit.
    timezone
        IANA name.
    """
    from geo.base.local_time import local_minute

    since = row.absent_since
    return [
        f"{row.unit} {row.name or ''}".strip(),
        *(row.expected, row.came, row.in_time, row.first, row.all_in_time),
        f"{row.paired_came}/{row.paired_expected}",
        "" if since is None else local_minute(since, timezone),
    ]


def _print(found: "Figures", timezone: str, lang: str) -> None:
    from geo.cli.output import print_note, print_table, translate
    from geo.incidents import statistics_answer

    for line in statistics_answer.describe_conditions(found, timezone, lang):
        print_note(line)
    head = [translate(f"statistics.key_of.{found.by}")]
    head += [translate(f"statistics.count.{name}") for name in COUNTS]
    head += [translate(f"statistics.rate.{name}") for name in SHARES]
    rows = [_line(statistics_answer.key_name(found, row.key, lang), row) for row in found.rows]
    print_table(head, [*rows, _line(translate("statistics.total"), found.total)])
    for rate in statistics_answer.describe_rates(found.total, lang):
        print_note(f"{rate['label']}：{rate['definition']}")


def _line(name: str, row: Any) -> list[object]:  # noqa: ANN401 - loaded late
    from geo.incidents import statistics_answer

    shares = {share.name: share for share in row.shares}
    rates = [statistics_answer.rate_text(shares[each]) for each in SHARES]
    return [name, *(row.counts[each] for each in COUNTS), *rates]
