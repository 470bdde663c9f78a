"""The map on paper: what its view shows, to whom, and how it is drawn."""

import io
from dataclasses import replace

import pikepdf
import pytest
import shapely

from geo.access.accounts import sessions
from geo.base.errors import ForbiddenError, InputError, MarkedError
from geo.documents import printed_map, printed_view
from geo.documents.printed_view import MapAsked
from geo.incidents.listing import IncidentFilter
from maps.print_content import choose_sheet
from maps.print_drawing import MOST_CAMERAS, draw_map
from tests.incident_town import B2, CAMERAS, B
from tests.signed_in import SYSTEM, account
from tests.toy_town import bring_in, place, rectangle, write_geojson

TOWN = (*place(-20, -20), *place(80, 20))
WEST = (*place(-20, -20), *place(20, 20))
ALL = ("grids", "cameras", "incidents", "places", "zones")


def asked(box=WEST, layers=("grids", "cameras"), **more):
    return MapAsked(box=box, layers=layers, title="村居图", **more)


def reader(engine, role, area=None, **more):
    """Return the principal of a new account, with the grants that permit exports."""
    made = account(engine, f"{role}.{area or 'all'}", role, area, **more)
    with engine.begin() as connection:
        token = sessions.begin_session(connection, made)
    return sessions.find_session(engine, token).reader.cut("export")


def seen(engine, who, wanted):
    sheet = choose_sheet(wanted.size, wanted.orientation)
    return printed_view.read_view(engine, who, wanted, sheet)


def kinds(found):
    return sorted(sign.kind for sign in found.view.signs)


@pytest.mark.postgis
class TestAView:
    """Of the town of the scenarios."""

    def test_shows_areas_cameras_and_the_ground_where_they_are(self, incident_town):
        found = seen(incident_town, SYSTEM, asked())
        assert kinds(found) == sorted(
            "skynet" if row[2] == "天网" else "social" for row in CAMERAS[1:]
        )
        picture = draw_map(found.view)
        assert picture.buildings
        assert [level for level, _ in picture.lines] == [
            "grid",
            "community",
            "township",
            "district",
        ]
        x, y = ((sign.x, sign.y) for sign in found.view.signs[:1]).__next__()
        assert shapely.box(*found.view.window.box).contains(shapely.Point(x, y))

    def test_is_cut_to_the_grants_of_who_prints(self, incident_town):
        there = reader(incident_town, "planner", B2)
        here = reader(incident_town, "planner", B, classes=["social"])
        assert kinds(seen(incident_town, there, asked(TOWN))) == []
        assert kinds(seen(incident_town, here, asked(TOWN))) == ["social", "social"]
        names = {area.name for area in seen(incident_town, there, asked(TOWN)).view.areas}
        assert "网格G5" in names
        assert "网格G1" not in names

    def test_never_shows_restricted_zones_and_shows_privacy_zones(self, incident_town, tmp_path):
        zone = [({"code": "Z", "name": "某单位"}, rectangle(-10, -10, -8, -8))]
        bring_in(incident_town, "restricted-zones", write_geojson(tmp_path / "r.geojson", zone))
        assert len(seen(incident_town, SYSTEM, asked(layers=ALL)).view.zones) == 0
        bring_in(incident_town, "privacy-zones", write_geojson(tmp_path / "p.geojson", zone))
        assert len(seen(incident_town, SYSTEM, asked(layers=ALL)).view.zones) == 1

    def test_says_in_words_by_what_incidents_are_filtered(self):
        chosen = IncidentFilter(light=("red",), category="市容", state=("assigned",), open=True)
        assert printed_map.filter_words(chosen, "街道B", "zh") == (
            "红灯；状态“已派遣”；类别“市容”；街道B"
        )
        assert printed_map.filter_words(IncidentFilter(open=True), "", "zh") == "未筛选"

    def test_of_too_many_cameras_shows_numbers_that_add_up(self, incident_town):
        found = seen(incident_town, SYSTEM, asked())
        one = next(sign for sign in found.view.signs if sign.kind == "skynet")
        many = replace(found.view, signs=(one,) * (MOST_CAMERAS + 1))
        picture = draw_map(many)
        assert picture.marks == ()
        assert sum(each.count for each in picture.counts) == MOST_CAMERAS + 1

    @pytest.mark.parametrize(("size", "points"), [("A4", (842, 595)), ("A3", (1191, 842))])
    def test_is_one_page_of_its_size(self, incident_town, settings, size, points):
        pdf = printed_map.make_map(
            incident_town, settings, SYSTEM, asked(layers=ALL, size=size), stamp="某某", lang="zh"
        )
        with pikepdf.open(io.BytesIO(pdf)) as book:
            assert len(book.pages) == 1
            box = [round(float(side)) for side in book.pages[0].mediabox]
            assert tuple(box[2:]) == points

    def test_says_what_stands_on_it(self, incident_town, settings, monkeypatch):
        pages = []
        monkeypatch.setattr(printed_map, "write_pdf", lambda page: pages.append(page) or b"")
        who = reader(incident_town, "planner", B, classes=["social"])
        wanted = replace(asked(TOWN, layers=ALL), title="<b>村居</b>图")
        printed_map.make_map(incident_town, settings, who, wanted, stamp="某某 例会", lang="zh")
        (page,) = pages
        for told in (
            *(
                "&lt;b&gt;村居&lt;/b&gt;图",
                settings.mark,
                "比例尺 1:",
                "严禁存储、处理、传输国家秘密",
            ),
            *("天网未授权", "planner.340802001000", "某某 例会", "未筛选", "社会面 2", "网格界"),
        ):
            assert told in page, told
        assert "<script" not in page
        assert "<b>村居" not in page


@pytest.mark.postgis
class TestWrongViews:
    """Are refused with what is wrong."""

    @pytest.mark.parametrize(
        ("box", "key"),
        [((118, 30, 117, 31), "box"), ((117, 30, 117, 31), "box"), ((100, 20, 120, 31), "wide")],
    )
    def test_of_the_extent(self, box, key):
        with pytest.raises(InputError) as error:
            printed_view.require_view(asked(box), SYSTEM)
        assert error.value.key == f"map_print.error.{key}"

    def test_of_a_layer(self):
        with pytest.raises(InputError, match="restricted-zones"):
            printed_view.require_view(asked(layers=("restricted-zones",)), SYSTEM)

    def test_of_figures_that_are_not_granted(self, incident_town):
        who = replace(reader(incident_town, "planner", B), scopes=frozenset({"map", "export"}))
        printed_view.require_view(asked(), who)
        with pytest.raises(ForbiddenError):
            printed_view.require_view(asked(layers=("coverage",)), who)

    @pytest.mark.parametrize("title", ["", " \u200b\n", "图" * 61])
    def test_of_the_title(self, title):
        with pytest.raises(InputError) as error:
            printed_map.clean_title(title)
        assert error.value.key == "map_print.error.title"

    def test_of_a_title_that_is_marked_secret(self):
        with pytest.raises(MarkedError):
            printed_map.clean_title("机密★10年 地图")
