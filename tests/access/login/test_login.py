"""Log-in: steps due, counted failures, sessions replaced at each step."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from geo.access import passwords
from geo.access.accounts import sessions
from geo.access.login import login, second_factor, totp_enrolment
from geo.base.errors import InputError, StateError, TooManyError, UnknownReaderError
from geo.operations import database
from tests.signed_in import account

pytestmark = pytest.mark.postgis

FIRST, OWN = "first-horse-网格-battery", "correct horse 网格 staple"


@pytest.fixture
def service(engine, settings):
    """Return the pool of the service, fenced in by the database."""
    found = database.service_pool(settings, pool_size=4)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def kept():
    return passwords.hash_password(FIRST)


@pytest.fixture
def made(engine, kept):
    """Return what makes an account with the password FIRST."""

    def make(name="li", role="operator", *, must_change=False, kind="person"):
        number = account(engine, name, role, kind=kind)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE govgrid.account SET password_hash = :kept, must_change = :must,"
                    " password_changed_at = now() WHERE id = :id"
                ),
                {"kept": kept, "must": must_change, "id": number},
            )
        return number

    return make


@pytest.fixture
def enter(service, settings):
    def log_in(name="li", password=FIRST, **more):
        return login.log_in(service, name, password, config=settings, **more)

    return log_in


def value(engine, query, **asked):
    with engine.begin() as connection:
        return connection.execute(text(query), asked).scalar_one_or_none()


def later(engine, seconds):
    """Let the locks of failed log-ins be as old as if so many seconds had gone by."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE govgrid.login_failure SET until = until - make_interval(secs => :s),"
                " at = at - make_interval(secs => :s)"
            ),
            {"s": seconds},
        )


def fail(enter, times, name="li", **more):
    for _ in range(times):
        with pytest.raises(UnknownReaderError):
            enter(name, "wrong horse", **more)


def test_name_and_password_open_a_session(service, made, enter):
    made()
    found = enter(" LI ")
    assert found.stage == "full"
    assert sessions.find_session(service, found.token).reader.account == "li"
    assert value(service, "SELECT 1 FROM govgrid.account") is None  # the fence holds outside


def test_unknown_disabled_without_password_programs_and_wrong_are_answered_alike(
    engine, made, enter
):
    made("off")
    made("robot", kind="service")
    account(engine, "bare", "operator")
    made("li")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.account SET disabled_at = now() WHERE name = 'off'")
        )
    for name in ("nobody", "off", "bare", "robot", "li", "", "\x00li", "x" * 5000):
        password = FIRST if name != "li" else "wrong"
        with pytest.raises(UnknownReaderError) as caught:
            enter(name, password)
        assert (caught.value.key, caught.value.facts) == ("login.wrong", {}), name


def test_five_failures_lock_even_the_right_password_for_a_minute(engine, made, enter):
    made()
    fail(enter, 5)
    with pytest.raises(TooManyError) as caught:
        enter()
    assert 50 < caught.value.facts["retry_after_s"] <= 60
    later(engine, 61)
    assert enter().stage == "full"
    fail(enter, 4)
    assert enter().stage == "full"


def test_each_further_failure_locks_for_twice_as_long_up_to_an_hour(engine, made, enter):
    made()
    fail(enter, 5)
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        with pytest.raises(TooManyError) as caught:
            enter()
        assert abs(caught.value.facts["retry_after_s"] - 60 * minutes) < 10
        later(engine, 60 * minutes + 1)
        fail(enter, 1)


def test_a_name_without_account_is_locked_the_same(enter):
    fail(enter, 5, "nobody")
    with pytest.raises(TooManyError):
        enter("nobody")


def test_many_guesses_at_once_are_no_way_around_the_count(made, enter):
    made()

    def guess(_):
        try:
            enter("li", "wrong")
        except (TooManyError, UnknownReaderError) as error:
            return type(error)

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(guess, range(24)))
    assert found.count(UnknownReaderError) == 5
    assert found.count(TooManyError) == 19


def test_an_address_is_locked_after_fifty_failures_of_any_names(engine, made, enter):
    made()
    for n in range(50):
        fail(enter, 1, f"n{n}", address="10.0.0.7")
    with pytest.raises(TooManyError):
        enter(address="10.0.0.7")
    assert enter(address="10.0.0.8").stage == "full"
    later(engine, 901)
    assert enter(address="10.0.0.7").stage == "full"


def test_an_office_behind_one_address_logs_in_all_day(engine, made, enter):
    made()
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.account SET password_hash = password_hash"))
    for _ in range(60):
        assert enter(address="10.0.0.9").stage == "full"


def test_every_log_in_is_written_down_and_no_password(engine, made, enter):
    made()
    fail(enter, 5, address="10.0.0.5")
    with pytest.raises(TooManyError):
        enter()
    later(engine, 61)
    enter()
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT outcome, facts ->> 'reason', object FROM govgrid.audit ORDER BY id")
        ).all()
        said = connection.execute(text("SELECT string_agg(a::text, '') FROM govgrid.audit a"))
        assert "horse" not in said.scalar_one()
    assert [tuple(row) for row in rows] == [
        *[("refused", "password", "li")] * 5,
        ("refused", "locked", "li"),
        ("done", None, "li"),
    ]


def test_the_first_password_must_be_changed_before_anything_else(service, made, enter, settings):
    made(must_change=True)
    begun = enter()
    assert begun.stage == "change"
    session = sessions.find_session(service, begun.token)
    done = login.change_password(service, session, FIRST, OWN, config=settings)
    assert done.stage == "full"
    assert sessions.find_session(service, begun.token) is None
    assert enter("li", OWN).stage == "full"
    fail(enter, 1)


def test_a_password_that_is_too_old_must_be_changed(engine, made, service, settings):
    made()
    config = settings.model_copy(update={"password_max_days": 90})
    assert login.log_in(service, "li", FIRST, config=config).stage == "full"
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.account SET password_changed_at = now() - interval '91 days'")
        )
    assert login.log_in(service, "li", FIRST, config=config).stage == "change"


def test_a_password_kept_by_older_parameters_lets_in_and_is_kept_by_the_new(engine, made, enter):
    number = made()
    older = PasswordHasher(memory_cost=8192, time_cost=1, parallelism=1).hash(FIRST)
    with engine.begin() as connection:
        change = text("UPDATE govgrid.account SET password_hash = :kept WHERE id = :id")
        connection.execute(change, {"kept": older, "id": number})
    for _ in range(2):
        assert enter().stage == "full"
    now = value(engine, "SELECT password_hash FROM govgrid.account WHERE id = :id", id=number)
    assert not passwords.needs_rehash(now)
    assert passwords.password_matches(now, FIRST)


@pytest.mark.parametrize(
    ("new", "key"),
    [
        (FIRST, "password.same"),
        ("short", "password.short"),
        ("测试单位的好密码一二三", "password.named"),
    ],
)
def test_a_new_password_is_held_against_the_rules(service, made, enter, settings, new, key):
    made()
    session = sessions.find_session(service, enter().token)
    config = settings.model_copy(update={"password_min_length": 8})
    with pytest.raises(InputError) as caught:
        login.change_password(service, session, FIRST, new, config=config)
    assert caught.value.key == key


def test_changing_a_password_ends_every_other_log_in(service, made, enter, settings):
    made()
    elsewhere, here = enter().token, enter().token
    session = sessions.find_session(service, here)
    done = login.change_password(service, session, FIRST, OWN, config=settings)
    assert [sessions.find_session(service, t) is None for t in (elsewhere, here, done.token)] == [
        True,
        True,
        False,
    ]


def test_the_present_password_cannot_be_guessed_from_within(service, made, enter, settings):
    made()
    session = sessions.find_session(service, enter().token)
    for _ in range(5):
        with pytest.raises(UnknownReaderError):
            login.change_password(service, session, "wrong", OWN, config=settings)
    with pytest.raises(TooManyError):
        login.change_password(service, session, FIRST, OWN, config=settings)


def test_an_account_without_password_has_none_to_change(engine, service, settings):
    number = account(engine, "bound", "operator")
    with engine.begin() as connection:
        token = sessions.begin_session(connection, number)
    session = sessions.find_session(service, token)
    with pytest.raises(StateError):
        login.change_password(service, session, "", OWN, config=settings)


class TestSecondFactor:
    """Codes of an authenticator."""

    @pytest.fixture
    def clock(self, monkeypatch):
        """Return a clock that stands still until it is moved."""
        now = {"s": 1_790_000_010}
        monkeypatch.setattr(second_factor.time, "time", lambda: now["s"])
        return now

    @pytest.fixture
    def enrolled(self, service, made, enter, settings, clock):
        """Return the key of an administrator's authenticator, and its full session."""
        made("chief", "administrator")
        begun = enter("chief")
        assert begun.stage == "enrol"
        session = sessions.find_session(service, begun.token)
        secret = totp_enrolment.begin_enrolment(session).secret
        code = pyotp.TOTP(secret).at(clock["s"])
        done = totp_enrolment.confirm_enrolment(service, session, secret, code, config=settings)
        assert done.stage == "full"
        clock["s"] += 60
        return pyotp.TOTP(secret), done.token

    def code(self, service, settings, enter, code):
        session = sessions.find_session(service, enter("chief").token)
        assert session.stage == "totp"
        return login.second_factor(service, session, code, config=settings)

    def test_an_administrator_sets_one_up_at_the_first_log_in(self, service, enrolled, engine):
        assert sessions.find_session(service, enrolled[1]).stage == "full"
        stored = value(engine, "SELECT totp_secret FROM govgrid.account WHERE name = 'chief'")
        assert enrolled[0].secret not in stored

    def test_the_key_is_shown_as_the_apps_take_it(self, service, made, enter):
        made("chief", "auditor")
        begun = totp_enrolment.begin_enrolment(sessions.find_session(service, enter("chief").token))
        assert begun.uri.startswith("otpauth://totp/govgrid:chief?secret=" + begun.secret)

    def test_the_code_of_the_moment_opens(self, service, settings, enter, enrolled, clock):
        done = self.code(service, settings, enter, enrolled[0].at(clock["s"]))
        assert done.stage == "full"

    def test_a_code_is_good_once(self, service, settings, enter, enrolled, clock):
        code = enrolled[0].at(clock["s"])
        self.code(service, settings, enter, code)
        with pytest.raises(UnknownReaderError):
            self.code(service, settings, enter, code)

    def test_a_clock_may_be_off_by_one_step(self, service, settings, enter, enrolled, clock):
        self.code(service, settings, enter, enrolled[0].at(clock["s"] - 30))
        self.code(service, settings, enter, enrolled[0].at(clock["s"] + 30))
        clock["s"] += 600
        with pytest.raises(UnknownReaderError):
            self.code(service, settings, enter, enrolled[0].at(clock["s"] - 60))

    def test_guessing_codes_locks_although_the_password_is_right(
        self, service, settings, enter, enrolled, clock
    ):
        for _ in range(5):
            with pytest.raises(UnknownReaderError):
                self.code(service, settings, enter, "000000")
        with pytest.raises(TooManyError):
            self.code(service, settings, enter, enrolled[0].at(clock["s"]))

    def test_the_session_before_the_code_is_worth_nothing_after_it(
        self, service, settings, enter, enrolled, clock
    ):
        before = enter("chief").token
        session = sessions.find_session(service, before)
        login.second_factor(service, session, enrolled[0].at(clock["s"]), config=settings)
        assert sessions.find_session(service, before) is None

    def test_another_authenticator_needs_the_password(self, service, settings, enrolled, clock):
        session = sessions.find_session(service, enrolled[1])
        new = totp_enrolment.begin_enrolment(session).secret
        code = pyotp.TOTP(new).at(clock["s"])
        with pytest.raises(UnknownReaderError):
            totp_enrolment.confirm_enrolment(service, session, new, code, config=settings)
        done = totp_enrolment.confirm_enrolment(
            service, session, new, code, config=settings, password=FIRST
        )
        assert done.stage == "full"

    def test_what_is_no_key_is_refused(self, service, made, enter, settings):
        made("chief", "administrator")
        session = sessions.find_session(service, enter("chief").token)
        for secret in ("", "A" * 31, "a" * 32, "'; DROP", "1" * 32):
            with pytest.raises(InputError):
                totp_enrolment.confirm_enrolment(
                    service, session, secret, "123456", config=settings
                )


class TestExternal:
    """Log-in by the identity provider."""

    def test_a_bound_account_is_let_in_without_a_password_of_ours(
        self, engine, service, made, settings
    ):
        made(must_change=True)
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.account SET oidc_issuer = 'https://i', oidc_subject = 's'")
            )
        done = login.log_in_external(service, "https://i", "s", config=settings)
        assert done.stage == "full"
        with pytest.raises(UnknownReaderError):
            login.log_in_external(service, "https://i", "t", config=settings)

    def test_a_role_that_needs_a_second_factor_needs_it_here_as_well(
        self, engine, service, made, settings
    ):
        made("chief", "auditor")
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.account SET oidc_issuer = 'https://i', oidc_subject = 's'")
            )
        assert login.log_in_external(service, "https://i", "s", config=settings).stage == "enrol"


def test_logging_out_ends_the_session_and_is_written_down(engine, service, made, enter):
    made()
    token = enter().token
    login.log_out(service, sessions.find_session(service, token), token)
    assert sessions.find_session(service, token) is None
    assert value(engine, "SELECT account FROM govgrid.audit WHERE action = 'logout'") == "li"


def test_a_session_ends_after_its_hours_and_when_idle_but_a_wall_does_not(
    engine, service, made, enter
):
    made()
    made("wall", "display", kind="display")
    tokens = {name: enter(name).token for name in ("li", "wall")}
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.session SET seen_at = now() - interval '40 min'"))
    assert sessions.find_session(service, tokens["li"], idle=timedelta(minutes=30)) is None
    assert sessions.find_session(service, tokens["wall"], idle=timedelta(minutes=30)) is not None
    token = enter().token
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.session SET expires_at = now() - interval '1 s'"))
    assert sessions.find_session(service, token) is None
