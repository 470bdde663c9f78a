"""Roads cut at the borders of areas: which runs there are, and which cell each stretch is in."""

import geopandas as gpd
import numpy as np
import shapely

from geo.coverage.demand.roads import cells_of, cut_roads

CRS = 4548
WEST, EAST = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
WHOLE = shapely.box(0, 0, 200, 100)


def frame(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)


def streets():
    """Return two roads through two areas and the one around them, and a road of the west alone."""
    roads = [shapely.LineString([(0, y), (200, y)]) for y in (20, 50)]
    roads.append(shapely.LineString([(0, 80), (90, 80)]))
    return cut_roads(frame(*roads), frame(WEST, EAST, WHOLE), np.array([WEST, EAST]))


def test_a_run_is_one_line_in_one_area():
    found = streets()
    runs = set(zip(found.run_area.tolist(), found.run_line.tolist(), strict=True))
    assert runs == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)}
    assert len(found.run_area) == len(runs)


def test_stretches_belong_to_the_runs_of_their_line_in_the_areas_that_hold_them():
    found = streets()
    middle = found.xy[found.stretch][:, [0, 2]].mean(axis=1)
    area = found.run_area[found.run]
    assert ((middle < 100) == (area == 0))[area != 2].all()
    assert (found.line_of(found.stretch) == found.run_line[found.run]).all()


def test_stretches_are_in_the_cell_that_holds_their_middle():
    found = streets()
    assert found.xy.shape == (5, 4)
    assert (found.cell == (found.xy[:, [0, 2]].mean(axis=1) > 100)).all()
    assert found.lines.tolist() == [0, 1, 2]


def test_a_point_outside_belongs_to_the_nearest_cell_within_a_metre():
    points = np.array([shapely.Point(x, 50) for x in (-1.1, -1.0, 50, 150, 201, 201.1)])
    cells = np.array([WEST, EAST])
    assert cells_of(points, cells).tolist() == [-1, 0, 0, 1, 1, -1]
    assert cells_of(points[:1], cells, reach_m=2.0).tolist() == [0]
    assert cells_of(points, cells[:0]).tolist() == [-1] * 6
