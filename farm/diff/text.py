"""The diff as text for a terminal, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from farm.diff.compare import ENDING, WHOLE_CELL, Diff, place_key
from farm.diff.groups import Group, by_behaviour, counts, group, where_text
from farm.types import Missing
from farm.visible import visible

WIDTH = 100
HEADINGS = {
    "unexplained": "Unexplained: look at these first",
    "explained": "Explained: known changes",
    "config": "Config: the kernels were configured differently",
}


def as_text(diff: Diff) -> str:
    """Return the diff for people: unexplained changes first, equal ones once, what is missing last."""
    groups = group(diff.changes)
    lines = [f"{diff.old} → {diff.new}", summary_line(diff, groups)]
    for label, heading in HEADINGS.items():
        chosen = [one for one in groups if one.label == label]
        if chosen:
            lines += ["", heading, "─" * len(heading), *_changes(chosen, diff)]
    if diff.missing:
        lines += ["", "Missing: not compared", "─────────────────────", *_missing(diff.missing)]
    return "\n".join(lines) + "\n"


def summary_line(diff: Diff, groups: Sequence[Group]) -> str:
    """Return how much was compared and what came of it, in one line."""
    found = ", ".join(f"{count} {label}" for label, count in counts(groups).items() if count)
    changes = f"{len(groups)} change{'s' * (len(groups) != 1)}" + (f" ({found})" if found else "")
    missing = f"; {len(diff.missing)} missing" if diff.missing else ""
    return f"{changes} in {diff.compared} records of {len(diff.cells)} cells{missing}"


def value_text(value: str | int | None) -> str:
    """Return a value for a reader; a word that was not said is "(nothing)"."""
    return "(nothing)" if value is None else visible(str(value))


def probes_text(one: Group) -> str:
    """Name what a group is about: the probe, or how many kinds of mapping of a sweep."""
    names = [probe.rpartition(".")[2] for probe in one.probes]
    shown = ", ".join(names[:4])
    return f"{len(names)} kinds of mapping: {shown}{', …' * (len(names) > 4)}" if len(names) > 1 else shown


def _changes(groups: Sequence[Group], diff: Diff) -> Iterator[str]:
    """Yield the lines of some groups, by behaviour."""
    for behaviour, same in by_behaviour(groups).items():
        yield ""
        yield behaviour
        for one in same:
            yield from _heading(probes_text(one), where_text(one.where, diff.cells))
            for change in one.words:
                word = "" if change.word == ENDING else f"{change.word}: "
                yield from _wrap(f"{word}{value_text(change.old)} → {value_text(change.new)}", "      ", "        ")
            if one.change.because:
                yield from _wrap(f"because: {visible(one.change.because)}", "      ", "        ")


def _heading(probe: str, where: str) -> list[str]:
    """Return what changed and, to its right or below it, where."""
    if len(probe) + len(where) + 6 <= WIDTH:
        return [f"  {probe}{where.rjust(WIDTH - 2 - len(probe))}"]
    return [*_wrap(probe, "  ", "    "), *_wrap(where, "      ", "      ")]


def _wrap(text: str, first: str, rest: str) -> list[str]:
    """Wrap one paragraph to the width of a terminal."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=True
    )


def _missing(missing: Sequence[Missing]) -> Iterator[str]:
    """Yield what was not compared: equal reasons once, with how many probes and where."""
    for why, same in by_reason(missing).items():
        yield from _wrap(visible(why), "  ", "      ")
        yield from _wrap(missing_text(same), "      ", "      ")


def by_reason(missing: Sequence[Missing]) -> dict[str, list[Missing]]:
    """Return what is missing for each reason."""
    found: dict[str, list[Missing]] = {}
    for one in missing:
        found.setdefault(one.why, []).append(one)
    return found


def missing_text(same: Sequence[Missing]) -> str:
    """Name probes (some of many) and places that are missing for one reason."""
    where = where_text(sorted({(one.arch, one.variant) for one in same}, key=place_key), ())
    probes = sorted({one.probe for one in same})
    if probes == [WHOLE_CELL]:
        return f"all probes; {where}"
    shown = f"{', '.join(probes[:3])} and {len(probes) - 3} more probes" if len(probes) > 4 else ", ".join(probes)
    return f"{shown}; {where}"
