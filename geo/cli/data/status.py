"""``govgrid import camera-status``: states are imported, and the figures they change updated."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo.base.json_objects import Record
    from geo.base.progress import Progress
    from geo.coverage.incremental import Amendment
    from geo.exchange.imports.run import ImportReport

LAYER = "camera-status"
SHOWN = 20
COLUMNS = ("grid_code", "opened_m2", "area_m2", "lon", "lat")


def bring_in(
    engine: "Engine", write: Callable[[bool], "ImportReport"], moving: "Progress"
) -> "tuple[ImportReport, Amendment | None]":
    """Import states; where they change anything, amend the newest run of coverage, if there is one.

    The run takes a while to load, so a trial import first finds out whether it is needed.

    Parameters
    ----------
    write
        Imports the states; called with True it is a trial that writes nothing.
    moving
        Reports the progress of loading the run.

    Returns
    -------
    tuple[ImportReport, Amendment | None]
        The report of the import, and the amendment, None where the figures stay.
    """
    from geo.cli.output import print_note, translate

    trial = write(True)
    if trial.refused or not trial.change.inserted + trial.change.updated:
        return write(False), None
    from geo.cameras import status_live

    live = status_live.load_newest_run(engine, progress=moving)
    if live is None:
        print_note(translate("coverage.not_computed"))
        return write(False), None
    return live.amended(lambda: (write(False), None))


def as_plain(amendment: "Amendment | None") -> dict[str, object]:
    """Return what an amendment did as values of JSON."""
    if amendment is None:
        return {"amended": None, "opened": []}
    from geo.cameras import status_live

    done = {
        "run": amendment.run,
        "revision": amendment.revision,
        "cameras": list(amendment.cameras),
        "grids": list(amendment.grids),
    }
    return {"amended": done, "opened": status_live.opened_gaps(amendment)}


def print_amendment(amendment: "Amendment | None") -> None:
    """Print what an amendment did: the run, and the gaps that opened, the largest first."""
    if amendment is None:
        return
    from geo.cameras import status_live
    from geo.cli.output import print_note, print_table, translate

    counts = {"cameras": len(amendment.cameras), "grids": len(amendment.grids)}
    print_note(
        translate("status.amended", run=amendment.run, revision=amendment.revision, **counts)
    )
    gaps = status_live.opened_gaps(amendment)
    if not gaps:
        return
    rows = [[_placed(gap)[name] for name in COLUMNS] for gap in gaps[:SHOWN]]
    print_table(
        [translate(f"column.{name}") for name in COLUMNS], rows, title=translate("status.opened")
    )
    if len(gaps) > SHOWN:
        print_note(translate("status.more", count=len(gaps) - SHOWN))


def _placed(gap: "Record") -> "Record":
    """Return a gap with its place in six decimals, a tenth of a metre."""
    return {**gap, **{name: f"{gap[name]:.6f}" for name in ("lon", "lat")}}
