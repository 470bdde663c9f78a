"""The page on the architecture is true: its picture, and every file that it names."""

import re

from scripts import rooms
from tests import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_the_picture_of_the_rooms_is_drawn_from_the_imports_of_now():
    assert rooms.PICTURE.read_text("utf-8") == rooms.drawn(), "run scripts/draw-rooms"


def test_every_room_of_geo_is_in_the_picture():
    drawn = rooms.drawn()
    for folder in (ROOT / "geo").iterdir():
        if (folder / "__init__.py").is_file():
            assert f">geo/{folder.name}/<" in drawn


def test_every_path_that_the_page_names_exists():
    named = set(re.findall(r"`((?:geo|api|maps|scripts|tests)/[\w/.-]+)`", PAGE))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_levels_and_direct_arrows_of_a_small_house():
    house = {"cli": {"api", "base"}, "api": {"base"}, "base": set()}
    assert rooms.direct(house) == {"cli": {"api"}, "api": {"base"}, "base": set()}
    assert rooms.levels(house) == {"cli": 2, "api": 1, "base": 0}
