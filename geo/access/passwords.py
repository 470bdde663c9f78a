"""Passwords: stored as argon2id hashes, chosen by rules, one-time passwords."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from geo.base.errors import InputError, TooManyError

# OWASP Password Storage Cheat Sheet (2024): argon2id with 46 MiB, 1 iteration, 1 lane, the set of
# least time; RFC 9106 §4 wants 64 MiB where memory is no matter, which a centre's desktop lacks.
HASHER: Final = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
AT_ONCE: Final = 2
"""Hashes computed at the same time by one process: each takes 46 MiB."""
PATIENCE_S: Final = 10.0
LONGEST: Final = 128
"""Characters; NIST SP 800-63B §5.1.1.2 asks for 64 at least to be allowed."""
ONE_TIME_GROUPS: Final = 4
ONE_TIME_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that are read as others: 31 of them, 4 groups of 5 are 99 bits."""
LEAST_NAME: Final = 3
_COMMON: Final = (
    *("password", "passwd", "passw0rd", "p@ssw0rd", "admin", "letmein", "welcome", "iloveyou"),
    *("qwerty", "asdfgh", "zxcvbn", "1qaz2wsx", "qazwsx", "1q2w3e", "abc123", "woaini", "mima"),
    *("govgrid", "zongzhi", "wangge", "anquan", "gongan"),
)
_ROWS: Final = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("!@#$%^&*()", "一二三四五六七八九十"),
)
_YEAR: Final = re.compile("(19|20)[0-9]{2}")
_at_once = BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """Return what is kept of a password.

    Raises
    ------
    TooManyError
        If too many are computed at once.
    """
    with _Turn():
        return HASHER.hash(normalize_password(password))


def password_matches(stored: str | None, password: str) -> bool:
    """Return whether a password matches a hash, in the same time where there is no hash.

    Parameters
    ----------
    stored
        Hash, None for an account without password.
    password
        As typed; normalised by NFKC.

    Raises
    ------
    TooManyError
        If too many hashes are computed at once.
    """
    with _Turn():
        try:
            found = HASHER.verify(
                _whole(stored) or _nobody(), normalize_password(password[: LONGEST * 4])
            )
        except (VerificationError, InvalidHashError):
            return False
    return found and bool(stored)


def needs_rehash(stored: str) -> bool:
    """Return whether a hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(stored)


def one_time() -> str:
    """Return a password for one log-in: easy to read out, hard to guess (99 bits)."""
    groups = (
        "".join(secrets.choice(ONE_TIME_LETTERS) for _ in range(5)) for _ in range(ONE_TIME_GROUPS)
    )
    return "-".join(groups)


def require_strong(password: str, *, names: Sequence[str], min_length: int, kinds: int = 1) -> None:
    """Refuse a password that is easily guessed.

    Parameters
    ----------
    names
        Words that must not stand in it: account, holder, unit.
    min_length
        Least number of characters.
    kinds
        How many of these must occur: small letters, capitals, digits, others.

    Raises
    ------
    InputError
        With what is wrong.
    """
    written = normalize_password(password)
    if len(written) < min_length:
        raise InputError("password.short", found=len(written), least=min_length)
    if len(written) > LONGEST:
        raise InputError("password.long", found=len(written), most=LONGEST)
    if any(name in written.lower() for name in _words(names)):
        raise InputError("password.named")
    if _guessable(written.lower(), min_length):
        raise InputError("password.common")
    found = _kinds(written)
    if found < kinds:
        raise InputError("password.kinds", found=found, least=kinds)


def normalize_password(password: str) -> str:
    """Return a password as it is hashed: the same whatever the keyboard composed it of (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _whole(stored: str | None) -> str | None:
    """Return a hash that is one; a broken one would be answered sooner than any other."""
    try:
        extract_parameters(stored or "")
    except InvalidHashError:
        return None
    return stored


@cache
def _nobody() -> str:
    """Return what is compared with where there is no hash: an unknown name takes as long."""
    return HASHER.hash(secrets.token_hex(16))


def _words(names: Sequence[str]) -> list[str]:
    words = [normalize_password(name).strip().lower() for name in names]
    # A Chinese name of two characters says as much as six letters.
    return [w for w in words if len(w.encode()) >= LEAST_NAME * 2 or len(w) >= LEAST_NAME]


def _guessable(written: str, min_length: int) -> bool:
    """Return whether too little is left of it without common words, rows of keys and repeats."""
    left = _YEAR.sub("2", written)
    for word in _COMMON:
        left = left.replace(word, word[0])
    return len(_unrolled(left)) < min_length // 2


def _unrolled(written: str) -> str:
    """Return a text with each run of repeated or neighbouring characters cut to its first."""
    kept = written[:1]
    for before, after in pairwise(written):
        pair = before + after
        near = any(pair in row or pair in row[::-1] for row in _ROWS)
        if before != after and not near:
            kept += after
    # The same few characters again and again are one group of them.
    return kept if len(set(kept)) > len(kept) // 3 else "".join(sorted(set(kept)))


def _kinds(written: str) -> int:
    tests = (str.islower, str.isupper, str.isdecimal)
    known = sum(any(test(letter) for letter in written) for test in tests)
    others = any(not any(test(letter) for test in tests) for letter in written)
    return known + others


class _Turn:
    """A turn of hashing: who waits too long is asked to come again."""

    def __enter__(self) -> None:
        if not _at_once.acquire(timeout=PATIENCE_S):
            raise TooManyError("password.busy", retry_after_s=round(PATIENCE_S))

    def __exit__(self, *_: object) -> None:
        _at_once.release()
