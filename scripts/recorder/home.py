"""A home with the toy town in a private PostGIS, and copies of its database."""

import json
import os
from contextlib import closing
from functools import cached_property
from pathlib import Path

import psycopg2

from . import process
from .process import Done

PORT = 5432  # names the socket file only
# Nobody minds if these data are lost.
HASTY = ("fsync", "synchronous_commit", "full_page_writes")


class Home:
    """Private database of a recording, and the environment of its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a command: nothing of this terminal's but the path."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "PYTHONHASHSEED": "0",
            "GOVGRID_HOME": str(self.home),
            "GOVGRID_STATEMENT_TIMEOUT_S": "1200",  # nothing that only a slow machine would show
            **more,
        }

    def places(self, folder: Path) -> dict[str, str]:
        """Return the folders that occur in answers, with their placeholders."""
        return {
            str(self.home): "<home>",
            str(folder): "<here>",
            str(self.folder): "<recording>",
            os.environ["RECORDED"]: "<checkout>",
        }

    def run(self, *words: str) -> Done:
        """Run a command on the private database."""
        return process.govgrid(words, folder=self.folder, env=self.environment())

    @cached_property
    def socket(self) -> str:
        """The folder of the running database's socket."""
        return str(json.loads(self.run("db", "status", "--json").out)["socket"])

    def hasten(self) -> None:
        """Have the database not wait for the disk."""
        for name in HASTY:
            self._do(f"ALTER SYSTEM SET {name} = off")
        self._do("SELECT pg_reload_conf()")

    def copy(self, name: str) -> str:
        """Copy the town into a database of that name and return its address."""
        self._do(f"CREATE DATABASE {name} OWNER govgrid TEMPLATE govgrid STRATEGY file_copy")
        return f"postgresql+psycopg2://govgrid@/{name}?host={self.socket}&port={PORT}"

    def drop(self, name: str) -> None:
        """Drop a copy, whoever is still connected to it."""
        self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        told = f"host='{self.socket}' port={PORT} user=postgres dbname=postgres"
        with closing(psycopg2.connect(told)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
