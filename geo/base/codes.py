"""Codes: areas (6, 9, 12 or 15 digits) and devices (20 digits), cleaned and taken apart."""

import re
from dataclasses import dataclass
from typing import Final, Literal

# Full-width ASCII and the ideographic blank; other characters of a code are left as written
_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff"
_AREA: Final = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d*", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+\d{1,3}|\d\.\d+[eE]\d{1,3}", re.ASCII)

DEVICE_CODE_LENGTH: Final = 20
# GB/T 28181 annex D: checkpoint camera, multi-sensor device, camera, network camera
CAMERA_KINDS: Final = frozenset({"121", "122", "131", "132"})
# GB/T 28181 annex D as far as it is known here; the official list is longer
INDUSTRIES: Final = frozenset(
    {f"{number:02d}" for number in range(15)} | {f"{number}" for number in range(40, 46)}
)
RESERVED_NETWORK: Final = "9"
# the mantissa of a number cell holds fifteen decimal digits, not more
EXACT_DIGITS: Final = 15

CodeProblem = Literal["CODE_SCIENTIFIC", "CODE_LENGTH", "CODE_TYPE"]


@dataclass(frozen=True)
class DeviceCode:
    """A 20-digit device code taken apart (GB/T 28181-2022, annex D)."""

    area: str
    station: str
    industry: str
    kind: str
    network: str
    serial: str


def half_width(text: str) -> str:
    """Return the text with full-width letters, digits and signs made ASCII.

    Examples
    --------
    >>> half_width("３０．５")
    '30.5'
    """
    return text.translate(_HALF_WIDTH)


def clean_code(text: str) -> str:
    """Return a code as it is stored: half-width, no invisible characters, no blanks around it.

    Blanks inside go too where nothing but digits is left ("3408 0200 …"); names keep theirs.
    """
    plain = half_width(text).translate(dict.fromkeys(map(ord, _INVISIBLE))).strip()
    joined = "".join(plain.split())
    return joined if joined.isascii() and joined.isdigit() else plain


def camera_code_problem(code: str) -> CodeProblem | None:
    """Return what makes a cleaned camera code unusable, or None.

    Any text serves as a code; but sixteen or more digits claim to be a national one, which has
    twenty and, in places 11 to 13, a kind of camera.

    Examples
    --------
    >>> camera_code_problem("34080200001340000051"), camera_code_problem("3.40802E+19")
    ('CODE_TYPE', 'CODE_SCIENTIFIC')
    """
    if not (code.isascii() and code.isdigit()):
        return "CODE_SCIENTIFIC" if is_scientific(code) else None
    if len(code) <= EXACT_DIGITS:
        return None
    if len(code) != DEVICE_CODE_LENGTH:
        return "CODE_LENGTH"
    return None if code[10:13] in CAMERA_KINDS else "CODE_TYPE"


def is_scientific(code: str) -> bool:
    """Tell whether a spreadsheet has turned the code into the text of a number: 3.40802E+19."""
    return _SCIENTIFIC.fullmatch(code) is not None


def device_code(code: str) -> DeviceCode | None:
    """Return the parts of a 20-digit device code, None for any other text."""
    if not (code.isascii() and code.isdigit() and len(code) == DEVICE_CODE_LENGTH):
        return None
    return DeviceCode(code[:6], code[6:8], code[8:10], code[10:13], code[13], code[14:])


def is_division(code: str) -> bool:
    """Tell whether six digits have the shape of GB/T 2260: a province, its city, its county.

    Examples
    --------
    >>> is_division("340802"), is_division("340800"), is_division("990802"), is_division("340002")
    (True, True, False, False)
    """
    if len(code) != 6 or _AREA.fullmatch(code) is None:
        return False
    return code[2:4] != "00" or code[4:] == "00"


def area_code_digits(code: str) -> int | None:
    """Return the number of digits of a code that looks official but has not 6, 9, 12 or 15.

    Short numbers are somebody's own; None for them as for right codes and any other text.

    Examples
    --------
    >>> area_code_digits("34080200100"), area_code_digits("340802001"), area_code_digits("12")
    (11, None, None)
    """
    looks = len(code) > 6 and _AREA.fullmatch(code) is not None
    return len(code) if looks and len(code) not in (9, 12, 15) else None


def full_area_code(code: str) -> str:
    """Return official codes of 6 and 9 digits filled up to 12; any other text unchanged.

    Examples
    --------
    >>> full_area_code("340802"), full_area_code("340802001"), full_area_code("A/7")
    ('340802000000', '340802001000', 'A/7')
    """
    official = _AREA.fullmatch(code) is not None and len(code) in (6, 9)
    return code.ljust(12, "0") if official else code


def area_level(code: str) -> str | None:
    """Return the level that an official code says: district, township, community or grid."""
    full = full_area_code(code)
    if _AREA.fullmatch(full) is None or len(full) not in (12, 15) or full[2:6].endswith("00"):
        return None
    if len(full) == 15:
        return "grid"
    if full[6:] == "000000":
        return "district"
    return "township" if full[9:] == "000" else "community"


def parent_area_code(code: str) -> str | None:
    """Return the official code one level up (grid → community → township → district)."""
    full = full_area_code(code)
    cut = {"grid": 12, "community": 9, "township": 6}.get(area_level(full) or "")
    return None if cut is None else full[:cut].ljust(12, "0")
