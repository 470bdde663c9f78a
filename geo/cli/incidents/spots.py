"""``govgrid incident hot-spots | workload``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.figures import DayOption, parse_day
from geo.cli.incidents.intake import JsonOption, room

if TYPE_CHECKING:
    from geo.incidents.hot_spots import HotSpots, NamedSpot
    from geo.incidents.workload import WorkloadTable


@room.command("hot-spots")
def hot_spots(
    context: typer.Context,
    month: str | None = None,
    year: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    area: str | None = None,
    category: str | None = None,
    source: str | None = None,
    scope: Annotated[list[str] | None, typer.Option()] = None,
    as_json_: JsonOption = False,
) -> None:
    """Say where and at which hours incidents are, and which no camera could see."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json
    from geo.incidents import hot_spots as use_case
    from geo.incidents.statistics_query import StatisticsQuery
    from geo.operations import database

    config = read_settings(context)
    days = parse_day(since), parse_day(until)
    query = StatisticsQuery(
        month=month,
        year=year,
        since=days[0],
        until=days[1],
        area=area,
        category=category,
        source=source,
        scopes=tuple(scope or ()),
    )
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = use_case.read_hot_spots(
            engine,
            who,
            query,
            timezone=config.timezone,
            month_starts=config.statistics_month_day,
            lang=current_language(),
        )
    if as_json_:
        as_json(found)
    else:
        _print(found)


@room.command()
def workload(
    context: typer.Context,
    month: str | None = None,
    year: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    area: str | None = None,
    scope: Annotated[list[str] | None, typer.Option()] = None,
    total: Annotated[float | None, typer.Option(min=0)] = None,
    base: Annotated[float, typer.Option(min=0)] = 0.0,
    weight: Annotated[list[str] | None, typer.Option(metavar="FACTOR=WEIGHT")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.xlsx")] = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Say what each community has to do with, and its share of an amount by factors."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, require_new
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import workload as use_case
    from geo.incidents.rules import allocation
    from geo.incidents.statistics_query import StatisticsQuery
    from geo.operations import database

    config, lang = read_settings(context), current_language()
    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    days = parse_day(since), parse_day(until)
    query = StatisticsQuery(
        month=month, year=year, since=days[0], until=days[1], area=area, scopes=tuple(scope or ())
    )
    allotment = allocation.make_allotment(total, base, weight or [])
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = use_case.read_workload(
            engine,
            who,
            query,
            allotment,
            timezone=config.timezone,
            month_starts=config.statistics_month_day,
            lang=lang,
        )
    if out is not None:
        from geo.documents import workload_workbook

        book = workload_workbook.workload_bytes(found, mark=config.mark, lang=lang)
        with draft_of(out) as draft:
            draft.write_bytes(book)
        print_note(str(out))
    if as_json_:
        as_json(found)
    elif out is None:
        _print_workload(found)


def _print_workload(found: "WorkloadTable") -> None:
    from geo.cli.output import print_note, print_table, translate
    from geo.incidents.rules.allocation import FACTORS

    print_note(translate("statistics.period", since=found.since, until=found.until))
    heads = [
        translate("workload.name"),
        *(translate(f"workload.factor.{name}") for name in FACTORS),
    ]
    rows: list[list[object]] = [
        [f"{row.key} {row.name}", *(row.figures[name] for name in FACTORS)] for row in found.rows
    ]
    if found.allocation is not None:
        heads.append(translate("workload.amount"))
        for cells, share in zip(rows, found.allocation.shares, strict=True):
            cells.append(share.amount)
        print_note(found.allocation.note)
    print_table(heads, rows)
    print_note(translate("workload.unknown"))


def _print(found: "HotSpots") -> None:
    from geo.cli.output import print_note, print_table, translate

    print_note(translate("statistics.period", since=found.since, until=found.until))
    heads = [translate("statistics.key_of.grid"), translate("statistics.count.collected")]
    heads += [translate(f"statistics.{name}") for name in ("peak", "asked", "unseen", "ticked")]
    print_table(heads, [_cells(row) for row in found.rows])
    print_note(translate("statistics.least", least=found.least))
    if found.unseen is not None:
        parts = f"{_count_text(found.unseen.numerator)}/{found.unseen.denominator}"
        print_note(f"{found.unseen.definition}: {parts}")


def _cells(row: "NamedSpot") -> list[object]:
    from geo.cli.output import translate

    peak = "" if row.peak is None else translate("statistics.hour", hour=row.peak)
    seen = (
        "—" if row.asked is None else _count_text(count)
        for count in (row.asked, row.unseen, row.ticked)
    )
    return [
        f"{row.grid or row.community} {row.name}",
        _count_text(row.collected),
        peak,
        *seen,
    ]


def _count_text(count: int | None) -> str:
    return "*" if count is None else str(count)
