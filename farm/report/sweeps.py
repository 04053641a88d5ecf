"""Sweeps as a map: kinds of mapping × operations, coloured by the answer, with what ever changed marked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from farm.report.matrix import COLOURS, Cell, letter
from farm.report.model import BASE_VARIANT, Place, Site
from farm.types import Record


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One kind of mapping."""

    kind: str
    probe: str
    cells: tuple[Cell, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SweepView:
    """One sweep on one kernel; `legend` maps a letter to its value and colour."""

    behaviour: str
    kernel: str
    place: Place
    operations: tuple[str, ...]
    rows: tuple[SweepRow, ...]
    legend: tuple[tuple[str, str, str], ...]
    changed: int

    @property
    def size(self) -> str:
        """Kinds × operations."""
        return f"{len(self.rows)} × {len(self.operations)}"


def _place_of(site: Site, behaviour: str) -> tuple[str, Place] | None:
    """Return the newest kernel at the first place that has records of this sweep."""
    part = site.slices[behaviour]
    for place in sorted(site.places, key=lambda place: place[1] != BASE_VARIANT):
        for kernel in reversed([name for name in site.columns(place) if site.kernels[name].flavour == _main(site)]):
            vector = site.vector(kernel, place)
            if vector is not None and any(site.values.is_answer(number) for number in vector[part]):
                return kernel, place
    return None


def _main(site: Site) -> str:
    """Return the flavour of the first column."""
    return next(iter(site.kernels.values())).flavour


def sweep_view(site: Site, behaviour: str) -> SweepView | None:
    """Return the map of one sweep; None where there are no records."""
    found = _place_of(site, behaviour)
    if found is None:
        return None
    kernel, place = found
    cell = site.cell(kernel, place)
    assert cell is not None
    records = {probe: cell.records[probe] for probe in site.behaviours[behaviour].probes if probe in cell.records}
    operations = tuple(sorted({word for record in records.values() for word in record.saw}, key=by_number))
    values = Counter(str(value) for record in records.values() for value in record.saw.values())
    letters = {value: n for n, (value, _) in enumerate(values.most_common())}
    rows = [_row(site, place, record, operations, letters) for record in records.values()]
    legend = tuple((letter(n), value, f"g{n % COLOURS}") for value, n in letters.items())
    changed = sum("new" in one.classes for row in rows for one in row.cells)
    return SweepView(behaviour, kernel, place, operations, tuple(rows), legend, changed)


def by_number(word: str) -> list[tuple[int, str]]:
    """Sort names that end in numbers by the number: madv_2 before madv_10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", word)]


def _row(site: Site, place: Place, record: Record, operations: tuple[str, ...], letters: dict[str, int]) -> SweepRow:
    """Return the row of one kind of mapping."""
    kind = record.probe.rpartition(".")[2]
    ever = _ever(site, place, record.probe)
    cells = []
    for operation in operations:
        value = record.saw.get(operation)
        if value is None:
            cells.append(Cell("", "void"))
            continue
        number = letters[str(value)]
        changed = len(ever.get(operation, ())) > 1
        title = f"{kind} × {operation}: {value}"
        if changed:
            title += f"; over the kernels: {', '.join(sorted(ever[operation]))}"
        cells.append(Cell(letter(number), f"g{number % COLOURS}" + " new" * changed, title=title))
    return SweepRow(kind, record.probe, tuple(cells), record.why)


def _ever(site: Site, place: Place, probe: str) -> dict[str, set[str]]:
    """Return every value that each operation ever gave at this place, on any kernel."""
    found: dict[str, set[str]] = {}
    seen: set[int] = set()
    for kernel in site.columns(place):
        cell = site.cell(kernel, place)
        record = cell.records.get(probe) if cell else None
        number = site.values.number(record)
        if record is not None and number not in seen and record.end.is_answer:
            seen.add(number)
            for word, value in record.saw.items():
                if word not in record.unstable:
                    found.setdefault(word, set()).add(str(value))
    return found
