"""Watermark of pages: who exported them, when and for what, across everything."""

from markupsafe import escape

from geo.base.errors import StateError

HERE = "<!--watermark-->"
"""Where a page gets it: pages are drawn once for all who see the same, and stamped for each."""

_LETTER_PX = 13


def watermark_svg(text: str) -> str:
    """Return `text` as an SVG that repeats it slantwise over the whole page; nothing can be hit.

    It is an element of the page, so that it is printed as well, and needs no style of its own but
    the class ``watermark``.
    """
    width = max(220, sum(_LETTER_PX if ord(c) > 0x2E7F else 7 for c in text) + 60)
    return (
        '<svg class="watermark" aria-hidden="true" width="100%" height="100%"><defs>'
        f'<pattern id="stamp" width="{width}" height="150" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(-22)">'
        # the second line begins left of the tile as well, where its end would be cut off
        f"{_line(text, 0, 40)}{_line(text, width / 2, 115)}{_line(text, -width / 2, 115)}"
        '</pattern></defs><rect width="100%" height="100%" fill="url(#stamp)"/></svg>'
    )


def _line(text: str, x: float, y: int) -> str:
    # the light edge keeps it readable upon dark grounds
    return (
        f'<text x="{x:.0f}" y="{y}" font-size="{_LETTER_PX}" fill="#22313f" fill-opacity="0.13"'
        ' stroke="#ffffff" stroke-opacity="0.18" stroke-width="0.6" paint-order="stroke">'
        f"{escape(text)}</text>"
    )


def add_watermark(page: str, text: str) -> str:
    """Return a page with its watermark in place.

    Parameters
    ----------
    page
        HTML with the place for the watermark.
    text
        Lines of the watermark: user, time, purpose.

    Raises
    ------
    StateError
        If the page has no place for it: it must not leave the system without.
    """
    if HERE not in page:
        raise StateError("map.error.no_watermark")
    return page.replace(HERE, watermark_svg(text), 1)
