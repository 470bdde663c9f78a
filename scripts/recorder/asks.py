"""Requests to each route of the service: valid and invalid ones.

An ask is told by its method, its path, and what goes with it. ``{name}`` in a path is what an
earlier answer gave (``keep``: a name and the pattern that finds it), else what ``VALUES`` has.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from .scenes import NUMBER
from .town import EAST, WEST, place

LON, LAT = place(4, 0)
FAR_LON, FAR_LAT = place(-15, -15)
VALUES: Final = {
    "layer": "cameras",
    "z": "0",
    "y": "0",
    "x": "0",
    "code": "K1",
    "lang": "zh",
    "name": "nobody.there",
    "what": "unlock",
    "rest": "x/y",
    "reference": "x.y.z",
    "key": NUMBER,
    "grant": NUMBER,
    "number": NUMBER,
    "incident": NUMBER,
    "attachment": NUMBER,
}
UUID: Final = "([0-9a-f]{8}-[0-9a-f-]{27})"
HTML: Final = {"accept": "text/html"}


@dataclass(frozen=True)
class Ask:
    """One question; `who` limits it to one of those who ask, "" to everybody.

    `said` names it in the recording, where what it sends is another each time.
    """

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: tuple[str, str] | None = None
    who: str = ""
    token: bool = True
    said: str = ""

    @property
    def title(self) -> str:
        """How it is named in the recording."""
        if self.said:
            return self.said
        sent = self.form if self.form is not None else self.json
        parts = (self.query, sent, self.raw and self.raw[:40].decode("latin-1"), self.headers)
        more = [str(part) for part in parts if part not in (None, {}, b"", "")]
        return " ".join([self.method, self.path, *more, *([] if self.token else ["no token"])])


def get(path: str, **query: Any) -> Ask:
    """Return a question without a body."""
    return Ask("GET", path, {name.strip("_"): value for name, value in query.items()})


def post(path: str, json: Any, **more: Any) -> Ask:
    """Return a question with a body of JSON."""
    return Ask("POST", path, json=json, **more)


def form(path: str, /, who: str = "", **sent: Any) -> Ask:
    """Return a question with a form."""
    return Ask("POST", path, form=sent, who=who)


SEEING: Final = "/api/cameras/seeing"
WHAT_IF: Final = "/api/what-if"
ITEMS: Final = "/api/collections/{layer}/items"
ITEM: Final = "/api/collections/{layer}/items/{item:path}"
STATUS: Final = "/api/camera-status"
ACCESS: Final = "/api/cameras/{code:path}/access"
ASKING: Final = "/api/cameras/{code:path}/access-requests"
DECISION: Final = "/api/access-requests/{number}/decision"
REFERENCE: Final = ("reference", r"(eyJ[\w-]+\.[\w-]+\.[\w-]+)")
LAYERS: Final = (
    *("districts", "townships", "communities", "grids", "cameras", "places", "centres"),
    *("incidents", "viewsheds", "gaps", "buildings"),
)
STATE: Final = {"code": "K4", "status": "online", "since": "2022-09-30T21:40:00+08:00"}

EVENTS: Final = (
    get("/api/events", after="1-1"),
    get("/api/events", after="x"),
)
PLACES: Final = (
    get("/api/locate", lon=LON, lat=LAT),
    get("/api/locate", lon=FAR_LON, lat=FAR_LAT, accuracy_m=5),
    get("/api/locate", lon=LON, lat=LAT, crs="gcj02", at="2020-01-01T00:00:00"),
    get("/api/locate", lon=10, lat=10),
    get("/api/locate"),
    get("/api/locate", lon=200, lat=LAT),
    get("/api/locate", lon="nan", lat=LAT),
    get("/api/locate", lon=LON, lat=LAT, crs="mars"),
    get("/api/locate", lon=LON, lat=LAT, at="yesterday"),
    get("/api/locate", lon=LON, lat=LAT, accuracy_m=-1),
    *(get("/api/search", q=words) for words in ("yl", "东格", "K1", "m1", "117.05,30.5", "格 西")),
    get("/api/search", q="K", limit=2),
    get("/api/search", q=""),
    get("/api/search"),
    get("/api/search", q="x" * 200),
    post("/api/locate", {"points": [[LON, LAT], [10, 10]], "accuracy_m": 5}),
    post("/api/locate", {"points": [[LON, 95]]}),
    post("/api/locate", {"points": "none"}),
    get(SEEING, lon=LON, lat=LAT),
    get(SEEING, lon=FAR_LON, lat=FAR_LAT, at="2021-10-01T08:00:00"),
    get(SEEING),
    Ask("POST", WHAT_IF, json={"lon": LON, "lat": LAT, "heading_deg": 90}),
    Ask("POST", WHAT_IF, json={"lon": LON, "lat": 95}),
    get("/api/jobs"),
    get("/api/jobs/{number}"),
    get("/api/jobs", kind="nonsense"),
    Ask("POST", "/api/jobs/{number}/cancel"),
    Ask("POST", "/api/jobs/{number}/retry"),
    Ask("POST", "/api/coverage/runs", json={"details": []}),
    get("/api/imports"),
    get("/api/imports/{number}"),
    Ask("POST", "/api/imports", {"layer": "ghosts", "name": "x.csv"}, raw=b"x"),
    Ask("POST", "/api/imports", {"layer": "cameras", "name": ".."}, raw=b"x"),
    Ask("POST", "/api/imports/{number}/preview", json={"crs": "wgs84"}),
    Ask("POST", WHAT_IF, json={"lon": LON, "lat": LAT, "form": "balloon"}),
    get(SEEING, lon=LON, lat=95),
    get(SEEING, lon=LON, lat=LAT, crs="mars"),
    get(SEEING, lon=LON, lat=LAT, reason="x" * 600),
)
COLLECTIONS: Final = (
    get("/api/collections"),
    *(Ask("GET", ITEMS.replace("{layer}", name)) for name in LAYERS),
    get("/api/collections/beton/items"),
    get("/api/collections/{layer}/tiles/WebMercatorQuad"),
    get("/api/collections/{layer}/tiles/WebMercatorQuad", f="tilejson"),
    get("/api/collections/grids/tiles/WebMercatorQuad/10/420/844"),
    get("/api/collections/grids/tiles/WebMercatorQuad/10/0/0"),
    get("/api/collections/{layer}/tiles/WebMercatorQuad/{z}/{y}/{x}"),
    get("/api/collections/beton/tiles/WebMercatorQuad/0/0/0"),
    get("/api/collections/grids/tiles/WebMercatorQuad/30/0/0"),
    get(ITEMS, limit=2),
    get(ITEMS, limit=2, after="K2"),
    get(ITEMS, limit=0),
    get(ITEMS, limit=100_000),
    get(ITEMS, limit="many"),
    get(ITEMS, bbox="1,2,3", reason="核对"),
    get(ITEM),
    *(Ask("GET", f"/api/collections/{name}/items/none") for name in LAYERS),
)
INCIDENTS: Final = (
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
)
EDITS: Final = (
    post(ITEMS, {"type": "Feature", "properties": {}}),
    Ask("PATCH", ITEM, json={"properties": {"name": "x"}}),
    Ask("DELETE", ITEM),
    Ask("PUT", "/api/areas/{code}", json={"properties": {}}),
    post("/api/areas/{code}/split", {}),
    post("/api/areas/{code}/merge", {}),
)
STATES: Final = (
    post(STATUS, {"states": [STATE]}),
    post(STATUS, {"states": [{**STATE, "code": "K99"}, {**STATE, "since": "昨天"}]}),
    post(STATUS, {"states": []}),
    post(STATUS, {"states": [{**STATE, "plate": "x"}]}),
    post(STATUS, []),
    Ask("POST", STATUS, raw=b"{", headers={"content-type": "application/json"}),
    Ask("POST", STATUS, raw=b"a=1", headers={"content-type": "text/plain"}),
)
FILES: Final = (
    *(
        post("/api/exports", {"layer": "grids", "format": name, "reason": "核对"})
        for name in ("geojson", "gpkg", "parquet", "csv", "xlsx", "dxf")
    ),
    post("/api/exports", {"layer": "grids", "format": "dxf", "crs": "zone", "reason": "核对"}),
    post("/api/exports", {"layer": "cameras", "format": "csv", "reason": "核对"}),
    post("/api/exports", {"layer": "viewsheds", "format": "csv", "reason": "核对"}),
    post("/api/exports", {"layer": "beton", "format": "csv", "reason": "核对"}),
    post("/api/exports", {"layer": "grids", "format": "doc", "reason": "核对"}),
    post("/api/exports", {"layer": "grids", "format": "csv"}),
    post("/api/exports", {"layer": "grids", "format": "csv", "reason": " "}),
    post("/api/exports", {"layer": "grids", "format": "csv", "reason": "x", "crs": "gcj02"}),
    form("/map.html", reason="核对"),
    form("/map.html", reason=""),
    form("/map.html"),
)
VIEWING: Final = (
    get("/cameras", code="K1"),
    get("/cameras", code=""),
    get("/cameras/{code:path}/access"),
    get("/cameras/{code:path}/access", incident="M1", lang="en"),
    get("/cameras/K99/access"),
    post(ACCESS, {"reason": "patrol"}, keep=REFERENCE),
    post(ACCESS, {"reason": "incident", "incident": "M1", "act": "retrieve", "content": "录像"}),
    post(ACCESS, {"reason": "incident", "incident": "M1", "legal_basis": "某法第1条"}),
    post(ACCESS, {"reason": "patrol"}, headers={"idempotency-key": "k1"}),
    post(ACCESS, {"reason": "patrol"}, headers={"idempotency-key": "k1"}),
    post(ACCESS, {"reason": ""}),
    post(ACCESS, {"reason": "incident", "incident": "M99"}),
    post(ACCESS, {"act": "stare"}),
    post(ACCESS, {"request": NUMBER, "reason": "patrol"}),
    post("/api/cameras/K99/access", {"reason": "patrol"}),
    post("/api/cameras/K5/access", {"reason": "patrol"}),
    post("/api/cameras/K3/access", {"reason": "井盖缺失核实"}),
    Ask("POST", ACCESS, raw=b"[", headers={"content-type": "application/json"}),
    form("/cameras/{code:path}/access", reason="patrol", remark="巡查"),
    form("/cameras/{code:path}/access", reason="", remark=""),
    form("/cameras/K7/access", do="ask", reason="emergency", remark="火情"),
    get("/viewer/{reference}"),
    get("/viewer/{reference}", lang="en"),
    get("/viewer/{reference}/snapshot"),
    get("/viewer/x.y.z"),
    post(ASKING, {"reason": "emergency"}, keep=("number", UUID)),
    post("/api/cameras/K7/access-requests", {"reason": "emergency"}, keep=("other", UUID)),
    post(ASKING, {}),
    get("/api/access-requests"),
    get("/api/access-requests", decided="true"),
    get("/api/access-requests/mine"),
    get("/requests"),
    get("/requests/mine", asked="true"),
    post(DECISION, {"decision": "approved", "until": "2999-01-01T00:00:00"}),
    post(DECISION, {"decision": "approved", "until": "2001-01-01T00:00:00"}),
    post(DECISION, {"decision": "perhaps"}),
    form("/requests/{number}/decision", decision="approved", hours="3"),
    form("/requests/{number}/decision", decision="approved", hours="2"),
    post(DECISION, {"decision": "refused", "note": "不必"}),
    post("/api/access-requests/{other}/decision", {"decision": "refused", "note": "不必"}),
    get("/api/access-requests", decided="true"),
    get("/requests", decided="true"),
    get("/api/access-requests/mine"),
    get("/requests/mine"),
)
REGISTER: Final = (
    get("/api/access-register"),
    get("/api/access-register", limit=1),
    get("/api/access-register", camera="K1", act="view", from_="2020-01-01", to="2999-01-01"),
    get("/api/access-register", limit=0),
    get("/api/access-register", from_="gestern"),
    get("/api/access-register", act="stare"),
    get("/api/access-register", before="x"),
    get("/api/access-register/mine"),
    get("/api/access-register/report"),
    get("/api/access-register/report", month="2020-01"),
    get("/api/access-register/report", month="spring"),
    get("/register"),
    get("/register", lang="en", limit=2),
    get("/register/mine"),
    get("/register/report"),
    get("/register/report", month="2020-01", lang="en"),
    get("/register.xlsx"),
    get("/register.xlsx", reason="季度检查"),
    get("/register/report.xlsx", reason="季度检查"),
    get("/register/report.xlsx", month="spring", reason="x"),
)
LAW: Final = (
    get("/compliance"),
    get("/compliance", lang="en", severity="error"),
    get("/compliance", page=0),
    get("/compliance", page=99),
    get("/compliance", kind="NONSENSE"),
    get("/compliance", area=WEST),
    get("/api/compliance"),
    get("/api/compliance", area=EAST, kind="FILING_MISSING"),
    get("/api/compliance", area="999"),
    get("/api/compliance", severity="fatal"),
    form("/compliance/export", reason="核对"),
    form("/compliance/export", reason=""),
    form("/compliance/filing", unit="迎江分局", reason="备案"),
    form("/compliance/filing", unit="nobody", reason="备案"),
    form("/compliance/filing", unit="迎江分局"),
)
PEOPLE: Final = (
    get("/account"),
    get("/account", done="password", lang="en"),
    get("/account/password"),
    get("/account/totp"),
    form("/account/password", password_old="x", password_new="y", password_again="z"),
    form("/account/totp", secret="x", code="000000", password="x"),
    form("/account/keys", name="", days="x", scopes=["map"]),
    form("/account/keys", name="板", days="30", scopes=["map"]),
    Ask("GET", "/account", keep=("key", rf"/account/keys/{UUID}/revoke")),
    form("/account/keys/{key}/revoke"),
    form("/account/keys/x/revoke"),
    get("/accounts"),
    get("/accounts", q="li", lang="en"),
    form("/accounts", name="new.person", kind="person", holder="新人", unit_name="中心"),
    form("/accounts", name="new.person", kind="person"),
    form("/accounts", name="新", kind="person"),
    form("/accounts", name="other.kind", kind="king"),
    form("/accounts/target/{what}"),
    form("/accounts/target/disable"),
    form("/accounts/target/enable"),
    form("/accounts/target/frighten"),
    form("/accounts/target/reset"),
    form("/accounts/{name}/reset"),
    form("/accounts/{name}/{what}"),
    form("/accounts/security_administrator/disable"),
    get("/accounts"),
    get("/accounts/{rest:path}"),
    get("/grants"),
    get("/grants", account="operator", lang="en"),
    form("/grants", account="target", role="responder", area=WEST, classes=["social"]),
    form("/grants", account="target", role="king"),
    form("/grants", account="nobody.there", role="operator"),
    form("/grants", account="target", role="planner", until="soon"),
    form("/grants", account="target", role="planner", depth="deep"),
    Ask("GET", "/grants", {"account": "target"}, keep=("grant", rf"/grants/{UUID}/take")),
    form("/grants/{grant}/take"),
    form("/grants/x/take"),
    get("/grants/{rest:path}"),
)
LOG: Final = (
    get("/api/audit"),
    get("/api/audit", limit=2),
    get("/api/audit", account="operator", action="access", outcome="refused"),
    get("/api/audit", from_="2020-01-01", to="2020-02-01"),
    get("/api/audit", limit=0),
    get("/api/audit", before=0),
    get("/api/audit", from_="gestern"),
    get("/api/audit", outcome="perhaps"),
    get("/api/audit/chain"),
    get("/audit"),
    get("/audit", lang="en", limit=3),
    get("/audit", action="import", account="nobody"),
)
ATTACHED: Final = "/api/incidents/{incident}/attachments"
TAKEN: Final = ("incident", UUID)
INCIDENT: Final = {"category": "井盖缺失", "text": "井盖没了", "lon": LON, "lat": LAT}
INCIDENTS: Final = (
    post("/api/incidents", INCIDENT, keep=TAKEN, headers={"Idempotency-Key": "recorded"}),
    post("/api/incidents", {**INCIDENT, "category": "no such"}),
    post("/api/incidents", {**INCIDENT, "text": "13812345678"}),
    post("/api/incidents", {"category": "x"}),
    Ask("PATCH", "/api/incidents/{incident}", json={"text": "井盖碎了"}),
    post("/api/routing/try", {"category": "井盖缺失", "lon": LON, "lat": LAT}),
    get("/api/incidents/{incident}/cameras"),
    get("/api/incidents/{incident}/cameras", now="true"),
    Ask("POST", ATTACHED, query={"kind": "before"}, raw=b"no picture"),
    get(ATTACHED),
    get("/api/incidents/{incident}/report"),
    get("/api/incidents/{incident}/evidence", f="xlsx"),
    get(ATTACHED + "/{attachment}"),
)
DOOR: Final = (
    get("/livez"),
    get("/readyz"),
    get("/metrics"),
    get("/login"),
    get("/login", next="/map", lang="en"),
    get("/login", left="true"),
    form("/login", who="anonymous", name="nobody.there", password="x"),
    get("/login/code"),
    form("/login/code", code="000000"),
    get("/login/oidc"),
    get("/login/oidc/callback"),
    get("/language/en", next="//elsewhere.example"),
    get("/language/{lang}"),
    get("/language/xx"),
    get("/nowhere"),
    Ask("PUT", "/map"),
    get("/static/site.css"),
    get("/static/nothing.css"),
    get("/"),
    Ask("GET", "/", headers=HTML),
    Ask("GET", "/account", headers=HTML),
    Ask("GET", "/audit", headers=HTML),
    Ask("GET", "/api/audit", headers=HTML),
    get("/api/api"),
    get("/basic"),
    get("/basic", why="webgl"),
    get("/api/console/areas"),
    get("/api/coverage"),
    get("/api/coverage", by="grid", device_set="all"),
    get("/api/coverage", by="nothing"),
    get("/api/cameras/{code}/viewshed"),
    get("/api/cameras/nobody/viewshed"),
    get("/map"),
    get("/map", lang="en"),
    get("/map", lang="xx"),
    Ask("POST", "/map.html", form={"reason": "x"}, token=False),
    Ask("POST", STATUS, json={"states": [STATE]}, token=False),
    Ask("POST", "/logout", token=False),
    Ask("POST", "/map.html", headers={"origin": "http://elsewhere.example"}),
)
ASKS: Final = (
    *DOOR,
    *PLACES,
    *INCIDENTS,
    *EVENTS,
    *COLLECTIONS,
    *INCIDENTS,
    *FILES,
    *VIEWING,
    *REGISTER,
    *LAW,
    *STATES,
    *EDITS,
    *PEOPLE,
    *LOG,
)
LAST: Final = (Ask("POST", "/account/logins"), Ask("POST", "/logout"), get("/account"))
"""What ends the sessions that all else needs."""
