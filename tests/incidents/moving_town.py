"""The toy town with units, categories and accounts, for incidents that are moved."""

from datetime import UTC, datetime

from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts.local_cli import acting_principal
from geo.incidents import moves
from geo.incidents.move_request import MoveRequest
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

EAST, WEST = "340802001001002", "340802001001001"
ZONE = "Asia/Shanghai"
UNITS = (
    "INSERT INTO govgrid.unit (code, name, kind, area_code) VALUES"
    " ('U2', '市政所', '市政', NULL), ('U3', '供水', '供水', NULL),"
    f" ('D0', '东格值班室', '值班室', '{EAST}')"
)
CATEGORIES = (
    "INSERT INTO govgrid.category (code, name, limit_amount, limit_unit, needs_check, clock_start)"
    " VALUES ('c1', '井盖', 2, 'hours', true, 'reported'),"
    " ('c2', '垃圾', 4, 'working_hours', false, 'reported'),"
    " ('c3', '路灯', 1, 'hours', false, 'assigned')"
)
ADD = (
    "INSERT INTO govgrid.incident (code, title, category, state, reported_at, geom, clock_from,"
    " limit_amount, limit_unit, amber_at, due_at, proposed_unit_code, grid_code, area_unit_id)"
    " SELECT :code, 'x', k.name, :state, now.at,"
    " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),"
    " CASE WHEN k.clock_start = 'reported' THEN now.at END, k.limit_amount, k.limit_unit,"
    " CASE WHEN k.code = 'c1' THEN now.at + interval '96 minutes' END,"
    " CASE WHEN k.code = 'c1' THEN now.at + interval '2 hours' END, :proposed,"
    " :grid, (SELECT unit_id FROM govgrid.area_now WHERE code = :grid)"
    " FROM govgrid.category k, (SELECT CAST(:at AS timestamptz) AS at) now WHERE k.code = :kind"
    " RETURNING id"
)
START = datetime(2026, 9, 30, 13, 40, tzinfo=UTC)  # 21:40 in the district


def furnish(engine):
    """Add units and categories."""
    with engine.begin() as connection:
        for each in (UNITS, CATEGORIES):
            connection.execute(text(each))


def add(engine, code, *, state="accepted", kind="c1", at=START, x=4, proposed=None):
    """Add an incident in the east (x > 0) or west and return its id."""
    lon, lat = place(x, 0)
    told = {"code": code, "state": state, "kind": kind, "at": at, "lon": lon, "lat": lat}
    with engine.begin() as connection:
        return connection.execute(
            text(ADD), {**told, "proposed": proposed, "grid": EAST if x > 0 else WEST}
        ).scalar_one()


def principal_of(engine, name, role, area=None, unit=None):
    """Make an account and return its principal."""
    account(engine, name, role, area, unit=unit)
    return acting_principal(engine, name)


def value(engine, what, incident):
    """Return one column of an incident."""
    with engine.connect() as connection:
        asked = text(f"SELECT {what} FROM govgrid.incident WHERE id = :id")
        return connection.execute(asked, {"id": incident}).scalar_one()


def newest(engine, who, incident):
    """Return the version that an account sees, 1 where it sees nothing."""
    with transaction.open_as(engine, who) as connection:
        asked = text("SELECT version FROM govgrid.incident WHERE id = :id")
        return connection.execute(asked, {"id": incident}).scalar_one_or_none() or 1


def move(engine, who, incident, name, *, version=None, **fields):
    """Make a move at the newest version, or the one that is named."""
    seen = newest(engine, who, incident) if version is None else version
    asked = MoveRequest(name, **fields)
    return moves.move_incident(engine, who, incident, asked, version=seen, timezone=ZONE, lang="en")


__all__ = ["SYSTEM", "add", "furnish", "move", "principal_of", "value"]
