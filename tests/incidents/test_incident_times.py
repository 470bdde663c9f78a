"""Incidents keep the areas of their time."""

from datetime import date

import pytest

from geo.incidents import assign
from geo.store import db
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis
EAST, WEST, BOTH = rectangle(0, 0, 10, 10), rectangle(-10, 0, 0, 10), rectangle(-10, 0, 10, 10)


def areas(tmp_path, *rows):
    named = [({"code": code, "name": code}, shape) for code, shape in rows]
    return write_geojson(tmp_path / "areas.geojson", named)


def grids_of(engine):
    with db.open_transaction(engine) as connection:
        found = assign.assign_incidents(connection, SYSTEM, lang="en", timezone="Asia/Shanghai")
    return found.set_index("code")


@pytest.fixture
def merged(engine, tmp_path):
    bring_in(engine, "areas", areas(tmp_path, ("C", BOTH)), level="community")
    bring_in(engine, "areas", areas(tmp_path, ("G2", WEST), ("G3", EAST)))
    later = {"valid_from": date(2026, 10, 1), "complete_under": "C"}
    bring_in(engine, "areas", areas(tmp_path, ("G2", BOTH)), **later)
    units = tmp_path / "units.csv"
    units.write_text(
        "编码,名称,类型,辖区\nU2,西中队,城管中队,G2\nU3,东中队,城管中队,G3\n", encoding="utf-8"
    )
    bring_in(engine, "units", units)
    duties = tmp_path / "duties.csv"
    duties.write_text("单位编码,辖区编码,类别\nU2,G2,市容\nU3,G3,市容\n", encoding="utf-8")
    bring_in(engine, "duties", duties)
    return engine


def incidents(engine, tmp_path, *rows):
    file = tmp_path / "incidents.csv"
    lines = ["编号,标题,类别,发生时间,上报时间,经度,纬度"]
    lines += [
        ",".join(map(str, (code, code, "市容", *times, *place(5, 5)))) for code, *times in rows
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return bring_in(engine, "incidents", file)


def test_a_matter_keeps_the_grid_and_unit_of_its_time(merged, tmp_path):
    incidents(
        merged,
        tmp_path,
        ("M1", "2026-09-30 23:30", ""),
        ("M2", "2026-10-01 00:30", ""),
        ("M3", "", "2026-09-12 08:00"),
        ("M4", "2026-09-30 23:00", "2026-10-02 08:00"),
    )
    found = grids_of(merged)
    assert found["grid_code"].to_dict() == {"M1": "G3", "M2": "G2", "M3": "G3", "M4": "G3"}
    assert found["unit_code"].to_dict() == {"M1": "U3", "M2": "U2", "M3": "U3", "M4": "U3"}
