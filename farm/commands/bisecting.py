"""bisect: between which builds a behaviour changed; builds whose answer decides that are run first."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from farm import bisect, catalogue, diff, lock, matrix, plan, results
from farm.arches import ARCHES
from farm.bisect import History, Step
from farm.commands.chosen import Chosen, go_offline
from farm.commands.running import run_cells
from farm.diff import Only
from farm.lock import Lock
from farm.plan import Cell
from farm.program import say
from farm.results import version_key
from farm.runner import FleetOptions
from farm.types import Missing
from farm.variants import VARIANTS
from farm.visible import visible

FORMATS = ("text", "json")
WIDTH = 100
SHOWN = 6  # names of builds in a line of text


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    behaviour: str
    arch: str = ""
    variant: str = ""
    results: str = ""
    shape: str = "text"


def show_bisect(typed: Asked, *, run: bool = True, offline: bool = False, yes: bool = False) -> int:
    """Print every pair of builds between which something changed; 0 none, 1 some, 2 something is not answered."""
    go_offline(offline)
    if typed.shape not in FORMATS:
        raise matrix.unknown("format", typed.shape, FORMATS, "--format")
    asked, known = matrix.read(), catalogue.load()
    about = bisect.subject(known, typed.behaviour)
    only = Only(plan.known_arches(typed.arch, "--arch"), plan.known_variants(typed.variant, "--variant"))
    root, locked = Chosen(results=typed.results).results_folder(asked), lock.load()
    tried: set[str] = set()

    def look() -> tuple[list[History], list[Cell]]:
        stored = results.scan(root)
        found = bisect.histories(stored, known, about, bisect.places(stored, only), locked.kernels)
        return found, [one for one in cells(found) if one.name not in tried]

    found, wanted = look()
    while wanted and run:
        say(f"{len(wanted)} cell{'s' * (len(wanted) != 1)} can pin it further: {shortly(one.name for one in wanted)}")
        tried |= {one.name for one in wanted}
        options = FleetOptions(jobs=Chosen().guests(asked), results=root)
        own = Lock((*(one.kernel for one in wanted), *locked.kernels), locked.root)
        summary = run_cells(wanted, asked, options, own, yes=yes)
        for name, why in (*summary.unanswered, *summary.broken):
            say(f"{name}: {why}")
        found, wanted = look()
    print(
        json.dumps(as_json(typed.behaviour, found), indent=1)
        if typed.shape == "json"
        else as_text(typed.behaviour, found)
    )
    return bisect.exit_status(found)


def cells(found: Iterable[History]) -> list[Cell]:
    """Return the cells whose answers are wanted, each once."""
    wanted = {
        (one.name, history.place.arch, history.place.variant): Cell(
            one, ARCHES[history.place.arch], VARIANTS[history.place.variant]
        )
        for history in found
        if history.place.arch in ARCHES and history.place.variant in VARIANTS
        for one in history.wanted
    }
    return list(wanted.values())


def as_json(name: str, found: Iterable[History]) -> dict[str, object]:
    """Return the object that `bisect --format json` prints; its shape is an interface."""
    return {"behaviour": name, "lines": [line_as_json(one) for one in found]}


def line_as_json(one: History) -> dict[str, object]:
    """Return one line of builds; `changes` in the order of the line."""
    place, fields = one.place, ("probe", "word", "old", "new", "old_end", "new_end", "label", "because")
    steps = [
        {
            "old": step.old,
            "new": step.new,
            "between": list(step.between),
            "words": [{field: getattr(change, field) for field in fields} for change in step.changes],
        }
        for step in one.steps
    ]
    return {
        "source": place.source,
        "flavour": place.flavour,
        "arch": place.arch,
        "variant": place.variant,
        "line": one.line,
        "builds": list(one.builds),
        "untested": list(one.untested),
        "changes": steps,
        "missing": [{"where": where, "probe": gap.probe, "why": gap.why} for where, gap in one.missing],
    }


def as_text(name: str, found: Sequence[History]) -> str:
    """Return the histories for people: equal changes of several places once, what was not asked last."""
    if not found:
        return f"{name}: nowhere are two builds of a line that were asked, or could be"
    steps: dict[tuple[str, str, str], list[Step]] = {}
    for history in found:
        for step in history.steps:
            steps.setdefault((history.line, step.old, step.new), []).append(step)
    lines = [headline(name, found, len(steps))]
    where = sorted({(one.place.arch, one.place.variant) for one in found}, key=diff.place_key)
    for (line, old, new), same in sorted(steps.items(), key=lambda item: order(*item[0])):
        lines += ["", f"{line}: {old} → {new}"]
        for one in diff.group(change for step in same for change in step.changes):
            lines += change_text(one, where)
        between = {build: None for step in same for build in step.between}
        lines += wrapped(f"without an answer between them: {shortly(between)}", "  ") if between else []
    return "\n".join([*lines, *untested_text(found), *missing_text(found)])


def order(line: str, old: str, new: str) -> tuple[object, ...]:
    """Sort: the mainline, then series by series; in a line by time."""
    return line != bisect.MAINLINE, version_key(line), version_key(old), version_key(new)


def headline(name: str, found: Sequence[History], changed: int) -> str:
    """Return how much was looked at and what came of it."""
    builds = len({build for one in found for build in one.builds})
    what = f"{changed} pair{'s' * (changed != 1)} of builds between which it changed"
    compared, lines = sum(one.compared for one in found), f"{len(found)} line{'s' * (len(found) != 1)}"
    return f"{name}: {what}; {compared} pairs of records on {lines} of {builds} builds"


def change_text(one: diff.Group, where: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of one change: the probe, where, and each word's values."""
    yield from wrapped(f"{diff.probes_text(one)} ({diff.where_text(one.where, where)})", "  ")
    for change in one.words:
        word = "" if change.word == diff.ENDING else f"{change.word}: "
        yield from wrapped(f"{word}{diff.value_text(change.old)} → {diff.value_text(change.new)}", "      ")
    if one.change.because:
        yield from wrapped(f"because: {visible(one.change.because)}", "      ")


def untested_text(found: Iterable[History]) -> Iterator[str]:
    """Yield which builds nobody asked, equal ones of several places once."""
    same: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = {}
    for one in found:
        if one.untested:
            same.setdefault((one.line, one.untested), []).append((one.place.arch, one.place.variant))
    if same:
        yield from ("", "Not tested", "──────────")
    for (line, builds), where in same.items():
        yield from wrapped(f"{line} ({diff.where_text(where, ())}): {shortly(builds)}", "  ")


def missing_text(found: Iterable[History]) -> Iterator[str]:
    """Yield what was asked and gave no answer, or cannot be compared, equal reasons once."""
    same: dict[tuple[str, str], dict[Missing, None]] = {}
    for one in found:
        for where, gap in one.missing:
            same.setdefault((where, gap.why), {})[gap] = None
    if same:
        yield from ("", "Missing: not compared", "─────────────────────")
    for (where, why), gaps in same.items():
        yield from wrapped(f"{where}: {visible(why)}", "  ")
        yield from wrapped(diff.missing_text(list(gaps)), "      ")


def shortly(names: Iterable[str]) -> str:
    """Name some, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def wrapped(text: str, indent: str) -> list[str]:
    """Wrap one paragraph to the width of a terminal."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
