"""The service on the counted town, asked in Chinese by a supervisor of the whole district."""

from contextlib import contextmanager

from fastapi.testclient import TestClient

from api.app import create_app
from geo.base import clock
from tests.incidents.counted_town import NOW, build_counted_town
from tests.signed_in import Visitors, account


@contextmanager
def serve_counted_town(engine, settings, folder, *, size):
    """Give the visitors of a service whose clock stands at :data:`NOW`."""
    file = folder / "clock"
    file.write_text(NOW.isoformat(), encoding="utf-8")
    clock.follow(file)
    build_counted_town(engine, size=size)
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        client.headers.update({"accept-language": "zh"})
        visitors = Visitors(client, engine)
        visitors.become(account(engine, "chen", "supervisor"))
        yield visitors
    clock.follow(None)
