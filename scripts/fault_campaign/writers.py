"""Writers of five kinds, each write with a key of its own that tells it when it is recounted."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import Final

from scripts.fault_campaign.session import RefusedError, Session

CATEGORY: Final = "井盖缺失"
STATES: Final = "camera states"
HEAD: Final = "编码,名称,建设类别,摄像机类型,监视方位,有效距离,状态,经度,纬度"
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
FINISHED: Final = frozenset({"done", "failed", "cancelled"})
CUT_OFF: Final = 3
"""Attempts after which a job whose workers were killed is given up, until it is asked for again."""
Place = tuple[float, float]
Write = Callable[[Session, str, int], None]
"""Does one write until it is acknowledged, by its key and its number from 1."""


class Acknowledged:
    """Keys of writes that were acknowledged, by kind, and when the last one was.

    Attributes
    ----------
    refused
        What was refused for good, as far as it was told.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.keys: dict[str, list[str]] = {kind: [] for kind in kinds}
        self.refused: list[str] = []
        self._lock = Lock()

    def add(self, kind: str, key: str) -> None:
        """Note a write that was acknowledged."""
        with self._lock:
            self.keys[kind].append(key)

    def counts(self) -> dict[str, int]:
        """Return how many there are by kind."""
        with self._lock:
            return {kind: len(keys) for kind, keys in self.keys.items()}


class Writer(Thread):
    """One client that writes one kind, one after the other, until the campaign ends."""

    def __init__(
        self, kind: str, write: Write, session: Session, told: Acknowledged, ended: Event
    ) -> None:
        super().__init__(name=kind, daemon=True)
        self.kind, self.session, self._told, self._ended = kind, session, told, ended
        self._write = write

    def run(self) -> None:
        """Write; a refusal is noted and ends this writer."""
        number = 0
        while not self._ended.is_set():
            number += 1
            key = state_key(number) if self.kind == STATES else str(uuid.uuid4())
            try:
                self._write(self.session, key, number)
            except InterruptedError:
                return
            except Exception as error:  # whatever it is, the campaign says so and ends
                self._told.refused.append(f"{self.kind}: {type(error).__name__} {error}")
                return
            self._told.add(self.kind, key)


def writers_of(places: Sequence[Place], cameras: Sequence[str]) -> Mapping[str, Write]:
    """Return the writers of all kinds.

    Parameters
    ----------
    places
        Where incidents happen, lon and lat.
    cameras
        Codes of cameras that are looked through and report their state.
    """

    def incident(session: Session, key: str, number: int) -> None:
        lon, lat = places[number % len(places)]
        asked = {"category": CATEGORY, "text": title(key), "lon": lon, "lat": lat}
        session.insist("POST", "/api/incidents", {**asked, "client_id": key})

    def move(session: Session, key: str, number: int) -> None:
        lon, lat = places[number % len(places)]
        asked = {"category": CATEGORY, "text": "一件要受理的事", "lon": lon, "lat": lat}
        made = session.insist("POST", "/api/incidents", {**asked, "client_id": str(uuid.uuid4())})
        path = f"/api/incidents/{made['id']}/moves"
        version = {"If-Match": f'"{made["version"]}"'}
        session.insist("POST", path, {"move": "accept", "client_id": key}, **version)

    def state(session: Session, key: str, number: int) -> None:
        told = {"code": cameras[0], "since": key, "status": ("online", "offline")[number % 2]}
        session.insist("POST", "/api/camera-status", {"states": [told]})

    def viewing(session: Session, key: str, number: int) -> None:
        path = f"/api/cameras/{cameras[number % len(cameras)]}/access"
        asked = {"reason": title(key), "legal_basis": "演练"}
        session.insist("POST", path, asked, **{"Idempotency-Key": key})

    def imported(session: Session, key: str, number: int) -> None:
        lon, lat = places[number % len(places)]
        row = f"{key},演练枪机,天网,固定枪机,90,60,在线,{lon:.6f},{lat:.6f}"
        made = session.insist(
            "POST", f"/api/imports?layer=cameras&name={key}.csv", f"{HEAD}\n{row}\n".encode()
        )
        path = f"/api/imports/{made['id']}"
        session.insist("POST", f"{path}/take", {"crs": "wgs84"})
        while (found := session.insist("GET", path))["state"] != "done":
            if found["state"] == "failed" and found["attempts"] > CUT_OFF:
                session.insist("POST", f"/api/jobs/{made['id']}/retry")
            elif found["state"] in FINISHED:
                raise RefusedError(f"the import ended as {found['state']}: {found}")
            time.sleep(0.2)

    return {
        "incidents": incident,
        "moves": move,
        STATES: state,
        "viewings": viewing,
        "imports": imported,
    }


def title(key: str) -> str:
    """Return the text by which a write is found again."""
    return f"演练 {key}"


def state_key(number: int) -> str:
    """Return the moment of the camera's n-th state, which tells it from the others."""
    return (BEGAN + timedelta(seconds=number)).isoformat()
