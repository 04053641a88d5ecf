"""Two traces side by side, line by line, with the lines marked that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LINES = 400  # of one trace that are shown; a sweep's can have thousands
FOLD = 8  # equal lines in a row beyond this are folded to one
CONTEXT = 2  # of them that stay at either side


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the lines of both sides, None where one side has none; `folded` counts equal lines left out."""

    old: str | None
    new: str | None
    differs: bool = False
    folded: int = 0


def side_by_side(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """Align two traces."""
    cut = max(len(old), len(new)) - LINES
    old, new = old[:LINES], new[:LINES]
    rows: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += _folded([Line(line, line) for line in old[a:b]])
        else:
            rows += _paired(old[a:b], new[c:d])
    return [*rows, Line(None, None, folded=cut)] if cut > 0 else rows


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Put lines that differ beside each other."""
    for n in range(max(len(old), len(new))):
        yield Line(old[n] if n < len(old) else None, new[n] if n < len(new) else None, differs=True)


def _folded(rows: list[Line]) -> list[Line]:
    """Leave out the middle of a long run of equal lines."""
    if len(rows) <= FOLD:
        return rows
    return [*rows[:CONTEXT], Line(None, None, folded=len(rows) - 2 * CONTEXT), *rows[-CONTEXT:]]
