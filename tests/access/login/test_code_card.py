"""Code cards: thirty codes on paper, each good once, asked for by their numbers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from geo.access import passwords
from geo.access.accounts import accounts, sessions
from geo.access.login import code_card, factors, login
from geo.access.principal import system_principal
from geo.base.errors import (
    ForbiddenError,
    NotFoundError,
    StateError,
    TooManyError,
    UnknownReaderError,
)
from geo.operations import database
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

PASSWORD = "first-horse-网格-battery"


@pytest.fixture(scope="module")
def kept():
    return passwords.hash_password(PASSWORD)


class Desk:
    """Logs accounts in by password and by what stands on their card."""

    def __init__(self, engine, service, settings, kept):
        self.engine, self.service, self.settings, self._kept = engine, service, settings, kept

    def person(self, name="chief", role="administrator", **more):
        number = account(self.engine, name, role, **more)
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.account SET password_hash = :kept WHERE id = :id"),
                {"kept": self._kept, "id": number},
            )

    def issue(self, name="chief", who=SYSTEM):
        return code_card.issue_card(self.service, who, name, config=self.settings)

    def begin(self, name="chief", password=PASSWORD):
        return login.log_in(self.service, name, password, config=self.settings)

    def session(self, name="chief"):
        return sessions.find_session(self.service, self.begin(name).token)

    def enter(self, code, name="chief"):
        session = self.session(name)
        return login.second_factor(self.service, session, code, config=self.settings)

    def refused(self, code, name="chief"):
        with pytest.raises(UnknownReaderError) as caught:
            self.enter(code, name)
        return caught.value.key, caught.value.facts

    def card(self, name="chief"):
        return factors.asked_factors(self.service, self.session(name)).card


@pytest.fixture
def desk(engine, settings, kept):
    service = database.service_pool(settings, pool_size=4)
    yield Desk(engine, service, settings, kept)
    service.dispose()


def test_each_code_opens_once_in_the_order_of_their_numbers(desk):
    desk.person()
    assert desk.begin().stage == "enrol"
    codes = desk.issue().codes
    assert (len(codes), len(set(codes))) == (30, 30)
    assert {len(code) for code in codes} == {8}
    assert desk.begin().stage == "totp"
    assert (desk.card().number, desk.card().left) == (1, 30)
    assert desk.refused(codes[1]) == ("login.wrong_card", {"number": 1})
    assert desk.enter(f" {codes[0][:4]} {codes[0][4:]} ").stage == "full"
    assert (desk.card().number, desk.card().left) == (2, 29)
    assert desk.refused(codes[0])[0] == "login.wrong_card"
    assert desk.enter(codes[1]).stage == "full"


def test_no_code_can_be_read_or_guessed_from_what_is_stored(desk, engine, settings, tmp_path):
    desk.person()
    desk.person("other", "operator")
    codes = desk.issue().codes
    with engine.begin() as connection:
        stored = connection.execute(
            text("SELECT string_agg(c::text, ' ') FROM govgrid.login_code c")
        ).scalar_one()
        audited = connection.execute(
            text("SELECT string_agg(a::text, ' ') FROM govgrid.audit a")
        ).scalar_one()
        # a row in the place of another, or of another account, is worth nothing there
        connection.execute(
            text(
                "INSERT INTO govgrid.login_code SELECT (SELECT id FROM govgrid.account"
                " WHERE name = 'other'), number, hmac FROM govgrid.login_code"
            )
        )
        connection.execute(text("UPDATE govgrid.account SET card_at = now(), factor_owed = true"))
    assert not any(code in stored or code in audited for code in codes)
    assert desk.refused(codes[0], "other")[0] == "login.wrong_card"
    elsewhere = settings.model_copy(update={"home": tmp_path / "other-key"})
    with pytest.raises(UnknownReaderError):
        login.second_factor(desk.service, desk.session(), codes[0], config=elsewhere)
    assert desk.enter(codes[0]).stage == "full"


def test_of_many_who_type_one_code_at_once_one_comes_in(desk):
    desk.person()
    code = desk.issue().codes[0]
    waiting = [desk.session() for _ in range(4)]

    def enter(session):
        try:
            return login.second_factor(desk.service, session, code, config=desk.settings).stage
        except UnknownReaderError as error:
            return error.key

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(enter, waiting))
    assert sorted(found) == ["full", *["login.wrong_card"] * 3]
    assert desk.card().left == 29


def test_guessing_locks_although_the_password_is_right(desk):
    desk.person()
    codes = desk.issue().codes
    wrong = f"{(int(codes[0]) + 1) % 10**8:08d}"
    for _ in range(5):
        desk.refused(wrong)
    with pytest.raises(TooManyError):
        desk.enter(codes[0])
    accounts.unlock(desk.service, SYSTEM, "chief")
    assert desk.enter(codes[0]).stage == "full"


def used_up(engine, but=0):
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.login_code SET used_at = now() WHERE number <= 30 - :but"),
            {"but": but},
        )


def test_a_card_that_is_used_up_lets_nobody_in_until_another_is_issued(desk, engine):
    desk.person()
    codes = desk.issue().codes
    used_up(engine, but=1)
    assert desk.enter(codes[29]).stage == "full"
    assert (desk.card().number, desk.card().left) == (None, 0)
    assert desk.refused(codes[29]) == ("login.card_over", {})
    other = desk.issue().codes
    assert desk.refused(codes[0])[0] == "login.wrong_card"
    assert desk.enter(other[0]).stage == "full"


def test_a_revoked_card_locks_whatever_the_role(desk):
    desk.person("li", "operator")
    assert desk.begin("li").stage == "full"
    codes = desk.issue("li").codes
    code_card.revoke_card(desk.service, SYSTEM, "li")
    assert desk.begin("li").stage == "totp"
    assert desk.refused(codes[0], "li")[0] == "login.card_over"
    with pytest.raises(StateError):
        code_card.revoke_card(desk.service, SYSTEM, "li")


def test_a_reset_ends_the_card_and_a_second_factor_stays_owed(desk, engine):
    desk.person("li", "operator")
    codes = desk.issue("li").codes
    password = accounts.reset_password(desk.service, SYSTEM, "li")
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.account SET must_change = false"))
    begun = desk.begin("li", password)
    assert begun.stage == "enrol"
    session = sessions.find_session(desk.service, begun.token)
    with pytest.raises(UnknownReaderError):
        login.second_factor(desk.service, session, codes[0], config=desk.settings)


def test_a_log_in_that_waited_for_an_authenticator_ends_with_the_card(desk):
    desk.person()
    waiting, working = desk.begin().token, None
    with desk.engine.begin() as connection:
        number = connection.execute(text("SELECT id FROM govgrid.account")).scalar_one()
        working = sessions.begin_session(connection, str(number))
    desk.issue()
    assert sessions.find_session(desk.service, waiting) is None
    assert sessions.find_session(desk.service, working).stage == "full"


def test_who_issues_and_revokes_is_written_down(desk, engine):
    desk.person()
    desk.enter(desk.issue().codes[0])
    code_card.revoke_card(desk.service, SYSTEM, "chief")
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT action, object, facts ->> 'by' FROM govgrid.audit ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("account.card", "chief", None),
        ("login", "chief", "password"),
        ("login", "chief", "card"),
        ("account.card_revoke", "chief", None),
    ]


def test_only_administrators_issue_and_to_nobody_who_watches_over_them(desk, engine):
    from geo.access.accounts.local_cli import acting_principal

    desk.person()
    account(engine, "li", "operator")
    account(engine, "watch", "auditor")
    account(engine, "robot", "administrator", kind="service")
    admin, operator = acting_principal(engine, "chief"), acting_principal(engine, "li")
    for who, name, refusal in (
        (operator, "li", ForbiddenError),
        (admin, "watch", ForbiddenError),
        (admin, "nobody", NotFoundError),
        (admin, "robot", StateError),
    ):
        with pytest.raises(refusal):
            desk.issue(name, who)
    assert desk.issue("li", admin).account == "li"
    assert desk.issue("watch", system_principal("root")).account == "watch"


def test_administrators_see_how_many_codes_are_left(desk, engine):
    desk.person()
    account(engine, "li", "operator")
    desk.enter(desk.issue().codes[0])
    listed = {row.name: row.codes_left for row in accounts.list_accounts(desk.service, SYSTEM)}
    assert listed == {"chief": 29, "li": None}
