"""The service with a hundred times the district: 365,900 cameras and 34,400 grids.

The same questions as in ``bench_service.py``, and how much longer than for one district they take.
"""

import subprocess
import tempfile
import time
from pathlib import Path

import bench_service as district
import service_city
import service_load
import service_search
import service_tiles
from rows import Row, row, run
from service_server import COMMAND, memory_mb, sign_in, web_process
from sqlalchemy import Engine

from geo.base.settings import Settings
from geo.operations import database


def measured() -> list[Row]:
    """Return the rows, from a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        try:
            with database.open_database(config) as owner:
                brought = service_search.bring_in(owner, Path(folder) / "files")
                headers = sign_in(owner)
                began = time.perf_counter()
                service_city.grow(owner)
                grown = row("the city made of the district", time.perf_counter() - began, "s")
                return [brought, grown, *_measured(config, owner, headers)]
        finally:
            command = [*COMMAND, "--home", str(config.home), "db", "stop"]
            subprocess.run(command, check=False, capture_output=True)


def _measured(config: Settings, owner: Engine, headers: dict[str, str]) -> list[Row]:
    spots, some = district.places(owner), district.codes(owner)
    at = [f"lon={lon:.7f}&lat={lat:.7f}" for lon, lat in spots]
    with district.tipg_process(owner) as tipg, web_process(config) as (address, process):
        questions = district.questions(spots, some, at)
        rows = district.memory_rows(address, headers, tipg, questions)
        rows.append(row("memory (Pss): pages and places", memory_mb(process), "MB", goal=350.0))
        rows += service_load.sight_rows(address, headers, at, owner)
        rows.append(row("memory: sight as well", memory_mb(process), "MB", goal=350.0))
        servers = {"kept": address} | ({"tipg": tipg} if tipg else {})
        return rows + service_tiles.tile_rows(servers, headers, spots)


if __name__ == "__main__":
    run(measured, __doc__)
