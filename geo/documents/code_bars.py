"""Numbers as bars (Code 128) or, with letters that bars cannot hold, as a QR code; drawn as SVG."""

from __future__ import annotations

import io
from html import escape
from typing import Final

HEIGHT_MM: Final = 11.0
MODULE_MM: Final = 0.33
QUIET: Final = 10  # modules, at each end
_QR_SCALE: Final = 2.2


def code_svg(number: str) -> str:
    """Return a picture of a number for a scanner, as an SVG element.

    Parameters
    ----------
    number
        Of an incident; printable ASCII becomes Code 128, all else a QR code.
    """
    return _bars(number) if number.isascii() and number.isprintable() and number else _qr(number)


def bar_pattern(number: str) -> str:
    """Return the modules of Code 128 as ones (black) and zeros, without the quiet zones."""
    from barcode import Code128

    modules: str = Code128(number).build()[0]
    return modules


def _bars(number: str) -> str:
    pattern = bar_pattern(number)
    width = (len(pattern) + 2 * QUIET) * MODULE_MM
    bars, start = [], 0
    while (start := pattern.find("1", start)) >= 0:
        end = pattern.find("0", start)
        end = len(pattern) if end < 0 else end
        x, wide = (QUIET + start) * MODULE_MM, (end - start) * MODULE_MM
        bars.append(f'<rect x="{x:.3f}" y="0" width="{wide:.3f}" height="{HEIGHT_MM}"/>')
        start = end
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.2f}mm" height="{HEIGHT_MM}mm"'
        f' viewBox="0 0 {width:.3f} {HEIGHT_MM}" role="img"><title>{escape(number)}</title>'
        f"{''.join(bars)}</svg>"
    )


def _qr(number: str) -> str:
    import segno

    out = io.BytesIO()
    segno.make(number or "-", error="m").save(
        out, kind="svg", scale=_QR_SCALE, border=2, xmldecl=False, svgns=True
    )
    return out.getvalue().decode()
