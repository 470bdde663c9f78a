"""A printed map as one HTML text for A4 or A3 that loads nothing and runs nothing."""

from dataclasses import dataclass

from maps.palette import PRINTED_SHARE_COLOURS
from maps.papers import PAGES
from maps.print_content import FOOT_MM, HEAD_MM, MARGIN_MM, PrintTexts, Sheet
from maps.print_drawing import MapPicture


@dataclass(frozen=True)
class PrintedMap:
    """A map, what stands around it, and its sheet."""

    sheet: Sheet
    picture: MapPicture
    texts: PrintTexts


def render_map(printed: PrintedMap) -> str:
    """Return a printed map as HTML."""
    return PAGES.get_template("map_print.html").render(
        sheet=printed.sheet,
        map=printed.picture,
        texts=printed.texts,
        margin=MARGIN_MM,
        head=HEAD_MM,
        foot=FOOT_MM,
        shares=PRINTED_SHARE_COLOURS,
        wide=("grid", "community", "gap", "zone", "none"),
    )
