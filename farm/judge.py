"""Sets what was seen against what the catalogue claims; the only place that judges.

A record: holds · contradicted · unforeseen · nothing claimed · cannot say · missing.
A behaviour over many cells: holds · holds where … · contradicted · cannot be shown here, because … .
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.catalogue import Claim, Probe
from farm.types import Ending, Record

Value = str | int


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
    """The verdict on one record, with the words behind it."""

    verdict: Verdict
    contradicted: tuple[Contradiction, ...] = ()
    unforeseen: tuple[tuple[str, Value], ...] = ()
    why: str = ""


def judge(probe: Probe, version: str, arch: str, record: Record | None) -> Judgement:
    """Judge one record; `version` is the kernel's package version."""
    if record is None or not record.end.is_answer:
        return Judgement(Verdict.MISSING, why=record.why if record else "no record")
    if record.end is Ending.UNMET:
        return Judgement(Verdict.CANNOT_SAY, why=record.why)
    claims = [claim for claim in probe.claims if claim.applies(version, arch)]
    unforeseen = foreseen_not(probe, record)
    if claims and record.end is not Ending.ANSWERED:
        return Judgement(Verdict.CONTRADICTED, _unsaid(claims), unforeseen, record.why)
    contradicted = tuple(_contradictions(claims, record))
    if contradicted:
        return Judgement(Verdict.CONTRADICTED, contradicted, unforeseen)
    if unforeseen:
        return Judgement(Verdict.UNFORESEEN, (), unforeseen)
    return Judgement(Verdict.HOLDS if claims else Verdict.UNCLAIMED)


def foreseen_not(probe: Probe, record: Record) -> tuple[tuple[str, Value], ...]:
    """Return the words and values that `saw:` does not list; a probe without `saw:` (a sweep) foresees all."""
    if not probe.saw:
        return ()
    return tuple((word, value) for word, value in record.saw.items() if value not in probe.saw.get(word, ()))


def _contradictions(claims: Iterable[Claim], record: Record) -> Iterable[Contradiction]:
    """Yield each word that is not as claimed; words that differ from run to run prove nothing."""
    for claim in claims:
        for word, allowed in claim.words.items():
            seen = record.saw.get(word)
            if word not in record.unstable and seen not in allowed:
                yield Contradiction(word, tuple(allowed), seen)


def _unsaid(claims: Iterable[Claim]) -> tuple[Contradiction, ...]:
    """Return all that was claimed of a probe that died or hung."""
    return tuple(Contradiction(word, tuple(allowed), None) for claim in claims for word, allowed in claim.words.items())


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


def summary(judged: Sequence[tuple[Place, Judgement]], unshowable: str = "") -> Summary:
    """Put together what all records of one behaviour say; unanimous or else with the places where it holds.

    `unshowable` says why no guest of this farm can show what the behaviour claims; what its calls do answer
    all the same does not make the claim hold.
    """
    found: dict[Verdict, list[Place]] = {}
    for place, judgement in judged:
        found.setdefault(judgement.verdict, []).append(place)
    holds, contradicted = found.get(Verdict.HOLDS, []), found.get(Verdict.CONTRADICTED, [])
    unforeseen = len(found.get(Verdict.UNFORESEEN, []))
    overall, text = Overall.NOT_ASKED, ""
    if unshowable:
        overall, text = Overall.CANNOT_SHOW, f"because {unshowable}"
    elif holds and contradicted:
        overall, text = Overall.HOLDS_WHERE, where(holds, contradicted)
    elif holds or contradicted:
        overall = Overall.HOLDS if holds else Overall.CONTRADICTED
    elif Verdict.UNCLAIMED in found or unforeseen:
        overall = Overall.UNCLAIMED
    elif Verdict.CANNOT_SAY in found:
        overall, text = Overall.CANNOT_SHOW, _because(judged)
    return Summary(overall, text, len(holds), len(contradicted), unforeseen)


def _because(judged: Iterable[tuple[Place, Judgement]]) -> str:
    """Return the reasons why nothing could be said, each once."""
    reasons = dict.fromkeys(judgement.why for _, judgement in judged if judgement.verdict is Verdict.CANNOT_SAY)
    return f"because {'; '.join(reasons)}" if reasons else ""


def where(holds: Sequence[Place], contradicted: Sequence[Place]) -> str:
    """Say where a claim holds, by the one dimension that tells, else by the kernels of each architecture."""
    for name, noun in (("arch", "on"), ("kernel", "on kernel"), ("variant", "in variant"), ("probe", "for")):
        yes = dict.fromkeys(getattr(place, name) for place in holds)
        no = {getattr(place, name) for place in contradicted}
        if not no & yes.keys():
            return f"{noun} {', '.join(yes)}; not {noun} {', '.join(sorted(no))}"
    total = len(holds) + len(contradicted)
    return f"in {len(holds)} of {total} answers; see the probes"
