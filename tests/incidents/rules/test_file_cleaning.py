"""Files are kept without anything that is not seen of them."""

import io

import pikepdf
import pytest
from PIL import Image

from geo.base.errors import InputError
from geo.incidents.rules import file_cleaning
from geo.incidents.rules.file_cleaning import clean_file

SECRET = b"PLACE-30.5-117.05"


def picture(form, size=(40, 30), **more):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form, **more)
    return out.getvalue()


def document(change):
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(200, 300))
        change(made)
        made.save(out)
    return out.getvalue()


def with_script(made):
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String(SECRET.decode()))
    made.Root.OpenAction = script
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=pikepdf.String("x"))
    made.pages[0].obj.AA = pikepdf.Dictionary(O=script)
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=script
    )
    made.pages[0].obj.Annots = pikepdf.Array([note])
    made.docinfo["/Author"] = SECRET.decode()
    with made.open_metadata() as data:
        data["dc:title"] = SECRET.decode()
    made.attachments["a.txt"] = SECRET


def test_a_picture_loses_where_and_when_it_was_taken():
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    found = clean_file(picture("JPEG", exif=exif, comment=SECRET))
    assert found.media_type == "image/jpeg"
    assert SECRET not in found.content
    assert not Image.open(io.BytesIO(found.content)).getexif()


def test_a_picture_stands_upright_when_its_turn_is_left_out():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = clean_file(picture("JPEG", exif=exif))
    assert Image.open(io.BytesIO(found.content)).size == (30, 40)


def test_what_hangs_behind_a_picture_is_gone():
    found = clean_file(picture("PNG") + b"<script>alert(1)</script>")
    assert (found.media_type, b"script" in found.content) == ("image/png", False)


def test_a_document_keeps_its_pages_and_nothing_else():
    found = clean_file(document(with_script))
    assert found.media_type == "application/pdf"
    with pikepdf.open(io.BytesIO(found.content)) as kept:
        assert len(kept.pages) == 1
        assert set(kept.Root.keys()) == {"/Type", "/Pages"}
        assert not {"/AA", "/Annots"} & set(kept.pages[0].obj.keys())
        assert "/Author" not in kept.docinfo
        plain = io.BytesIO()
        kept.save(plain, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert SECRET not in plain.getvalue()
    assert b"JavaScript" not in plain.getvalue()


def locked():
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(out, encryption=pikepdf.Encryption(owner="x", user="y"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes"),
        (b"GIF89a", "JPEG and PNG"),
        (b"<svg onload=alert(1)>", "JPEG and PNG"),
        (b"\xff\xd8\xff nonsense", "damaged"),
        (b"%PDF-1.7 nonsense", "damaged"),
        (picture("PNG")[:60], "damaged"),
        (locked(), "damaged or encrypted"),
    ],
)
def test_what_cannot_be_kept_is_refused(content, said):
    with pytest.raises(InputError, match=said):
        clean_file(content)


def test_pixels_are_counted_before_they_are_read(monkeypatch):
    monkeypatch.setattr(file_cleaning, "MOST_PIXELS", 1199)
    with pytest.raises(InputError, match="megapixels"):
        clean_file(picture("PNG"))
