"""One probe's values by place and kernel; places whose kernels all answer alike are one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from farm.diff import where_text
from farm.judge import spans
from farm.report.model import Place, Site
from farm.report.values import NOT_ASKED
from farm.types import Ending, Record

SIGNS = "·×!?"  # of cells without records, in the order of their numbers below NOT_ASKED


@dataclass(frozen=True, slots=True)
class Row:
    """Places with equal values; `numbers` by kernel, only for kernels that the places' tables have."""

    places: tuple[Place, ...]
    numbers: dict[str, int]


@dataclass(frozen=True)
class Grid:
    """All that is known of one probe."""

    site: Site
    probe: str
    rows: tuple[Row, ...]

    @cached_property
    def letters(self) -> dict[int, int]:
        """The position of each value, in order of first appearance: 0 is A."""
        found = dict.fromkeys(n for row in self.rows for n in row.numbers.values() if n > NOT_ASKED)
        return {number: position for position, number in enumerate(found)}

    @cached_property
    def columns(self) -> list[str]:
        """The kernels that any row has."""
        return [kernel for kernel in self.site.kernels if any(kernel in row.numbers for row in self.rows)]

    @cached_property
    def places(self) -> list[Place]:
        """The places of all rows."""
        return [place for row in self.rows for place in row.places]

    def record(self, number: int) -> Record:
        """Return a record that has this value."""
        return self.site.values.records[number]

    def where(self, row: Row) -> str:
        """Name the places of a row."""
        return where_text(row.places, self.places)

    def seen(self, number: int) -> list[str]:
        """Say on which kernels and where a value was seen; ranges, with nothing smoothed over."""
        found: dict[str, list[Place]] = {}
        for row in self.rows:
            chosen = [self.site.labels[kernel] for kernel, n in row.numbers.items() if n == number]
            if chosen:
                found.setdefault(spans(chosen, self.site.label_order(row.numbers)), []).extend(row.places)
        return [f"{kernels} · {where_text(places, self.places)}" for kernels, places in found.items()]

    def cells_of(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield kernel and architecture of every cell with this value, each once."""
        for row in self.rows:
            for kernel in (kernel for kernel, n in row.numbers.items() if n == number):
                yield from ((kernel, arch) for arch in dict.fromkeys(arch for arch, _ in row.places))

    def changes(self) -> Iterator[tuple[str, str, Place]]:
        """Yield neighbouring kernels whose answers differ, and a place where: each pair of values once."""
        known: set[tuple[int, int]] = set()
        for row in self.rows:
            answers = [(k, n) for k, n in row.numbers.items() if self.site.values.is_answer(n)]
            for (old, before), (new, after) in pairwise(answers):
                if before != after and (before, after) not in known and self.site.alike(old, new):
                    known.add((before, after))
                    yield old, new, row.places[0]

    def disagreements(self) -> Iterator[tuple[str, Place, Place]]:
        """Yield pairs of places that answer differently on one kernel, the newest: each pair of values once."""
        known: set[tuple[int, int]] = set()
        first = self.rows[0]
        for row in self.rows[1:]:
            for kernel in reversed(self.columns):
                one, other = first.numbers.get(kernel, NOT_ASKED), row.numbers.get(kernel, NOT_ASKED)
                if self._shows(one) and self._shows(other):
                    if one != other and (one, other) not in known:
                        known.add((one, other))
                        yield kernel, first.places[0], row.places[0]
                    break

    def _shows(self, number: int) -> bool:
        """Whether a value comes with a trace that is worth comparing with another place's."""
        return self.site.values.is_answer(number) and self.record(number).end is not Ending.UNMET


def grid(site: Site, probe: str, index: int) -> Grid:
    """Return the grid of a probe, which stands at `index` in the vectors; no rows where nobody asked it."""
    grouped: dict[tuple[tuple[str, int], ...], list[Place]] = {}
    for place in site.places:
        numbers = tuple((kernel, _number(site, kernel, place, index)) for kernel in site.columns(place))
        if any(number > NOT_ASKED for _, number in numbers):
            grouped.setdefault(numbers, []).append(place)
    return Grid(site, probe, tuple(Row(tuple(places), dict(row)) for row, places in grouped.items()))


def _number(site: Site, kernel: str, place: Place, index: int) -> int:
    """Return the number of a value; below NOT_ASKED stand the reasons for which a cell has no records."""
    vector = site.vector(kernel, place)
    if vector is not None:
        return vector[index]
    state = site.state(kernel, place)
    return NOT_ASKED - 1 - SIGNS.index(state.sign if state else "?")


def always(records: Sequence[Record]) -> list[tuple[str, str | int]]:
    """Return the words that all of several records say alike."""
    if len(records) < 2:
        return []
    return sorted(set(records[0].saw.items()).intersection(*(record.saw.items() for record in records[1:])))
