"""What all pages look at: kernels as columns, places as tables, records as numbered values.

Values are compared for every behaviour in every cell, so each different value gets a number once
(`Values`), a cell becomes a vector of numbers, and everything after that compares slices of vectors.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from itertools import combinations, pairwise

from farm.catalogue import Behaviour, Catalogue
from farm.diff import Diff, Only, compare, differing, place_key
from farm.judge import Overall, Summary
from farm.report.inputs import Inputs
from farm.report.memo import Memo
from farm.report.order import FLAVOURS, SWEEP, call_of, call_rank, names, rank
from farm.report.pairs import PairSummary, pair_summary
from farm.report.values import Values
from farm.report.verdicts import Verdicts
from farm.results import Results, StoredCell, kernel_key, version_key
from farm.types import Kernel

Place = tuple[str, str]  # architecture, variant
BASE_VARIANT = "plain"
GONE = "The catalogue does not have this behaviour (any more); results that were kept from earlier."


@dataclass(frozen=True, slots=True)
class State:
    """Why a cell has no records: `sign` for the table, `kind` and `why` for the reader."""

    sign: str
    kind: str
    why: str


@dataclass
class Site:
    """The results and the catalogue, in the order in which pages show them; `base` is where the site is published."""

    stored: Results
    catalogue: Catalogue
    memo: Memo = field(default_factory=Memo)
    base: str = ""
    values: Values = field(default_factory=Values)
    _diffs: dict[tuple[str, str], Diff] = field(default_factory=dict)
    _vectors: dict[tuple[str, Place], array[int] | None] = field(default_factory=dict)
    _states: dict[tuple[str, Place], State | None] = field(default_factory=dict)
    _changed: dict[tuple[str, str, Place], set[str]] = field(default_factory=dict)
    _behaviours: dict[tuple[str, str], dict[Place, set[str]]] = field(default_factory=dict)
    _orders: dict[Place, list[str]] = field(default_factory=dict)
    _columns: dict[Place, list[str]] = field(default_factory=dict)

    @cached_property
    def kernels(self) -> dict[str, Kernel]:
        """All kernels by name, as columns: flavour by flavour, the oldest first."""
        found = self.stored.kernels()
        return dict(sorted(found.items(), key=lambda item: (rank(item[1].flavour, FLAVOURS), kernel_key(item[1]))))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Short names of the kernels: the upstream version, with what tells it from others of that version."""
        flavours = {kernel.flavour for kernel in self.kernels.values()}
        main = next((flavour for flavour in FLAVOURS if flavour in flavours), "")
        found: dict[str, str] = {}
        for choices in zip(*(names(kernel, main) for kernel in self.kernels.values()), strict=True):
            for name, label in zip(self.kernels, choices, strict=True):
                if choices.count(label) == 1:
                    found.setdefault(name, label)
        return {name: found.get(name, name) for name in self.kernels}

    @cached_property
    def shown_traces(self) -> list[tuple[str, Place, Mapping[str, bytes]]]:
        """The traces of every answered cell as they are stored, along the kernels."""
        rank_of = {kernel: number for number, kernel in enumerate(self.kernels)}
        keys = sorted(self.answered, key=lambda key: (rank_of[key[0]], place_key(key[1:])))
        return [
            (kernel, (arch, variant), self.stored.cells[kernel, arch, variant].trace_lines)
            for kernel, arch, variant in keys
        ]

    def place_order(self, place: Place) -> list[str]:
        """Return the labels of the kernels at a place, in order, as `label_order` does."""
        if place not in self._orders:
            self._orders[place] = self.label_order(self.columns(place))
        return self._orders[place]

    def label_order(self, kernels: Iterable[str]) -> list[str]:
        """Return labels in order; an empty one between flavours, so that no range spans two of them."""
        order: list[str] = []
        flavour = ""
        for kernel in kernels:
            order += [""] * (flavour not in {"", self.kernels[kernel].flavour}) + [self.labels[kernel]]
            flavour = self.kernels[kernel].flavour
        return order

    @cached_property
    def places(self) -> list[Place]:
        """Architectures × variants that any kernel has a cell for; the base variant first."""
        return sorted({(arch, variant) for _, arch, variant in self.cell_keys}, key=place_key)

    @cached_property
    def cell_keys(self) -> set[tuple[str, str, str]]:
        """Kernel, architecture and variant of every cell, also of those that cannot be read."""
        broken = (problem.where.split("/") for problem in self.stored.broken)
        return {*self.stored.cells, *((where[0], where[1], where[2]) for where in broken if len(where) == 3)}

    @cached_property
    def expected(self) -> set[tuple[str, str, str]]:
        """All these cells, and those that a table shows as not run."""
        return self.cell_keys | {(kernel, *place) for place in self.places for kernel in self.columns(place)}

    @cached_property
    def behaviours(self) -> dict[str, Behaviour]:
        """All behaviours, those of the catalogue and those that only old records still have, in table order.

        Their probes stand in the order of the catalogue's file: the first shows the behaviour itself.
        """
        position = {probe: number for number, probe in enumerate(self.catalogue.probes)}
        found = {
            name: replace(behaviour, probes=tuple(sorted(behaviour.probes, key=position.__getitem__)))
            for name, behaviour in self.catalogue.behaviours.items()
        }
        for probe in sorted(self.asked - self.catalogue.probes.keys()):
            name = probe.rpartition(".")[0]
            known = found.get(name) or Behaviour(name, "", GONE)
            found[name] = replace(known, probes=(*known.probes, probe))
        order = {name: (not behaviour.listed, number) for number, (name, behaviour) in enumerate(found.items())}
        return dict(sorted(found.items(), key=lambda item: (*call_rank(call_of(item[0])), order[item[0]])))

    @cached_property
    def asked(self) -> set[str]:
        """The probes that any cell has a record of."""
        return set().union(*(cell.records for cell in self.stored.cells.values()))

    @cached_property
    def sweeps(self) -> list[str]:
        """The sweeps that any cell has records of."""
        sweeps = (name for name in self.behaviours if name.startswith(SWEEP))
        return [name for name in sweeps if not self.asked.isdisjoint(self.behaviours[name].probes)]

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each behaviour's probes stand in a cell's vector."""
        found, start = {}, 0
        for name, behaviour in self.behaviours.items():
            found[name] = slice(start, start + len(behaviour.probes))
            start += len(behaviour.probes)
        return found

    def vector(self, kernel: str, place: Place) -> array[int] | None:
        """Return the numbers of all probes' values in a cell, in the order of `slices`; None without records."""
        key = kernel, place
        if key not in self._vectors:
            cell = self.cell(kernel, place)
            asked = cell is not None and cell.info.answered
            records = map(cell.records.get, self.probes) if cell else ()
            self._vectors[key] = array("i", self.values.numbers(list(records))) if asked else None
        return self._vectors[key]

    @cached_property
    def probes(self) -> list[str]:
        """All probes, in the order of `slices`."""
        return [probe for behaviour in self.behaviours.values() for probe in behaviour.probes]

    def cell(self, kernel: str, place: Place) -> StoredCell | None:
        """Return one cell, None where there is none."""
        return self.stored.cells.get((kernel, *place))

    def columns(self, place: Place) -> list[str]:
        """Return the kernels that a table of this place shows: of flavours that were run there, on that arch."""
        if place not in self._columns:
            known = [key for key in self.cell_keys if key[0] in self.kernels]
            flavours = {self.kernels[kernel].flavour for kernel, *rest in known if tuple(rest) == place}
            on_arch = {kernel for kernel, arch, _ in known if arch == place[0]}
            chosen = (name for name in self.kernels if name in on_arch and self.kernels[name].flavour in flavours)
            self._columns[place] = list(chosen)
        return self._columns[place]

    def state(self, kernel: str, place: Place) -> State | None:
        """Say why a cell has no records; None when it has."""
        key = kernel, place
        if key not in self._states:
            self._states[key] = self._state(kernel, place)
        return self._states[key]

    def _state(self, kernel: str, place: Place) -> State | None:
        where = "/".join((kernel, *place))
        for problem in self.stored.broken:
            if problem.where == where:
                return State("!", "cannot be read", problem.what)
        cell = self.cell(kernel, place)
        if cell is None:
            return State("·", "not run", "no result for this cell")
        if not cell.info.answered:
            return State("×", "unanswered", f"{cell.info.stage}: {cell.info.why}")
        return None

    @cached_property
    def verdicts(self) -> Verdicts:
        """The verdicts on records, probes and behaviours."""
        order = self.label_order(self.kernels)
        return Verdicts(self.stored, self.catalogue, self.kernels, self.labels, order)

    @cached_property
    def pairs(self) -> dict[tuple[str, str], list[str]]:
        """Pairs that have a page, the newest first, and the architectures that it compares.

        Neighbours of one flavour on any architecture (an archive may have another build of a series on
        another one), then flavours of one version.
        """
        found: dict[tuple[str, str], list[str]] = {}
        arches = dict.fromkeys(arch for arch, _ in self.places)
        on = {arch: [name for name in self.kernels if (name, arch) in self._answered_on] for arch in arches}
        for arch, here in on.items():
            for pair in pairwise(here):
                if self.alike(*pair):
                    found.setdefault(pair, []).append(arch)
        newest = sorted(found, key=lambda pair: self._newness(pair[1]) + self._newness(pair[0]), reverse=True)
        across = {
            (one, other): shared
            for one, other in combinations(self.kernels, 2)
            if self.kernels[one].version == self.kernels[other].version
            and (shared := [arch for arch, here in on.items() if one in here and other in here])
        }
        return {pair: found[pair] for pair in newest} | across

    def _newness(self, kernel: str) -> tuple[object, ...]:
        """Sort key by which the newest kernel comes last, the main flavour after others of its version."""
        flavour, _ = rank(self.kernels[kernel].flavour, FLAVOURS)
        return version_key(self.kernels[kernel].version), -flavour

    @cached_property
    def _answered_on(self) -> set[tuple[str, str]]:
        """Kernels and architectures that have any records."""
        return {(kernel, arch) for kernel, arch, _ in self.answered}

    @cached_property
    def answered(self) -> set[tuple[str, str, str]]:
        """The cells that have records."""
        return {key for key, cell in self.stored.cells.items() if cell.info.answered}

    def alike(self, old: str, new: str) -> bool:
        """Whether two kernels are of one flavour, so that one may follow the other."""
        return self.kernels[old].flavour == self.kernels[new].flavour

    def diff(self, old: str, new: str) -> Diff:
        """Compare two kernels, once; flavours of one version are compared across the flavour."""
        if (old, new) not in self._diffs:
            across = () if self.alike(old, new) else ("flavour",)
            only = Only(self.pairs[old, new], across=across)
            self._diffs[old, new] = compare(self.stored, self.catalogue, old, new, only)
        return self._diffs[old, new]

    def changed(self, old: str, new: str, place: Place) -> set[str]:
        """Return the behaviours that changed between two kernels at a place."""
        if (old, new) in self._diffs and (old, new) not in self._behaviours:
            found: dict[Place, set[str]] = {}
            for one in self._diffs[old, new].changes:
                found.setdefault((one.arch, one.variant), set()).add(one.behaviour)
            self._behaviours[old, new] = found
        if (old, new) in self._behaviours:
            return self._behaviours[old, new].get(place, set())
        key = old, new, place
        if key not in self._changed:
            self._changed[key] = differing(self.stored, self.catalogue, old, new, place)
        return self._changed[key]

    @cached_property
    def inputs(self) -> Inputs:
        """Digests of what pages are made of."""
        return Inputs(self.stored, self.catalogue)

    def verdict(self, behaviour: str) -> Summary:
        """Return what all cells together say about a behaviour; an earlier report may have worked it out."""
        known = self.memo.value(
            f"verdict {behaviour}",
            self.inputs.behaviour(behaviour),
            lambda: list(astuple(self.verdicts.of(self.behaviours[behaviour]))),
        )
        overall, *rest = known
        return Summary(Overall(overall), *rest)

    def pair(self, old: str, new: str) -> PairSummary:
        """Return how much changed between two kernels; an earlier report may have worked it out."""
        known = self.memo.value(
            f"pair {old}..{new}",
            self.inputs.kernels(old, new),
            lambda: list(astuple(pair_summary(self.diff(old, new)))),
        )
        return PairSummary(*known)
