"""Points as layers of vector tiles (Mapbox Vector Tile 2.1), written byte by byte."""

import struct
from collections.abc import Iterable, Sequence
from typing import Final

EXTENT: Final = 4096
_MOST_SHORT: Final = 1 << 14

Value = str | float | int | bool


def write_varint(number: int) -> bytes:
    """Return a number in base 128, the lowest digits first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


_SHORT: Final = tuple(write_varint(n) for n in range(_MOST_SHORT))


def write_value(value: Value) -> bytes:
    """Return a value of an attribute as it stands in a layer."""
    if isinstance(value, bool):
        body = b"\x38" + (b"\x01" if value else b"\x00")
    elif isinstance(value, int):
        body = b"\x28" + write_varint(value)
    elif isinstance(value, float):
        body = b"\x19" + struct.pack("<d", value)
    else:
        text = value.encode()
        body = b"\x0a" + write_varint(len(text)) + text
    return b"\x22" + write_varint(len(body)) + body


def write_points(
    name: str,
    keys: Sequence[str],
    places: Iterable[tuple[int, int]],
    values: Iterable[Sequence[bytes | None]],
) -> bytes:
    """Return a layer of points.

    Parameters
    ----------
    name
        Of the layer.
    keys
        Names of the attributes.
    places
        Of each point, in units of the tile, y downwards, 0 to `EXTENT`.
    values
        Of each point, by `keys`, as from :func:`write_value`; None: it has none.
    """
    known: dict[bytes, bytes] = {}
    features = []
    for (x, y), own in zip(places, values, strict=True):
        tags = b""
        for key, value in enumerate(own):
            if value is not None:
                at = known.get(value)
                if at is None:
                    at = known[value] = _varint(len(known))
                tags += _SHORT[key] + at
        shape = b"\x09" + _SHORT[2 * x] + _SHORT[2 * y]
        body = b"\x12%b%b\x18\x01\x22%b%b" % (_SHORT[len(tags)], tags, _SHORT[len(shape)], shape)
        features.append(b"\x12%b%b" % (_SHORT[len(body)], body))
    named = _text(b"\x0a", name)
    listed = b"".join(_text(b"\x1a", key) for key in keys)
    layer = b"".join([named, *features, listed, *known, b"\x28\x80\x20\x78\x02"])
    return b"\x1a" + write_varint(len(layer)) + layer if features else b""


def _varint(number: int) -> bytes:
    return _SHORT[number] if number < _MOST_SHORT else write_varint(number)


def _text(tag: bytes, value: str) -> bytes:
    written = value.encode()
    return tag + write_varint(len(written)) + written
