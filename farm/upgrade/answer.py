"""What a kernel upgrade changes for a program: a diff seen through the program's profile; nothing is swallowed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from farm.catalogue import Catalogue
from farm.diff import WHOLE_CELL, Diff, Group, group
from farm.diff.compare import LABELS
from farm.profile import Profile
from farm.profile.words import MEMORY_FLAGS
from farm.types import Change, Missing
from farm.upgrade import known, table, touch
from farm.upgrade.touch import SWEEP, Need, Needs

NOT_MADE, NO_SUCH_MAPPING, NO_NAME = "call", "mapping", "number"
LEFT_OUT = {
    NOT_MADE: "in calls, flags and files that it does not use",
    NO_SUCH_MAPPING: "on kinds of mapping that it does not make",
    NO_NAME: "in single bits, and in numbers that have no name",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """How a change touches a program: `times` it did what `by` says; `every` program is touched without a call.

    `perhaps`: the profile does not tell the flags, so that it may not be touched.
    """

    times: int = 0
    by: tuple[str, ...] = ()
    perhaps: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """A change as a reader counts it, and how it touches the program; None where no profile was given."""

    group: Group
    touch: Touch | None


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Something that the program uses and that no probe looks at."""

    what: str
    times: int
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that is to be said: `left_out` counts the other changes by reason, `notes` are for the reader."""

    diff: Diff
    profile: Profile | None
    touched: tuple[Touched, ...]
    every: tuple[Group, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    missing: tuple[Missing, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0: nothing changes for it, 1: something does, 2: not comparable, or nothing seen and some missing."""
        if self.touched or self.every:
            return 1
        return 2 if self.missing or not self.diff.compared else 0


@dataclass(slots=True)
class Toucher:
    """Says how changes touch one program."""

    catalogue: Catalogue
    profile: Profile
    _matches: dict[Needs, Touch | None] = field(default_factory=dict)
    _changes: dict[tuple[str, str], Touch | str] = field(default_factory=dict)
    _not_covered: tuple[NotCovered, ...] | None = None

    @property
    def not_covered(self) -> tuple[NotCovered, ...]:
        """What the program uses and no probe looks at, the most frequent first."""
        if self._not_covered is None:
            self._not_covered = tuple(not_covered(self.catalogue, self.profile))
        return self._not_covered

    def of_change(self, change: Change) -> Touch | str:
        """Return how a change touches the program, or why it does not, a key of LEFT_OUT."""
        key = change.probe, change.word if change.behaviour.startswith(SWEEP) else ""
        if key not in self._changes:
            self._changes[key] = self._of(*key)
        return self._changes[key]

    def of_probe(self, probe: str) -> bool:
        """Whether a probe could show a change that touches the program."""
        return not isinstance(self._of(probe, ""), str)

    def _of(self, probe: str, word: str) -> Touch | str:
        behaviour, _, kind = probe.rpartition(".")
        known_one = self.catalogue.probes.get(probe)
        for need in known_one.needs if known_one else ():
            if need in table.PROBE_NEEDS and not self.match(touch.needs(table.PROBE_NEEDS[need])):
                return NO_SUCH_MAPPING
        if behaviour.startswith(SWEEP):
            return self._of_sweep(probe, word, kind)
        if self.match(touch.of_memory(probe)) is None:
            return NO_SUCH_MAPPING
        row = self.catalogue.behaviours.get(behaviour)
        if row is None:  # a probe of earlier days: its call is all that is known of it
            return self.match((Need(behaviour.partition(".")[0]),)) or NOT_MADE
        return self.match(touch.of_probe(row.id, row.condition, kind)) or NOT_MADE

    def _of_sweep(self, probe: str, word: str, kind: str) -> Touch | str:
        """Return the same for a sweep: its word is an operation, its probe a kind of mapping or a file."""
        whole = touch.of_table(probe.rpartition(".")[0], kind)
        if whole is not None:
            if word and probe.startswith(table.KNOBS):
                whole = touch.of_knob(whole, word)
            return self.match(whole) or (NO_NAME if not whole else NOT_MADE)
        mapping = self.match(touch.of_kind(kind))
        if mapping is None:
            return NO_SUCH_MAPPING
        operation = touch.of_word(word) if word else touch.EVERYBODY
        found = self.match(operation)
        if found is None:
            return NOT_MADE if operation else NO_NAME
        if found.every:
            return mapping
        return Touch(found.times, found.by, found.perhaps or mapping.perhaps)

    def match(self, needs: Needs) -> Touch | None:
        """Return how often the program did any of `needs`, None where it did none."""
        if needs not in self._matches:
            self._matches[needs] = self._match(needs)
        return self._matches[needs]

    def _match(self, needs: Needs) -> Touch | None:
        if any(need.call == "*" for need in needs):
            return Touch(every=True)
        sure, perhaps = 0, 0
        by: Counter[str] = Counter()
        for use in self.profile.uses:
            fitting = [need for need in needs if need.call == use.call]
            if use.flags is None and fitting:
                perhaps += use.times
                by[use.call] += use.times
            elif use.flags is not None:
                fitting = [n for n in fitting if n.having <= use.flags and not n.lacking & use.flags]
                sure += use.times if fitting else 0
                by.update({str(need): use.times for need in fitting[:1]})
        for path, times in self.profile.files.items():
            if any(need.call.startswith("/") and fnmatchcase(path, need.call) for need in needs):
                sure += times
                by[path] += times
        if not sure and not perhaps:
            return None
        open_flags = not sure and any(need.having or need.lacking for need in needs)
        return Touch(sure + perhaps, tuple(what for what, _ in by.most_common(3)), perhaps=open_flags)


def answer(diff: Diff, toucher: Toucher | None, notes: tuple[str, ...] = ()) -> Answer:
    """Return what `diff` means for the program of `toucher`, or for any program."""
    if toucher is None:
        whole = tuple(Touched(one, None) for one in group(diff.changes))
        return Answer(diff, None, whole, missing=diff.missing, notes=notes)
    found: dict[bool, list[Change]] = {False: [], True: []}
    left: dict[str, list[Change]] = {reason: [] for reason in LEFT_OUT}
    for change in diff.changes:
        how = toucher.of_change(change)
        (left[how] if isinstance(how, str) else found[how.every]).append(change)
    touched = together(Touched(one, _of_group(one, toucher)) for one in group(found[False]))
    missing = [one for one in diff.missing if one.probe == WHOLE_CELL or toucher.of_probe(one.probe)]
    return Answer(
        diff,
        toucher.profile,
        tuple(sorted(touched, key=_order)),
        every=tuple(group(found[True])),
        not_covered=toucher.not_covered,
        missing=tuple(missing),
        left_out={reason: len(group(changes)) for reason, changes in left.items() if changes},
        notes=notes,
    )


def together(found: Iterable[Touched]) -> list[Touched]:
    """Return the words of one row of a sweep as one change, as those of any other probe are."""
    rows: dict[tuple[object, ...], list[Touched]] = {}
    for one in found:
        rows.setdefault(
            (one.group.probes, one.group.where, one.group.label, one.group.change.because, one.touch), []
        ).append(one)
    return [
        replace(same[0], group=replace(same[0].group, words=tuple(word for one in same for word in one.group.words)))
        for same in rows.values()
    ]


def _of_group(one: Group, toucher: Toucher) -> Touch:
    """Return the touch of the change that touches most."""
    found = [toucher.of_change(change) for change in one.words]
    return max((how for how in found if not isinstance(how, str)), key=lambda how: how.times)


def _order(one: Touched) -> tuple[object, ...]:
    """Sort: unexplained first, then by how often the program does it."""
    assert one.touch is not None
    return LABELS.index(one.group.label), one.touch.perhaps, -one.touch.times, one.group.change.probe


def covered(catalogue: Catalogue) -> frozenset[str]:
    """Return every call and file that some behaviour or word of a sweep is about."""
    needs = {need for row in catalogue.behaviours.values() for need in touch.of_behaviour(row.id, row.condition)}
    tables = (table.BEHAVIOURS, table.PROBES, table.OPERATIONS, table.KINDS, table.WORDS)
    needs |= {need for table in tables for text in table.values() for need in touch.needs(text)}
    return frozenset(need.call for need in needs)


def not_covered(catalogue: Catalogue, profile: Profile) -> list[NotCovered]:
    """Return what the program uses and no probe looks at, the most frequent first."""
    asked = covered(catalogue)
    found: Counter[tuple[str, str]] = Counter()
    for use in profile.uses:
        if use.flags is None and use.call in MEMORY_FLAGS:
            found[use.call, "the log does not tell whether these were about memory"] += use.times
        elif use.call not in asked:
            found[str(Need(use.call, use.flags or frozenset())), "no behaviour is about this call"] += use.times
        else:
            lost = (use.flags or frozenset()) - known.probed()
            nameless = frozenset(flag for flag in lost if flag.startswith("0x"))
            for flags, why in ((lost - nameless, "no probe uses this"), (nameless, "strace has no name for it")):
                if flags:
                    found[str(Need(use.call, flags)), why] += use.times
    for path, times in profile.files.items():
        if not any(fnmatchcase(path, call) for call in asked if call.startswith("/")):
            found[path, "no behaviour is about this file"] += times
    return [NotCovered(what, times, why) for (what, why), times in found.most_common()]
