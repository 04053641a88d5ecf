"""Labels changes: explained by a known change, by a difference of configuration, or unexplained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cache

from farm.catalogue import Catalogue, Known, since_holds
from farm.results import Results
from farm.types import Change, Record
from farm.variants import VARIANTS

# What is known of kernels that cannot keep what a variant promises: the reason stands in their unmet records.
FAULTS = tuple({why for variant in VARIANTS.values() for here in variant.fails.values() for why in here.values()})
OPTION = re.compile(r"CONFIG_\w+")


def option_value(config: str, option: str) -> str:
    """Return the value of `option` in a kernel's configuration text; "n" where it is not set."""
    _, found, rest = f"\n{config}".partition(f"\n{option}=")
    return rest.partition("\n")[0].strip('"') if found else "n"


@cache
def globs(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern that matches what any of the globs matches; made when it is first asked, which few are."""
    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A known change that lies between the two kernels: by version (`since`) or by configuration."""

    known: Known
    probes: re.Pattern[str]
    by_version: bool
    backwards: bool

    def fits(self, change: Change) -> bool:
        """Whether it speaks about the probe, word, values and architecture of `change`."""
        if self.known.arch and change.arch not in self.known.arch:
            return False
        if not (self.probes.match(change.probe) and globs(self.known.words).match(change.word)):
            return False
        return any(globs(self.known.values).match(values) for values in self._values(change))

    def _values(self, change: Change) -> Iterator[str]:
        """Yield "before → after"; both ways round for an option, which has no order in time."""
        old, new = ("(nothing)" if value is None else value for value in (change.old, change.new))
        if not self.backwards:
            yield f"{old} → {new}"
        if self.backwards or self.known.config:
            yield f"{new} → {old}"


@dataclass(slots=True)
class Labeller:
    """Labels the changes between two kernels."""

    stored: Results
    catalogue: Catalogue
    old: str
    new: str
    _explanations: list[Explanation] | None = None
    _options: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _labels: dict[tuple[object, ...], tuple[str, str | None]] = field(default_factory=dict)
    _speaking: dict[str, list[Explanation]] = field(default_factory=dict)

    def labelled(self, change: Change) -> Change:
        """Return `change` with its label, and what it is because of."""
        whys = self._whys(change)
        key = change.probe, change.word, change.old, change.new, change.arch, whys
        if key not in self._labels:
            self._labels[key] = self._label(change, whys)
        label, because = self._labels[key]
        return replace(change, label=label, because=because)

    def _label(self, change: Change, whys: str) -> tuple[str, str | None]:
        """Find the first of: a known change of configuration, one of the code, an option that bears on it."""
        if change.probe not in self._speaking:
            self._speaking[change.probe] = [one for one in self.explanations if one.probes.match(change.probe)]
        fitting = [one for one in self._speaking[change.probe] if one.fits(change)]
        for explanation in fitting:
            option = explanation.known.config
            if option and (difference := self.difference(option, change.arch)):
                return "config", f"{explanation.known.what}: {difference}"
        for explanation in fitting:
            if explanation.by_version:
                return "explained", because(explanation.known)
        probe = self.catalogue.probes.get(change.probe)
        for option in dict.fromkeys([*(probe.config if probe else ()), *OPTION.findall(whys)]):
            if difference := self.difference(option, change.arch):
                return "config", difference
        return next((("explained", fault) for fault in FAULTS if fault in whys), ("unexplained", None))

    @property
    def explanations(self) -> list[Explanation]:
        """Return the known changes that can explain something between these two kernels."""
        if self._explanations is None:
            kernels = self.stored.kernels()
            versions = [kernel.version for name in (self.old, self.new) if (kernel := kernels.get(name))]
            self._explanations = [
                explanation(known, versions)
                for known in self.catalogue.known
                if lies_between(known, versions) or known.config
            ]
        return self._explanations

    def difference(self, option: str, arch: str) -> str | None:
        """Say how `option` differs between the two configurations; None where it does not or one is unknown."""
        key = option, arch
        if key not in self._options:
            old, new = (self.stored.config(kernel, arch) for kernel in (self.old, self.new))
            values = option_value(old, option), option_value(new, option)
            differs = old and new and values[0] != values[1]
            self._options[key] = f"{option} {values[0]} → {values[1]}" if differs else None
        return self._options[key]

    def _whys(self, change: Change) -> str:
        """Return the reasons of the records on both sides of a change of ending: they may name an option."""
        if change.old_end is change.new_end:
            return ""
        cells = (self.stored.cell(kernel, change.arch, change.variant) for kernel in (self.old, self.new))
        records: list[Record | None] = [cell.records.get(change.probe) if cell else None for cell in cells]
        return " ".join(record.why for record in records if record)


def explanation(known: Known, versions: Sequence[str]) -> Explanation:
    """Make ready what `known` says of two versions; `backwards` where only the first of them has the change."""
    between = lies_between(known, versions)
    return Explanation(known, globs(known.probes), between, between and since_holds(known.since, versions[0]))


def lies_between(known: Known, versions: Sequence[str]) -> bool:
    """Whether the change is in one of two versions and not in the other."""
    if not known.since or len(versions) != 2:
        return False
    return since_holds(known.since, versions[0]) != since_holds(known.since, versions[1])


def because(known: Known) -> str:
    """Return the sentence that explains a change: what, since when, who says so."""
    since = f", since {' / '.join(known.since)}" if known.since else ""
    origin = f" ({known.origin})" if known.origin else ""
    return f"{known.what}{since}{origin}"


def config_differences(old: str, new: str) -> list[tuple[str, str, str]]:
    """Return all options that differ between two configuration texts: option, old value, new value."""
    sides = [dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE)) for text in (old, new)]
    names = sorted(sides[0].keys() | sides[1].keys())
    found = [(name, sides[0].get(name, "n"), sides[1].get(name, "n")) for name in names]
    return [one for one in found if one[1] != one[2]]
