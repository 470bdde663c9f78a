"""A day in the town of the scenarios, service side: many accounts, one clock."""

from contextlib import contextmanager

from fastapi.testclient import TestClient

from api.app import create_app
from geo.base import clock
from geo.incidents import alarms
from tests.incident_town import C1, SHANGHAI, B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

CHINESE = {"accept-language": "zh"}
DAY = "2026-10-08"


class Town:
    """One client as the people of the day, each by a short name, and what turns the clock."""

    def __init__(self, client, engine, file):
        self._visitors, self._engine, self._file = Visitors(client, engine), engine, file
        self._accounts = {}

    def add(self, name, role, area, unit):
        self._accounts[name] = account(self._engine, f"of.{name.lower()}", role, area, unit=unit)

    def turn(self, written):
        self._file.write_text(f"{written}:00+08:00", encoding="utf-8")
        clock.follow(self._file)
        alarms.fire_alarms(self._engine, timezone=SHANGHAI)

    def become(self, who):
        return self._visitors.become(self._accounts[who])

    def ask(self, who, method, path, **more):
        return self.become(who).request(method, path, **more)

    def create(self, who, category, words, x=X, **more):
        lon, lat = place(*x)
        asked = {"category": category, "text": words, "lon": lon, "lat": lat, **more}
        answer = self.ask(who, "POST", "/api/incidents", json=asked)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def show(self, who, incident):
        return self.ask(who, "GET", f"/api/incidents/{incident['id']}").json()

    def try_move(self, who, incident, name, *, version=None, **fields):
        seen = self.show(who, incident)["version"] if version is None else version
        path, held = f"/api/incidents/{incident['id']}/moves", {"If-Match": f'"{seen}"'}
        return self.ask(who, "POST", path, json={"move": name, **fields}, headers=held)

    def move(self, who, incident, name, **fields):
        answer = self.try_move(who, incident, name, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def sheet(self, who, incident):
        path = f"/api/incidents/{incident['id']}/whistles"
        return self.ask(who, "GET", path).json()["whistles"][-1]

    def step(self, who, incident, unit, name, **fields):
        rows = self.sheet(who, incident)["units"]
        row = next(each for each in rows if each["unit_code"] == unit)
        path, held = f"/api/dispatches/{row['dispatch']}/{name}", {"If-Match": str(row["version"])}
        answer = self.ask(who, "POST", path, json=fields, headers=held)
        assert answer.status_code == 201, answer.text
        return answer.json()


@contextmanager
def serve_day(engine, settings, folder):
    """Give the town of the scenarios with those who work in it, at half past eight."""
    file = folder / "clock"
    file.write_text(f"{DAY}T08:30:00+08:00", encoding="utf-8")
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        client.headers.update(CHINESE)
        found = Town(client, engine, file)
        found.add("b", "dispatcher", B, "D0")
        found.add("other", "dispatcher", B, "D0")
        found.add("village", "dispatcher", C1, None)
        found.add("district", "supervisor", None, None)
        for unit in ("U1", "U2", "U3", "P1"):
            found.add(unit, "responder", None, unit)
        yield found
    clock.follow(None)
