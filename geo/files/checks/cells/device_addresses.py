"""Network addresses are not taken in: columns by which a device or its stream could be reached."""

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import pandas as pd

from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.column_mapping import is_personal
from geo.files.checks.cells.finding import Defect, Finding

_HEADER: Final = re.compile(
    # words of their own: an IPC is a camera, an airport no port
    r"(?<![a-z])(?:ip(?:v[46])?[ _-]?(?:addr(?:ess)?)?|mac[ _-]?(?:addr(?:ess)?)?|ports?|rtsp|rtmp"
    r"|gateway|subnet(?:[ _-]?mask)?|netmask|user ?name|account|login"
    r"|(?:stream|live|play|video|web)[ _-]?(?:url|uri|addr(?:ess)?|ref)"
    r")(?![a-z])"
    "|端口|网关|子网|掩码|物理地址|网络地址|取流|拉流|推流|流地址|码流地址|播放地址|视频流"
    "|账号|帐号|账户|帐户|用户名|登录名",
    re.IGNORECASE,
)
_NUMBER: Final = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_CONTENT: Final = re.compile(
    r"\b(?:rtsp|rtmp|rtsps|rtmps|srt|onvif)://"
    r"|\b[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]*@"
    # a version (V5.5.0.1) and the number of a paragraph (1.2.3.4.5) are no addresses
    rf"|(?<![\w.])(?:{_NUMBER}\.){{3}}{_NUMBER}(?![\w.])"
    r"|(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])",
    re.IGNORECASE,
)
_COLONS: Final = re.compile(r"(?<![\w:])[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*(?![\w:])", re.IGNORECASE)


def is_network(header: str) -> bool:
    """Tell whether a header announces network or stream addresses, or accounts of devices.

    Examples
    --------
    >>> is_network("设备IP地址"), is_network("IPAddress"), is_network("Port"), is_network("IPC型号")
    (True, True, True, False)
    """
    return _HEADER.search(unicodedata.normalize("NFKC", header)) is not None


def holds_address(text: str) -> bool:
    """Tell whether text holds an IP or MAC address, a stream's or one with a password in it."""
    if _CONTENT.search(text) is not None:
        return True
    return any(_is_ipv6(match.group()) for match in _COLONS.finditer(text))


def network_columns(
    rows: pd.DataFrame,
    unmapped: Sequence[str],
    *,
    header_row: int,
    known: frozenset[str] = frozenset(),
) -> tuple[frozenset[str], list[Finding]]:
    """Return the columns refused because of network addresses, each with a finding.

    Columns about persons are left to :func:`geo.files.checks.cells.personal_data.personal_columns`.

    Parameters
    ----------
    rows
        Cells as read, columns by header.
    unmapped
        Headers that belong to no field: refused by header or content.
    header_row
        Row of the headers, which the findings name.
    known
        Columns already refused by an earlier part of the file.
    """
    content = network_content(rows, unmapped) | known
    refused = [
        column
        for column in unmapped
        if (column in content or is_network(column)) and not is_personal(column)
    ]
    defect = Defect("COLUMN_NETWORK")
    return frozenset(refused), [defect.at(header_row, column, "") for column in refused]


def network_content(rows: pd.DataFrame, unmapped: Sequence[str]) -> frozenset[str]:
    """Return the columns in which at least one cell holds a network address.

    Parameters
    ----------
    rows
        Cells as read, columns by header.
    unmapped
        Headers to look at.
    """
    return frozenset(column for column in unmapped if _any_address(rows[column]))


def _any_address(cells: pd.Series) -> bool:
    texts = {text_of(cell) for cell in cells if not isinstance(cell, float)}
    return any(holds_address(text) for text in texts)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return len(text) > 2
