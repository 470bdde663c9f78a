"""Files as they really come, through the import: what is taken, what is said, what is stored."""

import pytest

from geo.store import db, frames
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

LON, LAT = place(0, 0)


def rows_of(engine, statement):
    with db.transaction(engine) as connection:
        return frames.read(connection, statement)


def written(path, *lines, encoding="utf-8"):
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def found(report):
    return [(f.row, f.code, f.severity) for f in report.findings if f.code != "COLUMN_UNMAPPED"]


def test_matters_of_every_hour_are_taken_whatever_the_clocks_did(engine, tmp_path):
    times = {
        "skipped": "1990-04-15 02:30:00",
        "twice": "1990-09-16 01:30:00",
        "postgres": "2026-09-01 08:00:00.5+08",
        "midnight": "2026-08-31 24:00:00",
        "chinese": "2026-09-01 下午3:05",
    }
    rows = [f"{code},井盖缺失,{time},{LON},{LAT}" for code, time in times.items()]
    path = written(tmp_path / "matters.csv", "事项编号,标题,发生时间,经度,纬度", *rows)
    report = bring_in(engine, "incidents", path)
    assert found(report) == [(2, "DATE_AMBIGUOUS", "warning"), (3, "DATE_AMBIGUOUS", "warning")]
    stored = rows_of(engine, "SELECT code, occurred_at FROM govgrid.incident").set_index("code")
    assert {code: time.isoformat() for code, time in stored["occurred_at"].items()} == {
        "skipped": "1990-04-14T18:30:00+00:00",
        "twice": "1990-09-15T16:30:00+00:00",
        "postgres": "2026-09-01T00:00:00.500000+00:00",
        "midnight": "2026-08-31T16:00:00+00:00",
        "chinese": "2026-09-01T07:05:00+00:00",
    }
