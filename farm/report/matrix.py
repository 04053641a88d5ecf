"""The matrix: behaviours × kernels at one place, a letter for each group of equal values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from farm.catalogue import Behaviour
from farm.judge import Overall, Summary
from farm.report.links import behaviour_href, diff_href
from farm.report.model import Place, Site, State
from farm.report.order import call_of, short
from farm.report.values import NOT_ASKED
from farm.types import Ending

COLOURS = 8  # classes g0 … g7 in style.css; later groups take them again, their letters differ
VERDICT_SIGNS = {
    Overall.HOLDS: "✓",
    Overall.HOLDS_WHERE: "◐",
    Overall.CONTRADICTED: "✗",
    Overall.CANNOT_SHOW: "∅",
    Overall.UNCLAIMED: "–",
    Overall.NOT_ASKED: "?",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table: its text, its CSS classes, where a click leads and what is said on hover."""

    text: str
    classes: str
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour."""

    behaviour: Behaviour
    name: str
    href: str
    verdict: Summary
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table of one place; `groups` are its rows by system call."""

    place: Place
    kernels: tuple[str, ...]
    groups: dict[str, list[Row]]
    labels: dict[str, str]

    @property
    def rows(self) -> int:
        """How many behaviours it shows."""
        return sum(len(rows) for rows in self.groups.values())


def letter(number: int) -> str:
    """Return A, B, … Z, AA, AB, …."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def matrix(site: Site, place: Place) -> Matrix:
    """Return the matrix of one place: behaviours that were asked there."""
    table = _Table(site, place, tuple(site.columns(place)), frozenset(site.pairs))
    groups: dict[str, list[Row]] = {}
    for name in site.behaviours:
        if row := table.row(name):
            groups.setdefault(call_of(name), []).append(row)
    return Matrix(place, table.kernels, groups, short(site.kernels, site.labels, table.kernels))


Value = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """Makes the rows of one matrix."""

    site: Site
    place: Place
    kernels: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]

    def row(self, name: str) -> Row | None:
        """Return the row of a behaviour; None where no cell was asked about it."""
        found = [self.value(name, kernel) for kernel in self.kernels]
        asked = _asked([value for value in found if value is not None])
        if not asked:
            return None
        values = [None if value is None else tuple(value[n] for n in asked) for value in found]
        behaviour = self.site.behaviours[name]
        verdict = self.site.verdict(name)
        return Row(behaviour, name.partition(".")[2], behaviour_href(name), verdict, tuple(self.cells(name, values)))

    def value(self, behaviour: str, kernel: str) -> Value | None:
        """Return the numbers of a behaviour's probes in one cell; None without records."""
        vector = self.site.vector(kernel, self.place)
        return None if vector is None else tuple(vector[self.site.slices[behaviour]])

    def cells(self, behaviour: str, values: Sequence[Value | None]) -> Iterator[Cell]:
        """Yield the cells of one row; one that differs from its neighbour leads to their diff."""
        letters: dict[Value, int] = {}
        before: tuple[str, int] | None = None
        for kernel, value in zip(self.kernels, values, strict=True):
            if value is None or not any(self.site.values.is_answer(number) for number in value):
                yield self.gap(kernel, value)
                continue
            group = letters.setdefault(value, len(letters))
            differs = before and before[1] != group and self.changed(before[0], kernel, behaviour)
            yield self.cell(value, group, diff_href(before[0], kernel, behaviour) if before and differs else "")
            before = kernel, group

    def changed(self, old: str, new: str, behaviour: str) -> bool:
        """Whether the diff of two neighbours has the behaviour; a missing record makes another value, not a change."""
        return (old, new) in self.pairs and behaviour in self.site.changed(old, new, self.place)

    def gap(self, kernel: str, value: Value | None) -> Cell:
        """Return the cell of a behaviour without any answer."""
        label = self.site.labels[kernel]
        if value is not None:
            return Cell("!", "no", title=f"{label}: {missing_text(self.site, value)}")
        state = self.site.state(kernel, self.place) or State("?", "missing", "no records")
        return Cell(state.sign, "no", title=f"{label}: {state.kind}, {state.why}")

    def cell(self, value: Value, group: int, href: str) -> Cell:
        """Return the cell of one value group, with marks for what is missing, unmet or fatal in it."""
        records = self.site.values.records
        ends = {records[number].end if number != NOT_ASKED else Ending.ABSENT for number in value}
        missing = any(not end.is_answer for end in ends)
        fatal = bool(ends & {Ending.DIED, Ending.HUNG})
        unmet = ends == {Ending.UNMET}
        classes = f"g{group % COLOURS}" + " unmet" * unmet + " new" * bool(href)
        title = missing_text(self.site, value) if missing else "needs what is not there" if unmet else ""
        return Cell(letter(group) + "†" * fatal + "!" * missing, classes, href, title)


def _asked(values: Sequence[Value]) -> list[int]:
    """Return the positions of the probes that any of the cells has a record of; the others are not run there."""
    positions = range(len(values[0]) if values else 0)
    return [n for n in positions if any(value[n] != NOT_ASKED for value in values)]


def missing_text(site: Site, value: Sequence[int]) -> str:
    """Say how many probes are missing in a cell, and the first reason."""
    gone = [number for number in value if not site.values.is_answer(number)]
    records = [site.values.records[number] for number in gone if number != NOT_ASKED]
    why = f": {records[0].end}, {records[0].why}" if records else ": no record"
    return f"{len(gone)} of {len(value)} probes missing{why}"
