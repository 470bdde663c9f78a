"""Coverage figures as a workbook to hand in: summary, a sheet per level, definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.words import say
from geo.coverage.headline import make_headlines
from geo.coverage.kinds import CAUSES
from geo.coverage.report import CoverageReport
from geo.files.formulas import escape_formula
from geo.files.writers.output_file import draft_of
from geo.files.writers.page_head import add_notice

LEVELS: Final = ("district", "township", "community", "grid")
SETS: Final = ("all", "skynet", "social", "online")
SURE: Final = ("certain", "possible")
# The official criteria, then the shares of ground: column of the whole, column of what is seen.
CRITERIA: Final = (
    ("places", "places_seen"),
    ("entrances", "entrances_seen"),
    ("road_m", "road_seen_m"),
    ("junctions", "junctions_seen"),
    ("crossings", "crossings_seen"),
    ("demand_m2", "covered_demand_m2"),
    ("open_ground_m2", "covered_open_ground_m2"),
)
SHARES: Final = {"demand_m2": "covered_demand_share", "open_ground_m2": "covered_share"}
SCALES: Final = {"road_m": 1000.0, "demand_m2": 10_000.0, "open_ground_m2": 10_000.0}
PERCENT, WHOLE, TENTH, HUNDREDTH = "0.0%", "#,##0", "#,##0.0", "#,##0.00"
_HEAD = PatternFill("solid", fgColor="DCE6F0")
_LINE = Border(bottom=Side("thin", color="9AA7B4"))
_NARROW, _TERM = 11, 46
# of the columns of a level: name, code, what is above, set, detail; all others
_LEVEL_WIDTHS, _FIGURE_WIDTH, _LAST_WIDTHS = (22, 18, 14, 10, 9), 8.5, (11, 11, 12)


@dataclass(frozen=True)
class Heading:
    """What stands above the tables: texts ready to be shown, and what is printed at the foot."""

    district: str
    computed: str
    remark: str = ""
    stamp: str = ""
    incidents_until: str = ""


def write_workbook(
    report: CoverageReport,
    out: Path,
    *,
    heading: Heading,
    within: Mapping[tuple[str, str], str],
    lang: str,
) -> None:
    """Write `report` (as from ``coverage.report.report``) to the workbook `out`.

    Parameters
    ----------
    report
        Figures of areas, counts of cameras, assumptions.
    within
        Name of the area above each, by level and code.
    """
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):  # a new workbook has one
        raise TypeError(type(sheet))
    sheet.title = say("coverage_book.summary", lang)
    figures = _by_area(report["areas"])
    _write_summary(sheet, report, figures, heading, lang)
    for level in LEVELS:
        rows = {key: row for key, row in figures.items() if key[0] == level}
        if rows:
            _write_level(book.create_sheet(say(f"level.{level}", lang)), rows, within, SURE, lang)
    expected = {key: row for key, row in figures.items() if "expected" in row}
    if expected:
        title = say("coverage_book.annex", lang)
        _write_level(book.create_sheet(title), expected, within, ("expected",), lang)
    _write_terms(book.create_sheet(say("coverage_book.terms", lang)), lang)
    for each in book.worksheets:
        _set_up_page(each, heading.stamp)
    with draft_of(out) as draft:
        book.save(draft)


Figures = dict[tuple[str, str, float, str], dict[str, Mapping[str, Any]]]


def _by_area(rows: Sequence[Mapping[str, Any]]) -> Figures:
    """Return the rows of each level, code, detail and set of cameras, by certainty."""
    found: Figures = {}
    for row in rows:
        key = (row["level"], row["code"], row["detail"], row["device_set"])
        found.setdefault(key, {})[row["certainty"]] = row
    return found


def _write_summary(
    sheet: Worksheet, report: CoverageReport, figures: Figures, heading: Heading, lang: str
) -> None:
    sheet.append([say("coverage_book.title", lang, district=heading.district)])
    sheet["A1"].font = Font(bold=True, size=16)
    for each in make_headlines(report["areas"]):
        sheet.append([str(escape_formula(each.text(lang)))])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True, size=12)
    lines = [say("coverage_book.computed", lang, when=heading.computed)]
    if heading.incidents_until:
        lines.append(say("coverage_book.incidents_until", lang, when=heading.incidents_until))
    lines += [say(f"coverage_book.{name}", lang) for name in ("range", "notice", "source")]
    for line in [*lines, heading.remark]:
        if line:
            sheet.append([str(escape_formula(line))])
    sheet.append([])
    for top in _tops(figures):
        _write_criteria(sheet, top, figures, lang)
    _write_pairs(sheet, report, lang)
    sheet.column_dimensions["A"].width = _TERM
    for column in range(2, 11):
        sheet.column_dimensions[get_column_letter(column)].width = _NARROW


def _tops(figures: Figures) -> list[tuple[str, str, float]]:
    """Return level, code and detail of the areas of the highest level there is."""
    present = [level for level in LEVELS if any(key[0] == level for key in figures)]
    return (
        list(dict.fromkeys(key[:3] for key in figures if key[0] == present[0])) if present else []
    )


def _write_criteria(
    sheet: Worksheet, top: tuple[str, str, float], figures: Figures, lang: str
) -> None:
    sets = [name for name in SETS if (*top, name) in figures]
    rows = {name: figures[(*top, name)] for name in sets}
    some = next(iter(rows[sets[0]].values()))
    name = f"{some['name']} · {say('header.detail', lang)} {top[2]:g}"
    head: list[str | None] = [name, say("coverage_book.whole", lang)]
    for each in sets:
        head += [say(f"device_set.{each}", lang), None]
    _append_head(sheet, head)
    under = [say(f"coverage_book.{sure}", lang) for sure in SURE]
    _append_head(sheet, [say("coverage_book.criterion", lang), None, *under * len(sets)])
    for position in range(len(sets)):
        row, column = sheet.max_row - 1, 3 + 2 * position
        sheet.merge_cells(start_row=row, end_row=row, start_column=column, end_column=column + 1)
    for whole, seen in CRITERIA:
        _append_criterion(sheet, whole, seen, [rows[each] for each in sets], lang)
    sheet.append([])


def _append_criterion(
    sheet: Worksheet,
    whole: str,
    seen: str,
    sets: Sequence[Mapping[str, Mapping[str, Any]]],
    lang: str,
) -> None:
    some = next(iter(sets[0].values()))
    values = [_scaled(some[whole], whole)]
    values += [_share(row.get(sure), whole, seen) for row in sets for sure in SURE]
    sheet.append([say(f"coverage_book.head.{whole}", lang), *values])
    row = sheet.max_row
    sheet.cell(row, 2).number_format = TENTH if whole in SCALES else WHOLE
    for column in range(3, 3 + 2 * len(sets)):
        sheet.cell(row, column).number_format = PERCENT


def _write_pairs(sheet: Worksheet, report: CoverageReport, lang: str) -> None:
    names = ("reported", "registered", "located", "computed")
    head = [say("coverage_book.counts", lang), *(say(f"column.{name}", lang) for name in names)]
    _append_head(sheet, head)
    for count in report["cameras"]:
        kind = say(f"device_set.{count.owner_kind or 'none'}", lang)
        closed = say("coverage_book.closed", lang) if count.registered is None else None
        numbers = (getattr(count, name) for name in names)
        sheet.append([kind, *(closed if number is None else number for number in numbers)])
    sheet.append([])
    _append_head(sheet, [say("coverage_book.assumptions", lang), say("column.count", lang)])
    for name, count in report["assumptions"].items():
        if name != "difference":
            sheet.append([say(f"assumption.{name}", lang), count])
            sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    if "difference" in report["assumptions"]:
        _write_difference(sheet, report["assumptions"]["difference"], lang)


def _write_difference(sheet: Worksheet, found: Mapping[str, Any], lang: str) -> None:
    """Write what lies between certain and possible, by cause: how many views, how much ground."""
    sheet.append([])
    title = f"{say('difference.title', lang)}（{say('difference.' + found['basis'], lang)}）"
    _append_head(sheet, [title, *(say(f"difference.{name}", lang) for name in ("views", "area"))])
    rows: list[tuple[str, int | None, float]] = [
        (name, found[name]["views"], found[name]["m2"]) for name in CAUSES
    ]
    rows += [("several", None, found["several_m2"]), ("total", None, found["total_m2"])]
    sheet.row_dimensions[sheet.max_row].height = 32  # the head of the area takes two lines
    for name, views, m2 in rows:
        sheet.append([say(f"difference.{name}", lang), views, m2 / 10_000.0])
        sheet.cell(sheet.max_row, 3).number_format = HUNDREDTH


def _write_level(
    sheet: Worksheet,
    figures: Figures,
    within: Mapping[tuple[str, str], str],
    sures: Sequence[str],
    lang: str,
) -> None:
    """Write a row for each area and set of cameras, two rows of heads above."""
    fixed = [say(f"column.{name}", lang) for name in ("name", "code")]
    fixed += [say("coverage_book.within", lang), say("column.device_set", lang)]
    fixed.append(say("header.detail", lang))
    groups: list[str | None] = [*fixed]
    under: list[str | None] = [None] * len(fixed)
    for whole, _ in CRITERIA:
        groups += [say(f"coverage_book.head.{whole}", lang), *[None] * len(sures)]
        under += [say(f"coverage_book.{name}", lang) for name in ("whole", *sures)]
    for name in ("longest_blind_m", "area_m2", "obstacles_known"):
        groups.append(say(f"coverage_book.head.{name}", lang))
        under.append(None)
    _append_head(sheet, groups)
    _append_head(sheet, under)
    _merge_heads(sheet, len(fixed), 1 + len(sures))
    for key, row in figures.items():
        sheet.append(_level_row(key, row, within, sures, lang))
    _format_level(sheet, len(fixed), len(sures))


def _level_row(
    key: tuple[str, str, float, str],
    row: Mapping[str, Mapping[str, Any]],
    within: Mapping[tuple[str, str], str],
    sures: Sequence[str],
    lang: str,
) -> list[object]:
    level, code, detail, device_set = key
    some = row.get(sures[0], next(iter(row.values())))
    above = escape_formula(within.get((level, code), ""))
    values = [
        escape_formula(some["name"]),
        escape_formula(code),
        above,
        say(f"device_set.{device_set}", lang),
    ]
    values.append(detail)
    for whole, seen in CRITERIA:
        values.append(_scaled(some[whole], whole))
        values += [_share(row.get(sure), whole, seen) for sure in sures]
    known = say("state.yes" if some["obstacles_known"] else "state.no", lang)
    return [*values, some["longest_blind_m"], _scaled(some["area_m2"], "demand_m2"), known]


def _format_level(sheet: Worksheet, fixed: int, sures: int) -> None:
    last = fixed + len(CRITERIA) * (1 + sures)
    for row in sheet.iter_rows(min_row=3, min_col=fixed + 1, max_col=last + 2):
        for number, cell in enumerate(row):
            group, place = divmod(number, 1 + sures)
            if group < len(CRITERIA):
                scaled = CRITERIA[group][0] in SCALES
                cell.number_format = PERCENT if place else (TENTH if scaled else WHOLE)
            else:
                cell.number_format = TENTH
    sheet.freeze_panes = "B3"
    sheet.auto_filter.ref = f"A2:{get_column_letter(sheet.max_column)}{sheet.max_row}"
    for column in range(1, sheet.max_column + 1):
        first = column <= len(_LEVEL_WIDTHS)
        width = _LEVEL_WIDTHS[column - 1] if first else _FIGURE_WIDTH
        sheet.column_dimensions[get_column_letter(column)].width = width
    for column, width in enumerate(_LAST_WIDTHS, start=sheet.max_column - len(_LAST_WIDTHS) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for (cell,) in sheet.iter_rows(min_row=3, min_col=sheet.max_column):
        cell.alignment = Alignment(horizontal="center")
    sheet.row_dimensions[1].height = sheet.row_dimensions[2].height = 32


def _merge_heads(sheet: Worksheet, fixed: int, group: int) -> None:
    end = fixed + len(CRITERIA) * group
    for column in [*range(1, fixed + 1), *range(end + 1, end + 4)]:
        # a filter stands on the second row, so the name stands there too
        sheet.cell(2, column).value = sheet.cell(1, column).value
        sheet.cell(1, column).value = None
    for start in range(fixed + 1, end, group):
        last = start + group - 1
        sheet.merge_cells(start_row=1, end_row=1, start_column=start, end_column=last)


def _write_terms(sheet: Worksheet, lang: str) -> None:
    _append_head(sheet, [say(f"coverage_book.{name}", lang) for name in ("term", "meaning")])
    for name in [whole for whole, _ in CRITERIA] + [
        "longest_blind_m",
        "area_m2",
        "obstacles_known",
    ]:
        texts = (say(f"coverage_book.{kind}.{name}", lang) for kind in ("head", "mean"))
        sheet.append(list(texts))
    sheet.append([None, say("coverage_book.range", lang)])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = _TERM, 90
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _append_head(sheet: Worksheet, texts: Sequence[str | None]) -> None:
    sheet.append(list(texts))
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _LINE
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")


def _set_up_page(sheet: Worksheet, stamp: str) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    # the many columns of a level can be read on two pages side by side, each with the names
    pages = (2, 0) if sheet.freeze_panes else (1, 1)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages
    sheet.page_setup.pageOrder = "overThenDown"
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if sheet.freeze_panes:
        sheet.print_title_rows, sheet.print_title_cols = "1:2", "A:A"
    add_notice(sheet)
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        # an ampersand begins a code there; Excel takes 255 letters of all three parts together
        footer.left.text, footer.right.text = stamp.replace("&", "&&")[:200], "&P / &N"


def _scaled(value: float | None, column: str) -> float | None:
    """Return a whole in the unit of its head: kilometres, or 10,000 square metres."""
    return None if value is None else value / SCALES.get(column, 1.0)


def _share(row: Mapping[str, Any] | None, whole: str, seen: str) -> float | None:
    """Return the share seen, not rounded: the cell's format rounds once."""
    if row is None or not row[whole] or row[seen] is None:
        return None
    if whole in SHARES and row[SHARES[whole]] is not None:
        return float(row[SHARES[whole]])
    return float(row[seen]) / float(row[whole])
