"""Compares the records of two kernels, like for like; what cannot be compared is said, never passed over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from farm.arches import ARCHES
from farm.catalogue import Catalogue
from farm.diff.labels import Labeller
from farm.results import CellInfo, Results, StoredCell
from farm.types import Change, Ending, Missing, Record

WHOLE_CELL = "*"  # the probe of a Missing that stands for all probes of a cell
ENDING = "end"  # the word of a change of ending; its values are the endings
PROBE_CHANGED = "not comparable, the probe changed between the two runs"
LABELS = ("unexplained", "explained", "config")
Found = tuple[list[Change], list[Missing], int]


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two kernels; `compared` counts pairs of records, `cells` names where."""

    old: str
    new: str
    changes: tuple[Change, ...]
    missing: tuple[Missing, ...]
    compared: int
    cells: tuple[tuple[str, str], ...]

    @property
    def exit_status(self) -> int:
        """0: no changes and nothing missing, 1: some changes, 2: nothing compared, or none seen and some missing."""
        if self.changes:
            return 1
        return 2 if self.missing or not self.compared else 0

    def as_json(self) -> dict[str, object]:
        """Return the object that `diff --format json` prints; its shape is an interface."""
        names = (*("arch", "variant", "behaviour", "probe", "word", "old", "new"), "old_end", "new_end")
        changes = [{name: getattr(change, name) for name in (*names, "label", "because")} for change in self.changes]
        missing = [
            {"arch": one.arch, "variant": one.variant, "probe": one.probe, "why": one.why} for one in self.missing
        ]
        return {"old": self.old, "new": self.new, "changes": changes, "missing": missing}


@dataclass(frozen=True, slots=True)
class Only:
    """What of two kernels is compared: empty means all. `across` names parts of the key that may differ."""

    arches: Collection[str] = ()
    variants: Collection[str] = ()
    across: Collection[str] = ()
    probes: Collection[str] = ()

    def takes(self, arch: str, variant: str) -> bool:
        """Whether this cell was asked for."""
        return (not self.arches or arch in self.arches) and (not self.variants or variant in self.variants)


def compare(stored: Results, catalogue: Catalogue, old: str, new: str, only: Only | None = None) -> Diff:
    """Compare all cells of the kernels `old` and `new` (full names)."""
    only = only or Only()
    labeller = Labeller(stored, catalogue, old, new)
    changes: list[Change] = []
    missing: list[Missing] = []
    compared = 0
    cells: list[tuple[str, str]] = []
    for arch, variant in places(stored, old, new):
        if not only.takes(arch, variant):
            continue
        found, gaps, count = compare_at(stored, catalogue, (old, new), (arch, variant), only)
        changes += [labeller.labelled(change) for change in found]
        missing += gaps
        compared += count
        if not any(gap.probe == WHOLE_CELL for gap in gaps):
            cells.append((arch, variant))
    changes.sort(key=order)
    return Diff(old, new, tuple(changes), tuple(missing), compared, tuple(cells))


def compare_at(
    stored: Results, catalogue: Catalogue, names: tuple[str, str], place: tuple[str, str], only: Only = Only()
) -> Found:
    """Compare two kernels at one place; one missing that stands for all probes where the cells cannot be compared."""
    pair = stored.cell(names[0], *place), stored.cell(names[1], *place)
    whys = cell_problems(stored, names, pair, place) or unlike(*_infos(pair), only.across)
    if whys:
        return [], [Missing(*place, WHOLE_CELL, "; ".join(whys))], 0
    assert pair[0] is not None
    assert pair[1] is not None
    return compare_cells(pair[0], pair[1], catalogue, only.probes)


def together(parts: Sequence[Diff]) -> Diff:
    """Return several comparisons as one, under the names of the first: where architectures have other builds."""
    changes = sorted((change for part in parts for change in part.changes), key=order)
    missing = tuple(one for part in parts for one in part.missing)
    cells = tuple(cell for part in parts for cell in part.cells)
    return Diff(parts[0].old, parts[0].new, tuple(changes), missing, sum(part.compared for part in parts), cells)


def order(change: Change) -> tuple[object, ...]:
    """Sort: unexplained first, then transitions of endings, then by name."""
    steady = change.old_end is change.new_end
    return LABELS.index(change.label), steady, change.probe, change.word, change.arch, change.variant


def places(stored: Results, old: str, new: str) -> list[tuple[str, str]]:
    """Return architecture and variant of every cell that either kernel has or should have had."""
    found = {(arch, variant) for kernel, arch, variant in stored.cells if kernel in {old, new}}
    for problem in stored.broken:
        kernel, *rest = problem.where.split("/")
        if kernel in {old, new} and len(rest) == 2:
            found.add((rest[0], rest[1]))
    return sorted(found, key=place_key)


def place_key(place: tuple[str, str]) -> tuple[int, str, bool, str]:
    """Sort places as people do: the architecture table's order, the plain variant first."""
    arch, variant = place
    return [*ARCHES, arch].index(arch), arch, variant != "plain", variant


def differing(stored: Results, catalogue: Catalogue, old: str, new: str, place: tuple[str, str]) -> set[str]:
    """Return the behaviours in which two kernels differ at one place; none where they cannot be compared."""
    return {change.behaviour for change in compare_at(stored, catalogue, (old, new), place)[0]}


def _infos(pair: tuple[StoredCell | None, StoredCell | None]) -> tuple[CellInfo, CellInfo]:
    """Return what both cells say of themselves."""
    assert pair[0] is not None
    assert pair[1] is not None
    return pair[0].info, pair[1].info


def cell_problems(
    stored: Results,
    names: tuple[str, str],
    pair: tuple[StoredCell | None, StoredCell | None],
    place: tuple[str, str],
) -> list[str]:
    """Say why either cell has no records at all."""
    whys = []
    broken = {problem.where: problem.what for problem in stored.broken}
    for kernel, cell in zip(names, pair, strict=True):
        where = "/".join((kernel, *place))
        if where in broken:
            whys.append(f"{kernel} cannot be read: {broken[where]}")
        elif cell is None:
            whys.append(f"{kernel} was not run here")
        elif not cell.info.answered:
            whys.append(f"{kernel} is unanswered, {cell.info.stage}: {cell.info.why}")
    return whys


def unlike(old: CellInfo, new: CellInfo, across: Collection[str] = ()) -> list[str]:
    """Say in what two cells differ that makes their records not comparable."""
    keys = {
        "flavour": (old.kernel.flavour, new.kernel.flavour),
        "page size": (old.page_size, new.page_size),
        "CPU": (old.cpu, new.cpu),
        "accelerator": (old.accel, new.accel),
    }
    return [f"not comparable, {key}: {a} against {b}" for key, (a, b) in keys.items() if a != b and key not in across]


def compare_cells(old: StoredCell, new: StoredCell, catalogue: Catalogue, probes: Collection[str] = ()) -> Found:
    """Return changes (not labelled yet), missing probes, and how many pairs of records were compared.

    `probes` are those that are compared, empty for all.
    """
    changes: list[Change] = []
    missing: list[Missing] = []
    compared = 0
    changed = _changed_families(old.info.families, new.info.families)
    before, after = old.records, new.records
    blame = problems_of(old, new)
    both = sorted(before.keys() | after.keys()) if before.keys() != after.keys() else before
    for probe in sorted(probes) if probes else both:
        one, other = before.get(probe), after.get(probe)
        known = catalogue.probes.get(probe)
        stale = changed and (known is None or known.family in changed)
        why = PROBE_CHANGED if stale else _no_answer(one, other, blame)
        if why:
            missing.append(Missing(new.info.arch, new.info.variant, probe, why))
            continue
        compared += 1
        if one is not other and one is not None and other is not None:
            changes += words(one, other, new.info.arch, new.info.variant)
    return changes, missing, compared


def _changed_families(old: Mapping[str, str], new: Mapping[str, str]) -> frozenset[str]:
    """Return the families whose digests differ; a family that one cell did not have counts too."""
    return frozenset(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def problems_of(*cells: StoredCell) -> str:
    """Name the broken lines of the cells' records, which may be the reason why a probe is absent."""
    return "; ".join(f"{one.where}: {one.what}" for cell in cells for one in cell.problems if "records" in one.where)


def _no_answer(old: Record | None, new: Record | None, blame: str) -> str:
    """Say why a pair of records cannot be compared; empty when it can."""
    if old is new:
        return "" if old is None or old.end.is_answer else f"old and new {old.end}: {old.why}"
    whys = []
    for side, record in (("old", old), ("new", new)):
        if record is None:
            whys.append(f"{side} {Ending.ABSENT}: {blame or 'no record'}")
        elif not record.end.is_answer:
            whys.append(f"{side} {record.end}: {record.why}")
    return "; ".join(whys)


def words(old: Record, new: Record, arch: str, variant: str) -> Iterator[Change]:
    """Yield the differences of two answers: that of their endings, else one for each word."""
    probe, behaviour, ends = old.probe, old.probe.rpartition(".")[0], (old.end, new.end)
    if old.end is not new.end:
        yield Change(arch, variant, behaviour, probe, ENDING, old.end.value, new.end.value, *ends)
        return
    unstable = {*old.unstable, *new.unstable}
    for word in sorted(old.saw.keys() | new.saw.keys()):
        before, after = old.saw.get(word), new.saw.get(word)
        if before != after and word not in unstable:
            yield Change(arch, variant, behaviour, probe, word, before, after, *ends)
