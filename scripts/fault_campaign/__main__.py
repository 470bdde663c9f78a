"""The command: faults by name, and a table of what was acknowledged and what became of it."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from geo.operations import database
from scripts.fault_campaign import clock_jumps, crowd, kills, soak
from scripts.fault_campaign.recount import recount
from scripts.fault_campaign.site import Site, load, make_site, serve
from scripts.fault_campaign.slow_line import slow_line
from scripts.fault_campaign.writers import Acknowledged, Writer

SLOW_WRITES: Final = 30
Facts = dict[str, str]


def _kills(site: Site, asked: argparse.Namespace) -> Facts:
    with serve(site) as (url, parent), load(site, url) as (told, writers):
        facts = kills.kill_all(site, url, parent, told, asked.kills)
    return facts | _counted(site, told, writers)


def _slow(site: Site, asked: argparse.Namespace) -> Facts:  # noqa: ARG001 - all are called alike
    url = make_url(database.database_url(site.config))
    folder, port = str(url.query["host"]), url.query.get("port", url.port or 5432)
    here = site.config.home.parent / "line"
    here.mkdir()
    here.chmod(0o755)
    name = f".s.PGSQL.{port}"
    far = url.set(drivername="postgresql", query={**url.query, "host": str(here)})
    environment = {"GOVGRID_DATABASE_URL": far.render_as_string(hide_password=False)}
    with (
        slow_line(here / name, Path(folder) / name) as line,
        serve(site, environment) as (address, _),
        load(site, address) as (told, writers),
    ):
        for _ in range(SLOW_WRITES):
            kills.wait_for_writes(told)
    return {"connections broken": str(line.broken)} | _counted(site, told, writers)


def _clock(site: Site, asked: argparse.Namespace) -> Facts:  # noqa: ARG001 - all are called alike
    if not clock_jumps.LIBRARIES:
        return {"clock": "not run: libfaketime is not installed (apt install faketime)"}
    file = site.config.home.parent / "clock"
    file.write_text("+0\n")
    environment = clock_jumps.clock_environment(file)
    with serve(site, environment) as (url, _), load(site, url) as (told, writers):
        clock_jumps.jump(file, lambda: kills.wait_for_writes(told))
    return {"jumps": ", ".join(clock_jumps.JUMPS)} | _counted(site, told, writers)


def _crowd(site: Site, asked: argparse.Namespace) -> Facts:  # noqa: ARG001 - all are called alike
    with serve(site) as (url, _), load(site, url) as (told, writers):
        facts = crowd.crowd(site, url)
        kills.wait_for_writes(told)
    return facts | _counted(site, told, writers)


def _soak(site: Site, asked: argparse.Namespace) -> Facts:
    with serve(site) as (url, parent), load(site, url) as (told, writers):
        facts = soak.memory_slopes(parent, asked.minutes)
    return facts | _counted(site, told, writers)


FAULTS: Final[dict[str, Callable[[Site, argparse.Namespace], Facts]]] = {
    "kills": _kills,
    "slow": _slow,
    "clock": _clock,
    "crowd": _crowd,
    "soak": _soak,
}


def _counted(site: Site, told: Acknowledged, writers: Iterable[Writer]) -> Facts:
    statuses = sum((each.session.statuses for each in writers), Counter[int]())
    facts = {
        each.kind: f"{each.acknowledged:,} acknowledged, {each.lost} lost, {each.doubled} doubled"
        for each in recount(site.owner, told.keys)
    }
    facts["answers"] = ", ".join(
        f"{'broken connection' if status == 0 else status}: {number:,}"
        for status, number in sorted(statuses.items())
    )
    facts["refused for good"] = "; ".join(told.refused) or "none"
    facts["audit"] = site.audit_holds()
    return facts


def main() -> None:
    """Run the faults that are asked for, and print a table."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--kills", type=int, default=10, help="how often each role is killed")
    parser.add_argument("--minutes", type=float, default=30, help="how long the soak goes on")
    asked = parser.parse_args()
    unknown = sorted({*asked.faults} - {*FAULTS})
    if unknown:
        parser.error(f"{unknown[0]} is no fault; known: {', '.join(FAULTS)}")
    with make_site() as site:
        for name in asked.faults or FAULTS:
            sys.stderr.write(f"{name} …\n")
            print(f"\n## {name}\n\n| | |\n|---|---|")
            for work, found in FAULTS[name](site, asked).items():
                print(f"| {work} | {found} |", flush=True)


if __name__ == "__main__":
    main()
