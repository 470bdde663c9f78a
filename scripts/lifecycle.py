"""Draws docs/lifecycle.md, the table of moves of incidents, from the rules themselves."""

import sys
from pathlib import Path

from geo.access.roles import PERMISSIONS
from geo.base.words import say
from geo.incidents.rules.lifecycle import MOVES, NOTICE, STATES, Move
from geo.incidents.rules.whistle import STEPS, Step

PAGE = Path(__file__).resolve().parents[1] / "docs" / "lifecycle.md"
HEAD = """# Life cycle of incidents

Written by `scripts/draw-lifecycle` from `geo/incidents/rules/lifecycle.py`, which the program
itself uses: `GET /api/lifecycle` answers the same table. A move that is not legal is refused with
those that are.

- *by*: permissions of which one is needed; "own unit" is `respond` of the unit in charge. Whoever
  holds another of the permissions writes it down for that unit (PROXY), and the move says so.
- *needs*: fields that must be given; those in brackets may be. Every move takes `note`, and how it
  was told: NOTICE.
- *held*: also possible while the incident is on hold (HOLD).

| move | | from → to | by | needs | held |
|---|---|---|---|---|---|
"""
STEPS_HEAD = """
## Steps of one unit

With several units (吹哨报到) each has a dispatch with a state of its own: `sent`, `acknowledged`
(应哨), `reported_in` (报到), `done`, `returned`, `recalled`. `POST /api/dispatches/{id}/{step}`
takes a step at the version of the dispatch. Of the lead the incident moves with it. "own unit" is
`respond` of the unit itself; whoever else takes such a step writes it down for the unit (PROXY)
and says how that is known, and the unit can dispute it.

| step | | from → to | by | needs |
|---|---|---|---|---|
"""
RIGHTS = """
## Who holds which permission

| role | | permissions of incidents |
|---|---|---|
"""
DISPATCH = ("sent", "acknowledged", "reported_in", "done")
OURS = ("incident", "assign", "dispatch", "respond", "approve_incident", "routing", "report")


def drawn() -> str:
    """Return the page as the rules have it."""
    notice = ", ".join(f"`{name}`" for name in NOTICE)
    rows = "".join(map(_row, MOVES.values()))
    words = {"NOTICE": notice, "PROXY": "代登记", "HOLD": say("map.state.on_hold", "zh")}
    head = HEAD
    for mark, word in words.items():
        head = head.replace(mark, word)
    steps = STEPS_HEAD.replace("PROXY", words["PROXY"]) + "".join(map(_step, STEPS.values()))
    return head + rows + steps + RIGHTS + "".join(_rights())


def _row(move: Move) -> str:
    told = [f"`{name}`" for name in move.needs] + [f"[`{name}`]" for name in move.takes]
    by = [f"`{a}`" for a in move.actions if not (move.own and a == "respond")]
    by = ["own unit", *by] if move.own else by
    cells = (
        f"`{move.name}`",
        say(f"lifecycle.move.{move.name}", "zh"),
        f"{_sources(move)} → {move.target or 'stays'}",
        " · ".join(by),
        ", ".join(told) or "–",
        "yes" if move.held else "",
    )
    return f"| {' | '.join(cells)} |\n"


def _step(step: Step) -> str:
    told = [f"`{name}`" for name in step.needs] + [f"[`{name}`]" for name in step.takes]
    by = [f"`{action}`" for action in step.actions]
    sources = ", ".join(state for state in DISPATCH if state in step.sources)
    cells = (
        f"`{step.name.replace('_', '-')}`",
        say(f"lifecycle.move.{step.name}", "zh"),
        f"{sources} → {step.target or 'stays'}",
        " · ".join(["own unit", *by] if step.own else by),
        ", ".join(told) or "–",
    )
    return f"| {' | '.join(cells)} |\n"


def _sources(move: Move) -> str:
    if len(move.sources) > len(STATES) // 2:
        left = [state for state in STATES if state not in move.sources]
        return "any" if not left else f"any but {', '.join(left)}"
    return ", ".join(state for state in STATES if state in move.sources)


def _rights() -> list[str]:
    rows = []
    for role, actions in PERMISSIONS.items():
        held = [f"`{action}`" for action in OURS if action in actions]
        if held:
            rows.append(f"| {role} | {say(f'role.{role}', 'zh')} | {', '.join(held)} |\n")
    return rows


def main() -> int:
    """Write the page; with --check say whether it is as the rules have it."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text("utf-8") == drawn() else 1
    PAGE.write_text(drawn(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
