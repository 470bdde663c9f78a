"""What the rows of a file change in the areas that are known."""

from datetime import date

import geopandas as gpd
import pytest
from shapely import MultiPolygon, box

from geo.areas.rules.versions import compare_versions, find_unnamed
from geo.base.errors import InputError, NotFoundError

AUTUMN, SPRING = date(2026, 10, 1), date(2026, 4, 1)
CELLS = {"kind": None, "local_code": None, "parent_given": None}
ROWS = {
    "D": ("district", "1", None, box(0, 0, 2, 1)),
    "C1": ("community", "1.2", 1, box(0, 0, 1, 1)),
    "C2": ("community", "1.3", 1, box(1, 0, 2, 1)),
    "G1": ("grid", "1.2.4", 2, box(0, 0, 1, 1)),
}


def known(**begun):
    rows = [
        {
            **{"id": 10 + n, "unit_id": 1 + n, "code": code, "name": code, "level": level},
            **{"path": path, "parent_unit_id": parent, "attributes": {}, **CELLS},
            **{"valid_from": begun.get(code), "valid_to": None, "geometry": shape},
        }
        for n, (code, (level, path, parent, shape)) in enumerate(ROWS.items())
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)


def row(code="C1", level="community", shape=None, **cells):
    ground = ROWS[code][3] if shape is None else shape
    return gpd.GeoDataFrame(
        [{"code": code, "name": code, "level": level, **cells}], geometry=[ground]
    )


def state(rows, valid_from=None, **begun):
    return compare_versions(known(**begun), rows.set_crs(4326), valid_from=valid_from)[
        "state"
    ].tolist()


def test_a_row_as_known_is_the_same_wherever_its_ring_begins():
    turned = MultiPolygon([box(0, 0, 1, 1, ccw=False)])
    assert state(row(shape=turned)) == ["same"]
    assert state(row(shape=turned), AUTUMN) == ["same"]


def test_a_code_that_is_not_known_in_its_level_is_new():
    assert state(row("C1", level="grid")) == ["new"]


def test_another_boundary_needs_a_date():
    moved = row(shape=box(0, 0, 0.9, 1))
    assert state(moved) == ["moved"]
    assert state(moved, AUTUMN) == ["begun"]


def test_another_name_is_a_correction_without_a_date_and_a_version_with_one():
    named = row(name="新名")
    assert state(named) == ["corrected"]
    assert state(named, AUTUMN) == ["begun"]


def test_a_version_that_begins_on_the_date_is_corrected():
    assert state(row(name="新名"), AUTUMN, C1=AUTUMN) == ["corrected"]
    assert state(row(name="新名"), AUTUMN, C1=SPRING) == ["begun"]


def test_a_parent_by_place_that_comes_by_code_is_the_same():
    assert state(row(parent_code="D")) == ["same"]
    assert state(row(parent_code="E")) == ["corrected"]


def test_what_a_complete_file_does_not_name_is_found_by_level_and_place():
    assert find_unnamed(known(), row("C1"), "D")["code"].tolist() == ["C2"]
    assert find_unnamed(known(), row("C1"), "D", spared=["C2"]).empty


def test_a_complete_file_of_nothing_ends_nothing():
    assert find_unnamed(known(), row().iloc[:0], "D").empty


def test_a_complete_file_is_complete_in_an_area_above_its_own():
    with pytest.raises(NotFoundError):
        find_unnamed(known(), row(), "X")
    with pytest.raises(InputError, match="C2"):
        find_unnamed(known(), row(), "C2")
