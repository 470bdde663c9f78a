"""Demand model of a district: what must be and can be seen, by cell, without cameras."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from geo.base.polygons import (
    Geometries,
    Indices,
    area_by,
    clip_to_areas,
    dissolve,
    flat_geometries,
    rebuild_invalid,
    sum_by_group,
)
from geo.coverage.demand.area_overlay import Cells, overlay_areas
from geo.coverage.demand.control_points import points_in_areas, watch_points
from geo.coverage.demand.demand import demand_surface, open_ground_polygons
from geo.coverage.demand.layers import Layers
from geo.coverage.demand.pieces import DemandPoints, Lines, demand_pieces, held_points, road_lines
from geo.coverage.demand.plot import Extent, Plot, rows_of
from geo.coverage.demand.roads import Streets, cells_of, cut_roads
from geo.coverage.demand.tiles import cut_into_tiles, in_tiles
from geo.coverage.sight.obstacles import place_cameras

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

LEVELS = ("grid", "community", "township", "district")  # the smallest first


@dataclass(frozen=True)
class DemandModel:
    """Cells, and by cell: pieces of demand, open ground, and land that is none of it.

    Attributes
    ----------
    areas, cells
        The areas, and the cells they consist of.
    grid_code
        Code of the smallest area of each cell.
    pieces
        Demand in pieces: `cell`, `grid_code`, `area_m2`, `geometry`; sorted by cell.
    lines, held
        Road lines and points (entrances, incidents) of the pieces, as from
        `geo.coverage.measure.gaps`.
    open_m2
        Open ground of each cell.
    tiles, tile_cell
        The cells in squares, sorted by cell, and the cell of each.
    beside
        What of each tile is land that may be seen though it is no open ground: water, farmland,
        zones; empty where there is none.
    built
        Whether there is any building in each cell.
    points, point_cell
        Points to be watched (places, entrances, junctions, crossings, incidents) where they can be
        seen from, as from `geo.coverage.demand.control_points`, and the cell of each.
    belongs
        Pairs of points and areas.
    held_point
        Which of the points each held one is.
    streets
        The roads in stretches.
    """

    areas: gpd.GeoDataFrame
    cells: Cells
    grid_code: NDArray[np.object_]
    pieces: gpd.GeoDataFrame
    lines: pd.DataFrame
    held: gpd.GeoDataFrame
    open_m2: Floats
    tiles: Geometries
    tile_cell: Indices
    beside: Geometries
    built: Flags
    points: gpd.GeoDataFrame
    point_cell: Indices
    belongs: tuple[Indices, Indices]
    held_point: Indices
    streets: Streets

    @cached_property
    def point_xy(self) -> Floats:
        """Return x, y of the points, shape ``(n_points, 2)``."""
        return shapely.get_coordinates(flat_geometries(self.points))

    @cached_property
    def piece_cell(self) -> Indices:
        """Return the cell of each piece, ascending."""
        return self.pieces["cell"].to_numpy(dtype=np.intp)

    @cached_property
    def piece_hash(self) -> NDArray[np.int64]:
        """Return a number for each piece that is that of its shape, whatever its position."""
        shapes = shapely.to_wkb(flat_geometries(self.pieces)).tolist()
        digests = b"".join(blake2b(wkb, digest_size=8).digest() for wkb in shapes)
        return np.frombuffer(digests, dtype=np.int64)

    @cached_property
    def demand_m2(self) -> Floats:
        """Return the demand of each cell."""
        area_m2 = self.pieces["area_m2"].to_numpy()
        return sum_by_group(self.piece_cell, area_m2, len(self.cells.grounds))

    @cached_property
    def cell_m2(self) -> Floats:
        """Return the square metres of each cell."""
        return np.asarray(shapely.area(self.cells.grounds))

    @cached_property
    def area_m2(self) -> Floats:
        """Return the square metres of each area."""
        return np.asarray(shapely.area(flat_geometries(self.areas)))

    @cached_property
    def area_names(self) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Return code and level of each area."""
        code, level = (self.areas[name].to_numpy(dtype=object) for name in ("code", "level"))
        return code, level

    @cached_property
    def _held_things(self) -> tuple[Lines, DemandPoints]:
        return Lines.of(self.lines), DemandPoints.of(self.held)

    @cached_property
    def held_piece(self) -> Indices:
        """Return the piece of each held point."""
        return self._held_things[1].piece

    def extent(self, cells: Indices) -> Extent:
        """Return which tiles and pieces some cells consist of; `cells` ascend."""
        tiles, pieces = rows_of(self.tile_cell, cells), rows_of(self.piece_cell, cells)
        in_tiles_, in_pieces = (
            np.searchsorted(cells, of[rows])
            for of, rows in ((self.tile_cell, tiles), (self.piece_cell, pieces))
        )
        return Extent(cells, tiles, in_tiles_, pieces, in_pieces)

    def plot(self, cells: Indices) -> Plot:
        """Return what a few cells hold; `cells` ascend."""
        return self.plot_of(self.extent(cells))

    def plot_of(self, extent: Extent) -> Plot:
        """Return what some tiles and pieces of a few cells hold."""
        tile, piece = extent.tiles, extent.pieces
        lines, points = self._held_things
        held = rows_of(points.piece, piece)
        return Plot(
            extent.cells,
            self.cells.grounds[extent.cells],
            flat_geometries(self.pieces)[piece],
            extent.piece_cell,
            self.pieces["area_m2"].to_numpy()[piece],
            lines.taken(rows_of(lines.piece, piece), piece),
            points.taken(held, piece),
            held,
            self.tiles[tile],
            extent.tile_cell,
            self.beside[tile],
            extent,
        )


def build_model(layers: Layers) -> DemandModel:
    """Return the ground of a district.

    Examples
    --------
    >>> none = gpd.GeoDataFrame({"class": []}, geometry=[])
    >>> areas = gpd.GeoDataFrame(
    ...     {"code": ["g"], "level": ["grid"]}, geometry=[shapely.box(0, 0, 9, 9)]
    ... )
    >>> from geo.coverage.sight.obstacles import merge_footprints
    >>> house, land = merge_footprints([shapely.box(0, 0, 3, 3)]), np.empty(0, dtype=object)
    >>> build_model(Layers(areas, house, none, none, none, none, land, land, land)).open_m2.tolist()
    [72.0]
    """
    layers = _located(layers, layers.areas.set_geometry(_sound(layers.areas)))
    cells = overlay_areas(flat_geometries(layers.areas))
    grid_code = _smallest(layers.areas, cells)
    every, (tiles, tile_cell) = np.arange(len(cells.grounds)), cut_into_tiles(cells.grounds)
    pieces, open_m2, beside, built = _measured(cells.grounds, every, tiles, layers)
    pieces = pieces.assign(grid_code=grid_code[pieces["cell"].to_numpy(dtype=np.intp)])
    points, held = _watched(layers), _held(pieces, layers)
    return DemandModel(
        layers.areas,
        cells,
        grid_code,
        pieces,
        road_lines(pieces, layers.roads),
        held,
        open_m2,
        tiles,
        tile_cell,
        beside,
        built,
        points,
        cells_of(flat_geometries(points), cells.grounds),
        points_in_areas(points, layers.areas),
        _point_of(held, points),
        cut_roads(layers.roads, layers.areas, cells.grounds),
    )


def rebuild_cells(ground: DemandModel, layers: Layers, dirty: Indices) -> DemandModel:
    """Return the model with some cells measured again, after an edit of buildings or zones.

    Parameters
    ----------
    ground
        Model to start from; not changed.
    layers
        Layers after the edit. Areas, roads, places, entrances and incidents must be those of the
        model.
    dirty
        Positions of the cells to measure.
    """
    if len(dirty) == 0:
        return ground
    layers, dirty = _located(layers, ground.areas), np.unique(dirty)
    near = layers.near(ground.cells.grounds[dirty])
    again = np.flatnonzero(np.isin(ground.tile_cell, dirty))
    fresh = _measured(ground.cells.grounds[dirty], dirty, ground.tiles[again], near)
    kept = ~ground.pieces["cell"].isin(dirty).to_numpy()
    new = fresh[0].assign(grid_code=ground.grid_code[fresh[0]["cell"].to_numpy(dtype=np.intp)])
    both = pd.concat([ground.pieces[kept], new], ignore_index=True)
    order = np.argsort(both["cell"].to_numpy(), kind="stable")
    pieces = gpd.GeoDataFrame(both.iloc[order].reset_index(drop=True), crs=ground.pieces.crs)
    place = np.empty(len(both), dtype=np.intp)
    place[order] = np.arange(len(both))
    open_m2, beside, built = ground.open_m2.copy(), ground.beside.copy(), ground.built.copy()
    open_m2[dirty], beside[again], built[dirty] = fresh[1][dirty], fresh[2], fresh[3][dirty]
    points, held = _watched(layers), _held(pieces, layers)
    return replace(
        ground,
        pieces=pieces,
        lines=_lines_again(ground, kept, place, new, near),
        held=held,
        open_m2=open_m2,
        beside=beside,
        built=built,
        points=points,
        point_cell=cells_of(flat_geometries(points), ground.cells.grounds),
        held_point=_point_of(held, points),
    )


def _measured(
    grounds: Geometries, cell: Indices, tiles: Geometries, layers: Layers
) -> tuple[gpd.GeoDataFrame, Floats, Geometries, Flags]:
    """Return demand and open ground of some cells, and what is none of it of their tiles."""
    count = int(cell.max(initial=-1)) + 1
    surface = demand_surface(
        roads=layers.roads,
        places=layers.places,
        entrances=layers.entrances.geometry,
        incidents=layers.incidents.geometry,
        water=layers.water,
        buildings=layers.obstacles,
        privacy_zones=layers.zones,
        within=grounds,
    )
    crs = layers.areas.crs
    pieces = demand_pieces(gpd.GeoDataFrame({"code": cell}, geometry=grounds, crs=crs), surface)
    pieces = pieces.rename(columns={"grid_code": "cell"})
    pieces = pieces.iloc[np.argsort(pieces["cell"].to_numpy(), kind="stable")]
    pieces = pieces.reset_index(drop=True).assign(area_m2=pieces.area.to_numpy())
    land = {"water": layers.water, "farmland": layers.farmland, "zones": layers.zones}
    open_, of_cell = open_ground_polygons(
        gpd.GeoSeries(grounds, crs=crs), buildings=layers.obstacles, **land
    )
    open_m2 = area_by(open_, cell[of_cell], count)
    parts = clip_to_areas(dissolve(np.concatenate(list(land.values()))), grounds)[0]
    beside = in_tiles(parts, tiles)
    built = np.zeros(count, dtype=np.bool_)
    built[cell[layers.obstacles.tree.query(grounds, predicate="intersects")[0]]] = True
    return pieces, open_m2, beside, built


def _lines_again(
    ground: DemandModel,
    kept: Flags,
    place: Indices,
    new: gpd.GeoDataFrame,
    near: Layers,
) -> pd.DataFrame:
    """Return the road lines of the pieces that stayed, under their new numbers, and of the new."""
    number = np.full(len(ground.pieces), -1)
    number[kept] = place[: kept.sum()]
    old = ground.lines.assign(piece=number[ground.lines["piece"].to_numpy(dtype=np.intp)])
    fresh = road_lines(new, near.roads)
    fresh = fresh.assign(piece=place[kept.sum() :][fresh["piece"].to_numpy(dtype=np.intp)])
    both = pd.concat([old[old["piece"] >= 0], fresh], ignore_index=True)
    return both.sort_values("piece", kind="stable", ignore_index=True)


def _watched(layers: Layers) -> gpd.GeoDataFrame:
    """Return the points to be watched; incidents among them, which only gaps ask about."""
    points = watch_points(
        places=layers.places,
        entrances=layers.entrances,
        roads=layers.roads,
        areas=layers.areas,
        obstacles=layers.obstacles,
    )
    given = shapely.get_coordinates(flat_geometries(layers.incidents))
    spots = place_cameras(
        flat_geometries(layers.incidents),
        np.zeros(len(given), bool),
        layers.obstacles,
        snap_m=np.inf,
    )
    incidents = gpd.GeoDataFrame(
        spots.drop(columns="placement").assign(
            kind="incident",
            code="",
            place_code="",
            area=-1,
            given_x=given[:, 0],
            given_y=given[:, 1],
        ),
        geometry=shapely.points(spots[["x", "y"]].to_numpy()),
        crs=points.crs,
    )
    return gpd.GeoDataFrame(pd.concat([points, incidents], ignore_index=True), crs=points.crs)


def _point_of(held: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> Indices:
    """Return which of the watched points each held one is."""
    kind = points["kind"].to_numpy(dtype=object)
    found = np.full(len(held), -1, dtype=np.intp)
    for layer, name in (("entrances", "entrance"), ("incidents", "incident")):
        mine = (held["kind"] == layer).to_numpy()
        found[mine] = np.flatnonzero(kind == name)[held["source"].to_numpy(dtype=np.intp)[mine]]
    return found


def _held(pieces: gpd.GeoDataFrame, layers: Layers) -> gpd.GeoDataFrame:
    found = held_points(
        pieces, entrances=layers.entrances.geometry, incidents=layers.incidents.geometry
    )
    weight = np.ones(len(found))
    if "weight" in layers.incidents:
        mine = (found["kind"] == "incidents").to_numpy()
        source = found["source"].to_numpy(dtype=np.intp)[mine]
        weight[mine] = layers.incidents["weight"].to_numpy(dtype=np.float64)[source]
    held = found.assign(weight=weight).sort_values("piece", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(held)


def _sound(areas: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return a valid geometry for each area; a missing one has no ground."""
    found = flat_geometries(areas).copy()
    found[shapely.is_missing(found)] = Polygon()
    return gpd.GeoSeries(rebuild_invalid(found), index=areas.index, crs=areas.crs)


def _located(layers: Layers, areas: gpd.GeoDataFrame) -> Layers:
    """Return layers with other areas, without entrances and incidents that have no place."""
    entrances, incidents = (
        each[~(each.is_empty | each.geometry.isna())]
        for each in (layers.entrances, layers.incidents)
    )
    return replace(layers, areas=areas, entrances=entrances, incidents=incidents)


def _smallest(areas: gpd.GeoDataFrame, cells: Cells) -> NDArray[np.object_]:
    """Return the code of the smallest area, by level and then code, of each cell."""
    level = areas["level"].map({name: i for i, name in enumerate(LEVELS)}).to_numpy(dtype=float)
    code = areas["code"].to_numpy(dtype=object)
    order = np.lexsort((code[cells.area].astype(str), level[cells.area], cells.cell))
    cell, first = np.unique(cells.cell[order], return_index=True)
    found = np.full(len(cells.grounds), "", dtype=object)
    found[cell] = code[cells.area[order][first]]
    return found
