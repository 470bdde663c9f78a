"""Encrypted files: read from any place, and refused where a single bit is another one."""

import io
import os

import pytest

from geo.base.errors import InputError
from geo.operations.backup import encryption
from geo.operations.backup.encryption import HEADER, PIECE, TAG, EncryptedReader, EncryptedWriter

WORDS = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Let guessing cost little: each test derives keys."""
    monkeypatch.setattr(encryption, "COST", 4)


def encrypted(content, passphrase=WORDS):
    out = io.BytesIO()
    with EncryptedWriter(out, passphrase) as sink:
        for at in range(0, len(content), 100_000):
            sink.write(content[at : at + 100_000])
    return out.getvalue()


def plain(written, passphrase=WORDS):
    return io.BufferedReader(EncryptedReader(io.BytesIO(written), passphrase)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_what_was_written_is_read(size):
    content = os.urandom(size)
    written = encrypted(content)
    assert plain(written) == content
    assert len(written) == HEADER + size + TAG * max(-(-size // PIECE), 1)


def test_any_place_is_read_by_itself():
    content = os.urandom(3 * PIECE)
    reader = io.BufferedReader(EncryptedReader(io.BytesIO(encrypted(content)), WORDS))
    for at in (2 * PIECE - 3, 5, 3 * PIECE - 1, PIECE):
        reader.seek(at)
        assert reader.read(6) == content[at : at + 6]
    assert reader.seek(-2, os.SEEK_END) == 3 * PIECE - 2
    assert reader.read() == content[-2:]


def test_nothing_of_the_content_can_be_read_without_the_passphrase():
    written = encrypted(b"340802 " * 10_000)
    assert b"340802" not in written
    assert encrypted(b"x") != encrypted(b"x"), "the same content never looks the same"
    with pytest.raises(InputError, match="another one"):
        plain(written, "correct horse batterx")


@pytest.mark.parametrize("at", [HEADER + 3, HEADER + PIECE + TAG + 5, -1, HEADER - 1, 21])
def test_a_single_other_bit_is_noticed(at):
    written = bytearray(encrypted(os.urandom(2 * PIECE)))
    written[at] ^= 1
    with pytest.raises(InputError, match="damaged"):
        plain(bytes(written))


def test_pieces_cut_off_or_exchanged_are_noticed():
    written = encrypted(os.urandom(3 * PIECE))
    cut = written[: HEADER + 2 * (PIECE + TAG)]
    piece = PIECE + TAG
    first, second = written[HEADER : HEADER + piece], written[HEADER + piece : HEADER + 2 * piece]
    exchanged = written[:HEADER] + second + first + written[HEADER + 2 * piece :]
    for wrong in (cut, exchanged, written[:HEADER], written[:10]):
        with pytest.raises(InputError, match="damaged"):
            plain(wrong)


def test_a_header_that_asks_for_endless_work_is_refused():
    written = bytearray(encrypted(b"x"))
    written[len(encryption.MAGIC)] = 40
    with pytest.raises(InputError, match="damaged"):
        plain(bytes(written))
