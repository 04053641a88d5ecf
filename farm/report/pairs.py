"""How much changed between two kernels: counts that an earlier report may have worked out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from farm.diff import Diff, Group, counts, group
from farm.report.order import call_of


@dataclass(frozen=True, slots=True)
class PairSummary:
    """How many changes lie between two kernels, by label and for each system call, and how much was compared."""

    counts: dict[str, int]
    calls: dict[str, dict[str, int]]
    missing: int
    compared: int


def pair_summary(diff: Diff) -> PairSummary:
    """Count the changes of a diff by label, and by system call."""
    groups = group(diff.changes)
    return PairSummary(counts(groups), calls(groups), len(diff.missing), diff.compared)


def calls(groups: Iterable[Group]) -> dict[str, dict[str, int]]:
    """Count changes by system call and label."""
    found: dict[str, dict[str, int]] = {}
    for one in groups:
        by_label = found.setdefault(call_of(one.change.behaviour), {})
        by_label[one.label] = by_label.get(one.label, 0) + 1
    return found
