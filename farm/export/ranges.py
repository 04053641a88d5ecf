"""Since when and until when: a series of values along the kernels as ranges, never smoothed.

A kernel that did not answer ends a range, and so does one whose answer cannot be compared with its neighbour's.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

OR_BEFORE = "≤"

V = TypeVar("V", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Point(Generic[V]):
    """What one kernel shows: `value` is None where it answered without this; equal `kind`s can be compared."""

    version: str
    value: V | None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Range(Generic[V]):
    """Neighbouring kernels that show one value, the first and the last of them.

    `added` has a "≤" where nobody knows what the kernel before it shows. `removed` is the next version that shows
    something else, with a "≤" where versions in between do not say; empty where no later one is known to.
    `span` is where it stands in the series.
    """

    value: V
    added: str
    last: str
    removed: str
    span: slice


def ranges(points: Sequence[Point[V] | None]) -> list[Range[V]]:
    """Return the ranges of a series, the newest first; None stands for a kernel that did not answer."""
    found: list[Range[V]] = []
    start = 0
    for key, run in groupby(points, lambda point: point and (point.value, point.kind)):
        same = list(run)
        first, last = same[0], same[-1]
        end = start + len(same)
        if key and first and last and first.value is not None:
            before = points[start - 1] if start else None
            known = before is not None and before.kind == first.kind
            added = first.version if known else OR_BEFORE + first.version
            removed = _removed(last, points[end:])
            found.append(Range(first.value, added, last.version, removed, slice(start, end)))
        start = end
    return found[::-1]


def _removed(last: Point[V], later: Sequence[Point[V] | None]) -> str:
    """Return the first version after `last` that is known to show something else."""
    for distance, point in enumerate(later):
        if point is not None and point.kind == last.kind:
            if point.value == last.value:
                return ""
            return point.version if distance == 0 else OR_BEFORE + point.version
    return ""
