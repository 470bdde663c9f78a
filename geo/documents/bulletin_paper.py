"""The bulletin as DOCX: a template of the site, or one laid out by GB/T 9704, filled in."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.base.errors import InputError
from geo.incidents.bulletin import Bulletin, BulletinTable, Paragraph

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph as DocxParagraph

BODY: Final = "{{正文}}"
TABLES: Final = "{{附表}}"
"""Each alone in a paragraph of the template, whose look the text takes over."""

# GB/T 9704: margins in mm, 22 lines of 28 letters, size 3 (16 pt), title size 2 (22 pt)
_MARGINS_MM: Final = {"top": 37, "bottom": 35, "left": 28, "right": 26}
_LINE_PT, _BODY_PT, _TITLE_PT, _TABLE_PT, _FOOT_PT = 28.95, 16, 22, 10.5, 14
_TITLE_FONT, _BODY_FONT, _HEAD_FONT = "方正小标宋简体", "仿宋_GB2312", "黑体"
_BORDER_EIGHTHS: Final = "4"
_TEXT_MM: Final = 156
_NAME_MM: Final = 32


def bulletin_bytes(found: Bulletin, template: Path | None) -> bytes:
    """Return the bulletin as a DOCX of paragraphs and plain tables.

    Parameters
    ----------
    found
        As composed, or edited.
    template
        DOCX of the site; None: the layout of GB/T 9704 without a red head.

    Raises
    ------
    InputError
        If the template cannot be read, or has no place for the text.
    """
    document = make_template() if template is None else _opened(template)
    words = {
        "{{标题}}": found.title,
        "{{单位}}": found.place,
        "{{月份}}": found.month,
        "{{截至}}": found.as_of,
        "{{日期}}": f"{found.day.year}年{found.day.month}月{found.day.day}日",
    }
    for paragraph in _paragraphs(document):
        _replace(paragraph, words)
    body = _place(document, BODY)
    if body is None:
        raise InputError("bulletin.no_place", file=template, found=BODY)
    for each in found.paragraphs:
        _insert(body, each)
    _remove(body)
    place = _place(document, TABLES)
    if place is not None:
        for number, table in enumerate(found.tables):
            _insert_table(document, place, table, new_page=number == 0)
        _remove(place)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def make_template() -> Document:
    """Return the layout of GB/T 9704 with the places to fill in, without a red head and number."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.shared import Mm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for side, width in _MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(width))
    normal: Any = document.styles["Normal"]
    _set_font(normal, _BODY_FONT, _BODY_PT)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = Pt(_LINE_PT)
    normal.paragraph_format.space_after = Pt(0)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.line_spacing = Pt(_TITLE_PT * 1.6)
    title.paragraph_format.space_after = Pt(_LINE_PT)
    _set_font(title.add_run("{{标题}}"), _TITLE_FONT, _TITLE_PT)
    text = document.add_paragraph(BODY)
    text.paragraph_format.first_line_indent = Pt(2 * _BODY_PT)
    text.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    signed = document.add_paragraph("{{单位}}")
    signed.paragraph_format.space_before = Pt(2 * _LINE_PT)
    day = document.add_paragraph("{{日期}}")
    for each, letters in ((signed, 4), (day, 4)):
        each.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        each.paragraph_format.right_indent = Pt(letters * _BODY_PT)
    document.add_paragraph(TABLES)
    _number_pages(document)
    return document


def _opened(template: Path) -> Document:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        return docx.Document(str(template))
    except (PackageNotFoundError, OSError, ValueError, KeyError) as error:
        reason = str(error)[:120]
        raise InputError("bulletin.template", file=template, reason=reason) from error


def _paragraphs(document: Document) -> Iterator[DocxParagraph]:
    """Yield the paragraphs of the text, of its tables, of heads and feet."""
    yield from document.paragraphs
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from cell.paragraphs
    for section in document.sections:
        for part in (section.header, section.footer):
            yield from part.paragraphs


def _replace(paragraph: DocxParagraph, words: Mapping[str, str]) -> None:
    """Fill in a paragraph; a place that an editor split into several runs is one again."""
    if not any(place in paragraph.text for place in words):
        return
    runs = paragraph.runs
    if any(_is_split(place, paragraph) for place in words):
        runs[0].text = paragraph.text
        for run in runs[1:]:
            run.text = ""
    for run in runs:
        for place, text in words.items():
            if place in run.text:
                run.text = run.text.replace(place, text)


def _is_split(place: str, paragraph: DocxParagraph) -> bool:
    inside = any(place in run.text for run in paragraph.runs)
    return place in paragraph.text and not inside


def _place(document: Document, mark: str) -> DocxParagraph | None:
    return next((each for each in document.paragraphs if each.text.strip() == mark), None)


def _insert(place: DocxParagraph, paragraph: Paragraph) -> None:
    """Insert a paragraph before a place, with the look of the place."""
    from docx.text.paragraph import Paragraph as DocxParagraph

    element = copy.deepcopy(place._p)
    place._p.addprevious(element)
    made = DocxParagraph(element, place._parent)
    for run in made.runs[1:]:
        run._r.getparent().remove(run._r)
    run = made.runs[0]
    run.text = paragraph.text
    if paragraph.heading:
        _set_font(run, _HEAD_FONT, None)
        made.paragraph_format.keep_with_next = True


def _insert_table(
    document: Document, place: DocxParagraph, content: BulletinTable, *, new_page: bool
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    title = place.insert_paragraph_before(content.title)
    title.paragraph_format.space_before = Pt(_LINE_PT)
    title.paragraph_format.keep_with_next = True
    title.paragraph_format.page_break_before = new_page
    for run in title.runs:
        _set_font(run, _HEAD_FONT, None)
    table = document.add_table(rows=0, cols=len(content.heads))
    _draw_borders(table)
    table.autofit = False
    rest = (_TEXT_MM - _NAME_MM) / (len(content.heads) - 1)
    widths = [Mm(_NAME_MM), *[Mm(rest)] * (len(content.heads) - 1)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, cells in enumerate((content.heads, *content.rows)):
        row = table.add_row()
        _keep_whole(row, repeat=number == 0)
        for position, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = widths[position]
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.line_spacing = Pt(_TABLE_PT * 1.5)
            first = position == 0 and number > 0
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if first else WD_ALIGN_PARAGRAPH.CENTER
            run = paragraph.add_run(text)
            _set_font(run, _HEAD_FONT if number == 0 else _BODY_FONT, _TABLE_PT)
    place._p.addprevious(table._tbl)


def _remove(paragraph: DocxParagraph) -> None:
    paragraph._p.getparent().remove(paragraph._p)


def _set_font(target: Any, name: str, size_pt: float | None) -> None:  # noqa: ANN401 - run or style
    from docx.oxml.ns import qn
    from docx.shared import Pt

    target.font.name = name
    target._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
    if size_pt is not None:
        target.font.size = Pt(size_pt)


def _draw_borders(table: Any) -> None:  # noqa: ANN401 - of a template that may know no style
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        border = (("val", "single"), ("sz", _BORDER_EIGHTHS), ("space", "0"), ("color", "000000"))
        for key, value in border:
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _keep_whole(row: Any, *, repeat: bool) -> None:  # noqa: ANN401
    """Keep a row on one page; the head stands on each page."""
    from docx.oxml import OxmlElement

    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if repeat:
        properties.append(OxmlElement("w:tblHeader"))


def _number_pages(document: Document) -> None:
    """Put page numbers (— 1 —) at the right of odd pages and the left of even ones."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    section = document.sections[0]
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        for text, field in (("　— ", False), ("PAGE", True), (" —　", False)):
            _add_part(paragraph, text, field=field)


def _add_part(paragraph: DocxParagraph, text: str, *, field: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run("" if field else text)
    _set_font(run, "宋体", _FOOT_PT)
    if field:
        simple = OxmlElement("w:fldSimple")
        simple.set(qn("w:instr"), text)
        run._r.getparent().replace(run._r, simple)
        simple.append(run._r)


def template_bytes() -> bytes:
    """Return the layout of GB/T 9704 as a file for a site to complete."""
    buffer = io.BytesIO()
    make_template().save(buffer)
    return buffer.getvalue()


def bulletin_name(found: Bulletin) -> str:
    """Return the name of the file."""
    return f"{found.title}.docx"
