"""Papers of an incident: the evidence sheet (PDF, XLSX) and the one-page duty report (值班快报)."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from geo.access import transaction
from geo.access.audit import export_log
from geo.access.principal import Principal
from geo.base.errors import ForbiddenError
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.documents import incident_plan
from geo.incidents import answer, attachments, cameras
from geo.incidents.attachments import HANDLING
from geo.incidents.cameras import CameraInWords, CamerasAnswer
from geo.incidents.desk import Desk
from geo.incidents.rules import emergency
from geo.incidents.rules.emergency import Emergency
from geo.incidents.store import moves as stored_moves
from geo.incidents.store.answers import AnswerRow
from geo.viewing.store import register
from geo.viewing.store.register import IncidentViewing
from maps.papers import Paper, RequestForm, Table, render_paper

if TYPE_CHECKING:
    from maps.plan import Plan

HEADS: Final = (
    *("number", "code", "name", "relation", "position", "detail", "footage", "unit", "phone"),
)
FORM: Final = (
    *("incident", "unit", "cameras", "from_to", "channel", "offset", "purpose", "document"),
    *("clerks", "approved", "seal", "handed_over"),
)


def evidence_sheet(
    desk: Desk, who: Principal, incident: UUID, lang: str, *, form: str = "pdf"
) -> Paper:
    """Return the evidence sheet: place, map, cameras, viewings, and a form for each unit.

    It goes out of the house, so it has a row in the register of exports.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who asks: the exact place must be granted.
    incident
        Its id.
    lang
        "zh" or "en".
    form
        "pdf" or "xlsx", for the register.
    """
    zone = desk.config.timezone
    row = answer.read_answer(desk, who, incident)
    facts, seen = cameras.read_cameras(desk.engine, who, incident, desk.config, view=desk.view(who))
    cameras_answer = cameras.describe_cameras(seen, facts.window, zone, lang)
    why = say("evidence.reason", lang, code=row.code)
    with transaction.open_as(desk.engine, who) as connection:
        viewings = register.viewings_of(connection, row.code)
        export_log.insert_export(
            connection,
            who,
            what="evidence",
            form=form,
            rows=len(cameras_answer["cameras"]),
            reason=why,
            area=row.grid_code or "",
            action=next((each for each in HANDLING if who.may(each)), HANDLING[0]),
        )
    return Paper(
        say("evidence.title", lang),
        desk.config.mark,
        lang,
        _facts(desk, who, row, cameras_answer, lang),
        _plan(desk, who, row, cameras_answer["cameras"]),
        say("evidence.north", lang),
        (_cameras(cameras_answer["cameras"], lang), _viewings(viewings, zone, lang)),
        _forms(row, cameras_answer["cameras"], zone, lang),
        export_log.watermark_text(who, why, timezone=zone, lang=lang),
    )


def duty_report(desk: Desk, who: Principal, incident: UUID, lang: str) -> tuple[Paper, str]:
    """Return the one-page duty report of an incident and its short text: no camera, no person.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who reports: the exact place must be granted.
    incident
        Its id.
    lang
        "zh" or "en".
    """
    row = answer.read_answer(desk, who, incident)
    with transaction.open_as(desk.engine, who) as connection:
        if not attachments.find_access(connection, who, incident).shows_place:
            raise ForbiddenError("attachment.no_place")
        history = stored_moves.read_moves(connection, incident)
    zone = desk.config.timezone
    report = _report(desk, who, row, history, lang)
    lines = tuple(emergency.report_lines(report, zone, lang))
    paper = Paper(say("emergency.title", lang), desk.config.mark, lang, lines)
    return paper, emergency.short_text(report, zone, lang)


def paper_pdf(paper: Paper) -> bytes:
    """Return a paper as PDF."""
    return write_pdf(render_paper(paper))


def write_pdf(page: str) -> bytes:
    """Return HTML as PDF; nothing is loaded from anywhere."""
    from weasyprint import HTML  # it takes a while to import, and few ask for papers

    made: bytes = HTML(string=page, url_fetcher=_refuse).write_pdf()
    return made


def paper_workbook(paper: Paper) -> bytes:
    """Return the tables of a paper as XLSX."""
    import pandas as pd

    from geo.files.writers import xlsx

    facts = pd.DataFrame(list(paper.facts), columns=["", paper.title])
    sheets = {paper.title: facts}
    for table in paper.tables:
        sheets[table.title] = pd.DataFrame(list(table.rows), columns=list(table.heads))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "evidence.xlsx")
        xlsx.write_sheets(sheets, out, mark=paper.mark)
        return out.read_bytes()


def _refuse(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"a paper loads nothing: {url[:40]}")


def _facts(
    desk: Desk, who: Principal, row: AnswerRow, cameras_answer: CamerasAnswer, lang: str
) -> tuple[tuple[str, str], ...]:
    zone = desk.config.timezone
    begin, end = row.window
    when = local_minute(begin, zone)
    if end != begin:
        when += f" – {local_minute(end, zone)}"
    book = desk.book(who)
    place = " ".join(
        [book.area_name(c) for c in (row.township_code, row.community_code, row.grid_code) if c]
    )
    named = {
        "code": row.code,
        "category": row.category or "",
        "when": when,
        "place": f"{place} {row.address or ''}".strip(),
        "lonlat": "" if row.lon is None else f"{row.lon:.6f}, {row.lat:.6f}（WGS-84）",
        "text": row.title,
        "none": cameras_answer["none"] or "",
        "withheld": str(cameras_answer["withheld"] or ""),
    }
    return tuple((say(f"evidence.{k}", lang), v) for k, v in named.items() if v)


def _plan(desk: Desk, who: Principal, row: AnswerRow, lines: list[CameraInWords]) -> "Plan | None":
    if row.lon is None or row.lat is None:
        return None
    with transaction.open_read_only(desk.engine, who) as connection:
        return incident_plan.plan_incident(connection, row.lon, row.lat, lines)


def _cameras(lines: list[CameraInWords], lang: str) -> Table:
    rows, numbers = [], incident_plan.number_cameras(lines)
    for line in lines:
        why = f"（{line['why_text']}）" if line["relation"] != "sees" and line["why_text"] else ""
        relation = say(f"relation.{line['relation']}", lang) + why
        footage = "；".join(filter(None, (line["footage"], line["night"], line["online_text"])))
        number = numbers.get(line["code"], "")
        cells: Mapping[str, Any] = {
            **line,
            "number": number,
            "relation": relation,
            "footage": footage,
        }
        rows.append(tuple(str(cells[name] or "") for name in HEADS))
    heads = tuple(say(f"evidence.camera_{name}", lang) for name in HEADS)
    return Table(
        say("evidence.cameras", lang), heads, tuple(rows), say("evidence.no_cameras", lang)
    )


def _viewings(rows: list[IncidentViewing], zone: str, lang: str) -> Table:
    names = ("at", "unit_name", "holder", "camera_code", "act", "reason")
    lines = [
        (
            local_minute(row.at, zone),
            *(row.unit_name, row.holder, row.camera_code),
            say(f"viewing_act.{row.act}", lang),
            row.reason,
        )
        for row in rows
    ]
    heads = tuple(say(f"viewing_column.{name}", lang) for name in names)
    return Table(
        say("evidence.viewings", lang), heads, tuple(lines), say("evidence.no_viewings", lang)
    )


def _forms(
    row: AnswerRow, lines: list[CameraInWords], zone: str, lang: str
) -> tuple[RequestForm, ...]:
    """Return a request form for each managing unit of cameras that saw or may have seen it."""
    by_unit: dict[str, list[CameraInWords]] = {}
    for line in lines:
        if line["relation"] != "near" and line["unit"]:
            by_unit.setdefault(f"{line['unit']} {line['phone'] or ''}".strip(), []).append(line)
    begin, end = row.window
    span = f"{local_minute(begin, zone)} – {local_minute(end, zone)}"
    forms = []
    for unit, asked in by_unit.items():
        codes = "、".join(f"{line['code']} {line['name'] or ''}".strip() for line in asked)
        filled = {"incident": row.code, "unit": unit, "cameras": codes, "from_to": span}
        rows = tuple((say(f"evidence.form.{name}", lang), filled.get(name, "")) for name in FORM)
        forms.append(RequestForm(say("evidence.form.title", lang), rows))
    return tuple(forms)


def _report(
    desk: Desk, who: Principal, row: AnswerRow, history: list[Mapping[str, Any]], lang: str
) -> Emergency:
    book, zone = desk.book(who), desk.config.timezone
    codes = (row.township_code, row.community_code, row.grid_code)
    measures = [
        say("lifecycle.move." + move["move"], lang) + " " + local_minute(move["at"], zone)[11:]
        for move in history
        if move["move"] not in ("created", "corrected", "imported")
    ]
    return Emergency(
        row.code,
        row.category or "",
        row.window[0] if row.reported_at is None else row.reported_at,
        " ".join(book.area_name(code) for code in codes if code),
        row.address or "",
        row.title,
        tuple(measures),
        who.unit_name or who.account,
    )
