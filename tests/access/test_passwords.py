"""Passwords: what is kept of them, which are refused, how many are computed at once."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access import passwords
from geo.base.errors import InputError, TooManyError
from tests.conftest import PASSWORD_HASHER

GOOD = "correct horse 网格 battery"


@pytest.fixture(autouse=True)
def as_in_service(monkeypatch):
    """Let a hash cost what it costs in service."""
    monkeypatch.setattr(passwords, "HASHER", PASSWORD_HASHER)


def refused(password, **more):
    given = {"names": ("lixiaoming", "李晓明", "城管中队"), "min_length": 12, **more}
    with pytest.raises(InputError) as caught:
        passwords.require_strong(password, **given)
    return caught.value.key


def test_a_password_fits_its_hash_and_no_other():
    kept = passwords.hash_password(GOOD)
    assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert passwords.password_matches(kept, GOOD)
    assert not passwords.password_matches(kept, GOOD + " ")
    assert passwords.hash_password(GOOD) != kept


def test_the_same_letters_typed_otherwise_are_the_same_password():
    assert passwords.password_matches(passwords.hash_password("é" * 12), "e\u0301" * 12)
    assert passwords.password_matches(passwords.hash_password("Ａｂ１！" * 3), "Ab1!" * 3)


def test_nothing_fits_where_there_is_no_hash_or_a_broken_one():
    for stored in (None, "", "x", "$argon2id$v=19$m=1"):
        assert not passwords.password_matches(stored, GOOD)


def test_a_hash_of_other_parameters_is_outdated():
    other = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
    assert passwords.needs_rehash(other)
    assert not passwords.needs_rehash(passwords.hash_password(GOOD))


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("kurz", "password.short"),
        ("长" * 129, "password.long"),
        ("my-LiXiaoMing-horse", "password.named"),
        ("夏天李晓明走过长江大桥的边上", "password.named"),
        ("aaaaaaaaaaaaaa", "password.common"),
        ("12345678901234", "password.common"),
        ("password123456", "password.common"),
        ("qwertyuiopasdf", "password.common"),
        ("Admin@123456789", "password.common"),
        ("xyxyxyxyxyxyxyxy", "password.common"),
        ("Password2024!!", "password.common"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password, key):
    assert refused(password) == key


def test_kinds_of_characters_are_asked_for_where_the_site_wants_them():
    assert refused("correct horse battery", kinds=3) == "password.kinds"
    passwords.require_strong("Correct horse 7 battery", names=(), min_length=12, kinds=4)


@pytest.mark.parametrize("password", [GOOD, "夏天的风吹过长江大桥呀真好", "v9#kTz-Lm2!qRw7"])
def test_a_password_that_is_hard_to_guess_is_taken(password):
    assert passwords.require_strong(password, names=("li", "", "城管中队"), min_length=12) is None


@given(st.text(min_size=0, max_size=200))
def test_any_text_is_taken_or_refused_with_a_sentence(password):
    caught = None
    try:
        passwords.require_strong(password, names=("li",), min_length=12)
    except InputError as error:
        caught = error
    assert caught is None or caught.key.startswith("password.")
    if len(passwords.normalize_password(password)) < 12:
        assert caught.key == "password.short"


def test_a_one_time_password_passes_the_rules_and_is_never_the_same():
    made = {passwords.one_time() for _ in range(200)}
    assert len(made) == 200
    for each in made:
        passwords.require_strong(each, names=("li",), min_length=12)
        assert not set(each) & set("iol01")


def test_only_so_many_are_computed_at_once(monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.01)
    turns = [passwords._Turn() for _ in range(passwords.AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    try:
        with pytest.raises(TooManyError) as caught:
            passwords.hash_password(GOOD)
        assert caught.value.facts["retry_after_s"] >= 0
    finally:
        for turn in turns:
            turn.__exit__()


def test_twenty_at_once_are_all_answered(monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 600.0)  # however busy the machine is
    kept, right = passwords.hash_password(GOOD), []
    threads = [
        threading.Thread(target=lambda: right.append(passwords.password_matches(kept, GOOD)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 20
