"""A synthetic district, as files to import.

Names and codes of areas are real (``data/boundaries/units.csv``); every line and point is invented.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from geo.demo import files
from geo.demo.built import buildings, farmland
from geo.demo.files import SYNTHETIC
from geo.demo.land import divisions, streets, waters
from geo.demo.registers import addresses, cameras, incidents, places, registers, units
from geo.demo.registers.registers import REGISTER_DEFECTS

__all__ = ["REGISTER_DEFECTS", "SYNTHETIC", "DemoFile", "build_files", "write_boundaries"]

LONLAT = {"crs": "wgs84"}


@dataclass(frozen=True)
class DemoFile:
    """One file of the demo, the layer it belongs to and the options of its import."""

    layer: str
    path: Path
    options: Mapping[str, str] = field(default_factory=dict)


def build_files(
    out: Path, *, seed: int = 340802, on_step: Callable[[str], None] | None = None
) -> tuple[DemoFile, ...]:
    """Write the files of the synthetic district into `out`, in the order of their import.

    The boundaries are the same for every seed; the seed decides what stands and happens in them.

    Parameters
    ----------
    out
        Folder; made if need be, files of the same names are replaced.
    seed
        Any whole number; equal seeds give equal rows.
    on_step
        Called with the layer's name before each file is written.
    """
    out.mkdir(parents=True, exist_ok=True)
    say = on_step or (lambda _: None)
    made: list[DemoFile] = []
    for level, path in write_boundaries(out).items():
        say(path.name)
        made.append(DemoFile("areas", path, {**LONLAT, "level": level}))
    for layer, name, options, write in _STEPS:
        say(name)
        write(out / name, seed)
        made.append(DemoFile(layer, out / name, options))
    return tuple(made)


def write_boundaries(out: Path) -> dict[str, Path]:
    """Write the four boundary files into `out`; return them by level, the district first."""
    found = {}
    for level, name, frame in (
        ("district", "district", divisions.make_district()),
        ("township", "townships", divisions.make_townships()),
        ("community", "communities", divisions.make_communities()),
        ("grid", "grids", divisions.make_grids()),
    ):
        found[level] = out / f"{name}.geojson"
        files.write_geojson(frame, found[level])
    return found


def _buildings(path: Path, seed: int) -> None:
    frame = buildings.make_buildings(seed).drop(columns="plot")
    frame.insert(0, "code", [f"B{k:06d}" for k in range(1, len(frame) + 1)])
    files.write_gpkg(frame, path, layer="buildings")


def _roads(path: Path, seed: int) -> None:
    del seed
    frame = streets.make_network().roads.copy()
    frame.insert(0, "code", [f"R{k:05d}" for k in range(1, len(frame) + 1)])
    files.write_gpkg(frame, path, layer="roads")


def _water(path: Path, seed: int) -> None:
    del seed
    frame = waters.make_water().copy()
    frame.insert(0, "code", [f"W{k:04d}" for k in range(1, len(frame) + 1)])
    files.write_gpkg(frame, path, layer="water")


def _farmland(path: Path, seed: int) -> None:
    del seed
    frame = farmland.make_farmland().copy()
    frame.insert(0, "code", [f"F{k:05d}" for k in range(1, len(frame) + 1)])
    files.write_gpkg(frame, path, layer="farmland")


def _places(path: Path, seed: int) -> None:
    files.write_geojson(places.make_places(seed).drop(columns=["use", "plot"]), path)


def _entrances(path: Path, seed: int) -> None:
    files.write_geojson(places.make_entrances(seed).drop(columns="facing"), path)


def _addresses(path: Path, seed: int) -> None:
    words = {"code": "编码", "name": "名称", "kind": "类型", "alias": "别名"}
    frame = files.with_lonlat(addresses.make_addresses(seed)).rename(columns=words)
    files.write_csv(frame, path)


def _units(path: Path, seed: int) -> None:
    del seed
    words = {"code": "单位编码", "name": "单位名称", "kind": "类型", "area_code": "辖区编码",
             "duty_post": "值班岗", "duty_phone": "值班电话"}  # fmt: skip
    files.write_sheet(
        units.make_units().rename(columns=words).assign(备注=SYNTHETIC), path, title="单位"
    )


def _duties(path: Path, seed: int) -> None:
    words = {
        "code": "编码",
        "unit_code": "责任单位编码",
        "area_code": "辖区编码",
        "category": "事项类别",
    }
    files.write_sheet(
        units.make_duties(seed).rename(columns=words).assign(备注=SYNTHETIC), path, title="职责"
    )


def _centres(path: Path, seed: int) -> None:
    words = {"code": "中心编码", "name": "中心名称", "level": "层级", "area_code": "辖区编码",
             "duty_post": "值班岗", "duty_phone": "值班电话"}  # fmt: skip
    frame = files.with_lonlat(units.make_centres(seed))[[*words, "经度", "纬度"]].rename(
        columns=words
    )
    frame[["经度", "纬度"]] = frame[["经度", "纬度"]].astype(float)
    files.write_sheet(frame.assign(备注=SYNTHETIC), path, title="综治中心")


def _skynet(path: Path, seed: int) -> None:
    files.write_sheet(
        registers.make_register(cameras.make_skynet_cameras(seed), path.name, SYNTHETIC),
        path,
        title="天网",
    )


def _social(path: Path, seed: int) -> None:
    files.write_sheet(
        registers.make_register(cameras.make_social_cameras(seed), path.name, SYNTHETIC),
        path,
        title="社会面",
    )


def _incidents(path: Path, seed: int) -> None:
    frame = files.with_lonlat(incidents.make_incidents(seed))
    for column in ("at", "reported", "closed", "due"):
        frame[column] = frame[column].dt.strftime("%Y-%m-%d %H:%M").fillna("")
    words = {"code": "事项编号", "title": "标题", "category": "事项类别", "source": "来源",
             "state": "状态", "at": "发生时间", "reported": "上报时间", "closed": "结案时间",
             "due": "办理时限", "grade": "等级", "level": "办理层级", "outcome": "办结方式",
             "经度": "经度", "纬度": "纬度", "accuracy_m": "定位精度", "place": "地址"}  # fmt: skip
    files.write_csv(frame[list(words)].rename(columns=words), path)


_STEPS: tuple[tuple[str, str, Mapping[str, str], Callable[[Path, int], None]], ...] = (
    ("buildings", "buildings.gpkg", {}, _buildings),
    ("roads", "roads.gpkg", {}, _roads),
    ("water", "water.gpkg", {}, _water),
    ("farmland", "farmland.gpkg", {}, _farmland),
    ("places", "places.geojson", LONLAT, _places),
    ("entrances", "entrances.geojson", LONLAT, _entrances),
    ("addresses", "addresses.csv", LONLAT, _addresses),
    ("units", "units.xlsx", {}, _units),
    ("duties", "duties.xlsx", {}, _duties),
    ("centres", "centres.xlsx", LONLAT, _centres),
    ("cameras", "cameras_skynet.xlsx", LONLAT, _skynet),
    ("cameras", "cameras_social.xlsx", LONLAT, _social),
    ("incidents", "incidents.csv", LONLAT, _incidents),
)
