"""Which cameras to maintain first, and what is still seen when a share of them has failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from geo.areas import district, known
from geo.base.errors import NotFoundError
from geo.base.progress import Progress, ignore_progress
from geo.base.words import say
from geo.coverage.kinds import DEVICE_SETS
from geo.coverage.store import results
from geo.files import writers
from geo.planning.rules.share import require_share
from geo.store import db

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True)
class Loss:
    """What the failure of cameras opens.

    Attributes
    ----------
    facts
        Plain values: `run`, `computed_at`, `current` (whether the tables are still as the run saw
        them), `area`, `device_set`, `detail`, `certainty`; `cameras`, the `share` of them and how
        many that is (`lost`); `demand_m2`; `covered_demand_m2` and `covered_demand_share`, both by
        case: before the loss, after the worst one found, after a random one on average, and its
        5th and 95th percentile.
    maintain
        Cameras whose failure alone opens something, the most first: points, EPSG:4326, with
        `failing_cameras.COLUMNS`.
    """

    facts: dict[str, Any]
    maintain: gpd.GeoDataFrame


def analyse_loss(
    engine: Engine,
    *,
    device_set: str = "online",
    share: float = 0.05,
    area: str | None = None,
    progress: Progress = ignore_progress,
) -> Loss:
    """Return which cameras to maintain first, and what is seen after a loss of many.

    Measured on the tables as they are now, at the coarsest detail of the newest run; `current`
    says whether the run saw the same.

    Parameters
    ----------
    device_set
        Which cameras there are to see anything, and to fail.
    share
        Of these, in (0, 1].
    area
        Code of an area: its demand only, and the cameras that stand in it or see some of it.

    Raises
    ------
    StateError
        If nothing was computed yet.
    NotFoundError
        If there is no such area or device set.
    InputError
        If the share is not in (0, 1].
    """
    require_share(share)
    if device_set not in DEVICE_SETS:
        raise NotFoundError("coverage.no_figures", column="device_set", value=device_set)
    with db.open_transaction(engine) as connection:
        run = results.require_newest(connection)
        details = results.read_details(connection, run.id)
        if area is not None:
            known.require_area(connection, area)
        from geo.planning import failing_cameras

        facts, prepared = failing_cameras.read_cameras(connection, details[0], progress)
    figures, maintain = failing_cameras.analyse_failures(
        facts, prepared, device_set=device_set, share=share, area=area, progress=progress
    )
    about = {
        "run": run.id,
        "computed_at": run.computed_at.isoformat(timespec="seconds"),
        "current": failing_cameras.state_of(prepared, details) == run.inputs_hash,
        "area": area,
        "device_set": device_set,
        "detail": int(details[0]) if details[0].is_integer() else details[0],
        "certainty": "certain",
    }
    return Loss({**about, **vars(figures)}, maintain)


def write_analysis(engine: Engine, found: Loss, out: Path, *, lang: str, stamp: str = "") -> int:
    """Write the cameras to maintain to a file; return their number.

    Parameters
    ----------
    found
        As from :func:`analyse_loss`.
    out
        File to write; its ending says the format, and XLSX has the figures beside.
    lang
        Language of the headings, "zh" or "en".
    stamp
        Footer of each sheet, who exports it and for what; "" for none.
    """
    ending, remark = writers.require_ending(out), district.export_remark(engine)
    if ending in writers.DRIVERS:
        writers.write_file(found.maintain, out, layer="loss", remark=remark)
        return len(found.maintain)
    table = found.maintain.drop(columns="geometry")
    table = table.rename(columns={name: say(f"column.{name}", lang) for name in table.columns})
    table[say("column.as_of_plain", lang)] = found.facts["computed_at"]
    if remark:
        table[say("column.remark", lang)] = remark
    if ending == ".csv":
        writers.write_file(table, out, layer="loss")
    else:
        sheets = {"loss.maintain": table, "loss.cases": _cases(found, lang)}
        named = {say(name, lang): sheet for name, sheet in sheets.items()}
        shares = [say("header.covered_demand_share", lang)]
        writers.write_workbook(named, out, mark=stamp, percent=shares)
    return len(table)


def _cases(found: Loss, lang: str) -> pd.DataFrame:
    """Return the figures before and after as a readable table."""
    import pandas as pd

    facts, cases = found.facts, found.facts["covered_demand_m2"]
    return pd.DataFrame(
        {
            say("loss.case", lang): [say(f"loss.{case}", lang) for case in cases],
            say("header.covered_demand_m2", lang): list(cases.values()),
            say("header.covered_demand_share", lang): list(facts["covered_demand_share"].values()),
        }
    )
