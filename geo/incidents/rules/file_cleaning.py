"""Files of incidents without what is hidden in them: pictures re-encoded, PDF rewritten."""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from geo.base.errors import InputError

if TYPE_CHECKING:
    import pikepdf

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_PIXELS: Final = 40_000_000
MOST_PAGES: Final = 500
QUALITY: Final = 88
# A type is what the content begins with, whatever the name or the sender says.
SIGNS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
ENDINGS: Final = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
# Of a page that is all that is drawn.
_DRAWN: Final = (
    "/Type",
    "/MediaBox",
    "/CropBox",
    "/Rotate",
    "/Resources",
    "/Contents",
    "/UserUnit",
)


@dataclass(frozen=True)
class CleanFile:
    """A file as it is kept."""

    media_type: str
    content: bytes


def clean_file(content: bytes) -> CleanFile:
    """Return a file as it may be kept: nothing but what is seen of it.

    Raises
    ------
    InputError
        If it is too large, of another type, damaged, encrypted, or has too many pixels or pages.
    """
    if not 0 < len(content) <= MOST_BYTES:
        raise InputError("attachment.size", found=len(content), most=MOST_BYTES)
    media_type = next((kind for sign, kind in SIGNS if content.startswith(sign)), None)
    if media_type is None:
        raise InputError("attachment.type")
    clean = _clean_pdf if media_type == "application/pdf" else _clean_picture
    return CleanFile(media_type, clean(content))


def _clean_picture(content: bytes) -> bytes:
    """Return the pixels of a picture, encoded anew: no place, no time, no camera, no preview."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
                form = str(picture.format)
                if picture.width * picture.height > MOST_PIXELS:
                    raise InputError("attachment.pixels", most=MOST_PIXELS // 1_000_000)
                upright = ImageOps.exif_transpose(picture)
                return _encoded(upright, form)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("attachment.damaged") from error


def _encoded(picture: Any, form: str) -> bytes:  # noqa: ANN401 - a picture of Pillow
    plain = picture.convert("RGB" if form == "JPEG" else _mode(picture.mode))
    plain.info = {}
    out = io.BytesIO()
    options = {"quality": QUALITY} if form == "JPEG" else {"optimize": False}
    plain.save(out, form, **options)
    return out.getvalue()


def _mode(mode: str) -> str:
    return mode if mode in ("L", "LA", "RGB", "RGBA") else "RGBA"


def _clean_pdf(content: bytes) -> bytes:
    """Return the pages of a PDF in a new one: no scripts, forms, notes, files or metadata."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as given, pikepdf.new() as kept:
            if len(given.pages) > MOST_PAGES:
                raise InputError("attachment.pages", most=MOST_PAGES)
            for page in given.pages:
                for name in set(page.obj.keys()) - set(_DRAWN):
                    if name != "/Parent":
                        del page.obj[name]
            kept.pages.extend(given.pages)
            _strip(kept)
            out = io.BytesIO()
            kept.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
            return out.getvalue()
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, KeyError, TypeError) as error:
        raise InputError("attachment.damaged") from error


def _strip(document: "pikepdf.Pdf") -> None:
    """Take metadata out of everything that is left, pictures and forms included."""
    import pikepdf

    hidden = ("/Metadata", "/PieceInfo", "/LastModified", "/AA", "/A", "/JS", "/EF", "/AF", "/OPI")
    for each in document.objects:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for name in hidden:
                if name in each:
                    del each[name]
    if "/Info" in document.trailer:
        del document.trailer["/Info"]
