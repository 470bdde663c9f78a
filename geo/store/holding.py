"""What a database holds: the demonstration, real data, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, text

from geo.base import homes
from geo.base.errors import StateError
from geo.store import installation

MARK: Final = "demo"
"""Option of the demonstration's import runs; also the key under which its building is noted."""
OWN: Final = "own"
"""Key under which ``govgrid init`` says that a database is for somebody's own data."""
TEST: Final = "test"
"""Key under which ``govgrid init --test`` says that a database may have a clock of its own."""
ACCOUNT: Final = "demo"
"""Who makes the demonstration's accounts."""
# Older versions did not mark their runs: the invented district came first, and accounts last.
DISTRICT_SHA256: Final = "fe4f84d91aa035602fb8da544582dc8cf58c807dfd5ce16be2add4b69e099123"
_TABLES: Final = ("import_run", "account", "setting", "area", "camera", "building", "incident")
_FIRST: Final = text(
    "SELECT options ? 'demo' AS marked, layer = 'areas' AND file_sha256 = :district AS invented"
    " FROM govgrid.import_run ORDER BY id LIMIT 1"
)
_RUNS: Final = text("SELECT count(*) FROM govgrid.import_run WHERE NOT options ? 'demo'")
_ACCOUNTS: Final = text(
    "SELECT name FROM govgrid.account WHERE NOT id::text = ANY(CAST(:made AS text[])) ORDER BY name"
)
_MADE: Final = text("SELECT EXISTS (SELECT FROM govgrid.account WHERE created_by = :who)")
_ROWS: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.area) OR EXISTS (SELECT FROM govgrid.camera)"
    " OR EXISTS (SELECT FROM govgrid.building) OR EXISTS (SELECT FROM govgrid.incident)"
)
_THERE: Final = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name"
    " WHERE to_regclass('govgrid.' || name) IS NOT NULL"
)


@dataclass(frozen=True)
class DatabaseContents:
    """What a database holds.

    Attributes
    ----------
    kind
        ``demo``, ``own`` (data or accounts of somebody's own, or meant for them) or ``nothing``.
    whole
        Whether the demonstration was built to its end.
    runs, accounts
        Import runs and names of accounts that the demonstration did not make.
    """

    kind: Literal["demo", "own", "nothing"]
    whole: bool = False
    runs: int = 0
    accounts: tuple[str, ...] = ()

    @property
    def foreign(self) -> bool:
        """Whether there is anything that the demonstration did not make."""
        return self.kind == "own" or bool(self.runs or self.accounts)


def read_holding(connection: Connection) -> DatabaseContents:
    """Return what the database holds; its tables may be older ones, or not be there at all."""
    there = _there(connection)
    if not {"import_run", "setting"} <= there:
        return DatabaseContents("nothing")
    note = installation.read_value(connection, MARK) or {}
    runs = connection.execute(_RUNS).scalar_one()
    accounts: tuple[str, ...] = ()
    if "account" in there:
        made = note.get("accounts", [])
        accounts = tuple(connection.execute(_ACCOUNTS, {"made": made}).scalars())
    if is_demo(connection):
        return DatabaseContents("demo", is_whole(connection), runs, accounts)
    own = runs or accounts or installation.read_value(connection, OWN) is not None
    if own or (set(_TABLES) <= there and connection.execute(_ROWS).scalar_one()):
        return DatabaseContents("own", runs=runs, accounts=accounts)
    return DatabaseContents("nothing")


def begin_building(connection: Connection) -> None:
    """Mark the demonstration as incomplete, so that nobody works on it until it is finished."""
    installation.store_value(connection, MARK, {"whole": False, "accounts": []})


def finish_building(connection: Connection, accounts: Sequence[str]) -> None:
    """Mark the demonstration as complete.

    Parameters
    ----------
    connection
        Open transaction.
    accounts
        Ids (uuid) of the accounts that belong to the demonstration.
    """
    installation.store_value(connection, MARK, {"whole": True, "accounts": list(accounts)})


def is_demo(connection: Connection) -> bool:
    """Tell whether the database is the demonstration's: its first import run says so.

    Before the first one it is what was begun.
    """
    first = _first(connection)
    if first is None:
        return installation.read_value(connection, MARK) is not None
    return bool(first.marked) or _by_older_version(connection, first)


def is_whole(connection: Connection) -> bool:
    """Tell whether the demonstration in the database was built to its end."""
    note = installation.read_value(connection, MARK)
    # older versions noted nothing: theirs are known by the accounts, which came last
    return bool(note["whole"]) if note is not None else not _first(connection).marked


def require_no_demo(connection: Connection) -> None:
    """Raise if real data are to be imported into the demonstration.

    Raises
    ------
    StateError
        With how a home of one's own is begun.
    """
    if is_demo(connection):
        raise StateError("holding.demo", real=homes.data_home())


def require_whole(connection: Connection, place: str) -> None:
    """Raise if the database holds a demonstration that was not finished.

    Parameters
    ----------
    connection
        Open transaction.
    place
        Where the database is, for the message.

    Raises
    ------
    StateError
        With the command that builds it again.
    """
    if is_demo(connection) and not is_whole(connection):
        raise StateError("holding.partial", place=place)


def _by_older_version(connection: Connection, first: Any) -> bool:  # noqa: ANN401 - a row
    """Tell whether an older version built the demonstration: district first, accounts last."""
    if not first.invented or "account" not in _there(connection):
        return False
    return bool(connection.execute(_MADE, {"who": ACCOUNT}).scalar_one())


def _first(connection: Connection) -> Any:  # noqa: ANN401 - a row
    return connection.execute(_FIRST, {"district": DISTRICT_SHA256}).first()


def _there(connection: Connection) -> set[str]:
    """Return which of the tables that are asked there are."""
    return set(connection.execute(_THERE, {"names": list(_TABLES)}).scalars())
