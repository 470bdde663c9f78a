"""Live work on the demonstration's district, in a home of its own (`service_live.py`)."""

import subprocess
import sys
import tempfile
from pathlib import Path

import service_live
import service_search
from rows import Row, run

from geo.base.settings import Settings
from geo.operations import database

COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]


def measured() -> list[Row]:
    """Return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        try:
            with database.open_database(config) as owner:
                service_search.bring_in(owner, Path(folder) / "files")
                return service_live.live_rows(config, owner)
        finally:
            stop = [*COMMAND, "--home", str(config.home), "db", "stop"]
            subprocess.run(stop, check=False, capture_output=True)


if __name__ == "__main__":
    run(measured, __doc__)
