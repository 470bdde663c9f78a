"""Rules of the law on public video: findings per camera, with their article."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

IN_FORCE: Final = date(2025, 4, 1)
DEADLINE_BEFORE: Final = IN_FORCE + timedelta(days=90)
"""Until when what was in use before was to be filed (Art. 14): 2025-06-30."""
FILE_WITHIN: Final = timedelta(days=30)
RETENTION_DAYS: Final = 30
"""Art. 17: at least."""
RETENTION_LONG_DAYS: Final = 90
"""Beyond it a reason is asked for: other laws ask for 90 days at most that we know of
(反恐怖主义法 Art. 32, of key targets); Art. 17 wants deletion after 30 where nothing else holds."""
SIGN_CHECK_DAYS: Final = 365
"""How long a check of the sign is believed; a choice of ours."""
RESTRICTED_BUFFER_M: Final = 100.0
"""What counts as near a restricted unit (Art. 10 names no distance); a choice of ours."""
LEAST_VIEW_M2: Final = 1.0
"""A view that enters a zone by less touches its edge."""
LEAST_MOVE_M: Final = 2.0
"""A shorter change of a position is a correction of the register, no move of the device."""


COLUMNS: Final = ("camera_code", "kind", "zone_code", "facts")
_ARTICLE: Final = re.compile(
    r"art_?\.?\s*(\d+)|(?<![一二三四五六七八九十\d])(三十三|七|九|\d+)条", re.IGNORECASE
)
_SPELLED: Final = {"七": 7, "九": 9, "三十三": 33}
_KNOWN: Final = frozenset({7, 9, 33})


def article_of(basis: str | None) -> int | None:
    """Return the article on which a camera stands (7, 9 or 33); 0 if it says none, None if blank.

    It is read from ``art7_gov``, ``art7_operator``, ``art9_other``, ``art33_private``, and from
    texts such as 《条例》第七条.
    """
    if basis is None or not basis.strip():
        return None
    for digits, spelled in _ARTICLE.findall(basis):
        word = digits or spelled
        found = _SPELLED.get(word) or (int(word) if word.isdecimal() else 0)
        if found in _KNOWN:
            return found
    return 0


def judge_register(cameras: pd.DataFrame, *, today: date) -> pd.DataFrame:
    """Return the findings that the register of cameras alone gives.

    Parameters
    ----------
    cameras
        One row each: `code`, `owner_kind`, `legal_basis`, `retention_days`, `retention_reason`,
        `filing_no`, `sign_present`, `sign_checked_on`, `installed_on`; blanks are None.
    today
        Against which deadlines are held.

    Returns
    -------
    DataFrame
        `camera_code`, `kind` (of `rulebook.RULES`), `zone_code` (""), `facts` (values of the
        sentence).

    Notes
    -----
    Art. 9 frees other public places from Art. 14 and 17, Art. 33 private ones from 13 as well. A
    camera whose basis is unknown is judged as if Art. 7 held.
    """
    rows = [
        (camera["code"], kind, "", facts)
        for camera in cameras.to_dict("records")
        for kind, facts in _of_register(_known(camera), today)
    ]
    return _frame(rows)


def looking_in(viewsheds: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the parts of `viewsheds` that lie in privacy zones: kind PRIVACY_VIEW (Art. 8).

    Parameters
    ----------
    viewsheds, zones
        `camera_code` and `code`, with areas in the same metric system.

    Returns
    -------
    GeoDataFrame
        Findings with facts `zone`, `area_m2`, `share` (of the viewshed); geometry: the part.
    """
    seen = viewsheds.dissolve("camera_code", as_index=False)
    pairs = seen.sindex.query(zones.geometry, predicate="intersects")
    parts = shapely.intersection(
        seen.geometry.to_numpy()[pairs[1]], zones.geometry.to_numpy()[pairs[0]]
    )
    areas, whole = shapely.area(parts), seen.geometry.area.to_numpy()[pairs[1]]
    enters = areas >= LEAST_VIEW_M2
    codes, names = seen["camera_code"].to_numpy()[pairs[1]], zones["code"].to_numpy()[pairs[0]]
    rows = [
        (code, "PRIVACY_VIEW", zone, {"zone": zone, "area_m2": round(area), "share": area / all_of})
        for code, zone, area, all_of in zip(
            codes[enters], names[enters], areas[enters], whole[enters], strict=True
        )
    ]
    return gpd.GeoDataFrame(_frame(rows), geometry=parts[enters], crs=viewsheds.crs)


def standing_in(cameras: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the cameras that are in privacy zones, or may be by their position error (Art. 8).

    Parameters
    ----------
    cameras
        Points with ``code`` and ``position_sigma_m`` (standard deviation, metres).
    zones
        Polygons with ``code``, same metric CRS.

    Returns
    -------
    pd.DataFrame
        One row per camera and zone: certain (``PRIVACY_INSIDE``) where the border is at least one
        sigma away, else doubtful (``PRIVACY_DOUBT``).
    """
    sigma = cameras["position_sigma_m"].astype(float).fillna(0.0).to_numpy()
    pairs = cameras.sindex.query(
        zones.geometry, predicate="dwithin", distance=float(max(sigma, default=0.0))
    )
    rows = []
    for zone, camera in pairs.T:
        shape, point = zones.geometry.iloc[zone], cameras.geometry.iloc[camera]
        edge_m, inside = shape.boundary.distance(point), shape.covers(point)
        if inside or edge_m <= sigma[camera]:
            sure = inside and edge_m >= sigma[camera]
            kind, code = "PRIVACY_INSIDE" if sure else "PRIVACY_DOUBT", zones["code"].iloc[zone]
            facts = {"zone": code, "sigma_m": round(float(sigma[camera]), 1)}
            rows.append((cameras["code"].iloc[camera], kind, code, facts))
    return _frame(rows)


def near_restricted(
    cameras: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    consents: Iterable[tuple[str, str]],
    *,
    buffer_m: float = RESTRICTED_BUFFER_M,
) -> pd.DataFrame:
    """Return the cameras near restricted units that did not consent (Art. 10).

    Parameters
    ----------
    consents
        Code of a camera and of a zone, of each consent there is.
    """
    given = set(consents)
    pairs = cameras.sindex.query(zones.geometry, predicate="dwithin", distance=buffer_m)
    rows = []
    for zone, camera in pairs.T:
        code, name = cameras["code"].iloc[camera], zones["code"].iloc[zone]
        if (code, name) not in given:
            distance_m = zones.geometry.iloc[zone].distance(cameras.geometry.iloc[camera])
            facts = {"zone": name, "distance_m": round(distance_m), "buffer_m": round(buffer_m)}
            rows.append((code, "RESTRICTED_NEAR", name, facts))
    return _frame(rows)


def hide_zone_names(near: pd.DataFrame) -> pd.DataFrame:
    """Return one finding a camera, which names no unit, no number of them and no distance."""
    once = near.drop_duplicates("camera_code")
    return _frame([(code, "RESTRICTED_NEAR", "", {}) for code in once["camera_code"]])


def find_changed_filings(changes: pd.DataFrame) -> pd.DataFrame:
    """Return one finding FILING_CHANGED a camera, of the fields that differ from what was filed."""
    rows = [
        (
            code,
            "FILING_CHANGED",
            "",
            {
                "filing": group["filing_code"].iloc[0],
                "fields": list(group["field"]),
            },
        )
        for code, group in changes.groupby("camera_code", sort=True)
    ]
    return _frame(rows)


def find_unpermitted_changes(changes: pd.DataFrame, permits: pd.DataFrame) -> pd.DataFrame:
    """Return the cameras of Art. 7 that were moved or removed without permission (Art. 23).

    Parameters
    ----------
    changes
        `camera_code`, `name`, `owner_kind`, `legal_basis`, `kind` (moved, removed), `on` (date),
        `distance_m` (moved only).
    permits
        `camera_code`, `kind`, `permitted_on`. Each permits one change, of the same day or later.
    """
    free = {
        key: sorted(on for on in group["permitted_on"] if isinstance(on, date))
        for key, group in permits.groupby(["camera_code", "kind"])
    }
    rows = []
    for row in changes.sort_values("on", kind="stable").to_dict("records"):
        change = {str(name): value for name, value in row.items()}
        if not _of_article_7(change) or _correction(change):
            continue
        left = free.get((change["camera_code"], change["kind"]), [])
        permit = next((on for on in left if on <= change["on"]), None)
        if permit is not None:
            left.remove(permit)
            continue
        facts: dict[str, Any] = {"on": change["on"].isoformat(), "name": change["name"]}
        if change["kind"] == "moved":
            facts["distance_m"] = round(change["distance_m"])
        rows.append((change["camera_code"], str(change["kind"]).upper(), "", facts))
    return _frame(rows)


def _of_register(camera: Mapping[str, Any], today: date) -> list[tuple[str, dict[str, Any]]]:
    article = article_of(camera["legal_basis"])
    found = _basis(camera, article)
    if article != 33:
        found += _sign(camera, today)
    if article not in {9, 33}:
        found += [*_filing(camera, today), *_retention(camera)]
    return found


def _basis(camera: Mapping[str, Any], article: int | None) -> list[tuple[str, dict[str, Any]]]:
    if article is None:
        return [("BASIS_MISSING", {})]
    facts = {"found": camera["legal_basis"]}
    if article == 0:
        return [("BASIS_UNCLEAR", facts)]
    government = camera["owner_kind"] == "skynet"
    return [("BASIS_CONTRADICTS", facts)] if government and article != 7 else []


def _sign(camera: Mapping[str, Any], today: date) -> list[tuple[str, dict[str, Any]]]:
    present, checked = camera["sign_present"], camera["sign_checked_on"]
    if present is None:
        return [("SIGN_UNKNOWN", {})]
    if not present:
        return [("SIGN_MISSING", {})]
    old = checked is not None and today - checked > timedelta(days=SIGN_CHECK_DAYS)
    return [("SIGN_OLD", {"on": checked.isoformat()})] if old else []


def _filing(camera: Mapping[str, Any], today: date) -> list[tuple[str, dict[str, Any]]]:
    if camera["filing_no"]:
        return []
    since = camera["installed_on"]
    if since is None:
        return [("FILING_UNKNOWN", {})]
    deadline = since + FILE_WITHIN if since >= IN_FORCE else DEADLINE_BEFORE
    facts = {"deadline": deadline.isoformat()}
    if today > deadline:
        return [("FILING_MISSING", facts)]
    return [("FILING_DUE", {**facts, "days": (deadline - today).days})]


def _retention(camera: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    days = camera["retention_days"]
    if days is None:
        return [("RETENTION_UNKNOWN", {})]
    facts = {"found": int(days), "least": RETENTION_DAYS}
    if days < RETENTION_DAYS:
        return [("RETENTION_SHORT", facts)]
    if days > RETENTION_LONG_DAYS and not camera["retention_reason"]:
        return [("RETENTION_LONG", facts)]
    return []


def _of_article_7(change: Mapping[str, Any]) -> bool:
    article = article_of(_none(change["legal_basis"]))
    return article == 7 or (not article and change["owner_kind"] == "skynet")


def _correction(change: Mapping[str, Any]) -> bool:
    return change["kind"] == "moved" and bool(change["distance_m"] < LEAST_MOVE_M)


def _known(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _none(value) for name, value in row.items()}


def _none(value: Any) -> Any:  # noqa: ANN401 - a cell of a frame
    return None if pd.isna(value) else value


def _frame(rows: list[tuple[Any, str, Any, dict[str, Any]]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
