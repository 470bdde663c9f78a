"""The raster peers of viewsheds: xarray-spatial, GDAL and GRASS on a 1 m surface of each camera.

GRASS looks into the sector of each camera; the others can only look all around within its range.
The surface is made beforehand, off the clock. What they see of the sector is held against our
viewsheds by the intersection over union of the cells of open ground.
"""

import os
import statistics
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from coverage_peers import (
    CALL_S,
    VENV,
    XARRAY_SPATIAL,
    MissingError,
    Peer,
    call,
    folder,
    lack_of,
    lack_of_xarray,
    named,
)
from shapely.geometry.base import BaseGeometry

from geo.coverage.sight.obstacles import Obstacles
from geo.coverage.sight.viewshed import compute_viewsheds

ROOF_M, EYE_M = 30.0, 3.5  # no camera looks over a roof: as in our two dimensions
STARTS = 9
PROGRAM_S = 300  # patience
CLEAR_M, LEAST_IOU = 1.5, 0.5  # below it a peer has done something else
DEBIAN_PYTHON = "/usr/bin/python3"  # has GDAL's own binding where gdal-bin is

FRAME = f"""
import sys, time
import numpy as np
EYE_M = {EYE_M}
LOOK
given = np.load(sys.argv[1])
names = ["w%d" % i for i in range(len(given.files) - 1)]
look(given["w0"], float(given["range_m"][0]))  # compiles, loads
found = [look(given[name], float(reach)) for name, reach in zip(names, given["range_m"])]
cells = {{name: seen for name, (_, seen) in zip(names, found)}}
np.savez(sys.argv[2], seconds=[seconds for seconds, _ in found], **cells)
"""
XARRAY_LOOK = """
import xarray as xr
from xrspatial import viewshed

def look(height, range_m):
    side = np.arange(len(height)) - len(height) // 2.0
    surface = xr.DataArray(height.astype(float), dims=["y", "x"], coords=dict(y=-side, x=side))
    began = time.process_time()
    seen = viewshed(surface, x=0, y=0, observer_elev=EYE_M, target_elev=0)
    return time.process_time() - began, seen.values >= 0
"""
GDAL_LOOK = """
from osgeo import gdal
gdal.UseExceptions()

def look(height, range_m):
    side = len(height)
    surface = gdal.GetDriverByName("MEM").Create("", side, side, 1, gdal.GDT_Float32)
    surface.SetGeoTransform((-side / 2, 1, 0, side / 2, 0, -1))
    band = surface.GetRasterBand(1)
    band.WriteRaster(0, 0, side, side, height.tobytes())
    values = (0.0, 0.0, EYE_M, 0.0, 255.0, 0.0, 0.0, -1.0, 0.0)  # curvature 0, as every peer
    began = time.process_time()
    seen = gdal.ViewshedGenerate(band, "MEM", "", [], *values, gdal.GVM_Edge, range_m)
    seconds = time.process_time() - began
    cells = np.frombuffer(seen.GetRasterBand(1).ReadRaster(), dtype=np.uint8)
    return seconds, cells.reshape(height.shape) > 0
"""


@dataclass(frozen=True)
class Window:
    """The surface around one camera: 1 m cells, rows from the north, the camera in the middle.

    `ours` are the cells whose middle our own viewshed holds; `wall_m` is how far the nearest wall
    is. The sector goes clockwise from north.
    """

    height: np.ndarray = field(repr=False)
    ours: np.ndarray = field(repr=False)
    start_deg: float = 0.0
    width_deg: float = 360.0
    range_m: float = 1.0
    wall_m: float = 1.0


def windows(sectors: pd.DataFrame, obstacles: Obstacles) -> list[Window]:
    """Return the surface around each camera, with the roofs on it, and what we see of it."""
    look = sectors[["x", "y", "start_deg", "width_deg", "range_m"]].to_numpy(dtype=float)
    seen = compute_viewsheds(sectors, obstacles)
    return [_window(one, ours, obstacles) for one, ours in zip(look.tolist(), seen, strict=True)]


@named("xarray-spatial")
def xarray_viewshed(surfaces: Sequence[Window]) -> Peer:
    """Measure `xrspatial.viewshed` in a Python of its own; imports and compiling are left out."""
    if lack := lack_of_xarray():
        raise MissingError(lack)
    seconds, iou = _in_python(VENV / "bin" / "python", XARRAY_LOOK, surfaces)
    return Peer(_title(XARRAY_SPATIAL.replace("==", " "), surfaces), seconds, iou=iou)


@named("GDAL ViewshedGenerate")
def gdal_library(surfaces: Sequence[Window]) -> Peer:
    """Measure what `gdal_viewshed` calls, in a process that runs: no start, no files."""
    if lack := lack_of("gdal_viewshed"):
        raise MissingError(lack)
    seconds, iou = _in_python(DEBIAN_PYTHON, GDAL_LOOK, surfaces)
    return Peer(_title("GDAL ViewshedGenerate in memory", surfaces), seconds, iou=iou)


@named("gdal_viewshed")
def gdal_viewshed(surfaces: Sequence[Window]) -> Peer:
    """Measure the program, a process for each camera: most of it is the start."""
    if lack := lack_of("gdal_viewshed"):
        raise MissingError(lack)
    with folder() as place:
        given, found = place / "given.bil", place / "found.bil"

        def look(surface: Window) -> tuple[float, np.ndarray]:
            _write_ehdr(surface.height, given)
            eye = ["-ox", 0, "-oy", 0, "-oz", EYE_M, "-md", surface.range_m, "-cc", 0]
            seconds = call(["gdal_viewshed", "-q", "-f", "EHdr", *eye, given, found])
            return seconds, np.fromfile(found, dtype=np.uint8).reshape(surface.height.shape) > 0

        version = _said("gdalinfo", "--version").split()[1].strip(",")
        seconds, iou = _mean(map(look, surfaces), surfaces)
        return Peer(_title(f"gdal_viewshed {version}", surfaces), seconds, iou=iou)


@named("GRASS r.viewshed")
def grass_viewshed(surfaces: Sequence[Window]) -> Peer:
    """Measure the module in one session, a process for each camera; bare, without its start.

    Input and region, two more processes that every camera needs, are left out; the start is that of
    a look at nine cells.
    """
    if lack := lack_of("grass"):
        raise MissingError(lack)
    with folder() as place, _grass_session(place) as session:
        given, found = place / "given.bin", place / "found.bin"
        quiet = ["--quiet", "--overwrite"]

        def look(surface: Window) -> tuple[float, np.ndarray]:
            surface.height.tofile(given)
            call(
                ["r.in.bin", "-f", *quiet, *_bounds(surface), f"input={given}", "output=s"], session
            )
            call(["g.region", "raster=s"], session)
            eye = ["coordinates=0,0", f"observer_elevation={EYE_M}", "target_elevation=0"]
            eye += [f"max_distance={surface.range_m}", f"directory={place}", *_directions(surface)]
            seconds = call(["r.viewshed", "-b", *quiet, *eye, "input=s", "output=v"], session)
            call(["r.out.bin", "-i", *quiet, "bytes=1", "input=v", f"output={found}"], session)
            return seconds, np.fromfile(found, dtype=np.uint8).reshape(surface.height.shape) == 1

        nine = np.zeros((3, 3), dtype=np.float32)
        start_s = statistics.mean(look(Window(nine, nine))[0] for _ in range(STARTS))
        seconds, iou = _mean(map(look, surfaces), surfaces)
        version = _said("grass", "--config", "version", environment=session)
        title = _title(f"GRASS {version} r.viewshed", surfaces)
        return Peer(title, seconds, seconds - start_s, iou)


def _in_python(python: str | Path, program: str, surfaces: Sequence[Window]) -> tuple[float, float]:
    """Return seconds a camera as a program in another Python counts them, and its agreement."""
    with folder() as place:
        given, found = place / "given.npz", place / "found.npz"
        heights = {f"w{i}": each.height for i, each in enumerate(surfaces)}
        np.savez(given, range_m=[each.range_m for each in surfaces], **heights)
        command = [python, "-c", FRAME.replace("LOOK", program), given, found]
        call(command, patience_s=PROGRAM_S)
        with np.load(found) as answer:
            looks = [(answer["seconds"][i], answer[f"w{i}"]) for i in range(len(surfaces))]
    return _mean(looks, surfaces)


def _mean(
    looks: Iterable[tuple[float, np.ndarray]], surfaces: Sequence[Window]
) -> tuple[float, float]:
    """Return the mean seconds and the mean intersection over union of what a peer and we see.

    Cameras near a wall are left out of the second: on 1 m cells nobody can place them.
    """
    seconds, seen = zip(*looks, strict=True)
    pairs = zip(surfaces, seen, strict=True)
    ious = [_iou(surface, theirs) for surface, theirs in pairs if surface.wall_m >= CLEAR_M]
    iou = statistics.mean(ious)
    assert iou > LEAST_IOU, f"a raster peer sees something else: IoU {iou:.2f}"
    return float(np.mean(seconds)), iou


def _iou(surface: Window, theirs: np.ndarray) -> float:
    cells = np.arange(len(theirs)) - len(theirs) // 2
    east, north = np.meshgrid(cells, -cells)
    turn = np.mod(np.degrees(np.arctan2(east, north)) - surface.start_deg, 360)
    within = (np.hypot(east, north) <= surface.range_m) & (turn <= surface.width_deg)
    ground = within & (surface.height == 0)
    both, either = theirs & surface.ours & ground, (theirs | surface.ours) & ground
    return float(both.sum() / either.sum())


def _title(name: str, surfaces: Sequence[Window]) -> str:
    return f"{name}, 1 m cells, {len(surfaces)} cameras"


def _window(look: Sequence[float], seen: BaseGeometry, obstacles: Obstacles) -> Window:
    x, y, start_deg, width_deg, range_m = look
    cells = np.arange(-int(np.ceil(range_m)), int(np.ceil(range_m)) + 1)
    east, north = np.meshgrid(x + cells, y - cells)
    reach = len(cells) / 2
    near = obstacles.tree.query(shapely.box(x - reach, y - reach, x + reach, y + reach))
    roofs = shapely.multipolygons(obstacles.parts[near])
    shapely.prepare([roofs, seen])
    height = np.where(shapely.contains_xy(roofs, east, north), ROOF_M, 0.0).astype(np.float32)
    ours = shapely.contains_xy(seen, east, north)
    wall_m = float(shapely.distance(roofs, shapely.Point(x, y)))
    return Window(height, ours, start_deg, width_deg, range_m, wall_m)


def _write_ehdr(height: np.ndarray, path: Path) -> None:
    """Write a raster that GDAL reads without decoding and without a CRS, its middle at 0, 0."""
    height.tofile(path)
    side, middle = len(height), len(height) // 2
    header = {"BYTEORDER": "I", "LAYOUT": "BIL", "NBANDS": 1, "NBITS": 32, "PIXELTYPE": "FLOAT"}
    header |= {"NROWS": side, "NCOLS": side, "ULXMAP": -middle, "ULYMAP": middle}
    lines = [f"{key} {value}\n" for key, value in {**header, "XDIM": 1, "YDIM": 1}.items()]
    path.with_suffix(".hdr").write_text("".join(lines), encoding="ascii")


@contextmanager
def _grass_session(place: Path) -> Iterator[dict[str, str]]:
    """Lend the environment of a session in a new plane location, as `grass` itself would set it."""
    home = {**os.environ, "HOME": str(place)}
    call(["grass", "-c", "XY", place / "plane", "-e"], home)
    base = _said("grass", "--config", "path", environment=home)
    settings = place / "gisrc"
    settings.write_text(
        f"GISDBASE: {place}\nLOCATION_NAME: plane\nMAPSET: PERMANENT\nGUI: text\n", encoding="utf-8"
    )
    yield {
        **home,
        "GISBASE": base,
        "GISRC": str(settings),
        "PATH": f"{base}/bin:{base}/scripts:{home['PATH']}",
        "LD_LIBRARY_PATH": f"{base}/lib",
    }


def _directions(surface: Window) -> list[str]:
    """Return the sector as GRASS takes it: counterclockwise from east."""
    if surface.width_deg >= 360:
        return []
    left = (90 - surface.start_deg) % 360
    right = (90 - surface.start_deg - surface.width_deg) % 360
    return [f"direction_range={right},{left}"]


def _bounds(surface: Window) -> list[str]:
    side, corner = len(surface.height), len(surface.height) / 2
    plane = [f"north={corner}", f"south={-corner}", f"east={corner}", f"west={-corner}"]
    return [*plane, f"rows={side}", f"cols={side}", "bytes=4"]


def _said(*command: str, environment: Mapping[str, str] | None = None) -> str:
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=CALL_S
    ).stdout.strip()
