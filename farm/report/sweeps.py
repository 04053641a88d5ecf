"""Sweeps as a map: kinds of mapping × operations, coloured by the answer, with what ever changed marked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup

from farm.report.matrix import COLOURS, letter
from farm.report.model import BASE_VARIANT, Place, Site
from farm.types import Record


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One kind of mapping; `cells` is the HTML of its table cells, made here because a map has thousands."""

    kind: str
    probe: str
    cells: Markup
    why: str


@dataclass(frozen=True, slots=True)
class SweepView:
    """One sweep in one cell; `legend` has for each value its letter, colour and count."""

    behaviour: str
    kernel: str
    place: Place
    operations: tuple[str, ...]
    rows: tuple[SweepRow, ...]
    legend: tuple[tuple[str, str, str, int], ...]
    changed: int

    @property
    def size(self) -> str:
        """Kinds × operations."""
        return f"{len(self.rows)} × {len(self.operations)}"


@dataclass
class Sweep:
    """One sweep in all cells: what several of its maps need, worked out once."""

    site: Site
    behaviour: str
    _changed: dict[Place, dict[str, set[str]]] = field(default_factory=dict)

    @cached_property
    def probes(self) -> tuple[str, ...]:
        """Its probes: one for each kind of mapping."""
        return self.site.behaviours[self.behaviour].probes

    @cached_property
    def cells(self) -> dict[Place, list[str]]:
        """The kernels of each place that have answers to it; the base variant first, the oldest kernel first."""
        found: dict[Place, list[str]] = {}
        for place in sorted(self.site.places, key=lambda place: place[1] != BASE_VARIANT):
            for kernel in self.site.columns(place):
                cell = self.site.cell(kernel, place)
                records = map(cell.records.get, self.probes) if cell else ()
                if any(record.end.is_answer for record in records if record):
                    found.setdefault(place, []).append(kernel)
        return found

    @property
    def newest(self) -> tuple[str, Place]:
        """The newest kernel of the main flavour at the first place."""
        place, kernels = next(iter(self.cells.items()))
        main = self.site.kernels[kernels[0]].flavour
        return [kernel for kernel in kernels if self.site.kernels[kernel].flavour == main][-1], place

    def changed(self, place: Place) -> dict[str, set[str]]:
        """Return by probe the operations that gave several values at this place over the kernels."""
        if place not in self._changed:
            ever = {probe: self._values(place, probe) for probe in self.probes}
            self._changed[place] = {
                probe: {word for word, seen in found.items() if len(seen) > 1} for probe, found in ever.items()
            }
        return self._changed[place]

    def _values(self, place: Place, probe: str) -> dict[str, set[str]]:
        """Return by operation every value that one probe ever gave at a place."""
        cells = (self.site.cell(kernel, place) for kernel in self.site.columns(place))
        records = {id(record): record for cell in cells if cell and (record := cell.records.get(probe))}
        found: dict[str, set[str]] = {}
        for record in records.values():
            for word, value in record.saw.items() if record.end.is_answer else ():
                if word not in record.unstable:
                    found.setdefault(word, set()).add(str(value))
        return found


def sweep_view(sweep: Sweep, where: tuple[str, Place]) -> SweepView:
    """Return the map of one sweep in one cell."""
    kernel, place = where
    cell = sweep.site.cell(kernel, place)
    assert cell is not None
    records = {probe: cell.records[probe] for probe in sweep.probes if probe in cell.records}
    operations = tuple(sorted({word for record in records.values() for word in record.saw}, key=by_number))
    values = Counter(str(value) for record in records.values() for value in record.saw.values())
    letters = {value: n for n, (value, _) in enumerate(values.most_common())}
    changed = {probe: words for probe, words in sweep.changed(place).items() if probe in records}
    rows = [_row(record, operations, letters, changed[probe]) for probe, record in records.items()]
    legend = tuple((letter(n), value, f"g{n % COLOURS}", values[value]) for value, n in letters.items())
    count = sum(map(len, changed.values()))
    return SweepView(sweep.behaviour, kernel, place, operations, tuple(rows), legend, count)


def by_number(word: str) -> list[tuple[int, str]]:
    """Sort names that end in numbers by the number: madv_2 before madv_10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", word)]


def _row(record: Record, operations: tuple[str, ...], letters: dict[str, int], changed: set[str]) -> SweepRow:
    """Return the row of one kind of mapping."""
    cells = []
    for operation in operations:
        value = record.saw.get(operation)
        if value is None:
            cells.append('<td class="void"></td>')
            continue
        number = letters[str(value)]
        mark = " new" if operation in changed else ""
        cells.append(f'<td class="g{number % COLOURS}{mark}">{letter(number)}</td>')
    html = Markup("".join(cells))  # noqa: S704 - made of numbers and letters alone
    return SweepRow(record.probe.rpartition(".")[2], record.probe, html, record.why)
