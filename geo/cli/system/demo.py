"""The demonstration from an empty home to a map, with the share of time of each step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from geo.base.progress import Progress
from geo.base.settings import Settings
from geo.cli.app import language
from geo.cli.output import counts, note, progress, told


class Stopwatch:
    """Seconds by step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, key: str) -> Iterator[None]:
        """Time what happens inside under the catalogue key `key`."""
        began = time.perf_counter()
        yield
        self.seconds[key] = self.seconds.get(key, 0.0) + time.perf_counter() - began

    def tell(self) -> None:
        """Write each step's seconds and share."""
        whole = sum(self.seconds.values()) or 1.0
        for key, seconds in self.seconds.items():
            note(f"{seconds:7.1f} s {seconds / whole:6.1%}  {told(key)}")
        note(f"{whole:7.1f} s         {told('demo.total')}")


def run(config: Settings) -> None:
    """Build, import, compute, draw; print where the results lie."""
    from geo.access.accounts import demo_accounts
    from geo.coverage import compute
    from geo.operations import database

    watch = Stopwatch()
    folder = config.home / "demo"
    with watch.step("demo.build"):
        files = _built(folder)
    with watch.step("demo.database"):
        opened = database.opened(config)
        engine = opened.__enter__()
    try:
        with watch.step("demo.import"), progress() as moving:
            _bring_in(engine, config, files, moving)
        with watch.step("demo.compute"), progress() as moving:
            done = compute.compute(engine, details=[config.detail_px_per_m], progress=moving)
        note(told("coverage.assumptions", **done.run.assumptions))
        with watch.step("demo.write"):
            written = _written(engine, config)
            made = demo_accounts.make(engine)
    finally:
        opened.__exit__(None, None, None)
    watch.tell()
    for path in written:
        note(told("demo.wrote", file=path))
    note(told("demo.accounts"))
    for row in made:
        role = told(f"role.{row['role']}")
        note("  ".join((f"{row['name']:<12}", row["password"], role, row["area"])))


def _built(folder: Path) -> Any:  # noqa: ANN401 - tuple of geo.demo.DemoFile
    from geo import demo

    folder.mkdir(parents=True, exist_ok=True)
    return demo.build(folder)


def _bring_in(engine: Engine, config: Settings, files: Any, moving: Progress) -> None:  # noqa: ANN401
    from geo.access import principal
    from geo.exchange.imports import run as imports
    from geo.exchange.imports.options import ImportOptions

    for number, file in enumerate(files):
        moving("demo.import", number, len(files))
        report = imports.import_file(
            engine,
            file.layer,
            file.path,
            ImportOptions(crs=file.options.get("crs"), level=file.options.get("level")),
            who=principal.system(principal.whoami()),
            timezone=config.timezone,
            disk=config.home if config.database_url is None else None,
        )
        note(counts(report))
    moving("demo.import", len(files), len(files))


def _written(engine: Engine, config: Settings) -> list[Path]:
    from geo.access import principal
    from geo.access.audit import export_log
    from geo.cli.output import out_folder
    from geo.coverage import report as coverage_report
    from geo.documents import coverage_file, gaps_file
    from geo.documents.map_page import map_page
    from maps import watermark

    out = out_folder(config)
    page, figures, gaps = out / "map.html", out / "coverage.xlsx", out / "gaps.gpkg"
    who = principal.system(principal.whoami())
    mark = export_log.stamp(who, None, timezone=config.timezone, lang=language())
    drawn = watermark.stamped(map_page(engine, config, who, lang=language()), mark)
    page.write_text(drawn, encoding="utf-8")
    report = coverage_report.report(engine, who)
    coverage_file.write(engine, report, figures, lang=language(), timezone=config.timezone)
    found = coverage_report.gaps(engine, who)
    gaps_file.write(engine, found, gaps, lang=language(), timezone=config.timezone)
    return [page, figures, gaps]
