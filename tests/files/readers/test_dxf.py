"""Drawings: closed outlines are areas, names written in them are theirs, nothing is assumed."""

import ezdxf
import pytest
import shapely

from geo.base.errors import SourceError
from geo.files.readers import SourceNote, read_file

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]


@pytest.fixture
def drawing():
    return ezdxf.new("R2010")


def saved(drawing, tmp_path):
    path = tmp_path / "图纸.dxf"
    drawing.saveas(path)
    return path


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def test_closed_outlines_are_areas_and_open_ones_lines(tmp_path, drawing):
    space, on = drawing.modelspace(), {"layer": "网格"}
    space.add_lwpolyline(SQUARE, close=True, dxfattribs=on)
    space.add_lwpolyline([*SQUARE, (0, 0)], dxfattribs=on)
    space.add_polyline2d(SQUARE, close=True, dxfattribs=on)
    space.add_lwpolyline(SQUARE, dxfattribs=on)
    space.add_line((0, 0), (3, 4), dxfattribs=on)
    space.add_point((5, 6, 7), dxfattribs=on)
    table = read_file(saved(drawing, tmp_path))
    square = shapely.Polygon(SQUARE)
    assert [each.geom_type for each in table.geometry] == [
        *["Polygon"] * 3,
        *["LineString"] * 2,
        "Point",
    ]
    assert all(each.equals(square) for each in table.geometry.iloc[:3])
    assert table.geometry.iloc[4] == shapely.LineString([(0, 0), (3, 4)])
    assert table.geometry.iloc[5] == shapely.Point(5, 6)
    assert table.rows.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert table.rows["图层"].unique().tolist() == ["网格"]
    assert table.rows["类型"].tolist()[2:] == ["POLYLINE", "LWPOLYLINE", "LINE", "POINT"]
    assert table.rows["handle"].is_unique
    assert table.crs is None
    assert table.header_row == 0


def test_a_ring_inside_another_stays_an_area_of_its_own(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_lwpolyline(SQUARE, close=True)
    space.add_lwpolyline([(2, 2), (4, 2), (4, 4), (2, 4)], close=True)
    assert shapely.area(read_file(saved(drawing, tmp_path)).geometry).tolist() == [100, 4]


def test_curves_are_followed_to_a_hundredth_of_a_unit(tmp_path, drawing):
    space = drawing.modelspace()
    # two half circles of radius 5 by their bulges
    space.add_lwpolyline([(0, 0, 1), (10, 0, 1)], format="xyb", close=True)
    space.add_circle((0, 0), 5)
    space.add_arc((0, 0), 5, 0, 180)
    space.add_ellipse((0, 0), (5, 0), 1)
    bulged, circle, arc, ellipse = read_file(saved(drawing, tmp_path)).geometry
    for each in (bulged, circle, ellipse):
        ring = shapely.Point(each.centroid).buffer(5, quad_segs=1000).exterior
        assert each.exterior.hausdorff_distance(ring) < 0.011
    assert arc.geom_type == "LineString"
    assert arc.length == pytest.approx(5 * 3.14159, rel=1e-3)


def test_curves_in_degrees_are_not_cut_short(tmp_path, drawing):
    drawing.modelspace().add_circle((117.05, 30.5), 1e-3)
    circle = read_file(saved(drawing, tmp_path)).geometry.iloc[0]
    assert circle.area == pytest.approx(3.14159e-6, rel=0.02)


def test_a_hatch_is_an_area_with_its_holes_unless_its_outline_is_drawn_too(tmp_path, drawing):
    space = drawing.modelspace()
    hole = [(2, 2), (4, 2), (4, 4), (2, 4)]
    holed, same = space.add_hatch(), space.add_hatch()
    holed.paths.add_polyline_path(SQUARE)
    holed.paths.add_polyline_path(hole, flags=0)
    same.paths.add_polyline_path([(0, 10), *SQUARE[:3]])
    space.add_lwpolyline(SQUARE, close=True)
    table = read_file(saved(drawing, tmp_path))
    assert table.rows["类型"].tolist() == ["HATCH", "LWPOLYLINE"]
    assert table.geometry.iloc[0].equals(shapely.Polygon(SQUARE, [hole]))


def test_a_block_reference_is_a_point_with_its_attributes(tmp_path, drawing):
    block = drawing.blocks.new("枪机")
    block.add_circle((0, 0), 1)
    space = drawing.modelspace()
    space.add_blockref("枪机", (3, 4)).add_auto_attribs({})
    placed = space.add_blockref("枪机", (5, 6))
    placed.add_attrib("编号", "340802001", (5, 6))
    placed.add_attrib("备注", " ", (5, 6))
    table = read_file(saved(drawing, tmp_path))
    assert table.headers == ("图层", "类型", "handle", "块名", "文字", "编号", "备注")
    assert table.rows["编号"].tolist() == [None, "340802001"]
    assert table.rows["备注"].tolist() == [None, None]
    assert table.rows["块名"].tolist() == ["枪机", "枪机"]
    assert table.geometry.tolist() == [shapely.Point(3, 4), shapely.Point(5, 6)]


def test_a_name_written_in_one_area_is_its_name(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_lwpolyline(SQUARE, close=True)
    space.add_lwpolyline([(10, 0), (20, 0), (20, 10), (10, 10)], close=True)
    space.add_lwpolyline([(15, 0), (25, 0), (25, 10), (15, 10)], close=True)
    space.add_text("一网格").set_placement((5, 5))
    space.add_mtext("001\n号").set_location((2, 2))
    space.add_text("in two").set_placement((17, 5))
    space.add_text("in none").set_placement((50, 5))
    table = read_file(saved(drawing, tmp_path))
    assert table.rows["文字"].tolist() == ["一网格 001 号", None, None]
    assert table.notes == (SourceNote("ENTITY_SKIPPED", 0, "", "TEXT 2"),)


def test_a_text_on_a_line_or_a_point_names_nothing(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_line((0, 0), (4, 0))
    space.add_point((2, 2))
    space.add_text("a").set_placement((2, 0))
    space.add_text("b").set_placement((2, 2))
    assert read_file(saved(drawing, tmp_path)).rows["文字"].tolist() == [None, None]


def test_names_may_stand_on_a_layer_of_their_own(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "网格"})
    space.add_text("一网格", dxfattribs={"layer": "注记"}).set_placement((5, 5))
    space.add_text("elsewhere", dxfattribs={"layer": "注记"}).set_placement((50, 5))
    table = read_file(saved(drawing, tmp_path))
    assert table.rows["文字"].tolist() == ["一网格"]
    assert table.notes == ()


def test_of_several_layers_with_shapes_one_is_chosen(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "Grid"})
    space.add_line((0, 0), (1, 1), dxfattribs={"layer": "路"})
    space.add_line((0, 0), (1, 2), dxfattribs={"layer": "路"})
    path = saved(drawing, tmp_path)
    asked = refusal(path)
    assert asked.key == "source.drawing_layers"
    assert "Grid (1), 路 (2)" in asked.text("zh")
    assert len(read_file(path, sheet="路").rows) == 2
    assert len(read_file(path, sheet="GRID").rows) == 1
    assert refusal(path, sheet="水").key == "source.sheet"


def test_what_is_no_shape_is_counted(tmp_path, drawing):
    space = drawing.modelspace()
    space.add_lwpolyline(SQUARE, close=True)
    space.add_xline((0, 0), (1, 0))
    space.add_ray((0, 0), (1, 0))
    assert read_file(saved(drawing, tmp_path)).notes == (
        SourceNote("ENTITY_SKIPPED", 0, "", "RAY 1, XLINE 1"),
    )


def test_a_drawing_without_shapes_has_no_features(tmp_path, drawing):
    drawing.modelspace().add_text("only words")
    assert refusal(saved(drawing, tmp_path)).key == "source.no_features"


@pytest.mark.parametrize("release", ["R12", "R2000", "R2018"])
def test_chinese_names_are_read_from_old_and_new_drawings(tmp_path, release):
    drawing = ezdxf.new(release)
    drawing.encoding = "gbk"
    space = drawing.modelspace()
    space.add_polyline2d(SQUARE, close=True, dxfattribs={"layer": "网格"})
    space.add_text("桥北", dxfattribs={"layer": "网格"}).set_placement((5, 5))
    rows = read_file(saved(drawing, tmp_path)).rows
    assert rows[["图层", "文字"]].to_numpy().tolist() == [["网格", "桥北"]]


def test_half_a_drawing_is_damaged_and_not_taken_for_the_whole(tmp_path, drawing):
    for _ in range(50):
        drawing.modelspace().add_lwpolyline(SQUARE, close=True)
    path = saved(drawing, tmp_path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert refusal(path).key == "source.damaged"


def test_a_drawing_that_breaks_the_rules_is_mended_where_possible(tmp_path, drawing):
    drawing.modelspace().add_lwpolyline(SQUARE, close=True)
    path = saved(drawing, tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  0\nENDSEC\n", "", 1), encoding="utf-8")
    assert read_file(path).geometry.iloc[0].equals(shapely.Polygon(SQUARE))


def test_a_drawing_with_spoilt_numbers_is_damaged_and_none_is_made_up(tmp_path, drawing):
    drawing.modelspace().add_line((1234.5, 0), (3, 4))
    path = saved(drawing, tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1234.5", "12C4.5"), encoding="utf-8")
    told = refusal(path)
    assert told.key == "source.damaged"
    assert "12C4.5" in told.text("en")


def test_an_encoding_may_be_given_and_must_fit(tmp_path, drawing):
    drawing.modelspace().add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "网格"})
    path = saved(drawing, tmp_path)
    assert read_file(path, encoding="utf-8").rows["图层"].tolist() == ["网格"]
    assert refusal(path, encoding="ascii").key == "source.encoding"
    assert refusal(path, encoding="klingon").key == "source.encoding_unknown"
