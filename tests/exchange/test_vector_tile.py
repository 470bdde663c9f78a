"""Vector tiles: bytes of small layers by hand, after the specification of the format."""

import struct

import pytest

from geo.exchange.rules.vector_tile import EXTENT, write_points, write_value, write_varint


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"),
        (16383, "ff7f"), (16384, "808001"), (1 << 32, "8080808010"),
    ],
)  # fmt: skip
def test_numbers_have_seven_bits_a_byte_the_lowest_first(number, written):
    assert write_varint(number).hex() == written


def test_values_are_of_four_kinds():
    assert write_value(True).hex() == "22023801"
    assert write_value(False).hex() == "22023800"
    assert write_value(300).hex() == "220328ac02"
    assert write_value(0.5) == b"\x22\x09\x19" + struct.pack("<d", 0.5)
    assert write_value("甲").hex() == "22050a03e794b2"
    assert write_value("a" * 200)[:6].hex() == "22cb010ac801"


def test_a_layer_has_its_name_points_keys_and_each_value_once():
    one, two = write_value("a"), write_value(2)
    layer = write_points("L", ["k", "n"], [(1, 2), (EXTENT, 0)], [(one, None), (one, two)])
    first = bytes.fromhex("120d 1202 0000 1801 2203 090204".replace(" ", ""))
    second = bytes.fromhex("1210 1204 00000101 1801 2204 09804000".replace(" ", ""))
    first = b"\x12" + bytes([len(first) - 2]) + first[2:]
    second = b"\x12" + bytes([len(second) - 2]) + second[2:]
    body = (
        b"\x0a\x01L" + first + second + b"\x1a\x01k\x1a\x01n" + one + two + b"\x28\x80\x20\x78\x02"
    )
    assert layer == b"\x1a" + write_varint(len(body)) + body


def test_a_layer_without_points_is_nothing():
    assert write_points("L", ["k"], [], []) == b""


def test_values_beyond_those_of_two_bytes_are_numbered_on():
    values = [[write_value(n)] for n in range(16386)]
    layer = write_points("L", ["k"], [(0, 0)] * len(values), values)
    assert b"\x12\x04\x00\x80\x80\x01\x18\x01" in layer
