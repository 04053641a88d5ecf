"""What one probe says in one cell, judged and in harmless text: the only thing that formats look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from farm.catalogue import Catalogue, Probe
from farm.diff import option_value
from farm.judge import Judgement, Verdict, configured_out, judge
from farm.results import Results
from farm.types import Ending, Record
from farm.visible import visible

Value = str | int
GONE = "the catalogue does not have this probe any more"


class Status(StrEnum):
    """What a row says; the first two are good news, *missing* and *gone* say nothing about the kernel."""

    HOLDS = "holds"
    OBSERVED = "observed"
    CONTRADICTED = "contradicted"
    DIED = "died"
    HUNG = "hung"
    UNMET = "unmet"
    MISSING = "missing"
    GONE = "gone"

    @property
    def passes(self) -> bool:
        """Whether a format that knows pass and fail may show this as passed."""
        return self in {Status.HOLDS, Status.OBSERVED}


def escaped(text: str) -> str:
    r"""Return a guest's text with controls, surrogates and what redirects a reader as escapes, `\` as `\\`.

    Different texts stay different, so nothing is lost.
    """
    return visible(text.replace("\\", "\\\\"))


@dataclass(frozen=True, slots=True)
class Row:
    """One probe in one cell; all texts are `escaped`. `claims` says what the claim and the kernel disagree about.

    `ours`: of a missing one, whether the farm itself is to blame, and not a guest that went away or was not run.
    """

    probe: str
    status: Status
    end: Ending
    saw: Mapping[str, Value] = field(default_factory=dict)
    why: str = ""
    claims: tuple[str, ...] = ()
    unstable: tuple[str, ...] = ()
    ours: bool = False

    @property
    def behaviour(self) -> str:
        """The behaviour that the probe belongs to."""
        return self.probe.rpartition(".")[0]

    @property
    def reason(self) -> str:
        """Why there is nothing to pass, in one line; of a missing one with how it ended."""
        return f"{self.end}: {self.why}" if self.status is Status.MISSING else self.why


def missing(probe: str, why: str, *, ours: bool) -> Row:
    """Return the row of a probe without a record."""
    return Row(probe, Status.MISSING, Ending.ABSENT, why=escaped(why), ours=ours)


@dataclass(slots=True)
class Judge:
    """Makes rows of records."""

    stored: Results
    catalogue: Catalogue
    _unset: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)

    def row(self, record: Record, kernel: str, version: str, arch: str) -> Row:
        """Return what `record` says of the kernel of this name and package version."""
        probe = self.catalogue.probes.get(record.probe)
        why, claims, status = record.why, tuple[str, ...](), Status.GONE
        if probe:
            judged = configured_out(judge(probe, version, arch, record), self._options(probe, kernel, arch))
            status, claims = status_of(record, judged), tuple(escaped(str(one)) for one in judged.contradicted)
        elif record.end.is_answer:
            why = f"{GONE}; {why}" if why else GONE
        else:
            status = Status.MISSING
        saw = {word: escaped(value) if isinstance(value, str) else value for word, value in sorted(record.saw.items())}
        ours = record.end is Ending.BROKEN
        return Row(record.probe, status, record.end, saw, escaped(why), claims, record.unstable, ours)

    def _options(self, probe: Probe, kernel: str, arch: str) -> tuple[str, ...]:
        """Return the options that a probe names, where the kernel's configuration is known and sets none of them."""
        key = kernel, arch, probe.config
        if probe.config and key not in self._unset:
            config = self.stored.config(kernel, arch)
            some = any(option_value(config, option) != "n" for option in probe.config)
            self._unset[key] = () if some or not config else probe.config
        return self._unset.get(key, ())


ENDS = {
    Ending.UNMET: Status.UNMET,
    Ending.DIED: Status.DIED,
    Ending.HUNG: Status.HUNG,
    Ending.BROKEN: Status.MISSING,
    Ending.LOST: Status.MISSING,
    Ending.ABSENT: Status.MISSING,
}


def status_of(record: Record, judged: Judgement) -> Status:
    """Return the status of a record; one that nothing is claimed of on this kernel was observed."""
    if record.end in ENDS:
        return ENDS[record.end]
    if judged.verdict is Verdict.CONTRADICTED:
        return Status.CONTRADICTED
    holds = judged.verdict is Verdict.HOLDS or (judged.verdict is Verdict.UNFORESEEN and judged.claimed)
    return Status.HOLDS if holds else Status.OBSERVED
