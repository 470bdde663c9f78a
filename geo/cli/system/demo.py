"""``govgrid demo``: the demonstration, built once in a home of its own and opened again."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.base import homes
from geo.base.settings import Settings
from geo.cli.app import app, current_language, read_settings
from geo.cli.output import print_note, private_folder, show_progress, summarize_counts, translate
from geo.cli.system.service import PortOption, require_free, run_service

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo.access.accounts.demo_accounts import MadeAccount

INTERRUPTED = 130
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopwatch:
    """Seconds by step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, key: str) -> Iterator[None]:
        """Say what begins, and time what happens inside, under the catalogue key `key`."""
        print_note(translate(key) + " …")
        began = time.perf_counter()
        yield
        self.seconds[key] = self.seconds.get(key, 0.0) + time.perf_counter() - began

    def tell(self) -> None:
        """Write each step's seconds and share."""
        whole = sum(self.seconds.values()) or 1.0
        for key, seconds in self.seconds.items():
            print_note(f"{seconds:7.1f} s {seconds / whole:6.1%}  {translate(key)}")
        print_note(f"{whole:7.1f} s         {translate('demo.total')}")


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once")] = False,
    port: PortOption = 8000,
    rebuild: Annotated[bool, typer.Option("--rebuild")] = False,
) -> None:
    """Build the synthetic district in a home of its own, compute and draw it, and serve it.

    A second time it is opened as it stands.
    """
    config = own_home(read_settings(context))
    print_note(translate("demo.begin", home=config.home))
    if not once:
        require_free("127.0.0.1", port)
    with _stopping(config) as doing:
        _make_ready(config, doing, rebuild=rebuild)
        _tell(config)
        if not once:
            run_service(config, "127.0.0.1", port)
            print_note(translate("demo.interrupted", command=restart_command(config)))


def own_home(config: Settings) -> Settings:
    """Return settings whose home is the demonstration's, unless a home was named."""
    if "home" in config.model_fields_set:
        return config
    return config.model_copy(update={"home": homes.demo_home()})


@contextmanager
def _stopping(config: Settings) -> Iterator[list[str]]:
    """Stop at the end, however it comes, the database that was started inside.

    The last of the yielded keys is what is said where Ctrl+C or a signal brings it.
    """
    from geo.store.cluster import cluster

    ours = config.database_url is None and not cluster.is_running(config.home)
    doing = ["demo.interrupted"]
    # what was started to go on without a terminal (nohup) ignores some of them, and still does
    before = {n: held for n in ENDING if (held := signal.getsignal(n)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield doing
    except KeyboardInterrupt:
        print_note("\n" + translate(doing[-1], command=restart_command(config)))
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for number in before:  # a second Ctrl+C would leave the database running
            signal.signal(number, signal.SIG_IGN)
        if ours:
            _stop(config)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(config: Settings) -> None:
    """Stop the database, unless somebody else came to use it meanwhile."""
    from geo.base.errors import GovgridError
    from geo.operations import database
    from geo.store.cluster import cluster

    if not cluster.is_running(config.home):
        return
    try:
        with database.reach_database(config) as engine:
            count = database.count_others(engine, patience_s=1.0)
    except GovgridError:
        count = 0
    if count:
        print_note(translate("demo.database_used", count=count, home=config.home))
        return
    print_note(translate("demo.stopping"))
    cluster.stop_cluster(config.home)


def _make_ready(config: Settings, doing: list[str], *, rebuild: bool) -> None:
    """Leave a whole demonstration in the home: that which is there, or a new one."""
    from geo.operations import database, demonstration

    demonstration.made_home(config)
    with demonstration.lock_home(
        config.home, waiting=lambda: print_note(translate("demo.waiting"))
    ):
        print_note(translate("demo.database") + " …")
        with database.reach_database(
            config, waiting=lambda: print_note(translate("db.waiting"))
        ) as engine:
            found = demonstration.read_holding(engine)
            if found.kind == "demo" and found.whole and not rebuild:
                _open_again(engine, config)
                return
            demonstration.require_own(found, config)
            doing.append("demo.interrupted_building")
            if found.kind == "demo":
                print_note(translate("demo.rebuild" if found.whole else "demo.partial"))
                demonstration.clear_home(engine, config)
            _build(engine, config)
            doing.append("demo.interrupted")


def _open_again(engine: "Engine", config: Settings) -> None:
    """Bring its tables up to date, and write those results that are gone."""
    from geo.operations import database, demonstration
    from geo.store import db

    if (db.current_revision(engine) or "") < db.newest_revision():
        print_note(translate("demo.migrate") + " …")
        database.migrate_tables(config)
    db.require_current(engine)
    if not all((config.home / demonstration.OUT / name).exists() for name in demonstration.RESULTS):
        print_note(translate("demo.write") + " …")
        _write(engine, config)
    print_note(translate("demo.as_it_stands"))


def _build(engine: "Engine", config: Settings) -> None:
    from geo.cli.planning import coverage_lines
    from geo.coverage import compute
    from geo.operations import demonstration

    watch = Stopwatch()
    with watch.step("demo.tables"):
        demonstration.begin_building(engine)
    with watch.step("demo.build"):
        files = _files(private_folder(config.home / demonstration.FILES))
    with watch.step("demo.import"), show_progress() as moving:
        demonstration.bring_in(
            engine,
            config,
            files,
            on_import=lambda report: print_note(summarize_counts(report)),
            progress=moving,
        )
    with watch.step("demo.compute"), show_progress() as moving:
        done = compute.compute(engine, details=[config.detail_px_per_m], progress=moving)
    coverage_lines.print_assumptions(done.run.assumptions)
    with watch.step("demo.write"):
        _write(engine, config)
        demonstration.finish_building(engine, lambda made: _keep_accounts(config, made))
    watch.tell()


def _files(folder: Path) -> Any:  # noqa: ANN401 - tuple of geo.demo.DemoFile
    from geo import demo as synthetic

    return synthetic.build_files(folder, on_step=lambda name: print_note(f"  {folder / name}"))


def _write(engine: "Engine", config: Settings) -> None:
    from geo.access import principal
    from geo.access.audit import export_log
    from geo.coverage import report as coverage_report
    from geo.documents import coverage_file, gaps_file
    from geo.documents.map_page import map_page
    from geo.files import writers
    from geo.operations import demonstration
    from maps import watermark

    out = private_folder(config.home / demonstration.OUT)
    page, figures, gaps = (out / name for name in demonstration.RESULTS)
    who = principal.system_principal(principal.local_user())
    mark = export_log.watermark_text(who, None, timezone=config.timezone, lang=current_language())
    content = map_page(engine, config, who, lang=current_language()).html
    drawn = watermark.add_watermark(content, mark)
    with writers.draft_of(page) as draft:
        draft.write_text(drawn, encoding="utf-8")
    report = coverage_report.read_report(engine, who)
    coverage_file.write_coverage(
        engine, report, figures, lang=current_language(), timezone=config.timezone
    )
    found = coverage_report.read_gaps(engine, who)
    gaps_file.write_gaps(engine, found, gaps, lang=current_language(), timezone=config.timezone)


def _keep_accounts(config: Settings, made: "list[MadeAccount]") -> None:
    """Write the accounts with their passwords for their owner alone, to be shown again."""
    from geo.files import writers
    from geo.operations import demonstration

    lines = [
        "  ".join((f"{each.name:<12}", each.password, translate(f"role.{each.role}"), each.area))
        for each in made
    ]
    with writers.draft_of(config.home / demonstration.ACCOUNTS) as draft:
        draft.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def _tell(config: Settings) -> None:
    """Say what there is, who may log in, and how to stop and start."""
    from geo.operations import demonstration

    for name in demonstration.RESULTS:
        print_note(translate("demo.result", file=config.home / demonstration.OUT / name))
    accounts = config.home / demonstration.ACCOUNTS
    if accounts.is_file():
        print_note(translate("demo.accounts", file=accounts))
        print_note(accounts.read_text(encoding="utf-8").rstrip("\n"))
    else:
        print_note(translate("demo.no_accounts", home=config.home))
    print_note(translate("demo.again", command=restart_command(config), home=config.home))


def restart_command(config: Settings) -> str:
    """Return what starts the demonstration of this home again."""
    if config.database_url is not None:
        return "govgrid --database … demo"
    if config.home != homes.demo_home():
        return f"govgrid --home {config.home} demo"
    return "scripts/demo" if (homes.CHECKOUT / "scripts" / "demo").is_file() else "govgrid demo"
