"""Between which two builds a behaviour changed: along each series, and along the mainline.

Neighbours are neighbours of one line. A stable series is a line, and so are the first builds of all series: a fix
that was carried back to 6.12 says nothing about the way from 6.12 to 6.16. What was not asked is named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from farm import diff
from farm.arches import ARCHES
from farm.catalogue import Catalogue
from farm.diff import Only
from farm.matrix import unknown
from farm.results import Results, kernel_key, version_key
from farm.types import Change, Kernel, Missing
from farm.variants import VARIANTS

MAINLINE = "mainline"
ABSENT = "absent: no record"
NO_CHANGE, CHANGED, INCOMPLETE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: the probes of a behaviour, or one probe, or one word of it."""

    name: str
    probes: frozenset[str]
    word: str = ""

    def takes(self, change: Change) -> bool:
        """Whether `change` is one of what is asked about; another ending is a change of every word."""
        return self.word in {"", change.word} or change.word == diff.ENDING


@dataclass(frozen=True, slots=True)
class Place:
    """Where builds are compared with each other; those of another source or flavour are other lines."""

    arch: str
    variant: str
    flavour: str
    source: str = "debian"

    @property
    def name(self) -> str:
        """The place for people; the source where it is not Debian's."""
        return " ".join((self.arch, self.variant, self.flavour, *([self.source] if self.source != "debian" else [])))


@dataclass(frozen=True, slots=True)
class Step:
    """Two builds between which something changed; `between` are builds of the line that gave no answer."""

    old: str
    new: str
    changes: tuple[Change, ...]
    between: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """One line of builds at one place, oldest first.

    `untested` are builds that nobody asked, `missing` what was asked and cannot be compared, by build or pair of
    builds; `wanted` are builds whose answer would pin a change further, or is missing at an end of the line.
    """

    place: Place
    line: str
    builds: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    untested: tuple[str, ...] = ()
    missing: tuple[tuple[str, Missing], ...] = ()
    wanted: tuple[Kernel, ...] = ()
    compared: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing that matters is without an answer; builds between two equal ones may be."""
        return bool(self.compared) and not (self.missing or self.wanted or any(step.between for step in self.steps))


def subject(catalogue: Catalogue, name: str) -> Subject:
    """Return what `name` means: a behaviour, a probe, or probe:word; PlanError names the nearest."""
    known, _, word = name.partition(":")
    if not word and known in catalogue.behaviours:
        return Subject(name, frozenset(catalogue.behaviours[known].probes))
    probe = catalogue.probes.get(known)
    if probe is None:
        is_probe = bool(word) or known.count(".") > 1
        names = [*(catalogue.probes if is_probe else catalogue.behaviours)]
        raise unknown("probe" if is_probe else "behaviour", known, names, "bisect")
    if word and probe.saw and word not in {*probe.saw, diff.ENDING}:
        raise unknown("word", word, [*probe.saw, diff.ENDING], known)
    return Subject(name, frozenset({known}), word)


def places(stored: Results, only: Only) -> list[Place]:
    """Return where there are answers, of the places asked for; a place that was named is there without any, too."""
    infos = [cell.info for cell in stored.cells.values() if cell.info.answered]
    every = {Place(info.arch, info.variant, info.kernel.flavour, info.kernel.source) for info in infos}
    found = {one for one in every if only.takes(one.arch, one.variant)}
    for arch in only.arches or {one.arch for one in every}:
        had = {one.variant for one in found if one.arch == arch}
        for variant in only.variants or (() if had else ("plain",)):
            if variant not in had and arch not in VARIANTS[variant].cannot:
                found.add(Place(arch, variant, ARCHES[arch].flavour))
    return sorted(found, key=lambda one: (diff.place_key((one.arch, one.variant)), one.flavour, one.source))


def histories(
    stored: Results, catalogue: Catalogue, asked: Subject, where: Iterable[Place], locked: Sequence[Kernel] = ()
) -> list[History]:
    """Return the history of every line of two builds or more, from what is stored; `locked` could be asked too."""
    found: list[History] = []
    for place in where:
        builds = _builds(stored, place, locked)
        probes = _probes(stored, catalogue, asked, place, builds)
        if probes:
            ask = _Asking(stored, catalogue, replace(asked, probes=probes), place)
            found += [ask.history(name, line) for name, line in ask.lines(builds) if len(line) > 1]
    return found


def exit_status(found: Sequence[History]) -> int:
    """0: nothing changed, 1: something did, 2: something is not answered, whatever else changed."""
    if not found or not all(one.whole for one in found):
        return INCOMPLETE
    return CHANGED if any(one.steps for one in found) else NO_CHANGE


def _builds(stored: Results, place: Place, locked: Sequence[Kernel]) -> list[Kernel]:
    """Return all builds of a place, oldest first: what is stored there, and what is locked for it."""
    here = {
        kernel: cell.info.kernel
        for (kernel, arch, variant), cell in stored.cells.items()
        if (arch, variant) == (place.arch, place.variant)
    }
    unusable = ARCHES[place.arch].unusable if place.arch in ARCHES else {}
    usable = [one for one in locked if one.arch == place.arch and one.version not in unusable]
    here |= {one.name: one for one in usable if one.name not in here}
    mine = [one for one in here.values() if (one.flavour, one.source) == (place.flavour, place.source)]
    return sorted(mine, key=kernel_key)


def _probes(
    stored: Results, catalogue: Catalogue, asked: Subject, place: Place, builds: Iterable[Kernel]
) -> frozenset[str]:
    """Return those of the asked probes that are asked at `place`: by its variant, or by a run of all probes."""
    gives = frozenset(VARIANTS[place.variant].gives) if place.variant in VARIANTS else frozenset()
    found = asked.probes & frozenset(catalogue.selection(gives, base=not gives))
    for kernel in builds:
        cell = stored.cell(kernel.name, place.arch, place.variant)
        if cell is not None and found != asked.probes:
            found |= asked.probes & cell.records.keys()
    return found


@dataclass(frozen=True, slots=True)
class _Asking:
    """Compares the builds of one place."""

    stored: Results
    catalogue: Catalogue
    asked: Subject
    place: Place

    @property
    def where(self) -> tuple[str, str]:
        """Architecture and variant."""
        return self.place.arch, self.place.variant

    def lines(self, builds: Sequence[Kernel]) -> Iterator[tuple[str, list[Kernel]]]:
        """Yield the mainline, then each series.

        Of a series the mainline has the first build with an answer, and before it the first that nobody asked.
        """
        series: dict[str, list[Kernel]] = {}
        for one in builds:
            series.setdefault(one.series, []).append(one)
        mainline: list[Kernel] = []
        for name in sorted(series, key=version_key):
            first = [one for one in series[name] if self.is_untested(one)][:1]
            with_answer = next((n for n, one in enumerate(series[name]) if self.is_answered(one)), len(series[name]))
            begin = series[name][: with_answer + 1]
            mainline += [one for one in begin if one in first or not self.is_untested(one)]
        yield MAINLINE, mainline
        for name, line in series.items():
            yield f"{name}.x", line

    def history(self, line: str, builds: Sequence[Kernel]) -> History:
        """Compare each probe's answers along a line; builds that have none of it are passed over, and named."""
        names = [one.name for one in builds]
        pairs: dict[tuple[str, str], set[str]] = {}
        for probe in sorted(self.asked.probes):
            answers = [name for name in names if self._has(name, probe)]
            for pair in itertools.pairwise(answers):
                pairs.setdefault(pair, set()).add(probe)
        steps, gaps, compared = self._compared(pairs, names)
        without = [(name, gap) for name in names for gap in self._without(name)]
        stale = {name for pair, gap in gaps if gap.why == diff.PROBE_CHANGED for name in pair}
        stale |= {name for name, gap in without if gap.why == ABSENT}
        untested = tuple(one.name for one in builds if self.is_untested(one))
        wanted = self._ends(builds) | self._middles(steps) | stale
        return History(
            self.place,
            line,
            tuple(names),
            tuple(steps),
            untested,
            (*without, *((f"{old} → {new}", gap) for (old, new), gap in gaps)),
            tuple(one for one in builds if one.name in wanted),
            compared,
        )

    def _compared(
        self, pairs: Mapping[tuple[str, str], set[str]], names: Sequence[str]
    ) -> tuple[list[Step], list[tuple[tuple[str, str], Missing]], int]:
        """Compare pairs of builds in the order of the line, each in the probes that both have answered."""
        steps: list[Step] = []
        missing: list[tuple[tuple[str, str], Missing]] = []
        compared = 0
        for pair in sorted(pairs, key=lambda pair: (names.index(pair[1]), names.index(pair[0]))):
            only = Only(probes=pairs[pair])
            found, gaps, count = diff.compare_at(self.stored, self.catalogue, pair, self.where, only)
            label = diff.Labeller(self.stored, self.catalogue, *pair)
            changes = tuple(label.labelled(change) for change in found if self.asked.takes(change))
            if changes:
                between = tuple(names[names.index(pair[0]) + 1 : names.index(pair[1])])
                steps.append(Step(*pair, changes, between))
            missing += [(pair, gap) for gap in gaps]
            compared += count
        return steps, missing, compared

    def _without(self, name: str) -> list[Missing]:
        """Return what a build that was asked gave no answer to."""
        cell = self.stored.cell(name, *self.where)
        broken = [one.what for one in self.stored.broken if one.where == "/".join((name, *self.where))]
        if broken:
            return [Missing(*self.where, diff.WHOLE_CELL, f"cannot be read: {broken[0]}")]
        if cell is None:
            return []
        if not cell.info.answered:
            return [Missing(*self.where, diff.WHOLE_CELL, f"unanswered, {cell.info.stage}: {cell.info.why}")]
        records = [(probe, cell.records.get(probe)) for probe in sorted(self.asked.probes)]
        return [
            Missing(*self.where, probe, f"{record.end}: {record.why}" if record else ABSENT)
            for probe, record in records
            if record is None or not record.end.is_answer
        ]

    def _ends(self, builds: Sequence[Kernel]) -> set[str]:
        """Return the ends of a line that nobody asked; a build that was asked in vain is not asked again."""
        alive = [one for one in builds if self.is_untested(one) or self.is_answered(one)]
        return {one.name for one in (*alive[:1], *alive[-1:]) if self.is_untested(one)}

    def _middles(self, steps: Iterable[Step]) -> set[str]:
        """Return the build to ask next between each two that differ."""
        open_ = [[name for name in step.between if self._is_untested(name)] for step in steps]
        return {names[len(names) // 2] for names in open_ if names}

    def is_answered(self, build: Kernel) -> bool:
        """Whether the build's cell has records."""
        cell = self.stored.cell(build.name, *self.where)
        return cell is not None and cell.info.answered

    def is_untested(self, build: Kernel) -> bool:
        """Whether nobody ran the build here; one that was run and stayed unanswered is not untested."""
        return self._is_untested(build.name)

    def _is_untested(self, name: str) -> bool:
        where = "/".join((name, *self.where))
        return self.stored.cell(name, *self.where) is None and all(one.where != where for one in self.stored.broken)

    def _has(self, name: str, probe: str) -> bool:
        """Whether the build has an answer of `probe`."""
        cell = self.stored.cell(name, *self.where)
        record = cell.records.get(probe) if cell else None
        return record is not None and record.end.is_answer
