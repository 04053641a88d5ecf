"""A diff as a few lines of text that one can paste into a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from farm.diff import ENDING, Diff, Group, group, summary_line, value_text, where_text
from farm.report.order import SWEEP
from farm.visible import visible

LINES = 24  # for each label; how many more there are is said
LONGEST = 60  # characters of a value


def mail(diff: Diff, old: str, new: str) -> list[str]:
    """Return the lines of the summary; `old` and `new` are the kernels' short names."""
    groups = group(diff.changes)
    lines = [f"Memory semantics, {old} -> {new}", f"({diff.old} -> {diff.new})", summary_line(diff, groups)]
    for label in ("unexplained", "explained", "config"):
        chosen = [one for one in groups if one.label == label]
        if chosen:
            lines += ["", f"{label.capitalize()}: {len(chosen)}", *_some(list(_lines(chosen, diff)))]
    return lines


def _some(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - LINES
    return [*lines[:LINES], f"  ... and {more} more"] if more > 1 else list(lines)


def _lines(groups: Sequence[Group], diff: Diff) -> Iterator[str]:
    """Yield a line for each change; those of one sweep are counted."""
    sweeps: dict[str, int] = {}
    for one in groups:
        if one.change.behaviour.startswith(SWEEP):
            sweeps[one.change.behaviour] = sweeps.get(one.change.behaviour, 0) + 1
            continue
        said = ", ".join(
            f"{'' if word.word == ENDING else word.word + ' '}{_short(word.old)} -> {_short(word.new)}"
            for word in one.words
        )
        yield f"  {visible(one.change.probe)}: {said} [{where_text(one.where, diff.cells)}]"
    for name, count in sweeps.items():
        yield f"  {visible(name)}: {count} changes"


def _short(value: str | int | None) -> str:
    """Return a value, cut where it is long."""
    text = value_text(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
