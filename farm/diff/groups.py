"""Groups equal changes: one change seen on ten architectures and variants counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from farm.diff.compare import LABELS, order, place_key
from farm.types import Change

Place = tuple[str, str]  # architecture, variant
SWEEP = "sweep."


@dataclass(frozen=True, slots=True)
class Group:
    """One change as a reader counts it: its words, the probes that show it, and where it was seen."""

    words: tuple[Change, ...]
    probes: tuple[str, ...]
    where: tuple[Place, ...]

    @property
    def change(self) -> Change:
        """The first word's change; label, reason, behaviour and endings are those of all."""
        return self.words[0]

    @property
    def label(self) -> str:
        """The label that all of them carry."""
        return self.change.label


def group(changes: Iterable[Change]) -> list[Group]:
    """Group equal changes over places; then the words of one probe, or the kinds of mapping of a sweep."""
    by_place: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        values = change.word, change.old, change.new, change.old_end, change.new_end
        by_place.setdefault((change.probe, *values, change.label, change.because), []).append(change)
    together: dict[tuple[object, ...], list[Change]] = {}
    for same in by_place.values():
        first = same[0]
        where = tuple(sorted(((change.arch, change.variant) for change in same), key=place_key))
        sweep = first.probe.startswith(SWEEP)
        subject = (first.behaviour, first.word, first.old, first.new) if sweep else (first.probe,)
        together.setdefault((subject, where, first.label, first.because), []).append(first)
    return sorted((_group(key, same) for key, same in together.items()), key=lambda one: order(one.change))


def _group(key: tuple[object, ...], same: list[Change]) -> Group:
    """Make the group of changes that differ in their word (of one probe) or in their probe (of one sweep)."""
    where = key[1]
    assert isinstance(where, tuple)
    probes = tuple(sorted({change.probe for change in same}))
    words = {change.word: change for change in sorted(same, key=order)}
    return Group(tuple(words.values()), probes, where)


def counts(groups: Iterable[Group]) -> dict[str, int]:
    """Return how many changes carry each label, in the order in which a reader wants them."""
    found = Counter(one.label for one in groups)
    return {label: found[label] for label in LABELS}


def where_text(where: Sequence[Place], all_places: Sequence[Place]) -> str:
    """Say where, shortly: "everywhere", "arm64", "x86_64, arm64: plain", "x86_64: plain; arm64: pmem-ext4"."""
    if len(all_places) > 1 and set(where) == set(all_places):
        return "everywhere"
    shared: dict[tuple[str, ...], list[str]] = {}
    for arch, variants in _by_arch(where).items():
        whole = len(variants) > 1 and set(variants) == set(_by_arch(all_places).get(arch, ()))
        shared.setdefault(("all variants",) if whole else tuple(variants), []).append(arch)
    return "; ".join(f"{', '.join(arches)}: {', '.join(variants)}" for variants, arches in shared.items())


def _by_arch(where: Iterable[Place]) -> dict[str, list[str]]:
    """Return the variants of each architecture."""
    found: dict[str, list[str]] = {}
    for arch, variant in where:
        found.setdefault(arch, []).append(variant)
    return found


def by_behaviour(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """Return the groups of each behaviour, in the order in which they come."""
    found: dict[str, list[Group]] = {}
    for one in groups:
        found.setdefault(one.change.behaviour, []).append(one)
    return found
