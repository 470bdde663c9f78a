"""Papers that go out with a dispatch: the order in two halves (交办单), the supervision notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import ForbiddenError, StateError
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.documents import code_bars
from geo.documents.incident_paper import write_pdf
from geo.incidents import answer, attachments
from geo.incidents.book import IntakeBook
from geo.incidents.case_reading import seen_parameters
from geo.incidents.desk import Desk
from geo.incidents.rules.dispatch_text import dispatch_text
from geo.incidents.rules.receipt_number import receipt_number
from geo.incidents.store import moves as stored_moves
from geo.incidents.store.answers import AnswerRow
from maps.forms import Cell, Half, OrderPaper, render_order

_ENDED: Final = ("returned", "recalled")
_HIDDEN: Final = ("created", "corrected", "imported", "recomputed")
_SHOWN_MOVES: Final = 8


@dataclass(frozen=True)
class Dispatched:
    """An incident that is out: its row, the dispatch in charge, its history, words of the site."""

    row: AnswerRow
    dispatch: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    flags: Mapping[str, Any]
    book: IntakeBook
    zone: str
    lang: str
    several: bool = False

    @property
    def number(self) -> str:
        """What stands in bars: by it the receipt is found again."""
        unit = self.dispatch["unit_code"] or ""
        return receipt_number(self.row.code, unit, several=self.several)

    @property
    def place(self) -> str:
        """Areas and address."""
        codes = (self.row.township_code, self.row.community_code, self.row.grid_code)
        areas = " ".join(self.book.area_name(code) for code in codes if code)
        return f"{areas} {self.row.address or ''}".strip()

    @property
    def call_back(self) -> tuple[str, str]:
        """Who sent it, by name, and the office number there."""
        sender = self.book.units.get(self.dispatch["dispatched_unit"] or "")
        return (sender.name, sender.duty_phone or "") if sender else ("", "")

    def minute(self, moment: datetime | None) -> str:
        """Return a moment as papers have it."""
        return "" if moment is None else local_minute(moment, self.zone)

    def word(self, name: str, **facts: object) -> str:
        """Return a word of these papers."""
        return say(f"order.{name}", self.lang, **facts)


def order_paper(
    desk: Desk, who: Principal, incident: UUID, lang: str, *, unit: str | None = None
) -> tuple[OrderPaper, str]:
    """Return the order of a unit with its receipt, and the short text; no camera.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who prints it: the exact place must be granted.
    incident
        Its id.
    lang
        "zh" or "en".
    unit
        Of which unit; None for the one in charge.

    Raises
    ------
    StateError
        If it was sent to nobody, or not to that unit.
    """
    out = _read(desk, who, incident, lang, "incident.order", unit=unit)
    row, number = out.row, out.number
    bars = code_bars.code_svg(number)
    halves = (
        Half(out.word("title"), number, bars, tuple(_order_rows(out))),
        Half(out.word("receipt"), number, bars, _receipt_rows(out), out.word("receipt_note")),
    )
    paper = OrderPaper(out.word("title"), desk.config.mark, lang, halves, out.word("tear"))
    short = dispatch_text(
        row.code,
        row.address or out.place,
        row.title,
        row.due_at,
        out.call_back[1],
        timezone=out.zone,
        lang=lang,
    )
    return paper, short


def supervision_notice(desk: Desk, who: Principal, incident: UUID, lang: str) -> OrderPaper:
    """Return the notice of a supervised incident (督办单) with its answer to be torn off.

    Parameters
    ----------
    desk
        What intake works with.
    who
        Who prints it: the exact place must be granted.
    incident
        Its id.
    lang
        "zh" or "en".

    Raises
    ------
    StateError
        If it was sent to nobody, or is not supervised.
    """
    out = _read(desk, who, incident, lang, "incident.supervision")
    if not out.flags["supervised"]:
        raise StateError("order.not_supervised", code=out.row.code)
    bars = code_bars.code_svg(out.number)
    answer_rows = (
        (Cell(out.word("answer"), kind="tall"),),
        (Cell(out.word("done_at"), kind="blank"), Cell(out.word("signed"), kind="blank")),
        (Cell(out.word("stamp"), out.word("stamp_here"), "tall stamp"),),
    )
    halves = (
        Half(out.word("supervision"), out.number, bars, tuple(_notice_rows(out))),
        Half(out.word("reply"), out.number, bars, answer_rows, out.word("receipt_note")),
    )
    return OrderPaper(out.word("supervision"), desk.config.mark, lang, halves, out.word("tear"))


def order_pdf(paper: OrderPaper) -> bytes:
    """Return an order or a notice as PDF."""
    return write_pdf(render_order(paper))


def _read(
    desk: Desk, who: Principal, incident: UUID, lang: str, act: str, *, unit: str | None = None
) -> Dispatched:
    row = answer.read_answer(desk, who, incident)
    with transaction.open_as(desk.engine, who) as connection:
        if not attachments.find_access(connection, who, incident).shows_place:
            raise ForbiddenError("attachment.no_place")
        sent = stored_moves.read_dispatches(connection, row.code)
        history = stored_moves.read_moves(connection, incident)
        flags = stored_moves.read_incident(connection, seen_parameters(who), incident) or {}
        out = [each for each in sent if each["state"] not in _ENDED]
        live = [d for d in out if (d["lead"] if unit is None else d["unit_code"] == unit)]
        if not live:
            key = "order.not_sent" if unit is None else "order.not_there"
            raise StateError(key, code=row.code, unit=unit)
        audit.record(connection, who, act, row.code, facts={"id": str(incident)})
    several = len(out) > 1
    book, zone = desk.book(who), desk.config.timezone
    return Dispatched(row, live[-1], history, flags, book, zone, lang, several)


def _order_rows(out: Dispatched) -> list[tuple[Cell, ...]]:
    row, sent = out.row, out.dispatch
    sender, phone = out.call_back
    grade = out.book.grades.get(out.flags["grade"] or "")
    shown = "" if grade is None else (grade.en if out.lang == "en" else grade.zh)
    matter = "\n".join(filter(None, (row.title, row.description)))
    return [
        (Cell(out.word("unit"), sent["unit_name"] or sent["unit_code"] or ""),
         Cell(out.word("phone"), sent["duty_phone"] or "")),
        (Cell(out.word("category"), row.category or ""), Cell(out.word("grade"), shown)),
        (Cell(out.word("place"), out.place),),
        (Cell(out.word("matter"), matter),),
        (Cell(out.word("sent_at"), out.minute(sent["dispatched_at"])),
         Cell(out.word("acknowledge_by"), out.minute(sent["acknowledge_due"]))),
        (Cell(out.word("due"), out.minute(row.due_at)),
         Cell(out.word("sent_by"), f"{sender} {phone}".strip())),
        (Cell(out.word("demand"), kind="tall"),),
    ]  # fmt: skip


def _receipt_rows(out: Dispatched) -> tuple[tuple[Cell, ...], ...]:
    unit = out.dispatch["unit_name"] or out.dispatch["unit_code"] or ""
    return (
        (Cell(out.word("unit"), unit), Cell(out.word("due"), out.minute(out.row.due_at))),
        (Cell(out.word("signed"), kind="blank"), Cell(out.word("signed_at"), kind="blank")),
        (Cell(out.word("arrived_at"), kind="blank"), Cell(out.word("done_at"), kind="blank")),
        (Cell(out.word("result"), kind="tall"),),
        (Cell(out.word("returned"), out.word("return_kinds"), "blank"),),
        (Cell(out.word("stamp"), out.word("stamp_here"), "tall stamp"),),
    )


def _notice_rows(out: Dispatched) -> list[tuple[Cell, ...]]:
    row, sent = out.row, out.dispatch
    sender, phone = out.call_back
    because = [m["reason"] for m in out.history if m["move"] == "supervise" and m["reason"]]
    state = say(f"map.state.{row.state}", out.lang)
    return [
        (Cell(out.word("unit"), sent["unit_name"] or sent["unit_code"] or ""),
         Cell(out.word("phone"), sent["duty_phone"] or "")),
        (Cell(out.word("matter"), row.title),),
        (Cell(out.word("place"), out.place),),
        (Cell(out.word("why"), because[-1] if because else "", "blank"),),
        (Cell(out.word("sent_at"), out.minute(sent["dispatched_at"])),
         Cell(out.word("due"), out.minute(row.due_at))),
        (Cell(out.word("state"), state), Cell(out.word("late_by"), _late(out))),
        (Cell(out.word("urged"), _urged(out)), Cell(out.word("answer_by"), kind="blank")),
        (Cell(out.word("history"), "\n".join(_moves(out))),),
        (Cell(out.word("sent_by"), f"{sender} {phone}".strip()),),
    ]  # fmt: skip


def _late(out: Dispatched) -> str:
    due = out.row.due_at
    gone = timedelta() if due is None else (out.row.done_at or clock.now()) - due
    if gone <= timedelta():
        return out.word("in_time")
    return out.word("late_text", days=gone.days, hours=gone.seconds // 3600)


def _urged(out: Dispatched) -> str:
    urged = [move["at"] for move in out.history if move["move"] == "urge"]
    if not urged:
        return out.word("never_urged")
    return out.word("urged_text", count=len(urged), at=out.minute(urged[-1]))


def _moves(out: Dispatched) -> list[str]:
    shown = [move for move in out.history if move["move"] not in _HIDDEN][-_SHOWN_MOVES:]
    words = (say(f"lifecycle.move.{move['move']}", out.lang) for move in shown)
    return [
        f"{out.minute(move['at'])[5:]}　{word}　{move['post'] or ''}"
        for move, word in zip(shown, words, strict=True)
    ]
