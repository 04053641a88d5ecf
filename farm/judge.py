"""Sets what was seen against what the catalogue claims; the only place that judges.

A record: holds · contradicted · unforeseen · nothing claimed · cannot say · missing.
A behaviour over many cells: holds · holds where … · contradicted · cannot be shown here, because … .
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.catalogue import Claim, Probe
from farm.types import Ending, Record

Value = str | int
NAMED = 5  # probes that a verdict names; more are counted


class Verdict(StrEnum):
    """What a record says about the claims of its probe."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    UNFORESEEN = "unforeseen"
    UNCLAIMED = "nothing claimed"
    CANNOT_SAY = "cannot say"
    MISSING = "missing"


class Overall(StrEnum):
    """What all cells together say about a behaviour."""

    HOLDS = "holds"
    HOLDS_WHERE = "holds where"
    CONTRADICTED = "contradicted"
    CANNOT_SHOW = "cannot be shown here"
    UNCLAIMED = "nothing claimed"
    NOT_ASKED = "not asked yet"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One word that is not as claimed; `seen` is None where the probe did not say the word."""

    word: str
    claimed: tuple[Value, ...]
    seen: Value | None

    def __str__(self) -> str:
        claimed = " or ".join(str(value) for value in self.claimed)
        return f"{self.word}: {claimed} claimed, {'nothing' if self.seen is None else self.seen} seen"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one record, with the words behind it; `claimed`: whether anything was."""

    verdict: Verdict
    contradicted: tuple[Contradiction, ...] = ()
    unforeseen: tuple[tuple[str, Value], ...] = ()
    why: str = ""
    claimed: bool = False


def judge(probe: Probe, version: str, arch: str, record: Record | None) -> Judgement:
    """Judge one record; `version` is the kernel's package version."""
    if record is None or not record.end.is_answer:
        return Judgement(Verdict.MISSING, why=record.why if record else "no record")
    claims = [claim for claim in probe.claims if claim.applies(version, arch)]
    unforeseen = foreseen_not(probe, record)
    if record.end is Ending.UNMET or (probe.claims and not claims and not unforeseen):
        why = record.why or _elsewhere(probe.claims)
        return Judgement(Verdict.CANNOT_SAY, why=why, claimed=bool(probe.claims))
    contradicted = tuple(_contradictions(claims, record))
    verdict = Verdict.HOLDS if claims else Verdict.UNCLAIMED
    verdict = Verdict.CONTRADICTED if contradicted else Verdict.UNFORESEEN if unforeseen else verdict
    return Judgement(verdict, contradicted, unforeseen, record.why, bool(claims))


def configured_out(judged: Judgement, options: Sequence[str]) -> Judgement:
    """Take back a contradiction by a kernel that sets none of the `options` that its probe names.

    Such a kernel was never said to do what is claimed: it cannot show it.
    """
    if judged.verdict is not Verdict.CONTRADICTED or not options:
        return judged
    return Judgement(Verdict.CANNOT_SAY, unforeseen=judged.unforeseen, why=_not_set(options), claimed=True)


def _not_set(options: Sequence[str]) -> str:
    return f"{' and '.join(options)} {'is' if len(options) == 1 else 'are'} not set"


def foreseen_not(probe: Probe, record: Record) -> tuple[tuple[str, Value], ...]:
    """Return the words and values that `saw:` does not list; a probe without `saw:` (a sweep) foresees all."""
    if not probe.saw:
        return ()
    return tuple((word, value) for word, value in record.saw.items() if value not in probe.saw.get(word, ()))


def _elsewhere(claims: Iterable[Claim]) -> str:
    """Say of which kernels something is claimed, where it is of none that was asked."""
    arches = dict.fromkeys(arch for claim in claims for arch in claim.arch)
    on = f" on {', '.join(arches)}" if arches else ""
    since = dict.fromkeys(point for claim in claims for point in claim.since)
    until = dict.fromkeys(point for claim in claims for point in claim.until)
    when = f"{f' since {chr(32).join(since)}' if since else ''}{f' until {chr(32).join(until)}' if until else ''}"
    return f"it is claimed only{on}{when}"


def _contradictions(claims: Iterable[Claim], record: Record) -> Iterable[Contradiction]:
    """Yield each word that is not as claimed; all of them where the probe died or hung.

    Words that differ from run to run prove nothing.
    """
    through = record.end is Ending.ANSWERED
    for claim in claims:
        for word, allowed in claim.words.items():
            seen = record.saw.get(word) if through else None
            if word not in record.unstable and seen not in allowed:
                yield Contradiction(word, tuple(allowed), seen)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record was seen; `kernel` is a label that a reader knows the kernel by."""

    kernel: str
    arch: str
    variant: str
    probe: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The verdict on a behaviour: `text` goes on after the verdict's own words ("where …", "because …")."""

    overall: Overall
    text: str = ""
    holds: int = 0
    contradicted: int = 0
    unforeseen: int = 0

    def __str__(self) -> str:
        return f"{self.overall} {self.text}".strip()


def summary(judged: Sequence[tuple[Place, Judgement]], kernels: Sequence[str] = ()) -> Summary:
    """Put together what all records of one behaviour say; unanimous or else with the places where it holds.

    `kernels` are the labels of all kernels in order, so that neighbours read as one range. The first probe that
    claims anything shows the behaviour itself: where no cell can show that one, what its other probes answer
    does not make the behaviour hold.
    """
    claimed = [(place, judgement) for place, judgement in judged if judgement.claimed]
    holds = [place for place, judgement in claimed if judgement.verdict in {Verdict.HOLDS, Verdict.UNFORESEEN}]
    contradicted = [place for place, judgement in claimed if judgement.verdict is Verdict.CONTRADICTED]
    first = [judgement for place, judgement in claimed if place.probe == claimed[0][0].probe]
    overall, text = Overall.NOT_ASKED, ""
    if first and all(judgement.verdict is Verdict.CANNOT_SAY for judgement in first):
        overall, text = Overall.CANNOT_SHOW, _because(first)
    elif holds and contradicted:
        overall, text = Overall.HOLDS_WHERE, where(holds, contradicted, kernels)
    elif holds or contradicted:
        overall = Overall.HOLDS if holds else Overall.CONTRADICTED
    elif any(judgement.verdict is not Verdict.MISSING for _, judgement in judged):
        overall = Overall.UNCLAIMED
    unforeseen = sum(bool(judgement.unforeseen) for _, judgement in judged)
    return Summary(overall, text, len(holds), len(contradicted), unforeseen)


def _because(judged: Iterable[Judgement]) -> str:
    """Return the reasons why nothing could be said, each once."""
    return f"because {'; '.join(dict.fromkeys(judgement.why for judgement in judged))}"


def where(holds: Sequence[Place], contradicted: Sequence[Place], kernels: Sequence[str] = ()) -> str:
    """Say where a claim holds, by the one dimension that tells, else by its probes or in how many answers."""
    for name, noun in (("arch", "on"), ("kernel", "on kernel"), ("variant", "in variant"), ("probe", "for")):
        yes = dict.fromkeys(getattr(place, name) for place in holds)
        no = dict.fromkeys(getattr(place, name) for place in contradicted)
        if not no.keys() & yes.keys():
            names = (spans(yes, kernels), spans(no, kernels)) if name == "kernel" else (", ".join(yes), ", ".join(no))
            return f"{noun} {names[0]}; not {noun} {names[1]}"
    if len({place.probe for place in (*holds, *contradicted)}) == 1:
        return f"in {len(holds)} of {len(holds) + len(contradicted)} answers"
    return _by_probe(holds, contradicted)


def _by_probe(holds: Sequence[Place], contradicted: Sequence[Place]) -> str:
    """Say which probes hold always, at times and never; they say themselves where."""
    yes, no = dict.fromkeys(place.probe for place in holds), dict.fromkeys(place.probe for place in contradicted)
    parts = {
        "for": [probe for probe in yes if probe not in no],
        "partly for": [probe for probe in yes if probe in no],
        "not for": [probe for probe in no if probe not in yes],
    }
    return "; ".join(f"{how} {_some(probes)}" for how, probes in parts.items() if probes)


def _some(names: Sequence[str]) -> str:
    """Name a few, or count many."""
    return ", ".join(names) if len(names) <= NAMED else f"{len(names)} of the probes"


def spans(chosen: Collection[str], order: Sequence[str]) -> str:
    """Write names as ranges: "5.10 … 6.1, 7.2"; `order` says who neighbours whom. Nothing is smoothed over."""
    runs: list[list[str]] = []
    for name, before in zip(order, [None, *order], strict=False):
        if name in chosen and runs and runs[-1][-1] == before:
            runs[-1].append(name)
        elif name in chosen:
            runs.append([name])
    runs += [[name] for name in chosen if name not in order]
    return ", ".join(f"{run[0]} … {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)
