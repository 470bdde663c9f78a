"""Columns of a file in parts: what a later part shows is refused from the beginning."""

import pandas as pd
import pytest

from geo.files.checks.cells.file_headers import Headers
from geo.files.checks.cells.refused import Refused, RefusedLater
from geo.files.readers import Table
from geo.files.schema.layers import find_layer

HEAD = ("编码", "名称", "经度", "纬度", "甲栏", "乙栏", "丙栏")


def part(first, second, third="x", *, row=1):
    cells = ["K1", "甲", 117.05, 30.5, first, second, third]
    rows = pd.DataFrame([cells], columns=list(HEAD), index=pd.Index([row], name="row"))
    return Table(HEAD, rows.astype(object), None, None, header_row=1)


def settled(known=None):
    headers = Headers(find_layer("cameras"), None, known or Refused())
    headers.settle(part("x", "y"))
    return headers


def test_a_later_part_with_persons_and_addresses_starts_the_check_again_without_both():
    with pytest.raises(RefusedLater) as caught:
        settled().settle(part("13800000000", "192.168.1.9", row=2))
    assert caught.value.refused == Refused(frozenset({"甲栏"}), frozenset({"乙栏"}))


def test_what_was_refused_before_stays_so_beside_what_comes():
    known = Refused(frozenset({"丙栏"}), frozenset({"甲栏"}))
    headers = Headers(find_layer("cameras"), None, known)
    headers.settle(part("10.0.0.1", "y", "13800000001"))
    assert headers.refused == {"甲栏", "丙栏"}
    with pytest.raises(RefusedLater) as caught:
        headers.settle(part("10.0.0.1", "13800000000", "13800000001", row=2))
    assert caught.value.refused == Refused(frozenset({"乙栏", "丙栏"}), frozenset({"甲栏"}))


def test_a_later_part_like_the_first_changes_nothing():
    headers = settled()
    assert headers.settle(part("x", "y", row=2)) == []
    assert headers.refused == frozenset()
