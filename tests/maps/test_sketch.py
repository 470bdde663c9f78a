"""Sketches of shapes: where corners are drawn, to the tenth of a pixel."""

import re

from maps.sketch import draw_sketch

SQUARE = [[117.0, 0.0], [117.01, 0.0], [117.01, 0.01], [117.0, 0.01], [117.0, 0.0]]
HOLE = [[117.0025, 0.0025], [117.0075, 0.0025], [117.0075, 0.0075], [117.0025, 0.0025]]
OUTLINE = "M12.0 628.0L628.0 628.0L628.0 12.0L12.0 12.0L12.0 628.0Z"
INSIDE = "M166.0 474.0L474.0 474.0L474.0 166.0L166.0 474.0Z"


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def size(svg):
    return re.search(r'viewBox="0 0 (\d+) (\d+)" width="(\d+)" height="(\d+)"', svg).groups()


def drawn(svg):
    return svg[svg.index(">") + 1 : svg.rindex("<")]


def test_a_square_at_the_equator_fills_the_sketch_north_up_with_its_hole():
    svg = draw_sketch([polygon(SQUARE, HOLE)], "甲 <b>")
    assert size(svg) == ("640", "640", "640", "640")
    assert drawn(svg) == f'<path class="area" d="{OUTLINE}{INSIDE}"/>'
    assert 'role="img" aria-label="甲 &lt;b&gt;"' in svg


def test_at_sixty_degrees_a_degree_east_is_half_as_long():
    north = [[lon, 60 + lat - 0.005] for lon, lat in SQUARE]
    assert size(draw_sketch([polygon(north)], "")) == ("332", "640", "332", "640")


def test_of_several_shapes_each_is_drawn_and_what_has_none_is_left_out():
    line = {"type": "LineString", "coordinates": [[117.0, 0.0], [117.01, 0.01]]}
    many = {"type": "MultiPolygon", "coordinates": [[SQUARE], [HOLE]]}
    point = {"type": "Point", "coordinates": [117.005, 0.005]}
    svg = draw_sketch([line, many, point, None, {"type": "Point", "coordinates": []}], "")
    assert drawn(svg) == (
        '<path class="line" d="M12.0 628.0L628.0 12.0"/>'
        f'<path class="area" d="{OUTLINE}{INSIDE}"/>'
        '<circle cx="320.0" cy="320.0" r="4"/>'
    )
    assert draw_sketch([None], "") == ""


def test_a_single_point_stands_in_a_sketch_of_the_least_width():
    svg = draw_sketch([{"type": "Point", "coordinates": [117.0, 30.5]}], "")
    assert size(svg) == ("640", "640", "640", "640")
    assert drawn(svg) == '<circle cx="12.0" cy="12.0" r="4"/>'
