"""``govgrid incident paper``: order, notice, duty report and evidence sheet of an incident."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.intake import make_desk, room

if TYPE_CHECKING:
    from geo.access.principal import Principal
    from geo.incidents.desk import Desk

PAPERS = ("order", "notice", "report", "evidence")
ENDINGS = {"evidence": (".pdf", ".xlsx")}
PDF_ALONE = (".pdf",)


@room.command()
def paper(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="|".join(PAPERS))],
    incident: str,
    out: Annotated[Path, typer.Argument(metavar="FILE.pdf")],
    unit: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write a paper of an incident as PDF, the evidence sheet also as XLSX."""
    from geo.base.errors import InputError
    from geo.cli.output import print_note, require_new
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import listing
    from geo.operations import database

    config = read_settings(context)
    if kind not in PAPERS:
        raise InputError("order.kind", found=kind[:40], known=", ".join(PAPERS))
    if unit is not None and kind != "order":
        raise InputError("order.unit_only", kind=kind)
    ending = require_ending(out, known=ENDINGS.get(kind, PDF_ALONE))
    require_new(out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "incident")
        desk = make_desk(engine, who, config)
        found = listing.read_incident(engine, who, incident)
        content = _content(desk, who, found["id"], kind, ending, unit)
    with draft_of(out) as draft:
        draft.write_bytes(content)
    print_note(str(out))


def _content(
    desk: "Desk", who: "Principal", incident: UUID, kind: str, ending: str, unit: str | None
) -> bytes:
    from geo.cli.app import current_language
    from geo.documents import dispatch_order, incident_paper

    lang = current_language()
    if kind == "order":
        order, _ = dispatch_order.order_paper(desk, who, incident, lang, unit=unit)
        return dispatch_order.order_pdf(order)
    if kind == "notice":
        notice = dispatch_order.supervision_notice(desk, who, incident, lang)
        return dispatch_order.order_pdf(notice)
    if kind == "report":
        return incident_paper.paper_pdf(incident_paper.duty_report(desk, who, incident, lang)[0])
    form = ending.removeprefix(".")
    sheet = incident_paper.evidence_sheet(desk, who, incident, lang, form=form)
    return (
        incident_paper.paper_workbook(sheet) if form == "xlsx" else incident_paper.paper_pdf(sheet)
    )
