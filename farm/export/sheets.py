"""The cells that an export speaks of: those with results, and those that should have some."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from farm.catalogue import Catalogue
from farm.diff import place_key
from farm.diff.names import means
from farm.errors import PlanError
from farm.export.rows import Judge, Row, escaped, missing
from farm.results import CellInfo, Problem, Results, StoredCell, kernel_key
from farm.types import Kernel, Record
from farm.variants import VARIANTS

Key = tuple[str, str, str]  # kernel's name, architecture, variant
NAME = re.compile(r"(?P<source>[^-]+)-(?P<version>\d.*)-(?P<flavour>[^-]+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: kernels as one types them (`6.1`), architectures, variants; empty means all."""

    kernels: tuple[str, ...] = ()
    arches: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()


@dataclass(slots=True)
class Sheet:
    """One cell of an export: `cell` where it can be read, and `problem` with the reason where it has no records."""

    name: str
    kernel: Kernel
    arch: str
    variant: str
    cell: StoredCell | None
    problem: str
    ours: bool
    expected: frozenset[str] = field(repr=False)
    judge: Judge = field(repr=False)

    @property
    def path(self) -> str:
        """`<kernel>/<arch>/<variant>`, also the cell's folder under results/."""
        return f"{self.name}/{self.arch}/{self.variant}"

    @property
    def info(self) -> CellInfo | None:
        """What cell.json says; None where there is none that can be read."""
        return self.cell.info if self.cell else None

    @property
    def about(self) -> dict[str, str]:
        """What its cell ran on, in harmless text, as far as it is known; comparable cells have the same."""
        if self.info is None:
            return {}
        info = self.info
        found = {"release": info.kernel.release, "page_size": str(info.page_size or ""), "qemu": info.qemu}
        found |= {"cpu": info.cpu, "accel": info.accel}
        return {name: escaped(value) for name, value in found.items() if value}

    @property
    def records(self) -> Mapping[str, Record]:
        """What probes answered, by their ids; none where the cell cannot be read or has no answer."""
        return self.cell.records if self.cell else {}

    @property
    def probes(self) -> list[str]:
        """The probes that were asked or answered, in order."""
        return sorted({*self.expected, *self.records})

    def asks(self, probe: str) -> bool:
        """Whether a probe is one of them."""
        return probe in self.expected or probe in self.records

    def row(self, probe: str) -> Row:
        """Return what this cell says about one probe."""
        record = self.records.get(probe)
        if record is not None:
            return self.judge.row(record, self.name, self.kernel.version, self.arch)
        broken = self.broken_lines
        why = self.problem or "; ".join(broken) or "no record"
        return missing(probe, why, ours=self.ours or bool(broken))

    def rows(self) -> Iterator[Row]:
        """Yield a row for each probe, in order."""
        return map(self.row, self.probes)

    @property
    def gaps(self) -> int:
        """How many of its probes are missing; an answer that nobody can judge any more is none."""
        known = self.judge.catalogue.probes
        absent = sum(probe not in self.records for probe in self.expected)
        return absent + sum(not record.end.is_answer or name not in known for name, record in self.records.items())

    @property
    def complete(self) -> bool:
        """Whether it has records, and of each of its probes an answer."""
        return not self.problem and not self.gaps

    @property
    def broken_lines(self) -> list[str]:
        """What of its records could not be read, which may be why a probe is absent."""
        problems = self.cell.problems if self.cell else []
        return [one.what for one in problems if one.where.endswith("records.jsonl")]


def problems(of: Sequence[Sheet]) -> list[Problem]:
    """Return what could not be read so far of these cells, and of folders that cannot be told to be others'."""
    paths = {sheet.path for sheet in of}
    found = of[0].judge.stored.problems if of else []
    return [one for one in found if "/".join(one.where.split("/")[:3]) in paths or one.where.count("/") < 2]


def sheets(stored: Results, catalogue: Catalogue, wanted: Wanted | None = None) -> list[Sheet]:
    """Return the cells that were asked for, in order; PlanError for a name that no cell has."""
    wanted = wanted or Wanted()
    keys = _keys(stored)
    kernels = _kernels(stored, keys)
    _refuse_unknown(wanted, keys, kernels)
    chosen = [key for key in _with_gaps(keys, kernels) if _takes(wanted, key, kernels)]
    if not chosen:
        raise PlanError("nothing to export: no cell is of all that was asked for", hint="./inv plan shows the cells")
    chosen.sort(key=lambda key: (*kernel_key(kernels[key[0]]), key[0], *place_key(key[1:])))
    maker = _Maker({problem.where: problem.what for problem in stored.broken}, Judge(stored, catalogue))
    return [maker.sheet(key, kernels[key[0]], stored.cell(*key)) for key in chosen]


@dataclass(slots=True)
class _Maker:
    """Makes sheets of one export; which probes a variant is asked is found once."""

    broken: Mapping[str, str]
    judge: Judge
    asked: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)

    def sheet(self, key: Key, kernel: Kernel, cell: StoredCell | None) -> Sheet:
        """Make one sheet; say what it lacks and whether that is our own trouble."""
        problem, ours = why_nothing(self.broken.get("/".join(key)), cell)
        return Sheet(key[0], kernel, key[1], key[2], cell, problem, ours, self.expected(key[2], cell), self.judge)

    def expected(self, name: str, cell: StoredCell | None) -> frozenset[str]:
        """Return the probes that a cell is asked; of a variant that the farm does not have, those that answered."""
        catalogue, variant = self.judge.catalogue, VARIANTS.get(name)
        if variant is None:
            return frozenset() if cell and cell.records else frozenset(catalogue.probes)
        key = name, cell is not None and cell.info.selection == "all"
        if key not in self.asked:
            chosen = catalogue.selection(frozenset(variant.gives), not variant.gives, key[1])
            self.asked[key] = frozenset(chosen)
        return self.asked[key]


def why_nothing(unreadable: str | None, cell: StoredCell | None) -> tuple[str, bool]:
    """Say why a cell has no records, and whether that is our own trouble; nothing where it has."""
    if unreadable:
        return f"cannot be read: {unreadable}", True
    if cell is None:
        return "no result for this cell", False
    if not cell.info.answered:
        return f"unanswered, {cell.info.stage}: {cell.info.why}", cell.info.stage == "check"
    return "", False


def _keys(stored: Results) -> set[Key]:
    """Return all cells that there are, also those that cannot be read."""
    broken = (problem.where.split("/") for problem in stored.broken)
    return {*stored.cells, *((where[0], where[1], where[2]) for where in broken if len(where) == 3)}


def _kernels(stored: Results, keys: Collection[Key]) -> dict[str, Kernel]:
    """Return the kernels by name; of one that no readable cell has, what its name says."""
    return {name: _named(name) for name, _, _ in keys} | stored.kernels()


def _named(name: str) -> Kernel:
    found = NAME.fullmatch(name)
    source, version, flavour = found.groups() if found else ("", name, "")
    return Kernel(source, version, flavour, "", "", ())


def _with_gaps(keys: Collection[Key], kernels: dict[str, Kernel]) -> list[Key]:
    """Add the cells that should be there: a kernel's in each place of its architecture where its flavour was run."""
    on_arch = {(name, arch) for name, arch, _ in keys}
    run = {(arch, variant, kernels[name].flavour) for name, arch, variant in keys}
    found = {
        (name, arch, variant)
        for name, arch in on_arch
        for where, variant, flavour in run
        if where == arch and flavour == kernels[name].flavour
    }
    return list(found | set(keys))


def _takes(wanted: Wanted, key: Key, kernels: dict[str, Kernel]) -> bool:
    """Whether a cell was asked for."""
    name, arch, variant = key
    typed = not wanted.kernels or any(_is(one, name, kernels[name]) for one in wanted.kernels)
    return (
        typed and (not wanted.arches or arch in wanted.arches) and (not wanted.variants or variant in wanted.variants)
    )


def _is(typed: str, name: str, kernel: Kernel) -> bool:
    """Whether what was typed means a kernel; every build that it fits, not the newest alone."""
    return typed == name or means(typed, kernel)


def _refuse_unknown(wanted: Wanted, keys: Collection[Key], kernels: dict[str, Kernel]) -> None:
    """Raise PlanError for the first name that no result has."""
    for typed in wanted.kernels:
        if not any(_is(typed, name, kernel) for name, kernel in kernels.items()):
            versions = {kernel.version: name for name, kernel in kernels.items()}
            near = difflib.get_close_matches(typed, [*kernels, *versions], n=1, cutoff=0.6)
            hint = f"did you mean {versions.get(near[0], near[0])}?" if near else "./inv plan shows the cells"
            raise PlanError(f"--kernels: no results of {typed!r:.80}", hint=hint)
    for option, words, place in (("--arches", wanted.arches, 1), ("--variants", wanted.variants, 2)):
        for word in words:
            if word not in {key[place] for key in keys}:
                raise PlanError(
                    f"{option}: no results of {word!r:.80}", hint=f"./inv matrix {option} {word} makes some"
                )
