"""Files stand whole or not at all, and go when no row names them for a day."""

import os
import time

import pytest

from geo.incidents import file_store


def test_a_file_is_called_by_its_content_and_written_once(tmp_path):
    first, again = (file_store.keep_file(tmp_path, b"picture") for _ in range(2))
    assert first == again
    assert file_store.file_of(tmp_path, first).read_bytes() == b"picture"
    assert [path.name for path in (tmp_path / "attachments").glob("*/*")] == [first.hex()]


def test_a_disk_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(handle):
        raise OSError("no room")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no room"):
        file_store.keep_file(tmp_path, b"picture")
    assert list((tmp_path / "attachments").glob("*/*")) == []


def test_an_orphan_goes_after_a_day_and_a_named_file_stays(tmp_path):
    named, orphan = (file_store.keep_file(tmp_path, each) for each in (b"named", b"orphan"))
    tomorrow = time.time() + file_store.GRACE_S + 1
    assert file_store.remove_orphans(tmp_path, {named}) == []
    assert file_store.remove_orphans(tmp_path, {named}, now=tomorrow) == [orphan.hex()]
    assert file_store.file_of(tmp_path, named).is_file()


def test_a_row_without_a_file_is_told(tmp_path):
    assert file_store.missing_files(tmp_path, {b"\x01" * 32}) == ["01" * 32]
