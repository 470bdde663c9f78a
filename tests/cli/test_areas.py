"""Areas as the command line tells of them: history, and defects of the partition."""

import json
import sys
from datetime import date

import geopandas as gpd
import pytest
from shapely import box

import geo.cli.data.areas  # noqa: F401 - registers its commands
from geo.areas.store import versions as area_versions
from geo.cli import main
from geo.store import db, installation

pytestmark = pytest.mark.postgis

AUTUMN = date(2026, 10, 1)
DEGREES = ((117.0, 117.01), (117.01, 117.02), (117.0, 117.02))
WEST, EAST, BOTH = (box(west, 30, east, 30.01) for west, east in DEGREES)


def communities(**shapes):
    columns = {"level": "community", "code": list(shapes), "name": [f"{c}社区" for c in shapes]}
    return gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=4326)


@pytest.fixture
def bring(engine):
    with db.open_transaction(engine) as connection:
        installation.store_value(connection, "metric_srid", 4548)

    def bring_in(rows, **options):
        with db.open_transaction(engine) as connection:
            return area_versions.bring_in(connection, rows, run=1, **options)

    return bring_in


@pytest.fixture
def govgrid(database_url, monkeypatch, capfd):
    def run(*args, lang="zh"):
        monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
        monkeypatch.setenv("GOVGRID_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["govgrid", *args])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_the_history_of_an_area_is_told_in_the_users_language(bring, govgrid):
    bring(communities(C2=WEST, C3=EAST))
    bring(communities(C2=BOTH), valid_from=AUTUMN, complete_under=area_versions.MADE_CODE)
    code, out, _ = govgrid("area", "history", "C3")
    assert code == 0
    assert all(word in out for word in ("停用日期", "2026-10-01", "并入", "C2 C2社区", "100.0%"))
    _, out, _ = govgrid("area", "history", "C3", lang="en")
    assert "merged into" in out
    _, out, _ = govgrid("area", "history", "C3", "--json")
    answer = json.loads(out)
    assert answer["versions"][0]["valid_to"] == "2026-10-01"
    assert answer["succession"][0]["new_code"] == "C2"


def test_an_area_without_changes_says_so(bring, govgrid):
    bring(communities(C2=WEST))
    _, _, told = govgrid("area", "history", "C2", lang="en")
    assert "No redrawing" in told
    code, _, told = govgrid("area", "history", "C9", lang="en")
    assert code == 2
    assert "“C9”" in told


def test_defects_are_counted_by_kind_and_slivers_come_last(bring, govgrid):
    wide = box(117.0099, 30, 117.02, 30.01)
    thin = box(117.0199999, 30, 117.03, 30.01)
    bring(communities(C1=WEST, C2=wide, C3=thin))
    code, out, told = govgrid("check", "partition", "--limit", "1")
    assert code == 0
    assert "3 个区域，发现 2 处问题" in told
    assert "其余 1 处未列出" in told
    summary, largest = out.split("数量")[1].split("相关编码")
    assert "重叠或越界" in summary
    assert "细缝" in summary
    assert "C1、C2" in largest
    assert "细缝" not in largest
