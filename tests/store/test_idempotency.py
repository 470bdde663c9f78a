"""A key of a request: what was asked with it is done once, and forgotten after a day."""

import pytest
from sqlalchemy import text

from geo.base.errors import KeyBusyError, ReusedKeyError
from geo.store import db, idempotency
from geo.store.idempotency import KeyedRequest

pytestmark = pytest.mark.postgis
ASKED = KeyedRequest("account", "POST", "/api/x", "k1", b"body")


def find(engine, asked=ASKED):
    with db.open_transaction(engine) as connection:
        return idempotency.find_answer(connection, asked)


def do(engine, asked=ASKED, keep=True):
    with db.open_transaction(engine, keep=keep) as connection:
        assert idempotency.find_answer(connection, asked) is None
        idempotency.keep_answer(connection, asked, {"code": "N1"})


def test_what_was_done_is_found_again_by_its_key(engine):
    do(engine)
    assert find(engine) == {"code": "N1"}
    with pytest.raises(ReusedKeyError, match="another body"):
        find(engine, KeyedRequest("account", "POST", "/api/x", "k1", b"other"))
    for other in (
        KeyedRequest("another", "POST", "/api/x", "k1", b"body"),
        KeyedRequest("account", "PATCH", "/api/x", "k1", b"body"),
        KeyedRequest("account", "POST", "/api/y", "k1", b"body"),
        KeyedRequest("account", "POST", "/api/x", "k2", b"body"),
    ):
        assert find(engine, other) is None


def test_what_was_taken_back_was_not_done(engine):
    do(engine, keep=False)
    assert find(engine) is None


def test_who_asks_while_it_is_done_is_told_so(engine):
    with db.open_transaction(engine) as doing:
        idempotency.find_answer(doing, ASKED)
        with pytest.raises(KeyBusyError, match="being done"):
            find(engine)
    assert find(engine) is None


def test_a_key_holds_for_a_day(engine):
    do(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.idempotency_key SET at = at - interval '25 hours'"))
    assert find(engine) is None
    do(engine)
    assert find(engine) == {"code": "N1"}
    with db.open_transaction(engine) as connection:
        assert idempotency.delete_old_keys(connection) == 0
        connection.execute(text("UPDATE govgrid.idempotency_key SET at = at - interval '25 hours'"))
        assert idempotency.delete_old_keys(connection) == 1
