"""Sessions of the superuser of a private cluster."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

SUPERUSER = "postgres"
PORT = 5432  # names the socket file only: the server listens on no network


@contextmanager
def open_superuser_session(socket: Path, database: str) -> Iterator["psycopg2.extensions.cursor"]:
    """Give a cursor on which each statement is a transaction of its own.

    Parameters
    ----------
    socket
        Folder of the server's socket.
    database
        Name of the database.
    """
    with closing(
        psycopg2.connect(
            host=str(socket),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            options="-c synchronous_commit=off",  # what a power cut takes, the next start makes
        )
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
