"""Devices of a register: form, optics, age, state, and the words for their direction."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.demo.land.terrain import Floats
from geo.demo.registers.units import make_phone

FORM_WORDS: Mapping[str, str] = {
    "fixed": "枪机", "dome": "半球", "ptz": "球机", "panoramic": "全景", "multi": "多目",
}  # fmt: skip
_FORM_SHARES = {"skynet": (0.66, 0.04, 0.18, 0.06, 0.06), "social": (0.48, 0.36, 0.09, 0.05, 0.02)}
_OPTICS = {  # form: (least, most) horizontal view in degrees, (least, most) range in metres
    "fixed": ((32, 92), (50, 120)), "dome": ((85, 112), (15, 35)), "ptz": ((55, 65), (100, 200)),
    "panoramic": ((180, 360), (25, 45)), "multi": ((150, 200), (40, 80)),
}  # fmt: skip
_COMPASS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
UNKNOWN_SHARE, WORD_SHARE, OFF_LINE_SHARE = 0.12, 0.25, 0.05


def describe_devices(sites: pd.DataFrame, owner: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return sites with the columns of a register added.

    The true direction stays in ``heading_deg``; ``heading`` is what the register says about it.

    Parameters
    ----------
    sites
        Columns ``site``, ``name``, ``heading_deg``, ``indoor``, ….
    owner
        "skynet" or "social": decides on the shares of forms and on the codes.
    rng
        Source of chance; the same state gives the same devices.
    """
    count = len(sites)
    frame = sites.reset_index(drop=True).copy()
    frame["owner"] = owner
    frame["form"] = rng.choice(list(FORM_WORDS), count, p=_FORM_SHARES[owner])
    _add_optics(frame, rng)
    frame["heading"] = heading_words(frame["heading_deg"].to_numpy(), rng)
    frame["code"] = device_codes(owner, count, rng)
    _add_state(frame, owner, rng)
    frame["name"] = frame["site"] + frame["form"].map(FORM_WORDS) + _numbers(frame["site"])
    return frame


def _numbers(site: pd.Series) -> pd.Series:
    return (site.groupby(site).cumcount() + 1).map("{:02d}".format)


def _add_optics(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    chance = rng.random((2, len(frame)))
    for column, k in (("hfov_deg", 0), ("range_m", 1)):
        low = (
            frame["form"].map({name: pair[k][0] for name, pair in _OPTICS.items()}).to_numpy(float)
        )
        high = (
            frame["form"].map({name: pair[k][1] for name, pair in _OPTICS.items()}).to_numpy(float)
        )
        frame[column] = np.round((low + (high - low) * chance[k]) / 5) * 5
    frame["res_h_px"] = rng.choice([1280, 1920, 2560, 3840], len(frame), p=[0.08, 0.42, 0.35, 0.15])
    frame.loc[frame["form"] == "multi", "res_h_px"] = 5120
    frame["light"] = rng.choice(
        ["无", "红外", "白光", "激光"], len(frame), p=[0.15, 0.6, 0.23, 0.02]
    )


def heading_words(heading_deg: Floats, rng: np.random.Generator) -> list[str]:
    """Return the texts of a register for directions: mostly degrees, some words, some nothing.

    Parameters
    ----------
    heading_deg
        True directions, degrees clockwise from north.
    rng
        Source of chance.
    """
    chance, style = rng.random((2, len(heading_deg)))
    said = []
    for deg, c, k in zip(heading_deg % 360, chance, style, strict=True):
        if c < UNKNOWN_SHARE:
            said.append("不详" if k < 0.4 else "")
        elif c < UNKNOWN_SHARE + WORD_SHARE:
            said.append(_phrase(float(deg), float(k)))
        else:
            said.append(str(round(deg) % 360))
    return said


def _phrase(deg: float, style: float) -> str:
    eighth = _COMPASS[round(deg / 45) % 8]
    if style < 0.55:
        return eighth
    if style < 0.8:
        return f"朝{eighth}"
    base = "北" if deg < 90 or deg >= 270 else "南"
    away = min(deg % 360, 360 - deg) if base == "北" else abs(deg - 180)
    side = "东" if 0 < deg < 180 else "西"
    tens = round(away / 5) * 5
    return base if tens == 0 else side if tens == 90 else f"{base}偏{side}{tens}°"


def device_codes(owner: str, count: int, rng: np.random.Generator) -> list[str]:
    """Return 20-digit codes: 34080200, industry, type 131/132, network, six-digit serial.

    Parameters
    ----------
    owner
        "skynet" has the industries of the police and network 0, others 7.
    count
        Number of codes.
    rng
        Source of chance for industry and type.
    """
    if owner == "skynet":
        industry, network = rng.choice(["00", "01", "04"], count, p=[0.7, 0.2, 0.1]), "0"
    else:
        industry, network = (
            rng.choice(["02", "03", "11", "45"], count, p=[0.5, 0.25, 0.1, 0.15]),
            "7",
        )
    kind = rng.choice(["131", "132"], count, p=[0.1, 0.9])
    first = 1 if owner == "skynet" else 500_001
    return [
        f"34080200{i}{k}{network}{first + n:06d}"
        for n, (i, k) in enumerate(zip(industry, kind, strict=True))
    ]


def _bases(owner: str, count: int) -> list[str]:
    """Return the articles of Decree 799 by which cameras stand; some registers leave them blank."""
    skynet = owner == "skynet"
    # an own source of chance: what is drawn after it stays as it was
    drawn = np.random.default_rng([799, count]).choice(
        ["第七条", "第九条", ""], count, p=[0.97, 0.0, 0.03] if skynet else [0.22, 0.64, 0.14]
    )
    return [str(word) for word in drawn]


def _add_state(frame: pd.DataFrame, owner: str, rng: np.random.Generator) -> None:
    count, skynet = len(frame), owner == "skynet"
    frame["status"] = rng.choice(["在线", "离线", "不详"], count, p=[0.925, OFF_LINE_SHARE, 0.025])
    days = [30, 90, 15, 60] if skynet else [30, 15, 90, 7]
    frame["retention_days"] = rng.choice(
        days, count, p=[0.78, 0.12, 0.06, 0.04] if skynet else [0.72, 0.19, 0.06, 0.03]
    )
    filed = rng.random(count) < (0.94 if skynet else 0.71)
    prefix = "宜公备" if skynet else "宜迎备"
    frame["filing_no"] = np.where(
        filed, [f"{prefix}〔2025〕{k:05d}号" for k in range(1, count + 1)], ""
    )
    frame["sign"] = np.where(rng.random(count) < (0.9 if skynet else 0.68), "有", "无")
    frame["point_class"] = (
        rng.choice(["一类", "二类"], count, p=[0.94, 0.06])
        if skynet
        else rng.choice(["二类", "三类"], count, p=[0.35, 0.65])
    )
    frame["legal_basis"] = _bases(owner, count)
    start = np.datetime64("2016-03-01") + rng.integers(0, 3_600, count)
    frame["installed_on"] = start.astype(str)
    year = pd.Series(start.astype("datetime64[Y]").astype(int) + 1970)
    frame["phase"] = (
        np.select([year < 2018, year < 2021, year < 2024], ["一期", "二期", "三期"], "四期")
        if skynet
        else "自建"
    )
    frame["phone"] = [
        make_phone(20_000 + k % 120 if skynet else 30_000 + k % 700) for k in range(count)
    ]
    frame["maintainer"] = (
        rng.choice(["运维一标段", "运维二标段", "运维三标段"], count)
        if skynet
        else rng.choice(["物业工程部", "自行维护", "运营商代维"], count)
    )
