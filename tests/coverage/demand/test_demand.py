"""Demand surface and open ground on toy towns."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from geo.coverage.demand.demand import (
    ROAD_WIDTH_M,
    demand_surface,
    open_ground,
    open_ground_polygons,
    road_width_m,
)
from geo.coverage.sight.obstacles import merge_footprints
from geo.files.schema.vocabularies import ROAD_CLASSES


def roads(*lines, **columns):
    return gpd.GeoDataFrame({"class": ["residential"] * len(lines), **columns}, geometry=[*lines])


def points(*at, **columns):
    return gpd.GeoDataFrame(columns, geometry=[Point(p) for p in at])


def total(parts):
    return shapely.area(parts).sum()


def test_nothing_asked_for_is_no_demand():
    assert len(demand_surface()) == 0
    assert (
        len(
            demand_surface(
                roads=roads(), buildings=merge_footprints(None), within=[box(0, 0, 1, 1)]
            )
        )
        == 0
    )


def test_a_road_is_as_wide_as_it_says_or_as_its_class():
    line = LineString([(0, 0), (1000, 0)])
    table = roads(line, line, line, width_m=[7.0, np.nan, 0.0]).assign(
        **{"class": ["trunk", "primary", "no such class"]}
    )
    assert road_width_m(table).tolist() == [7.0, ROAD_WIDTH_M["primary"], 6.0]


def test_every_class_of_road_has_a_width():
    assert set(ROAD_WIDTH_M) == set(ROAD_CLASSES)


def test_a_road_over_many_tiles_counts_once():
    found = demand_surface(roads=roads(LineString([(-600, 3), (900, 3)]), width_m=[10.0]))
    assert len(found) > 5
    assert total(found) == pytest.approx(1500 * 10 + math.pi * 25, abs=0.5)


def test_demand_never_overlaps_itself():
    found = demand_surface(
        roads=roads(LineString([(-300, 0), (300, 0)]), LineString([(0, -300), (0, 300)])),
        entrances=points((5, 5), (10, 10)).geometry,
        incidents=points((7, 7)).geometry,
    )
    assert total(found) == pytest.approx(shapely.union_all(found).area)


def test_places_have_their_own_radius_or_that_of_their_kind():
    own = demand_surface(places=points((0, 0), kind=["学校"], radius_m=[10.0]))
    kind = demand_surface(places=points((0, 0), kind=["学校"], radius_m=[np.nan]))
    other = demand_surface(places=points((0, 0), kind=["祠堂"]))
    for found, radius_m in ((own, 10), (kind, 60), (other, 50)):
        assert total(found) == pytest.approx(math.pi * radius_m**2, rel=0.002)


def test_a_square_given_as_ground_is_demanded_as_it_is():
    square = gpd.GeoDataFrame({"kind": ["广场"]}, geometry=[box(10, 10, 60, 60)])
    assert total(demand_surface(places=square)) == pytest.approx(2500)
    assert total(demand_surface(places=square.assign(radius_m=10.0))) > 4400


def test_entrances_and_incidents_are_demanded_within_15_m():
    for layer in ("entrances", "incidents"):
        found = demand_surface(**{layer: points((100, 100)).geometry})
        assert total(found) == pytest.approx(math.pi * 225, rel=0.002)


def test_water_buildings_and_privacy_zones_are_no_demand():
    street = roads(LineString([(0, 0), (100, 0)]), width_m=[10.0])
    found = demand_surface(
        roads=street,
        water=gpd.GeoSeries([box(0, -50, 10, 50)]),
        buildings=merge_footprints([box(20, -50, 30, 50)]),
        privacy_zones=[box(25, -50, 40, 50)],
        within=[box(0, -5, 100, 5)],
    )
    assert total(found) == pytest.approx((100 - 10 - 20) * 10)


def test_a_missing_geometry_demands_nothing():
    table = gpd.GeoDataFrame({"class": ["trunk"]}, geometry=[None])
    assert len(demand_surface(roads=table, entrances=gpd.GeoSeries([None, Point()]))) == 0


def test_open_ground_is_land_without_water_fields_buildings_and_zones():
    areas = gpd.GeoSeries([box(0, 0, 100, 100), box(100, 0, 200, 100)], index=["a", "b"])
    found = open_ground(
        areas,
        water=[box(0, 0, 10, 100)],
        farmland=[box(5, 0, 20, 100)],
        buildings=merge_footprints([box(90, 0, 110, 10)]),
        zones=gpd.GeoSeries([box(0, 90, 200, 100)]),
    )
    assert found.name == "open_ground_m2"
    assert found.to_dict() == pytest.approx({"a": 80 * 90 - 100, "b": 100 * 90 - 100})


def test_an_area_all_under_water_has_no_open_ground():
    areas = gpd.GeoSeries([box(0, 0, 1, 1), None, Polygon()])
    assert open_ground(areas, water=[box(-1, -1, 2, 2)]).tolist() == [0.0, 0.0, 0.0]


def test_open_ground_polygons_name_their_area():
    areas = gpd.GeoSeries([box(0, 0, 10, 10), box(10, 0, 20, 10)])
    parts, area = open_ground_polygons(areas, buildings=[box(4, -1, 6, 11)])
    assert pd.Series(shapely.area(parts)).groupby(area).agg(
        ["size", "sum"]
    ).to_numpy().tolist() == [
        [2.0, 80.0],
        [1.0, 100.0],
    ]
