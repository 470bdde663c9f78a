"""Accounts, grants and keys: who may make, give and take what, as the role of the service."""

import pytest
from sqlalchemy import text

from geo.access import throttle
from geo.access.accounts import accounts, api_keys, grants, sessions
from geo.access.accounts.local_cli import acting_principal
from geo.access.login import login
from geo.access.roles import CLASSES
from geo.base.errors import (
    ForbiddenError,
    GovgridError,
    InputError,
    NotFoundError,
    StateError,
)
from geo.operations import database
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"


@pytest.fixture
def service(town, settings):
    """Return the pool of the service, fenced in by the database."""
    found = database.service_pool(settings, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture
def admin(town):
    account(town, "admin", "administrator")
    return acting_principal(town, "admin")


@pytest.fixture
def security(town):
    account(town, "security", "security_administrator")
    return acting_principal(town, "security")


def state(service, who, name):
    return {row.name: row.state for row in accounts.list_accounts(service, who)}.get(name)


def held(town, name):
    return {(g.role, g.area_code, g.classes, g.depth) for g in acting_principal(town, name).grants}


def actions(town):
    with town.begin() as connection:
        rows = connection.execute(
            text("SELECT action FROM govgrid.audit WHERE action NOT LIKE 'import.%' ORDER BY id")
        ).scalars()
        return list(rows)


class TestAccounts:
    """Made, reset, disabled."""

    def test_an_account_is_made_with_a_password_for_one_log_in(
        self, town, service, admin, settings
    ):
        password = accounts.add_account(
            service, admin, " Li.Na ", holder="李娜", unit_name="综治中心"
        )
        assert login.log_in(service, "li.na", password, config=settings).stage == "change"
        assert state(service, admin, "li.na") == "first"
        assert actions(town) == ["account.add", "login"]

    def test_a_program_has_no_password(self, service, admin, settings):
        assert accounts.add_account(service, admin, "robot", kind="service") == ""
        with pytest.raises(StateError):
            accounts.reset_password(service, admin, "robot")

    @pytest.mark.parametrize("name", ["", "x", "李", "a b", "-a", "a" * 65, "a'b", "a\x00b"])
    def test_a_name_that_cannot_be_is_refused_with_the_rule(self, service, admin, name):
        with pytest.raises(InputError):
            accounts.add_account(service, admin, name)

    def test_a_name_is_given_once(self, service, admin):
        accounts.add_account(service, admin, "li")
        with pytest.raises(InputError, match="already"):
            accounts.add_account(service, admin, "LI")

    def test_what_cannot_be_is_refused(self, service, admin):
        with pytest.raises(InputError, match="person, display, service"):
            accounts.add_account(service, admin, "li", kind="king")
        with pytest.raises(InputError, match="holder"):
            accounts.add_account(service, admin, "li", holder="x" * 101)

    def test_a_reset_ends_password_authenticator_log_ins_and_locks(
        self, town, service, admin, settings
    ):
        old = accounts.add_account(service, admin, "li")
        token = login.log_in(service, "li", old, config=settings).token
        for _ in range(5):
            throttle.record_attempt(service, [throttle.name_bucket("li")])
        assert state(service, admin, "li") == "locked"
        new = accounts.reset_password(service, admin, "li")
        assert sessions.find_session(service, token) is None
        assert login.log_in(service, "li", new, config=settings).stage == "change"

    def test_disabling_ends_log_ins_and_keys_at_once(self, town, service, admin, settings):
        accounts.add_account(service, admin, "robot", kind="service")
        key = api_keys.make_key(service, admin, "push", scopes=["import"], days=1, account="robot")
        assert api_keys.find_owner(service, key).account == "robot"
        accounts.disable(service, admin, "robot")
        assert api_keys.find_owner(service, key) is None
        assert state(service, admin, "robot") == "disabled"
        accounts.enable(service, admin, "robot")
        assert api_keys.find_owner(service, key) is not None

    def test_nobody_disables_himself_or_the_last_one_that_is_needed(self, town, service, admin):
        with pytest.raises(StateError):
            accounts.disable(service, admin, "admin")
        account(town, "second", "administrator")
        account(town, "security", "security_administrator")
        accounts.disable(service, admin, "second")
        with pytest.raises(StateError, match="security administrator"):
            accounts.disable(service, SYSTEM, "security")
        with pytest.raises(StateError):
            accounts.disable(service, SYSTEM, "admin")

    @pytest.mark.parametrize("role", ["security_administrator", "auditor"])
    def test_no_administrator_takes_over_who_watches_over_him(self, town, service, admin, role):
        account(town, "watching", role)
        account(town, "robot", role, kind="service")
        for change in (
            lambda who: accounts.disable(service, who, "watching"),
            lambda who: accounts.enable(service, who, "watching"),
            lambda who: accounts.change(service, who, "watching", unit_code="U9"),
            lambda who: accounts.link_identity(service, who, "watching", "https://i", "s"),
            lambda who: accounts.reset_password(service, who, "watching"),
            lambda who: api_keys.make_key(
                service, who, "机", scopes=["audit"], days=3, account="robot"
            ),
        ):
            with pytest.raises(ForbiddenError, match="on the server"):
                change(admin)
        accounts.unlock(service, admin, "watching")
        assert state(service, SYSTEM, "watching") == "works"
        assert accounts.reset_password(service, SYSTEM, "watching")

    def test_an_administrator_of_an_area_handles_no_accounts(self, town, service):
        account(town, "west", "administrator", WEST)
        account(town, "li", "operator", WEST)
        west = acting_principal(town, "west")
        for act in (
            lambda: accounts.list_accounts(service, west),
            lambda: accounts.add_account(service, west, "new"),
            lambda: accounts.reset_password(service, west, "li"),
            lambda: api_keys.list_keys(service, west, account="li"),
        ):
            with pytest.raises(ForbiddenError, match="whole district"):
                act()

    def test_only_administrators_make_accounts(self, town, service, security):
        for work in (
            lambda: accounts.add_account(service, security, "li"),
            lambda: accounts.reset_password(service, security, "security"),
            lambda: accounts.list_accounts(service, security),
        ):
            with pytest.raises(ForbiddenError):
                work()

    def test_an_unknown_account_is_not_found(self, service, admin):
        for name in ("nobody", "", "x\x00", "' OR 1=1"):
            with pytest.raises(NotFoundError):
                accounts.disable(service, admin, name)

    def test_whose_an_account_is_can_be_changed(self, service, admin):
        accounts.add_account(service, admin, "li", holder="李")
        accounts.change(service, admin, "li", unit_name="新单位")
        row = next(r for r in accounts.list_accounts(service, admin) if r.name == "li")
        assert (row.holder, row.unit_name) == ("李", "新单位")

    def test_one_identity_is_bound_to_one_account(self, service, admin, settings):
        for name in ("li", "wang"):
            accounts.add_account(service, admin, name)
        accounts.link_identity(service, admin, "li", "https://i", "s")
        done = login.log_in_external(service, "https://i", "s", config=settings)
        assert sessions.find_session(service, done.token).reader.account == "li"
        with pytest.raises(InputError):
            accounts.link_identity(service, admin, "wang", "https://i", "s")

    def test_the_first_start_makes_one_administrator_and_the_second_none(self, engine, settings):
        name, password = accounts.first_administrator(engine)
        assert login.log_in(engine, name, password, config=settings).stage == "change"
        assert acting_principal(engine, name).may("accounts")
        assert acting_principal(engine, name).everything
        assert not acting_principal(engine, name).may("grants")
        assert accounts.first_administrator(engine) is None

    def test_it_is_made_even_where_another_account_was_made_before(self, town, engine):
        account(town, "security", "security_administrator")
        account(town, "west", "administrator", WEST)
        account(town, "admin", "operator")
        name, _ = accounts.first_administrator(engine)
        assert name == "admin2"
        assert acting_principal(engine, name).may("accounts")
        assert not acting_principal(engine, "admin").may("accounts")
        assert accounts.first_administrator(engine) is None

    def test_it_is_made_where_the_only_one_is_disabled(self, town, engine):
        made = account(town, "admin", "administrator")
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE govgrid.account SET disabled_at = now() WHERE id = :id"), {"id": made}
            )
        assert accounts.first_administrator(engine)[0] == "admin2"

    def test_an_account_with_a_role_that_cannot_be_is_not_made_at_all(self, town):
        for grant in (("operator", "999"), ("king", None), ("display", WEST)):
            with pytest.raises(GovgridError):
                accounts.add_account(town, SYSTEM, "li", grant=grant)
        with town.begin() as connection:
            count = "SELECT count(*) FROM govgrid.account"
            assert connection.execute(text(count)).scalar_one() == 0
            count = "SELECT count(*) FROM govgrid.audit WHERE action = 'account.add'"
            assert connection.execute(text(count)).scalar_one() == 0


class TestGrants:
    """Given and taken."""

    def test_a_grant_holds_at_once_and_is_gone_at_once(self, town, service, security):
        account(town, "li", None)
        grants.give_grant(service, security, "li", "operator", WEST, depth="direction")
        assert held(town, "li") == {("operator", WEST, frozenset({"social"}), "direction")}
        (row,) = grants.list_grants(service, security, account="li")
        grants.revoke_grant(service, security, str(row.id))
        assert held(town, "li") == set()
        assert actions(town) == ["grant.give", "grant.take"]

    def test_skynet_is_closed_below_the_district_unless_it_is_named(self, town, service, security):
        account(town, "li", None)
        grants.give_grant(service, security, "li", "planner")
        grants.give_grant(service, security, "li", "operator", WEST)
        grants.give_grant(service, security, "li", "dispatcher", EAST, classes=["skynet", "social"])
        classes = {role: found for role, _, found, _ in held(town, "li")}
        assert classes == {
            "planner": frozenset(CLASSES),
            "operator": frozenset({"social"}),
            "dispatcher": frozenset(CLASSES),
        }

    def test_the_same_grant_again_changes_it(self, town, service, security):
        account(town, "li", None)
        for depth in ("count", "gaps"):
            grants.give_grant(service, security, "li", "planner", WEST, depth=depth)
        assert [row[3] for row in held(town, "li")] == ["gaps"]

    def test_the_three_administrators_are_never_one_account(self, town, service, security):
        account(town, "li", "auditor")
        for role in ("administrator", "security_administrator"):
            with pytest.raises(InputError, match="never one account"):
                grants.give_grant(service, security, "li", role)

    def test_nobody_grants_to_himself(self, service, security):
        with pytest.raises(ForbiddenError):
            grants.give_grant(service, security, "security", "operator")
        own = grants.list_grants(service, security, account="security")[0]
        with pytest.raises(ForbiddenError):
            grants.revoke_grant(service, security, str(own.id))

    def test_who_makes_accounts_gives_no_rights(self, town, service, admin):
        account(town, "li", None)
        with pytest.raises(ForbiddenError):
            grants.give_grant(service, admin, "li", "operator")
        with pytest.raises(ForbiddenError):
            grants.list_grants(service, admin)

    def test_who_is_limited_to_an_area_grants_and_sees_grants_there_only(self, town, service):
        account(town, "west", "security_administrator", WEST)
        west = acting_principal(town, "west")
        account(town, "li", "operator", EAST)
        grants.give_grant(service, west, "li", "operator", WEST)
        for area in (EAST, None):
            with pytest.raises(ForbiddenError):
                grants.give_grant(service, west, "li", "planner", area)
        found = grants.list_grants(service, west, account="li")
        assert [row.area_code for row in found] == [WEST]
        eastern = next(r for r in grants.list_grants(town, SYSTEM) if r.area_code == EAST)
        with pytest.raises(NotFoundError):
            grants.revoke_grant(service, west, str(eastern.id))

    def test_a_wall_is_a_display_and_nothing_else(self, town, service, security):
        account(town, "wall", None, kind="display")
        account(town, "li", None)
        grants.give_grant(service, security, "wall", "display")
        for name, role in (("wall", "operator"), ("li", "display")):
            with pytest.raises(InputError):
                grants.give_grant(service, security, name, role)

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [
            ({"role": "king"}, InputError),
            ({"area": "999"}, NotFoundError),
            ({"area": "x\x00"}, NotFoundError),
            ({"depth": "deep"}, InputError),
            ({"classes": ["secret"]}, InputError),
            ({"account": "nobody"}, NotFoundError),
        ],
    )
    def test_what_cannot_be_granted_says_why(self, town, service, security, wrong, error):
        account(town, "li", None)
        asked = {"account": "li", "role": "operator", "area": WEST, **wrong}
        name, role, area = (asked.pop(key) for key in ("account", "role", "area"))
        with pytest.raises(error):
            grants.give_grant(service, security, name, role, area, **asked)
        assert held(town, "li") == set()

    def test_a_day_in_the_past_is_refused(self, town, service, security):
        account(town, "li", None)
        with town.begin() as connection:
            day = connection.execute(text("SELECT govgrid.today() - 1")).scalar_one()
        with pytest.raises(InputError):
            grants.give_grant(service, security, "li", "operator", until=day)

    def test_the_last_one_that_is_needed_keeps_its_grant(self, town, service, admin, security):
        account(town, "other", "security_administrator", WEST)
        row = grants.list_grants(service, security, account="admin")[0]
        with pytest.raises(StateError):
            grants.revoke_grant(service, security, str(row.id))

    def test_what_is_no_number_is_not_found(self, service, security):
        for number in ("", "x", "00000000-0000-0000-0000-000000000000"):
            with pytest.raises(NotFoundError):
                grants.revoke_grant(service, security, number)


class TestKeys:
    """Keys of programs."""

    def test_a_key_may_what_it_is_cut_to_and_no_more_than_its_account(self, town, service):
        account(town, "li", "dispatcher", WEST)
        li = acting_principal(town, "li")
        key = api_keys.make_key(service, li, "night report", scopes=["figures"], days=30)
        found = api_keys.find_owner(service, key)
        assert (found.account, found.actions) == ("li", frozenset({"figures"}))
        assert found.areas == li.areas
        assert key not in str(api_keys.list_keys(service, li))

    def test_scopes_days_and_names_are_held_against_the_rules(self, town, service):
        account(town, "li", "operator")
        li = acting_principal(town, "li")
        good = {"scopes": ["map"], "days": 30}
        for name, wrong in (
            ("x", {"scopes": []}),
            ("x", {"scopes": ["import"]}),
            ("x", {"days": 0}),
            ("x", {"days": 367}),
            (" ", {}),
        ):
            with pytest.raises(InputError):
                api_keys.make_key(service, li, name, **{**good, **wrong})

    def test_a_key_ends_on_its_day_and_when_it_is_revoked(self, town, service):
        account(town, "li", "operator")
        li = acting_principal(town, "li")
        one, other = (api_keys.make_key(service, li, n, scopes=["map"], days=1) for n in "ab")
        row = next(r for r in api_keys.list_keys(service, li) if r.name == "a")
        api_keys.revoke(service, li, str(row.id))
        assert api_keys.find_owner(service, one) is None
        with town.begin() as connection:
            connection.execute(text("UPDATE govgrid.api_key SET expires_at = now()"))
        assert api_keys.find_owner(service, other) is None

    def test_only_its_owner_or_an_administrator_revokes_a_key(self, town, service, admin):
        for name in ("li", "wang"):
            account(town, name, "operator")
        li, wang = acting_principal(town, "li"), acting_principal(town, "wang")
        api_keys.make_key(service, li, "x", scopes=["map"], days=1)
        number = str(api_keys.list_keys(service, li)[0].id)
        for who in (wang,):
            with pytest.raises(NotFoundError):
                api_keys.revoke(service, who, number)
        api_keys.revoke(service, admin, number)
        assert not api_keys.list_keys(service, li)[0].works

    def test_a_key_makes_no_keys_and_a_wall_has_none(self, town, service):
        account(town, "li", "operator")
        account(town, "wall", "display", kind="display")
        key = api_keys.make_key(service, acting_principal(town, "li"), "x", scopes=["map"], days=1)
        with pytest.raises(ForbiddenError):
            api_keys.make_key(
                service, api_keys.find_owner(service, key), "y", scopes=["map"], days=1
            )
        with pytest.raises(StateError):
            api_keys.make_key(service, acting_principal(town, "wall"), "y", scopes=["map"], days=1)

    def test_people_make_their_own_keys_and_administrators_those_of_programs(
        self, town, service, admin
    ):
        account(town, "li", "operator")
        with pytest.raises(StateError):
            api_keys.make_key(service, admin, "x", scopes=["map"], days=1, account="li")
        with pytest.raises(ForbiddenError):
            api_keys.make_key(
                service, acting_principal(town, "li"), "x", scopes=["map"], days=1, account="admin"
            )

    def test_garbage_is_nobody_s_key(self, service):
        for key in ("", "gg_", "x" * 5000, "gg_\x00", "' OR 1=1"):
            assert api_keys.find_owner(service, key) is None
