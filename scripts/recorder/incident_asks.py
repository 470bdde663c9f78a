"""Requests to the routes of incidents: taken, listed, moved, with their files and papers."""

from typing import Final

from .question import UUID, Ask, form, get, post
from .scenes import NUMBER
from .town import place

LON, LAT = place(4, 0)
ATTACHED: Final = "/api/incidents/{incident}/attachments"
TAKEN: Final = ("incident", UUID)
INCIDENT: Final = {"category": "井盖缺失", "text": "井盖没了", "lon": LON, "lat": LAT}
TAKING: Final = (
    post("/api/incidents", INCIDENT, keep=TAKEN, headers={"Idempotency-Key": "recorded"}),
    post("/api/incidents", {**INCIDENT, "category": "no such"}),
    post("/api/incidents", {**INCIDENT, "text": "13812345678"}),
    post("/api/incidents", {"category": "x"}),
    Ask("PATCH", "/api/incidents/{incident}", json={"text": "井盖碎了"}),
    post("/api/routing/try", {"category": "井盖缺失", "lon": LON, "lat": LAT}),
    get("/api/routing/choices"),
    get("/api/incidents/{incident}/cameras"),
    get("/api/incidents/{incident}/cameras", now="true"),
    Ask("POST", ATTACHED, query={"kind": "before"}, raw=b"no picture"),
    get(ATTACHED),
    get("/api/incidents/{incident}/report"),
    get("/api/incidents/{incident}/evidence", f="xlsx"),
    get(ATTACHED + "/{attachment}"),
)
HOURS: Final = {"hours": [{"weekday": 1, "starts": "09:00", "ends": "12:00"}]}
EDITING: Final = (
    get("/api/vocabularies/sources"),
    get("/api/vocabularies/words"),
    get("/api/vocabularies/sources/grid"),
    post("/api/vocabularies/results", {"code": "moved", "zh": "移走", "en": "Moved"}),
    post("/api/vocabularies/results", {"code": "moved", "zh": ""}),
    Ask("PATCH", "/api/vocabularies/results/moved", json={"zh": "移开"}),
    get("/api/working-hours"),
    get("/api/working-hours", unit="nowhere"),
    Ask("PUT", "/api/working-hours", json=HOURS),
)
MOVING: Final = (
    get("/api/lifecycle"),
    get("/api/incidents", state="gone"),
    get("/api/incidents", limit=0),
    get("/api/incidents", category="none"),
    get(f"/api/incidents/{NUMBER}"),
    get(f"/api/incidents/{NUMBER}/moves"),
    get(f"/api/incidents/{NUMBER}/dispatches"),
    post(f"/api/incidents/{NUMBER}/moves", {"move": "accept"}),
    post(f"/api/incidents/{NUMBER}/moves", {"move": "fly"}),
    post(f"/api/incidents/{NUMBER}/moves", {"move": "accept", "plate": "x"}),
    post(f"/api/incidents/{NUMBER}/moves", {"move": "whistle", "units": [{"unit": "U2"}]}),
    get(f"/api/incidents/{NUMBER}/whistles"),
    get("/api/whistles"),
    get("/api/whistles/attendance", month="2022-10"),
    get("/api/whistles/attendance", month="Oct"),
    get("/api/whistles/attendance", year="2022", area="340802001"),
    post("/api/dispatches/{dispatch}/{step}", {"known_by": "telephone"}),
    post("/api/dispatches/{dispatch}/fly", {}),
)
SCOPE: Final = "/api/statistics/scopes/pilot"
COUNTING: Final = (
    get("/api/statistics", year="2026"),
    get("/api/statistics", by="category", year="2026", compare="true"),
    get("/api/statistics", by="colour"),
    get("/api/statistics", month="2026-13"),
    get("/api/statistics", area="nowhere"),
    get("/api/statistics", f="xlsx"),
    get("/api/statistics", year="2026", attendance="true"),
    get("/api/statistics/hot-spots", year="2026"),
    get("/api/statistics/hot-spots", area="nowhere"),
    get("/api/statistics/workload", year="2026"),
    get("/api/statistics/workload", total="100"),
    get("/api/statistics/workload", total="100", weight="noise=1"),
    get("/api/statistics/workload", year="2026", total="100", base="1", weight="area=1"),
    Ask("PUT", SCOPE, json={"since": "2026-07-01"}),
    Ask("PUT", SCOPE, json={}),
    get("/api/statistics/scopes"),
    get("/api/statistics", year="2026", scope="pilot"),
    Ask("DELETE", SCOPE),
    post("/api/statistics/issues", {"month": "2020-01"}),
    post("/api/statistics/issues", {}),
    get("/api/statistics/issues"),
    get("/api/ledger", area="340802001001", year="2026"),
    get("/api/ledger", area="nowhere"),
    get("/api/ledger", area="340802001001", f="xlsx"),
    get("/api/bulletin", month="2026-09"),
    get("/api/bulletin", month="2026-13"),
    post("/api/bulletin", {"month": "2026-09", "text": " "}),
    get("/api/incidents/{incident}/order"),
    get("/api/incidents/{incident}/supervision"),
    get("/api/receipts", number="20260930-0001"),
    get("/api/receipts", number=""),
    post("/api/receipts", {"number": "20260930-0001", "result": "好"}),
    get("/forms/receipt"),
    get("/forms/receipt", number="none"),
    form("/forms/receipt", number="none"),
    get("/api/shifts"),
    get("/api/shifts/now"),
    post("/api/shifts", {"post": ""}),
    post("/api/shifts", {"post": "值班岗一"}, keep=("shift", UUID)),
    post("/api/shifts", {"post": "值班岗二"}),
    get("/api/shifts/{shift}"),
    post("/api/shifts/{shift}/hand-over", {"note": "无"}),
    post("/api/shifts/{shift}/hand-over", {}),
)
INCIDENTS: Final = (*TAKING, *EDITING, *MOVING, *COUNTING)
