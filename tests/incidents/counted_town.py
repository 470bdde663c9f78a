"""Incidents of two townships over fourteen months in every state, and their figures by hand.

The figures here are computed from the rows alone, one incident after the other, by the sentences of
docs/statistics.md: nothing of the program's own counting is used.
"""

import json
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 10, 8, 9, 0, tzinfo=ZONE)
DISTRICT, B, B2 = "340802000000", "340802001000", "340802002000"
C1, C2, C4 = "340802001001", "340802001002", "340802002001"
GRIDS = (f"{C1}001", f"{C1}002", f"{C2}001", f"{C4}001")
AREAS = [
    (DISTRICT, "district", "区A", "1"),
    (B, "township", "街道B", "1.2"),
    (B2, "township", "街道B2", "1.3"),
    (C1, "community", "社区C1", "1.2.4"),
    (C2, "community", "社区C2", "1.2.5"),
    (C4, "community", "社区C4", "1.3.6"),
    (GRIDS[0], "grid", "网格1", "1.2.4.7"),
    (GRIDS[1], "grid", "网格2", "1.2.4.8"),
    (GRIDS[2], "grid", "网格3", "1.2.5.9"),
    (GRIDS[3], "grid", "网格4", "1.3.6.10"),
]
ADD_AREA = (
    "WITH nested AS (INSERT INTO govgrid.area_nesting (unit_id, valid, path)"
    "  VALUES (:unit, '(,)', CAST(:path AS ltree)))"
    " INSERT INTO govgrid.area (unit_id, code, level, name, geom) VALUES (:unit, :code, :level,"
    " :name, ST_Multi(ST_MakeEnvelope(117, 30, 117.1, 30.1, 4326)))"
)
COLUMNS = (
    "code, title, category, source, state, reported_at, closed_at, first_done_at, due_at, grade,"
    " level, unit_code, proposed_unit_code, override_reason, outcome, on_hold, reopened,"
    " wrong_dispatches, township_code, community_code, grid_code"
)
ADD = (
    f"INSERT INTO govgrid.incident ({COLUMNS}) SELECT {COLUMNS}"
    " FROM jsonb_populate_recordset(NULL::govgrid.incident, CAST(:rows AS jsonb))"
)
SEND = (
    "INSERT INTO govgrid.dispatch (incident_code, unit_code, state, lead)"
    " SELECT r.code, 'U1', s.state, s.state <> 'returned' FROM"
    " jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (code text, dispatches text[])"
    " CROSS JOIN LATERAL unnest(r.dispatches) AS s (state)"
)
PLACES = [
    (B, C1, GRIDS[0]), (B, C1, GRIDS[1]), (B, C2, GRIDS[2]), (B2, C4, GRIDS[3]), (B2, C4, None),
    (None, None, None),
]  # fmt: skip
STATES = ("draft", "reported", "accepted", "not_accepted", "assigned", "in_progress", "returned",
          "done", "checked", "closed", "closed", "closed", "closed", "closed", "duplicate",
          "cancelled")  # fmt: skip
SETUP = (
    "INSERT INTO govgrid.setting (key, value) VALUES ('metric_srid', '4548')",
    "INSERT INTO govgrid.unit (code, name, kind) VALUES ('U1', '城管中队', '城管'),"
    " ('U2', '市政所', '市政'), ('P9', '区财政局', '机关'), ('P8', '区教育局', '机关')",
    "INSERT INTO govgrid.category (code, name, grade, sensitive) VALUES ('01', '市容', 'ordinary',"
    " false), ('02', '塌陷', 'major', false), ('03', '纠纷', 'ordinary', true)",
    "INSERT INTO govgrid.pairing (code, area_code, unit_code, since) VALUES"
    f" ('1', '{C1}', 'P9', NULL), ('2', '{C1}', 'P8', '2026-01-01'), ('3', '{B2}', 'P8', NULL)",
)
SOURCES = {
    "app": "app",
    "手机APP": "app",
    "12345": "hotline",
    "hotline": "hotline",
    "说事会": "meeting",
    "电台": "电台",
}


def build_counted_town(engine, *, size=400, seed=7):
    """Fill an empty database; return nothing: figures are computed of what is stored."""
    rng = random.Random(seed)
    rows = [draw(rng, n) for n in range(size)]
    with engine.begin() as connection:
        for statement in SETUP:
            connection.execute(text(statement))
        areas = [
            {"unit": n, "code": code, "level": level, "name": name, "path": path}
            for n, (code, level, name, path) in enumerate(AREAS, start=1)
        ]
        connection.execute(text(ADD_AREA), areas)
        told = json.dumps(rows, default=str, ensure_ascii=False)
        connection.execute(text(ADD), {"rows": told})
        connection.execute(text(SEND), {"rows": told})


def draw(rng, n):
    """Return the columns of one incident."""
    reported = datetime(2025, 8, 20, tzinfo=ZONE) + timedelta(minutes=rng.randrange(414 * 24 * 60))
    state = rng.choice(STATES)
    after = timedelta(hours=rng.choice((1, 30, 200, 900)))
    ended = min(reported + after, NOW - timedelta(hours=1))
    township, community, grid = rng.choice(PLACES)
    sent = rng.choice(((), ("done",), ("returned", "done"), ("returned",)))
    return {
        "code": f"N{n:04d}",
        "title": "x",
        "category": rng.choice(("市容", "01", "塌陷", "纠纷", "没有这一类", None)),
        "source": rng.choice((*SOURCES, None)),
        "state": state,
        "reported_at": reported,
        "closed_at": ended if state == "closed" else None,
        "first_done_at": ended - timedelta(minutes=5)
        if state in ("done", "checked") or (state == "closed" and rng.random() < 0.5)
        else None,
        "due_at": rng.choice((None, reported + timedelta(hours=rng.choice((2, 100, 800))))),
        "grade": rng.choice((None, None, "ordinary", "urgent", "important")),
        "level": rng.choice((None, "grid", "community", "township", "district")),
        "unit_code": rng.choice((None, "U1", "U2")),
        "proposed_unit_code": rng.choice((None, "U1")),
        "override_reason": rng.choice((None, None, None, "更近")),
        "outcome": rng.choice(("resolved", "resolved", "explained", None))
        if state == "closed"
        else None,
        "on_hold": state == "in_progress" and rng.random() < 0.5,
        "reopened": rng.choice((0, 0, 0, 1)),
        "wrong_dispatches": rng.choice((0, 0, 1)) if "returned" in sent else 0,
        "township_code": township,
        "community_code": community,
        "grid_code": grid,
        "dispatches": sent,
    }


def stored_rows(engine):
    """Return all incidents with the states of their dispatches."""
    with engine.connect() as connection:
        sent = defaultdict(list)
        for code, state in connection.execute(
            text("SELECT incident_code, state FROM govgrid.dispatch")
        ):
            sent[code].append(state)
        rows = connection.execute(text("SELECT * FROM govgrid.incident")).mappings()
        return [{**row, "sent": sent[row["code"]]} for row in rows]


def keys_of(row, by):
    """Return the keys under which an incident counts."""
    category = {"01": "市容", "02": "塌陷", "03": "纠纷"}.get(row["category"], row["category"])
    grade = row["grade"] or {"塌陷": "major"}.get(category, "ordinary")
    day = row["reported_at"].astimezone(ZONE).date()
    paired = {B2: ["P8"]}.get(row["township_code"], [])
    if row["community_code"] == C1:
        paired = ["P9", "P8"] if day >= date(2026, 1, 1) else ["P9"]
    told = {
        "district": "",
        "township": row["township_code"] or "",
        "community": row["community_code"] or "",
        "grid": "" if category == "纠纷" else row["grid_code"] or "",
        "category": category or "",
        "grade": grade,
        "level": row["level"] or "",
        "unit": row["unit_code"] or "",
        "source": SOURCES.get(row["source"], row["source"]) or "",
        "month": f"{day:%Y-%m}",
    }
    return paired or [""] if by == "paired" else [told[by]]


def counts_by_hand(rows, by, since, until, only=lambda row: True, now=NOW):
    """Return collected, closed, resolved, on time … of each key, by the definitions."""
    found = defaultdict(lambda: defaultdict(int))
    for row in rows:
        day = row["reported_at"].astimezone(ZONE).date()
        if not (since <= day <= until and only(row)):
            continue
        for key in keys_of(row, by):
            here = found[key]
            for name, said in facts(row, now).items():
                here[name] += bool(said)
    return {key: dict(counts) for key, counts in found.items()}


def flow_by_hand(rows, by, since, until, only=lambda row: True, now=NOW):
    """Return what was closed in the period, of each key."""
    found = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row["state"] != "closed" or not only(row):
            continue
        day = row["closed_at"].astimezone(ZONE).date()
        if since <= day <= until:
            as_closed = {**row, "reported_at": row["closed_at"]} if by == "month" else row
            for key in keys_of(as_closed, by):
                for name in ("closed", "resolved", "on_time", "late"):
                    found[key][name] += bool(facts(row, now)[name])
    return {key: dict(counts) for key, counts in found.items()}


def facts(row, now=NOW):
    """Return what one incident counts as."""
    state, due = row["state"], row["due_at"]
    collected = state not in ("draft", "duplicate", "cancelled")
    handled = collected and state != "not_accepted"
    closed = state == "closed"
    ended = row["first_done_at"] or row["closed_at"]
    ordinary = keys_of(row, "grade") == ["ordinary"]
    sent = collected and row["sent"] != []
    return {
        "collected": collected,
        "duplicates": state == "duplicate",
        "cancelled": state == "cancelled",
        "not_accepted": state == "not_accepted",
        "accepted": handled and state != "reported",
        "closed": closed,
        "resolved": closed and row["outcome"] == "resolved",
        "on_time": handled and due is not None and ended is not None and ended <= due,
        "late": handled and due is not None and ended is not None and ended > due,
        "overdue": handled
        and due is not None
        and ended is None
        and not row["on_hold"]
        and due < now,
        "on_hold": collected and row["on_hold"],
        "sent": sent,
        "returned": sent and "returned" in row["sent"],
        "reopened": collected and row["reopened"] > 0,
        "ended": collected and (closed or row["reopened"] > 0),
        "wrong_dispatch": collected and row["wrong_dispatches"] > 0,
        "overridden": sent and row["override_reason"] is not None,
        "proposed": sent and row["proposed_unit_code"] is not None,
        "small_closed": closed and ordinary,
        "small_kept": closed and ordinary and row["level"] in ("grid", "community"),
        "big_closed": closed and not ordinary,
        "big_kept": closed and not ordinary and row["level"] in ("grid", "community", "township"),
        "level_unknown": closed and row["level"] is None,
    }
