"""Start-up checklist in words: sentences, and the next steps as commands to type."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geo.base.words import say
from geo.cameras.law import completeness
from geo.operations.checklist import LoadedStep, Setup

Remark = dict[str, str]


def as_json_values(found: Setup, lang: str, *, timezone: str) -> dict[str, Any]:
    """Return the checklist as JSON values with its sentences.

    Parameters
    ----------
    found
        The checklist.
    lang
        Language of the sentences, "zh" or "en".
    timezone
        IANA name, for the times shown.
    """
    phrases = _Phrases(found, lang, ZoneInfo(timezone))
    return {
        "layers": [phrases.layer(each) for each in found.layers],
        "held": [phrases.held(run) for run in found.held],
        "quarantine": {
            "open": sum(int(run["rows"]) for run in found.open),
            "runs": [dict(run) for run in found.open],
        },
        "partition": {
            "areas": found.areas,
            "district_made": found.district_made,
            "defects": dict(found.defects),
        },
        "cameras": [vars(row) for row in found.cameras],
        "coverage": phrases.coverage(),
        "completeness": completeness.describe_completeness(found.completeness),
        "provisional_years": [
            {"year": year, "incidents": count} for year, count in found.provisional.items()
        ],
        "remarks": list(phrases.remarks()),
        "next": list(phrases.steps()),
    }


class _Phrases:
    """A checklist with the language and the time zone of its report."""

    def __init__(self, found: Setup, lang: str, zone: ZoneInfo) -> None:
        self._found, self._lang, self._zone = found, lang, zone
        self._of = {each.step.key: each for each in found.layers}

    def say(self, key: str, **facts: object) -> str:
        return say(key, self._lang, **facts)

    def time(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).isoformat(timespec="seconds")

    def minute(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def layer(self, each: LoadedStep) -> dict[str, Any]:
        step = each.step
        return {
            "layer": step.key,
            "title": self.say(f"setup.layer.{step.key}"),
            "state": each.state,
            "rows": each.rows,
            "of": each.of,
            "last_import": None if each.last is None else self._import(each.last),
            "needed_for": list(step.serves),
            "serves": [self.say(f"setup.use.{use}") for use in step.serves],
            "missing_effect": self.effect(each),
            "command": step.command,
        }

    def effect(self, each: LoadedStep) -> str | None:
        """Return what does not work without what is missing of a layer; None if nothing is."""
        if each.state == "loaded":
            return None
        if each.of is None:
            return self.say(f"setup.missing.{each.step.key}")
        if each.of == 0:
            return self.say("setup.missing.no_cameras")
        return self.say(f"setup.missing.{each.step.key}", count=each.of - each.rows)

    def _import(self, run: Mapping[str, Any]) -> dict[str, Any]:
        at = self.time(run["at"])
        return {"run": run["run"], "at": at, "source": run["source"], "by_whom": run["by_whom"]}

    def held(self, run: Mapping[str, Any]) -> dict[str, Any]:
        why = run["held"] or {}
        return {
            **self._import(run),
            "layer": run["layer"],
            "suggested": why.get("suggested"),
            "why": why.get("text", {}).get(self._lang, ""),
        }

    def coverage(self) -> dict[str, Any]:
        run, newest = self._found.run, self._found.newest
        state = "never" if run is None else ("stale" if self._found.stale else "current")
        import_ = None
        if newest is not None:
            moved = self.time(newest["moved"])
            import_ = {**self._import(newest), "layer": newest["layer"], "changed_at": moved}
        return {
            "state": state,
            "run": None if run is None else run.id,
            "revision": None if run is None else run.revision,
            "computed_at": None if run is None else self.time(run.computed_at),
            "incidents_until": self._incidents_until(),
            "headline": [each.plain(self._lang) for each in self._found.headlines],
            "newest_import": import_,
        }

    def _incidents_until(self) -> str | None:
        run = self._found.run
        return (
            None if run is None or run.incidents_until is None else self.time(run.incidents_until)
        )

    def remarks(self) -> Iterator[Remark]:
        """Yield what else is to be said, each with its state."""
        for run in self._found.held:
            yield _remark("missing", self.say("setup.held", **self._facts(run)))
        for run in self._found.open:
            yield _remark("missing", self.say("setup.open", **run))
        if self._found.areas:
            yield self._partition()
        yield self._computed()
        for each in self._found.headlines:
            yield _remark("loaded", each.text(self._lang))
        if self._found.completeness.share is not None:
            yield self._complete()
        for year in self._found.provisional:
            yield _remark("missing", self._provisional(year))

    def _provisional(self, year: int) -> str:
        return self.say("setup.provisional", year=year, count=self._found.provisional[year])

    def _facts(self, run: Mapping[str, Any]) -> dict[str, Any]:
        at = self.minute(run["at"])
        return {"run": run["run"], "layer": run["layer"], "source": run["source"], "at": at}

    def _partition(self) -> Remark:
        defects = self._found.defects
        if not defects:
            return _remark("loaded", self.say("setup.partition_clean", count=self._found.areas))
        kinds = "、".join(f"{self.say(f'partition.{kind}')} {n}" for kind, n in defects.items())
        count = sum(defects.values())
        return _remark("missing", self.say("setup.partition_defects", count=count, kinds=kinds))

    def _computed(self) -> Remark:
        run, newest = self._found.run, self._found.newest
        if run is None:
            return _remark("missing", self.say("setup.never_computed"))
        facts = {"run": run.id, "computed_at": self.minute(run.computed_at)}
        if not self._found.stale:
            return _remark("loaded", self.say("setup.computed", **facts))
        if newest is None or newest["moved"] <= run.computed_at:
            return _remark("missing", self.say("setup.stale", **facts))
        later = {"layer": newest["layer"], "imported_at": self.minute(newest["moved"])}
        return _remark("missing", self.say("setup.stale_import", **facts, **later))

    def _complete(self) -> Remark:
        found = self._found.completeness
        share = f"{found.share:.1%}"
        facts = {"share": share, "filled": found.filled, "applicable": found.applicable}
        state = "loaded" if found.filled == found.applicable else "later"
        return _remark(state, self.say("setup.complete", **facts))

    def steps(self) -> Iterator[dict[str, str]]:
        """Yield what to type next and why, the most urgent first."""
        for run in self._found.held:
            yield self._again(run)
        for run in self._found.open:
            command = f"govgrid import quarantine {run['run']} {self.say('setup.quarantine_file')}"
            yield _step(command, self.say("setup.open", **run))
        # without buildings all figures are an upper bound, so these come first
        compute = list(self._compute())
        if self._of["buildings"].rows:
            yield from compute
        yield from self._missing(urgent=True)
        if not self._of["buildings"].rows:
            yield from compute
        if self._found.defects:
            yield _step("govgrid check partition", self._partition()["text"])
        headings = self._of["headings"]
        if headings.of and headings.state != "loaded" and self._found.run is not None:
            yield _step(headings.step.command, self.effect(headings) or "")
        for year in self._found.provisional:
            yield _step("govgrid import calendar FILE", self._provisional(year))
        yield from self._missing(urgent=False)
        found = self._found.completeness
        if found.filled < found.applicable:
            command = f"govgrid setup completeness --out {self.say('setup.completeness_file')}"
            yield _step(command, self._complete()["text"])

    def _again(self, run: Mapping[str, Any]) -> dict[str, str]:
        crs = (run["held"] or {}).get("suggested") or "EPSG:n"
        command = f'govgrid import {run["layer"]} "{run["source"]}" --crs {crs}'
        return _step(command, self.say("setup.held", **self._facts(run)))

    def _compute(self) -> Iterator[dict[str, str]]:
        due = self._found.run is None or self._found.stale
        if due and self._of["grids"].rows and self._of["cameras"].rows:
            yield _step("govgrid coverage compute", self._computed()["text"])

    def _missing(self, *, urgent: bool) -> Iterator[dict[str, str]]:
        """Yield the layers of which nothing is there; areas stay together, they come first."""
        no_grids = self._of["grids"].rows == 0
        for each in self._found.layers:
            now = each.step.core or (each.step.level != "" and no_grids)
            if each.rows == 0 and each.of is None and now is urgent:
                yield _step(each.step.command, self.effect(each) or "")


def _remark(state: str, text: str) -> Remark:
    return {"state": state, "text": text}


def _step(command: str, why: str) -> dict[str, str]:
    return {"command": command, "why": why}
