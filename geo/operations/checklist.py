"""Start-up checklist: what is loaded, what depends on the rest, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from geo.access import principal
from geo.areas.rules import partition
from geo.areas.store import versions as area_versions
from geo.areas.store.versions import MADE_CODE
from geo.base.plain_rows import plain_rows
from geo.cameras.law import completeness
from geo.cameras.law.completeness import Completeness
from geo.coverage import compute
from geo.coverage import report as coverage_report
from geo.coverage.headline import Headline, make_headlines
from geo.coverage.report import CameraCounts
from geo.coverage.scene import camera_state, ground_state, prepare_scene
from geo.coverage.store import results, scene
from geo.coverage.store.results import Run
from geo.incidents import calendars
from geo.operations.checklist_steps import STEPS, Step
from geo.operations.store import loaded_rows
from geo.store import db, import_runs, installation

# Figures depend on these layers only; a register of units changes none.
COMPUTED_FROM = (
    *("areas", "buildings", "roads", "water", "farmland", "privacy-zones", "places", "entrances"),
    *("cameras", "catalog", "headings", "positions", "camera-status"),
)


@dataclass(frozen=True)
class LoadedStep:
    """A step with what there is of it; `of` how many there could be, where that is known.

    `state` is loaded, partial, missing (something does not work) or later (nothing waits for it).
    """

    step: Step
    rows: int
    of: int | None
    state: str
    last: Mapping[str, Any] | None


@dataclass(frozen=True)
class Setup:
    """How far a database is set up.

    Attributes
    ----------
    layers
        In the order in which they are best brought in.
    district_made
        Whether the district is the outline of the other areas.
    areas, defects
        Number of areas; number of defects of their partition by kind.
    held, open
        Runs that wait for a coordinate system (the row of the run) and those of which rows wait
        to be mended (`run`, `layer`, `source`, `rows`).
    cameras
        As :func:`geo.coverage.report.camera_counts`.
    run, newest, stale
        The newest computation, the newest import that figures depend on, and whether figures would
        be others if they were computed now.
    headlines
        How much is seen, of that computation.
    provisional
        Years whose days off are not announced here → open incidents whose limit reaches into them.
    """

    layers: tuple[LoadedStep, ...]
    district_made: bool
    areas: int
    defects: Mapping[str, int]
    held: tuple[Mapping[str, Any], ...]
    open: tuple[Mapping[str, Any], ...]
    cameras: tuple[CameraCounts, ...]
    completeness: Completeness
    run: Run | None
    newest: Mapping[str, Any] | None
    stale: bool
    headlines: tuple[Headline, ...]
    provisional: Mapping[int, int]


def setup_status(engine: Engine, *, timezone: str) -> Setup:
    """Return how far the database is set up, all of one moment.

    Parameters
    ----------
    timezone
        IANA name: of the days that limits are counted in.
    """
    with db.open_transaction(engine) as connection:
        runs = import_runs.all_runs(connection)
        filled = completeness.read_completeness(connection)
        known = area_versions.valid_areas(connection)
        run = results.newest_run(connection)
        return Setup(
            layers=_layers(connection, runs, filled),
            district_made=bool((known["code"] == MADE_CODE).any()),
            areas=len(known),
            defects=_defects(connection, known),
            held=_held(runs),
            open=tuple(plain_rows(import_runs.open_runs(connection))),
            cameras=tuple(
                coverage_report.camera_counts(connection, principal.system_principal("setup"))
            ),
            completeness=filled,
            run=run,
            newest=_newest(runs),
            stale=run is not None and is_stale(connection, run),
            headlines=() if run is None else _headlines(connection, run),
            provisional=calendars.provisional_years(connection, timezone),
        )


def _headlines(connection: Connection, run: Run) -> tuple[Headline, ...]:
    return tuple(make_headlines(results.figure_rows(connection, run.id)))


def is_stale(connection: Connection, run: Run) -> bool:
    """Return whether the figures of a run would differ if they were computed now.

    Inputs are compared, not dates: an import may leave them equal, and a message of states is no
    import.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Run of coverage, as a rule the newest.
    """
    read = scene.read_scene(connection)
    details = results.read_details(connection, run.id)
    if read.areas.empty or not details:
        return True
    first = prepare_scene(read, detail=details[0])
    ready = [first, *(compute.at_detail(first, detail) for detail in details[1:])]
    cameras = [camera_state(each) for each in ready]
    return compute.input_hash(ground_state(first), cameras, details) != run.inputs_hash


def _layers(
    connection: Connection, runs: pd.DataFrame, filled: Completeness
) -> tuple[LoadedStep, ...]:
    rows = loaded_rows.count_rows(connection)
    applies = filled.register.applies
    limits = {"headings": int(applies["heading_deg"].sum()), "positions": len(applies)}
    rows["headings"] = int(filled.register.known["heading_deg"].sum())
    rows["positions"] = int(filled.register.known["position_verified"].sum())
    return tuple(
        _loaded(step, rows[step.key], limits.get(step.key), _last(runs, step)) for step in STEPS
    )


def _loaded(step: Step, rows: int, of: int | None, last: Mapping[str, Any] | None) -> LoadedStep:
    if rows and (of is None or rows >= of):
        state = "loaded"
    elif of == 0:
        state = "later"
    elif step.core:
        state = "partial" if rows else "missing"
    else:
        state = "later"
    return LoadedStep(step, rows, of, state, last)


def _last(runs: pd.DataFrame, step: Step) -> Mapping[str, Any] | None:
    """Return the newest run that brought the layer in and stands, as plain values."""
    own = runs[runs["layer"].isin(step.sources) & (runs["state"] == "done")]
    if step.level:
        own = own[own["level"].isna() | (own["level"] == step.level)]
    return _row(own)


def _row(runs: pd.DataFrame) -> Mapping[str, Any] | None:
    rows = plain_rows(runs.head(1))
    return rows[0] if rows else None


def _newest(runs: pd.DataFrame) -> Mapping[str, Any] | None:
    """Return the newest run that changed, or gave back, something that figures depend on."""
    own = runs[runs["layer"].isin(COMPUTED_FROM) & runs["changed"]]
    return _row(own.sort_values("moved", ascending=False, kind="stable"))


def _held(runs: pd.DataFrame) -> tuple[Mapping[str, Any], ...]:
    """Return the held runs whose file, or a later one of its name, was not taken since."""
    done = runs[runs["state"] == "done"]
    waiting = []
    for row in plain_rows(runs[runs["state"] == "held"]):
        later = done[(done["run"] > row["run"]) & (done["layer"] == row["layer"])]
        same = later["source"].eq(row["source"]) | later["file_sha256"].eq(row["file_sha256"])
        if not same.any():
            waiting.append(row)
    return tuple({row["file_sha256"]: row for row in reversed(waiting)}.values())


def _defects(connection: Connection, known: Any) -> dict[str, int]:  # noqa: ANN401 - a layer
    if known.empty:
        return {}
    metric = known.to_crs(installation.metric_srid(connection))
    found = partition.find_defects(metric[["code", "level", "geometry"]])
    return {str(kind): int(count) for kind, count in found["kind"].value_counts().items()}
